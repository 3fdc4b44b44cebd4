"""The words that a salon lets its clients agree to, version by version (domain.md §9.3)."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from clients.models import ConsentPurpose, ConsentWording
from salon.audit.recording import Change, record
from salon.errors import FieldError, InvalidInput, Text, VersionConflict
from salon.identity.roles import Actor, Permission
from salon.locks import take_locks
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon

LONGEST_WORDING = 2000
# Of the words that every salon begins with.
DEFAULT_NUMBER = 0
_DEFAULTS = {
    ConsentPurpose.EMAIL_MARKETING: _(
        "I would like to get news and offers from %(salon)s by e-mail. I can withdraw this at any time."
    ),
    ConsentPurpose.HEALTH_DATA: _(
        "%(salon)s may store what I tell about allergies and my health, to treat me safely. I can withdraw this at any "
        "time; it is then deleted."
    ),
}


@dataclass(frozen=True, slots=True)
class Wording:
    """Words to agree to, and which version of the salon's they are."""

    number: int
    text: str


def wording_now(purpose: ConsentPurpose, salon: Salon) -> Wording:
    """Return the words of the open salon that hold for a purpose."""
    stored = ConsentWording.objects.filter(purpose=purpose).order_by("-number").first()
    return Wording(stored.number, stored.text) if stored else default_wording(purpose, salon)


def wordings_now(salon: Salon) -> dict[ConsentPurpose, Wording]:
    """Return the words of the open salon that hold for each purpose."""
    newest = ConsentWording.objects.order_by("purpose", "-number").distinct("purpose")
    stored = {one.purpose: Wording(one.number, one.text) for one in newest}
    return {purpose: stored.get(purpose) or default_wording(purpose, salon) for purpose in ConsentPurpose}


def default_wording(purpose: ConsentPurpose, salon: Salon) -> Wording:
    """Return the words that every salon begins with, in the language that the installation writes to clients in."""
    with translation.override(settings.LANGUAGE_CODE):
        return Wording(DEFAULT_NUMBER, str(_DEFAULTS[purpose]) % {"salon": salon.name})


def number_of(wording: str, standing: Wording) -> int | None:
    """Return the version of the salon's words that somebody agreed to, None where it is other words."""
    return standing.number if wording == standing.text else None


def wordings(purpose: ConsentPurpose) -> list[ConsentWording]:
    """Return what the salon has written for a purpose, the words that hold first."""
    return list(ConsentWording.objects.filter(purpose=purpose).order_by("-number"))


def save_wording(
    *, actor: Actor, salon: Salon, purpose: ConsentPurpose, text: str, number: int | None = None, now: datetime
) -> Wording:
    """Let other words hold from now on, as a new version, and return what holds.

    Who agreed to older ones has agreed to those; a link that asks for them is void. `number` is the version that was
    read: another one by now refuses the change. What changes nothing makes no version.
    Raises: NotAllowed, InvalidInput, VersionConflict.
    """
    actor.require(Permission.MARKETING_WRITE)
    text = tidied(text)
    if message := fault_of(text):
        raise InvalidInput([FieldError("wording", *message)])
    with transaction.atomic():
        take_locks({f"consent wording {current_salon_id()} {purpose}"})
        standing = wording_now(purpose, salon)
        if number is not None and number != standing.number:
            raise VersionConflict
        if text == standing.text:
            return standing
        stored = ConsentWording.objects.create(
            purpose=purpose,
            number=standing.number + 1,
            text=text,
            created_at=now,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
        )
        record(
            actor=actor,
            action="consent_wording.changed",
            subject_kind="consent_wording",
            subject_id=stored.pk,
            changes=[Change("purpose", None, purpose), Change("text", standing.text, text)],
            now=now,
        )
    return Wording(stored.number, stored.text)


def tidied(text: str) -> str:
    """Return words in the form in which they are kept and compared."""
    return " ".join(text.split())


def fault_of(text: str) -> tuple[str, Text] | None:
    """Return code and message of what is wrong with words to agree to, None where they can be."""
    if not text:
        return "required", _("Write down what the client agreed to.")
    if len(text) > LONGEST_WORDING:
        return "max_length", _("At most %(longest)d characters fit here.") % {"longest": LONGEST_WORDING}
    if "\x00" in text:
        return "invalid", _("This contains a character that cannot be stored.")
    return None
