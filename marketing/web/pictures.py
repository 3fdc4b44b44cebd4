"""Pictures for mails: chosen in the editor, kept in one place, and the logo on top (ui.md §2.7)."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import IO, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from bookings.web.draft import uuid_in
from marketing.imaging import MOST_BYTES, too_large
from marketing.models import Occasion, Picture
from marketing.pictures import (
    LONGEST_WORDS,
    PictureInUse,
    Uses,
    add_picture,
    as_written,
    delete_picture,
    pictures,
    put_logo,
    take_logo_away,
    uses_of,
)
from marketing.web.automation_words import place_of
from salon.errors import FieldError, InvalidInput, NotFound
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors
from salon.web.uploads import was_too_large

# So many are offered beside a text: what was uploaded last is what is looked for.
OFFERED = 12


class PictureForm(forms.Form):
    """One file, and what it shows; what is taken, the operation says."""

    file = forms.FileField(
        label=gettext_lazy("Picture"),
        required=False,
        max_length=255,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        help_text=gettext_lazy("JPEG, PNG or WebP, up to %(most)d MB. It is made small enough for a mail by itself.")
        % {"most": MOST_BYTES // 1024**2},
    )
    shows = forms.CharField(
        label=gettext_lazy("What it shows"),
        required=False,
        max_length=LONGEST_WORDS,
        help_text=gettext_lazy("Is read where pictures are not shown, and read out to whoever sees none."),
    )


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture as its tile shows it."""

    id: UUID
    url: str
    shows: str
    added_at: datetime
    delete_url: str


@dataclass(frozen=True, slots=True)
class Link:
    """A page, by its name."""

    name: str
    url: str


@requires(Permission.MARKETING_WRITE)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def marketing_pictures(request: SalonRequest) -> HttpResponse:
    """All pictures, and one more."""
    form = PictureForm()
    if request.method == "POST":
        form, added = _added(request)
        if added is not None:
            messages.success(request, _("Added. Choose it in the text of a campaign with “Picture”."))
            return redirect("marketing_pictures", request.salon.slug)
    context = {"form": form, "tiles": [_tile(request, one) for one in pictures()]}
    return render(request, "marketing/pictures.html", context, status=422 if form.is_bound else 200)


@requires(Permission.MARKETING_WRITE)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def picture_choose(request: SalonRequest) -> HttpResponse:
    """Choose a picture for a text, or upload one: what is to be written there comes as the event `picture-chosen`."""
    form = PictureForm()
    if request.method == "POST":
        picture_id = uuid_in(request.POST.get("picture"))
        chosen = pictures().filter(pk=picture_id).first() if picture_id else None
        if chosen is None:
            form, chosen = _added(request)
        if chosen is not None:
            written = json.dumps({"picture-chosen": {"text": as_written(chosen)}})
            return HttpResponse(status=204, headers={"HX-Trigger": written})
    offered = [_tile(request, one) for one in pictures().filter(is_logo=False)[:OFFERED]]
    context = {"form": form, "tiles": offered}
    return render(request, "marketing/_picture_dialog.html", context, status=422 if form.is_bound else 200)


@requires(Permission.MARKETING_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def picture_delete(request: SalonRequest, picture_id: UUID) -> HttpResponse:
    """Ask first: for mails that have gone out it cannot be brought back."""
    here = redirect("marketing_pictures", request.salon.slug)
    if request.method == "POST":
        try:
            delete_picture(actor=request.actor, picture_id=picture_id, now=timezone.now())
        except PictureInUse as refusal:
            messages.error(request, str(refusal.message))
        else:
            messages.success(request, _("The picture is deleted."))
        return here
    found = pictures().filter(pk=picture_id).first()
    if found is None:
        raise NotFound
    context = {"tile": _tile(request, found), "uses": _links_to(request, uses_of(found))}
    return render(request, "marketing/picture_delete.html", context)


@requires(Permission.MARKETING_WRITE)
@require_POST
def marketing_logo(request: SalonRequest) -> HttpResponse:
    """Put the logo on top of every mail to many, or (`act=away`) the salon's name again."""
    now, back = timezone.now(), reverse("marketing_rules", args=[request.salon.slug])
    if request.POST.get("act") == "away":
        take_logo_away(actor=request.actor, now=now)
        messages.success(request, _("From now on the salon's name stands on top of your mails."))
        return redirect(f"{back}#logo")
    try:
        put_logo(actor=request.actor, file=_file(request), now=now)
    except InvalidInput as refusal:
        messages.error(request, " ".join(str(error.message) for error in refusal.errors))
    else:
        messages.success(request, _("From now on your logo stands on top of every campaign and automation."))
    return redirect(f"{back}#logo")


def _links_to(request: SalonRequest, uses: Uses) -> list[Link]:
    """Return the pages of what needs a picture."""
    here = request.salon.slug
    links = [Link(one.name, reverse("campaign", args=[here, one.pk])) for one in uses.campaigns]
    for one in uses.automations:
        name = _("Automation “%(name)s”") % {"name": Occasion(one.occasion).label}
        links.append(Link(name, reverse("automation", args=place_of(request, one))))
    if uses.is_logo:
        links.append(Link(_("Logo"), f"{reverse('marketing_rules', args=[here])}#logo"))
    return links


def picture_url(request: SalonRequest, name: str) -> str:
    """Return where a page of ours has a picture from."""
    return reverse("picture", args=[request.salon.pk, name])


def _added(request: SalonRequest) -> tuple[PictureForm, Picture | None]:
    form = PictureForm(request.POST, request.FILES)
    try:
        shows = request.POST.get("shows", "")
        return form, add_picture(actor=request.actor, file=_file(request), shows=shows, now=timezone.now())
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
    return form, None


def _file(request: SalonRequest) -> IO[bytes]:
    """Return what was chosen.

    Raises: InvalidInput.
    """
    if was_too_large(request):
        raise too_large()
    file = request.FILES.get("file")
    if file is None:
        raise InvalidInput([FieldError("file", "required", _("Choose a picture."))])
    return cast(IO[bytes], file)


def _tile(request: SalonRequest, one: Picture) -> Tile:
    return Tile(
        id=one.pk,
        url=picture_url(request, one.name),
        shows=one.shows or _("Logo"),
        added_at=one.created_at,
        delete_url=reverse("picture_delete", args=[request.salon.slug, one.pk]),
    )
