"""What became of a sale while somebody had it on her screen (ui.md §2.5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookings.checkout.reading import SaleView
from bookings.models import SaleState
from bookings.web.checkout_entered import Refused, amount_in, number_in
from bookings.web.draft import uuid_in
from bookings.web.wording import clock, price_text
from salon.money import cents, from_cents
from salon.tenancy.models import Salon


@dataclass(frozen=True, slots=True)
class Seen:
    """A sale as a page has shown it, in cents: what was due, and what each of its lines came to."""

    due: int
    lines: dict[UUID, int]

    def is_all(self, typed: str) -> bool:
        """Whether an amount that was sent was simply all that was due."""
        try:
            return cents(amount_in(typed, "amount")) == self.due
        except Refused:
            return False


def seen_text(view: SaleView) -> str:
    """Return what a page shows of a sale, as its forms bring it back: `4500 <line>:2700 <line>:1800`."""
    return " ".join([str(cents(view.due)), *(f"{line.pk}:{cents(line.final_price)}" for line in view.lines)])


def seen_in(text: str) -> Seen | None:
    """Return what a form has brought back, if it makes sense."""
    due, *rest = text.split(" ")
    pairs = [one.partition(":") for one in rest]
    lines = {uuid_in(line): number_in(amount) for line, _colon, amount in pairs}
    known = {line: amount for line, amount in lines.items() if line is not None and amount is not None}
    found = number_in(due)
    return None if found is None or len(known) < len(pairs) else Seen(found, known)


def changed_meanwhile(view: SaleView, seen: Seen | None, salon: Salon) -> str:
    """Return what a sale that was to be changed or paid has become meanwhile, in another tab or by somebody else."""
    if view.sale.state == SaleState.PAID and view.payments:
        last = max(view.payments, key=lambda payment: payment.taken_at)
        return _("This sale is already paid (%(amount)s, %(time)s, %(name)s).") % {
            "amount": price_text(view.sale.paid, salon),
            "time": clock(last.taken_at, salon),
            "name": last.actor_name,
        }
    told = _("This sale has changed meanwhile: here it is as it is now. Nothing was booked.")
    return " ".join([told, *(_differences(view, seen, salon) if seen and view.sale.state == SaleState.OPEN else [])])


def _differences(view: SaleView, seen: Seen, salon: Salon) -> Iterator[str]:
    added = [line for line in view.lines if line.pk not in seen.lines]
    if added:
        named = ", ".join(f"{line.label} ({price_text(line.final_price, salon)})" for line in added)
        yield _("Added: %(lines)s.") % {"lines": named}
    for line in view.lines:
        before = seen.lines.get(line.pk)
        if before is not None and before != cents(line.final_price):
            yield _("%(line)s: now %(amount)s instead of %(before)s.") % {
                "line": line.label,
                "amount": price_text(line.final_price, salon),
                "before": price_text(from_cents(before), salon),
            }
    if gone := len(seen.lines.keys() - {line.pk for line in view.lines}):
        yield ngettext("%(count)d line was taken off.", "%(count)d lines were taken off.", gone) % {"count": gone}
    if cents(view.due) != seen.due and view.due >= 0:
        yield _("To be paid now: %(amount)s instead of %(before)s.") % {
            "amount": price_text(view.due, salon),
            "before": price_text(from_cents(seen.due), salon),
        }
