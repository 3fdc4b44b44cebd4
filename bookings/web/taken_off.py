"""What was taken off a sale, in the address that puts it back (ui.md: undo instead of "are you sure?")."""

from typing import Any

from django.core import signing
from django.utils.translation import gettext as _

from bookings.checkout import sales
from bookings.checkout.sales import TakenOff
from bookings.conflicts import SlotTaken
from bookings.models import SaleLine
from bookings.writing import NothingToUndo
from salon.errors import DomainError

_SALT = "bookings.taken_off"
# For so many seconds it can be put back: prices and offers are those of that moment.
_HOLDS = 3600


class TimeTaken(DomainError):
    """The staff member has something else at the time of a service that was to come back."""

    code = SlotTaken.code

    def __init__(self, refusal: SlotTaken) -> None:
        told = _("It cannot come back: the time is taken by now.")
        if refusal.blocking:
            words = {"staff": refusal.blocking[0].staff_name, "service": refusal.blocking[0].service_name}
            told = _("It cannot come back: %(staff)s has %(service)s at that time by now.") % words
        super().__init__(told)


def signed(taken: TakenOff) -> str:
    """Return what was taken off as a text that nobody else can make: it comes back for the price it had."""
    return signing.dumps(taken.kept, salt=_SALT, compress=True)


def kept_in(text: str) -> dict[str, Any]:
    """Return what `signed` has signed.

    Raises: NothingToUndo where it has not, or too long ago.
    """
    try:
        kept: dict[str, Any] = signing.loads(text, salt=_SALT, max_age=_HOLDS)
    except signing.BadSignature as error:
        raise NothingToUndo from error
    return kept


def bring_back(kept: dict[str, Any], **given: Any) -> None:
    """Put back what was taken off.

    Raises: TimeTaken, and what `put_back` does.
    """
    try:
        sales.put_back(**given, kept=kept)
    except SlotTaken as refusal:
        raise TimeTaken(refusal) from refusal


def removed_text(taken: TakenOff, line: SaleLine) -> str:
    """Return what was done, in words."""
    words = {"name": ", ".join(taken.names)}
    if taken.cancelled:
        return _("Removed: %(name)s. The appointment is cancelled with it.") % words
    if line.redemption_id:
        return _("Removed: %(name)s. The points are back on the card.") % words
    return _("Removed: %(name)s.") % words
