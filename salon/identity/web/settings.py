"""The settings of a salon: their index, and who may enter (ui.md §2.9)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salon.errors import DomainError, InvalidInput
from salon.identity import members as operations
from salon.identity.roles import Permission, Role
from salon.identity.web.forms import InviteForm, RoleForm
from salon.tenancy import directory
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """One page of settings, listed for whoever may open it."""

    label: Promise
    hint: Promise
    icon: str
    route: str
    permission: Permission


SETTINGS_PAGES = (
    SettingsPage(
        _("Salon"),
        _("Name, address and phone, as they stand in mails and on receipts"),
        "store",
        "salon_details",
        Permission.SETTINGS,
    ),
    SettingsPage(
        _("All services"),
        _("What can be booked, how long it takes and what it costs; products and special offers, too"),
        "scissors",
        "services",
        Permission.SETTINGS,
    ),
    SettingsPage(
        _("Products"),
        _("What is sold over the counter"),
        "package",
        "products",
        Permission.SETTINGS,
    ),
    SettingsPage(
        _("Team"),
        _("Who works here, what each can do, working hours and absences"),
        "calendar-clock",
        "team",
        Permission.SETTINGS,
    ),
    SettingsPage(
        _("Closures and holidays"),
        _("When the salon is closed, and which public holidays it keeps"),
        "door-closed",
        "closures",
        Permission.SETTINGS,
    ),
    SettingsPage(
        _("Booking rules"),
        _("When times are offered, and what clients are told by mail"),
        "calendar-cog",
        "booking_rules",
        Permission.SETTINGS,
    ),
    SettingsPage(
        _("Till"),
        _("How money is taken, what becomes of deposits, and what stands on receipts"),
        "receipt-text",
        "till_rules",
        Permission.SETTINGS,
    ),
    SettingsPage(
        _("Calendar subscriptions"),
        _("Appointments in the calendar of a staff member's phone"),
        "calendar-sync",
        "calendar_feeds",
        Permission.SETTINGS,
    ),
    SettingsPage(
        _("Client categories"),
        _("What your clients are called, and which of them get a discount"),
        "tags",
        "categories",
        Permission.CLIENTS_WRITE,
    ),
    SettingsPage(
        _("Members and roles"),
        _("Who may enter this salon, and what they may do"),
        "users-round",
        "members",
        Permission.MEMBERS,
    ),
    SettingsPage(
        _("New or returning"),
        _("When a client counts as new, and how an online booking finds its card"),
        "user-check",
        "new_or_returning",
        Permission.SETTINGS,
    ),
    SettingsPage(
        _("API keys"),
        _("Which booking sites, tills and shops may enter, and what they may do"),
        "key-round",
        "api_keys",
        Permission.API_KEYS,
    ),
    SettingsPage(
        _("Outgoing mail"),
        _("What clients were mailed, and whether it went out"),
        "send",
        "mails",
        Permission.SETTINGS,
    ),
    SettingsPage(
        _("Nightly run"),
        _("What is done for this salon every night, and how it went"),
        "moon",
        "night",
        Permission.SETTINGS,
    ),
)


@requires(Permission.SETTINGS)
@require_safe
def settings(request: SalonRequest) -> HttpResponse:
    """What there is to set in this salon."""
    pages = [
        {
            "label": page.label,
            "hint": page.hint,
            "icon": page.icon,
            "url": reverse(page.route, args=[request.salon.slug]),
        }
        for page in SETTINGS_PAGES
        if page.permission in request.actor.permissions
    ]
    return render(request, "identity/settings.html", {"pages": pages})


@dataclass(frozen=True, slots=True)
class ShownMember:
    """A member as the list shows her."""

    name: str
    email: str
    role: str
    role_label: Promise | str
    is_self: bool
    role_url: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """An open invitation as the list shows it."""

    email: str
    role_label: Promise | str
    expires_at: datetime
    revoke_url: str


@requires(Permission.MEMBERS)
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: SalonRequest) -> HttpResponse:
    """Who may enter, who is invited, and the form that invites."""
    form = InviteForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            invited = operations.invite(
                actor=request.actor,
                email=form.cleaned_data["email"],
                role=Role(form.cleaned_data["role"]),
                now=timezone.now(),
            )
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        except operations.AlreadyMember as refusal:
            form.add_error("email", str(refusal.message))
        else:
            messages.success(request, gettext("%(email)s is invited.") % {"email": invited.invitation.email})
            return redirect("members", request.salon.slug)
    slug = request.salon.slug
    context = {
        "members": [
            ShownMember(
                name=one.user.name,
                email=one.user.email,
                role=one.role,
                role_label=Role(one.role).label,
                is_self=one.user_id == request.user.pk,
                role_url=reverse("members_role", args=[slug, one.pk]),
                remove_url=reverse("members_remove", args=[slug, one.pk]),
            )
            for one in directory.members(request.salon.pk)
        ],
        "invitations": [
            OpenInvitation(
                email=one.email,
                role_label=Role(one.role).label,
                expires_at=one.expires_at,
                revoke_url=reverse("invitations_revoke", args=[slug, one.pk]),
            )
            for one in directory.invitations(request.salon.pk)
        ],
        "form": form,
        "role_choices": Role.choices,
    }
    return render(request, "identity/members.html", context, status=422 if form.is_bound else 200)


@requires(Permission.MEMBERS)
@require_POST
def members_role(request: SalonRequest, membership_id: UUID) -> HttpResponse:
    """Gives a member another role."""
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise DomainError(gettext("There is no such role."))
    changed = operations.change_role(
        actor=request.actor, membership_id=membership_id, role=Role(form.cleaned_data["role"]), now=timezone.now()
    )
    messages.success(
        request,
        gettext("%(name)s now has the role %(role)s.") % {"name": changed.user.name, "role": Role(changed.role).label},
    )
    own = changed.user_id == request.user.pk
    return redirect("home") if own else redirect("members", request.salon.slug)


@requires(Permission.MEMBERS)
@require_POST
def members_remove(request: SalonRequest, membership_id: UUID) -> HttpResponse:
    """Closes the salon to a member."""
    removed = operations.remove_member(actor=request.actor, membership_id=membership_id, now=timezone.now())
    messages.success(request, gettext("%(name)s has no access any more.") % {"name": removed.user.name})
    own = removed.user_id == request.user.pk
    return redirect("home") if own else redirect("members", request.salon.slug)


@requires(Permission.MEMBERS)
@require_POST
def invitations_revoke(request: SalonRequest, invitation_id: UUID) -> HttpResponse:
    """Withdraws an invitation."""
    operations.revoke_invitation(actor=request.actor, invitation_id=invitation_id, now=timezone.now())
    messages.success(request, gettext("The invitation is withdrawn."))
    return redirect("members", request.salon.slug)
