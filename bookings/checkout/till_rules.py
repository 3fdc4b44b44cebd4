"""What a salon has decided about its till, and deciding it (domain.md §6)."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from bookings.checkout.tills import sales_rules
from bookings.deciding import decide, rules_in
from bookings.models import DepositRule, SalesRules, TillMode
from salon.errors import FieldError, InvalidInput
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Country, Salon

LONGEST_HOURS = 14 * 24
LONGEST_WORDS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class TillRules:
    """The rules of one salon, as `SalesRules` has them."""

    till_mode: str = ""
    deposit_rule: str = DepositRule.REFUND.value
    deposit_hours: int = 24
    receipt_head: str = ""
    receipt_foot: str = ""


def till_rules() -> TillRules:
    """Return what holds in the open salon."""
    return rules_in(TillRules, sales_rules())


def modes_for(salon: Salon) -> list[TillMode]:
    """Return the till modes that a salon can have.

    In Germany, whatever can record cash needs a certified security device (TSE), which this software has not.
    """
    return [TillMode.EXTERNAL_TILL] if salon.country == Country.DE else [TillMode.EXTERNAL_TILL, TillMode.OWN_TILL]


def change_till_rules(*, actor: Actor, salon: Salon, rules: TillRules, now: datetime) -> bool:
    """Let these rules hold from now on; return whether that changes anything. What was sold stays as it is.

    Raises: NotAllowed, InvalidInput.
    """
    actor.require(Permission.SETTINGS)
    rules = _tidy(rules)
    if errors := list(_errors(rules, salon)):
        raise InvalidInput(errors)
    return decide(SalesRules, rules, subject="sales_rules", actor=actor, now=now)


def _tidy(rules: TillRules) -> TillRules:
    """Return rules with what is printed in lines that have nothing around them."""
    given = asdict(rules)
    for name in ("receipt_head", "receipt_foot"):
        given[name] = "\n".join(line.strip() for line in given[name].strip().splitlines())
    return TillRules(**given)


def _errors(rules: TillRules, salon: Salon) -> Iterator[FieldError]:
    if rules.till_mode and rules.till_mode not in modes_for(salon):
        yield FieldError("till_mode", "invalid_choice", _("Choose one of the values offered."))
    if rules.deposit_rule not in DepositRule:
        yield FieldError("deposit_rule", "invalid_choice", _("Choose one of the values offered."))
    if not 0 <= rules.deposit_hours <= LONGEST_HOURS:
        yield FieldError("deposit_hours", "range", _("Enter at most 336 hours: 14 days."))
    for name in ("receipt_head", "receipt_foot"):
        words: str = getattr(rules, name)
        if len(words) > LONGEST_WORDS:
            message = _("At most %(longest)d characters fit here.") % {"longest": LONGEST_WORDS}
            yield FieldError(name, "max_length", message)
        elif not all(line.isprintable() for line in words.split("\n")):
            yield FieldError(name, "invalid", _("This contains a character that cannot be stored."))
