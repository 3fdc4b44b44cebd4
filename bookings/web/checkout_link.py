"""The way from an appointment to the till."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from bookings.checkout.deposits import GoingBack, gives_back, going_back
from bookings.checkout.reversing import Way
from bookings.models import Appointment, Method, Refund, RefundKind, Sale, SalesRules, SaleState
from bookings.opened import Opened, OpenedSale
from bookings.states import TAKING_TIME
from bookings.web.checkout_shown import ways_text
from bookings.web.wording import price_text
from loyalty.web.numbers import points_text
from salon.identity.roles import Permission
from salon.tenancy.models import Salon
from salon.web.access import SalonRequest


@dataclass(frozen=True, slots=True)
class TillLink:
    """What leads to the till: to the sale that there is already, else (no `sale_url`) to a new one; `takes_deposit`
    as long as money for it comes beforehand. `paid` is what of it stays paid."""

    new_url: str
    sale_url: str = ""
    is_open: bool = True
    state: Promise | str = ""
    paid: str = ""
    takes_deposit: bool = False
    # What becomes of the money if the appointment is called off now.
    if_off: str = ""


def till_of(request: SalonRequest, opened: Opened, now: datetime) -> TillLink | None:
    """Return the way to the till; None where there is nothing to charge, or not by this actor."""
    may = request.actor.permissions
    if Permission.SALES_READ not in may:
        return None
    slug = request.salon.slug
    new_url = reverse("sale_new", args=[slug])
    sale = opened.sale
    to_come = Permission.SALES_WRITE in may and opened.appointment.starts_at > now
    if sale is None:
        chargeable = Permission.SALES_WRITE in may and opened.appointment.state in TAKING_TIME
        return TillLink(new_url, takes_deposit=to_come) if chargeable else None
    return TillLink(
        new_url,
        sale_url=_sale_url(request, sale.id),
        is_open=sale.state == SaleState.OPEN,
        state=sale.state.label,
        paid=price_text(sale.paid - sale.refunded, request.salon) if sale.paid > sale.refunded else "",
        takes_deposit=to_come and sale.state == SaleState.OPEN,
        if_off=_if_off_now(request, opened, sale, now),
    )


def _if_off_now(request: SalonRequest, opened: Opened, sale: OpenedSale, now: datetime) -> str:
    """Return what becomes of the money if an appointment is called off now, to the cent."""
    starts_at = opened.appointment.starts_at
    returned = gives_back(opened.rules, starts_at=starts_at, at=now)
    back = going_back(opened.money) if opened.money and returned and _is_beforehand(sale, starts_at) else None
    if back is None or not back.ways:
        return if_off(sale, opened.rules, starts_at=starts_at, now=now)
    return " ".join(_told(back, opened, request.salon))


def _told(back: GoingBack, opened: Opened, salon: Salon) -> Iterator[str]:
    sums = ways_text(back.ways, salon)
    yield _("What was paid beforehand goes back, that is the rule of the salon: %(sums)s.") % {"sums": sums}
    if back.tip:
        yield _("%(amount)s of that are the tip.") % {"amount": price_text(back.tip, salon)}
    if back.points:
        yield _("%(points)s are taken back.") % {"points": points_text(back.points)}
    rewards = [one.redemption for one in opened.items if one.redemption and not one.redemption.returned_at]
    if rewards:
        yield _("%(points)s of rewards come back.") % {"points": points_text(sum(one.points for one in rewards))}


@dataclass(frozen=True, slots=True)
class PaidBefore:
    """What has become of the money for an appointment that is off."""

    words: str
    sale_url: str
    paid: str
    given_back: str
    kept: str


def paid_before(request: SalonRequest, appointment: Appointment) -> PaidBefore | None:
    """Return what has become of the money for an appointment that is off; None where there was none."""
    if Permission.SALES_READ not in request.actor.permissions or appointment.state in TAKING_TIME:
        return None
    of_it = Refund.objects.filter(sale__appointment=appointment, kind=RefundKind.DEPOSIT, removed_at=None)
    given = [*of_it.select_related("sale").order_by("refunded_at", "id")]
    if told := ways_text(_ways(given), request.salon):
        words = _("Given back: %(sums)s. That is noted here; the money itself you give back in these ways.")
        return _before(request, words % {"sums": told}, given[-1].sale)
    kept = Sale.objects.filter(appointment=appointment, lapsed=True, paid__gt=F("refunded")).first()
    if kept is None:
        return None
    words = _("%(amount)s were paid beforehand and stay with the salon.")
    return _before(request, words % {"amount": price_text(kept.paid - kept.refunded, request.salon)}, kept)


def _before(request: SalonRequest, words: str, sale: Sale) -> PaidBefore:
    return PaidBefore(
        words,
        _sale_url(request, sale.pk),
        paid=price_text(sale.paid, request.salon),
        given_back=price_text(-sale.refunded, request.salon) if sale.refunded else "",
        kept=price_text(sale.paid - sale.refunded, request.salon),
    )


@dataclass(frozen=True, slots=True)
class Earlier:
    """A sale that the appointment was charged by before it was called off and booked again."""

    words: str
    sale_url: str


def earlier_sales(request: SalonRequest, opened: Opened) -> list[Earlier]:
    """Return what an appointment was charged by before."""
    if Permission.SALES_READ not in request.actor.permissions:
        return []
    words = _("Earlier sale: %(paid)s were paid, %(back)s of that were given back.")
    return [
        Earlier(
            words % {"paid": price_text(one.paid, request.salon), "back": price_text(one.refunded, request.salon)},
            _sale_url(request, one.id),
        )
        for one in opened.earlier
    ]


def with_money(request: SalonRequest, words: str, appointment: Appointment, *, undone_at: datetime) -> str:
    """Return words about what was undone and, where money that was to go back counts as paid again, what to do."""
    if Permission.SALES_READ not in request.actor.permissions:
        return words
    kept = Refund.objects.filter(sale__appointment=appointment, kind=RefundKind.DEPOSIT, removed_at=undone_at)
    sums = ways_text(_ways(kept), request.salon)
    if not sums:
        return words
    notice = _("Counts as paid again: %(sums)s. Whoever has given it back already takes it once more.")
    return f"{words} {notice % {'sums': sums}}"


def _ways(refunds: Iterable[Refund]) -> list[Way]:
    return [Way(Method(one.method), one.amount, one.reference) for one in refunds]


def if_off(sale: OpenedSale | None, rules: SalesRules, *, starts_at: datetime, now: datetime) -> str:
    """Return what becomes of the money if an appointment is called off now; "" where nothing is paid beforehand."""
    if sale is None or not _is_beforehand(sale, starts_at):
        return ""
    if not gives_back(rules, starts_at=starts_at, at=now):
        return _("What was paid beforehand stays with the salon: that is its rule.")
    return _("What was paid beforehand goes back: that is the rule of the salon.")


def _is_beforehand(sale: OpenedSale, starts_at: datetime) -> bool:
    return sale.paid > sale.refunded and (sale.paid_at is None or sale.paid_at < starts_at)


def _sale_url(request: SalonRequest, sale_id: UUID) -> str:
    return reverse("sale", args=[request.salon.slug, sale_id])
