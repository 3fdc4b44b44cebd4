"""Signing in and out, passwords, and accepting an invitation (ui.md §2.10)."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salon.errors import InvalidInput
from salon.identity import members, passwords, preferences, signing_in
from salon.identity.models import Invitation, Language, User
from salon.identity.roles import Role
from salon.identity.throttling import Throttled
from salon.identity.web.address import client_address
from salon.identity.web.forms import NewPasswordForm, NewUserForm, ResetRequestForm, SignInForm
from salon.tenancy import directory
from salon.web.access import public
from salon.web.forms import show_errors

# Stands in the address where the token was, once the session holds that.
_TOKEN_IN_SESSION = "choose"  # noqa: S105
_SESSION_KEY = "password_reset_token"

_form_methods = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True)
class SalonChoice:
    """One salon to go to."""

    name: str
    city: str
    role_label: Promise | str
    url: str


@public("leads whoever comes to sign-in or to work")
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The salon last worked in, or the only one; else the choice between them, or that there is none."""
    if not request.user.is_authenticated:
        return redirect("sign_in")
    if url := _start_of(request.user):
        return redirect(url)
    salons = [
        SalonChoice(one.salon.name, one.salon.city, one.role.label, reverse("calendar", args=[one.salon.slug]))
        for one in directory.entrances(request.user.pk)
    ]
    return render(request, "identity/choose_salon.html", {"salons": salons})


@public("this is how one comes in")
@never_cache
@_form_methods
def sign_in(request: HttpRequest) -> HttpResponse:
    """E-mail and password; leads to the page that was asked for, or to the salon last worked in."""
    if request.method != "POST":
        wanted = request.GET.get("next", "")
        # Whoever is signed in and sent here is to come back as somebody else.
        if request.user.is_authenticated and not wanted:
            return redirect("home")
        return render(request, "identity/sign_in.html", {"form": SignInForm(initial={"next": wanted})})
    form = SignInForm(request.POST)
    if form.is_valid():
        try:
            user = signing_in.check_credentials(
                email=form.cleaned_data["email"],
                password=form.cleaned_data["password"],
                address=client_address(request),
                now=timezone.now(),
            )
        except signing_in.WrongCredentials as refusal:
            form.add_error(None, str(refusal.message))
        except Throttled as refusal:
            context = {"form": form, "throttled_minutes": refusal.minutes}
            return _later(render(request, "identity/sign_in.html", context, status=429), refusal)
        else:
            url = _safe(request, form.cleaned_data["next"]) or _start_of(user) or reverse("home")
            return _signed_in(request, user, url)
    return render(request, "identity/sign_in.html", {"form": form}, status=422)


@public("tells whoever asks about herself, and nobody else")
@never_cache
@require_safe
def still_signed_in(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Answer 204 as long as it is this user who is signed in here, else 401; a page asks before it sends a form."""
    return HttpResponse(status=204 if request.user.pk == user_id else 401)


@public("nobody is kept")
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session."""
    logout(request)
    return redirect("sign_in")


@public("pages before sign-in have a language too")
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Shows everything in the chosen language from now on, here and, for a user, wherever she signs in."""
    chosen = request.POST.get("language", "")
    response = redirect(_safe(request, request.POST.get("next", "")) or "home")
    if chosen in Language:
        if request.user.is_authenticated:
            preferences.choose_language(user_id=request.user.pk, language=Language(chosen))
        _remember_language(response, chosen)
    return response


@public("whoever forgot a password cannot sign in")
@_form_methods
def password_reset(request: HttpRequest) -> HttpResponse:
    """Asks for a link by mail; the answer is the same for every address."""
    form = ResetRequestForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            passwords.request_reset(
                email=form.cleaned_data["email"], address=client_address(request), now=timezone.now()
            )
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        except Throttled as refusal:
            form.add_error(None, str(refusal.message))
            return _later(render(request, "identity/password_reset.html", {"form": form}, status=429), refusal)
        else:
            return redirect("password_reset_sent")
    return render(request, "identity/password_reset.html", {"form": form}, status=422 if form.is_bound else 200)


@public("whoever forgot a password cannot sign in")
@require_safe
def password_reset_sent(request: HttpRequest) -> HttpResponse:
    """Says where to look now."""
    return render(request, "identity/password_reset_sent.html")


@public("the link is the proof")
@never_cache
@_form_methods
def password_reset_confirm(request: HttpRequest, uidb64: str, token: str) -> HttpResponse:
    """Takes the link's token out of the address at once, then asks for the new password."""
    now = timezone.now()
    arrived = token != _TOKEN_IN_SESSION
    kept = token if arrived else request.session.get(_SESSION_KEY, "")
    form = NewPasswordForm(request.POST if request.method == "POST" else None)
    try:
        passwords.check_reset_link(user_key=uidb64, token=kept, now=now)
        if arrived:
            request.session[_SESSION_KEY] = token
            return _unreferred(redirect("password_reset_confirm", uidb64, _TOKEN_IN_SESSION))
        if form.is_valid():
            passwords.reset_password(user_key=uidb64, token=kept, password=form.cleaned_data["password"], now=now)
            del request.session[_SESSION_KEY]
            return redirect("password_reset_done")
    except passwords.ResetLinkInvalid:
        return _unreferred(render(request, "identity/password_reset_confirm.html", {"form": None}, status=404))
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
    # Not `no-referrer` on the form: browsers would post it with `Origin: null`, which CSRF protection refuses.
    status = 422 if form.is_bound else 200
    return render(request, "identity/password_reset_confirm.html", {"form": form}, status=status)


@public("whoever changed a password has to sign in with it")
@require_safe
def password_reset_done(request: HttpRequest) -> HttpResponse:
    """Says that the new password counts."""
    return render(request, "identity/password_reset_done.html")


@dataclass(frozen=True, slots=True)
class ShownInvitation:
    """An invitation as its page shows it."""

    salon: object
    role_label: Promise | str
    email: str
    invited_by: str


@public("the link is the proof")
@never_cache
@_form_methods
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Lets the invited person in: with a new account, or signed in with the one there is."""
    now = timezone.now()
    try:
        offered = members.open_invitation(token=token, address=client_address(request), now=now)
        if members.account_exists(offered.email):
            return _join_with_account(request, offered, token, now)
        return _join_as_new_user(request, offered, token, now)
    except members.InvitationInvalid:
        return render(request, "identity/invitation_invalid.html", status=404)
    except members.AccountExists:
        return redirect("invitation", token)
    except Throttled as refusal:
        return _later(render(request, "429.html", status=429), refusal)


def _join_with_account(request: HttpRequest, offered: Invitation, token: str, now: datetime) -> HttpResponse:
    here = reverse("invitation", args=[token])
    if not request.user.is_authenticated or request.user.email != offered.email:
        messages.info(request, _("Please sign in as %(email)s to accept the invitation.") % {"email": offered.email})
        return redirect(f"{reverse('sign_in')}?{urlencode({'next': here})}")
    if request.method != "POST":
        return render(request, "identity/invitation.html", {"form": None, "invitation": _shown(offered)})
    try:
        joined = members.join_as_user(token=token, user=request.user, now=now)
    except members.AlreadyMember as refusal:
        messages.error(request, str(refusal.message))
        return redirect("calendar", offered.salon.slug)
    messages.success(request, _("Welcome to %(salon)s.") % {"salon": joined.salon.name})
    return redirect("calendar", joined.salon.slug)


def _join_as_new_user(request: HttpRequest, offered: Invitation, token: str, now: datetime) -> HttpResponse:
    form = NewUserForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            joined = members.join_as_new_user(
                token=token,
                name=form.cleaned_data["name"],
                password=form.cleaned_data["password"],
                language=Language(get_language()),
                now=now,
            )
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        else:
            response = _signed_in(request, joined.user, reverse("calendar", args=[joined.salon.slug]))
            messages.success(request, _("Welcome to %(salon)s.") % {"salon": joined.salon.name})
            return response
    context = {"form": form, "invitation": _shown(offered)}
    return render(request, "identity/invitation.html", context, status=422 if form.is_bound else 200)


def _shown(offered: Invitation) -> ShownInvitation:
    return ShownInvitation(offered.salon, Role(offered.role).label, offered.email, offered.invited_by)


def _start_of(user: User) -> str | None:
    entrances = directory.entrances(user.pk)
    last = next((one for one in entrances if one.salon.pk == user.last_salon_id), None)
    entrance = entrances[0] if len(entrances) == 1 else last
    return None if entrance is None else reverse("calendar", args=[entrance.salon.slug])


def _signed_in(request: HttpRequest, user: User, url: str) -> HttpResponse:
    before = request.session.session_key
    login(request, user)
    if request.session.session_key == before:
        # Django keeps the session of a user who signs in again.
        request.session.cycle_key()
    response = redirect(url)
    _remember_language(response, user.language)
    return response


def _remember_language(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )


def _safe(request: HttpRequest, url: str) -> str | None:
    allowed = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if allowed else None


def _later(response: HttpResponse, refusal: Throttled) -> HttpResponse:
    response["Retry-After"] = str(60 * refusal.minutes)
    return response


def _unreferred(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"
    return response
