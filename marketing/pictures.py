"""Pictures of a salon in its mails to many: uploaded, shown to whoever got one, taken away (domain.md §9.2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import IO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from marketing import markup
from marketing.imaging import Prepared, prepare
from marketing.letters import LOGO_ROOM, LONGEST_BODY, check
from marketing.models import Automation, Campaign, CampaignState, MarketingRules, Picture
from salon.audit.recording import Change, record
from salon.errors import DomainError, FieldError, InvalidInput, NotFound
from salon.identity.roles import Actor, Permission
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import new_id

# Twice as wide as the text's column is shown, for screens that show more; no phone needs a taller one.
WIDEST, TALLEST = 1200, 1800
LONGEST_WORDS = 200
MOST_PICTURES = 500
# What has gone out may lose its pictures; everything else still needs them.
_OVER = [CampaignState.SENT, CampaignState.ENDED]
# What the words of a picture cannot hold: it would end them.
_NO_WORDS = str.maketrans(dict.fromkeys("[]{}", " "))
_NAME_SECRET = 16


class PictureInUse(DomainError):
    """A picture stands in a text that is still to go out, or is the logo."""

    code = "picture_in_use"
    message = _("This picture is still used: in a draft, a scheduled campaign, an automation or as the logo.")


@dataclass(frozen=True, slots=True)
class Uses:
    """What needs a picture: texts that are still to go out, and whether it is the logo."""

    campaigns: list[Campaign]
    automations: list[Automation]
    is_logo: bool

    @property
    def any(self) -> bool:
        """Whether anything does."""
        return bool(self.campaigns or self.automations or self.is_logo)


def add_picture(*, actor: Actor, file: IO[bytes], shows: str, now: datetime) -> Picture:
    """Keep a picture for mails; `shows` says what it shows, for whoever sees none.

    Raises: NotAllowed, InvalidInput (`required` or `too_long` at `shows`; `too_large`, `invalid` or `too_many` at
    `file`).
    """
    actor.require(Permission.MARKETING_WRITE)
    shows = as_words(shows)
    errors = list(_wrong_words(shows))
    try:
        prepared = prepare(file, width=WIDEST, height=TALLEST)
    except InvalidInput as refusal:
        raise InvalidInput([*refusal.errors, *errors]) from refusal
    if errors:
        raise InvalidInput(errors)
    return _keep(actor, prepared, Picture(shows=shows), now)


def put_logo(*, actor: Actor, file: IO[bytes], now: datetime) -> Picture:
    """Let a picture stand on top of every mail to many, in place of the salon's name; mails that have gone out keep
    what they had.

    Raises: NotAllowed, InvalidInput (at `file`, as `add_picture`).
    """
    actor.require(Permission.MARKETING_WRITE)
    width, height = LOGO_ROOM
    prepared = prepare(file, width=2 * width, height=2 * height)
    with transaction.atomic():
        logo = _keep(actor, prepared, Picture(is_logo=True), now)
        _choose_logo(actor, logo.name, now)
    return logo


def take_logo_away(*, actor: Actor, now: datetime) -> None:
    """Let the salon's name stand on top of its mails again.

    Raises: NotAllowed.
    """
    actor.require(Permission.MARKETING_WRITE)
    with transaction.atomic():
        _choose_logo(actor, "", now)


def delete_picture(*, actor: Actor, picture_id: UUID, now: datetime) -> Picture:
    """Take a picture away for good: mails that have gone out show its words in its place.

    Raises: NotAllowed, NotFound, PictureInUse.
    """
    actor.require(Permission.MARKETING_WRITE)
    with transaction.atomic():
        picture = pictures().select_for_update().filter(pk=picture_id).first()
        if picture is None:
            raise NotFound
        if uses_of(picture).any:
            raise PictureInUse
        Picture.objects.filter(pk=picture.pk).delete()
        _record(actor, "picture.deleted", picture, [Change("shows", picture.shows or None, None)], now)
    return picture


def pictures() -> QuerySet[Picture]:
    """Return the pictures of the open salon, the newest first, without what they are made of."""
    return Picture.objects.defer("content").order_by("-created_at", "-id")


def uses_of(picture: Picture) -> Uses:
    """Return what that is still to go out has a picture."""
    drafts = Campaign.objects.live().exclude(state__in=_OVER).filter(body__contains=picture.name)
    automations = Automation.objects.filter(body__contains=picture.name)
    is_logo = MarketingRules.objects.filter(logo=picture.name).exists()
    return Uses(list(drafts.order_by("-created_at", "-id")), list(automations.order_by("occasion")), is_logo)


def picture_named(name: str) -> Picture | None:
    """Return a picture of the open salon with what it is made of."""
    return Picture.objects.filter(name=name).first()


def pictures_address(salon_id: UUID) -> str:
    """Return what the public address of every picture of a salon begins with; its name follows."""
    somewhere = reverse("picture", args=[salon_id, "name"])
    return settings.BASE_URL.rstrip("/") + somewhere.removesuffix("name")


def as_written(picture: Picture, shows: str = "") -> str:
    """Return how a picture stands in a text; `shows` may say it otherwise than when it was uploaded."""
    return f"![{as_words(shows)[:LONGEST_WORDS] or picture.shows}](picture:{picture.name})"


def as_words(shows: str) -> str:
    """Return what a picture shows, in one line without what would end it."""
    return " ".join(shows.replace("\x00", "").translate(_NO_WORDS).split())


def check_mail(subject: str, body: str, *, complete: bool = False, longest: int = LONGEST_BODY) -> None:
    """Make sure that a mail to many can be written: as `letters.check`, with pictures that are there.

    Raises: InvalidInput (as `letters.check`, and `no_such_picture` at `body`).
    """
    errors: list[FieldError] = []
    try:
        check(subject, body, complete=complete, longest=longest, to_many=True)
    except InvalidInput as refusal:
        errors += refusal.errors
    if len(body) <= longest:
        errors += _missing(body)
    if errors:
        raise InvalidInput(errors)


def missing_pictures(body: str) -> list[str]:
    """Return what is to be said of the pictures in a text that are not there (any more)."""
    return [str(one.message) for one in _missing(body)]


def _missing(body: str) -> Iterator[FieldError]:
    shown = {one.name: one.shows for one in markup.pictures_in(markup.parsed(body))}
    there = set(Picture.objects.filter(name__in=shown).values_list("name", flat=True)) if shown else set()
    for name in shown.keys() - there:
        message = _("The picture “%(shows)s” is not there (any more). Choose it anew, or take it out of the text.")
        yield FieldError("body", "no_such_picture", message % {"shows": shown[name][:100]})


def _wrong_words(shows: str) -> Iterator[FieldError]:
    if not shows:
        message = _("Say what it shows: many mail programs show no pictures at first, and some people see none.")
        yield FieldError("shows", "required", message)
    elif len(shows) > LONGEST_WORDS:
        too_long = _("Please use at most %(count)s characters.")
        yield FieldError("shows", "too_long", too_long % {"count": LONGEST_WORDS})


def _keep(actor: Actor, prepared: Prepared, picture: Picture, now: datetime) -> Picture:
    if Picture.objects.count() >= MOST_PICTURES:
        message = _("There are %(most)d pictures already. Delete some that you do not need any more.")
        raise InvalidInput([FieldError("file", "too_many", message % {"most": MOST_PICTURES})])
    size = f"{prepared.width}x{prepared.height}"
    picture.id, picture.created_at = new_id(), now
    picture.name = f"{token_urlsafe(_NAME_SECRET)}-{size}.{prepared.suffix}"
    picture.content = prepared.content
    with transaction.atomic():
        picture.save(force_insert=True)
        _record(actor, "picture.added", picture, [Change("shows", None, picture.shows or None)], now)
    return picture


def _choose_logo(actor: Actor, name: str, now: datetime) -> None:
    MarketingRules.objects.get_or_create(salon_id=current_salon_id(), defaults={"version": 0})
    rules = MarketingRules.objects.select_for_update(no_key=True).get(salon_id=current_salon_id())
    if rules.logo == name:
        return
    change = Change("logo", rules.logo or None, name or None)
    rules.logo = name
    rules.save(update_fields=["logo"])
    record(
        actor=actor,
        action="marketing_rules.logo_changed",
        subject_kind="marketing_rules",
        subject_id=current_salon_id(),
        changes=[change],
        now=now,
    )


def _record(actor: Actor, action: str, picture: Picture, changes: list[Change], now: datetime) -> None:
    record(actor=actor, action=action, subject_kind="picture", subject_id=picture.pk, changes=changes, now=now)
