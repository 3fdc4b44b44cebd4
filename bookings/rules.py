"""What a salon has decided about its calendar, and deciding it (domain.md §5)."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from bookings.deciding import decide, rules_in
from bookings.models import BookingRules
from salon.errors import FieldError, InvalidInput
from salon.identity.roles import Actor, Permission

SLOTS = (5, 10, 15, 20, 30, 60)
LONGEST_LEAD = 14 * 24 * 60
LONGEST_HORIZON = 730


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of one salon, as `BookingRules` has them."""

    slot_minutes: int = 15
    lead_minutes: int = 120
    horizon_days: int = 180
    complete_by_itself: bool = True
    confirm: bool = True
    remind: bool = True
    reply_to: str = ""


def booking_rules() -> Rules:
    """Return what holds in the open salon."""
    stored = BookingRules.objects.first()
    return Rules() if stored is None else rules_in(Rules, stored)


def change_booking_rules(*, actor: Actor, rules: Rules, now: datetime) -> bool:
    """Let these rules hold from now on; return whether that changes anything. What is booked stays as it is.

    Raises: NotAllowed, InvalidInput.
    """
    actor.require(Permission.SETTINGS)
    if errors := _errors(rules):
        raise InvalidInput(errors)
    return decide(BookingRules, rules, subject="booking_rules", actor=actor, now=now)


def _errors(rules: Rules) -> list[FieldError]:
    errors = []
    if rules.slot_minutes not in SLOTS:
        errors.append(FieldError("slot_minutes", "invalid_choice", _("Choose one of the values offered.")))
    if not 0 <= rules.lead_minutes <= LONGEST_LEAD:
        errors.append(FieldError("lead_minutes", "range", _("Enter at most 14 days.")))
    if not 1 <= rules.horizon_days <= LONGEST_HORIZON:
        errors.append(FieldError("horizon_days", "range", _("Enter between 1 and 730 days.")))
    if rules.reply_to:
        try:
            validate_email(rules.reply_to)
        except ValidationError:
            errors.append(FieldError("reply_to", "invalid", _("Enter a valid email address.")))
    return errors
