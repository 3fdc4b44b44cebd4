"""*Kasse*: one day at the till, and where a sale begins (ui.md §2.5)."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bookings.checkout.day import Back, Due, Flow, Takings, TillDay, till_day
from bookings.checkout.receipts import percent_text
from bookings.checkout.tills import sales_rules, till_mode_of
from bookings.models import Method, Sale, SaleState, TillMode
from bookings.web.checkout_sale import BADGES
from bookings.web.checkout_shown import METHOD_ICONS
from bookings.web.wording import clock, day_text, day_word, erased_text, local, name_text, price_text
from salon.catalogue.models import StaffMember
from salon.identity.roles import Permission
from salon.tenancy.models import Salon
from salon.web.access import SalonRequest, requires
from salon.years import is_known

ONE_DAY = timedelta(days=1)
# So many appointments that are to be paid are shown at first: the day of the largest salons.
MOST_DUE = 100


@dataclass(frozen=True, slots=True)
class ShownFlow:
    """What came and went in one way."""

    icon: str
    method: Promise | str
    taken: str
    given_back: str
    left: str


@dataclass(frozen=True, slots=True)
class ShownDue:
    """An appointment that is to be paid, or a sale that was begun."""

    when: str
    who: str
    what: str
    amount: str
    paid: str
    url: str
    opens: UUID | None


@dataclass(frozen=True, slots=True)
class ShownSold:
    """A sale that was paid on the day."""

    number: str
    who: str
    at: str
    methods: str
    amount: str
    badge: tuple[str, str, Promise | str] | None
    url: str


@dataclass(frozen=True, slots=True)
class ShownTakings:
    """What one person has done and sold; `parts` where it is both."""

    who: str
    amount: str
    parts: str


@dataclass(frozen=True, slots=True)
class ShownBack:
    """Money that was given back on the day, or came in again: of which sale, to whom, and who did it."""

    number: str
    what: str
    who: str
    by: str
    at: str
    reason: str
    amount: str
    url: str


@requires(Permission.WORK)
@require_safe
def checkout(request: SalonRequest) -> HttpResponse:
    """One day at the till, today's if none is named."""
    salon = request.salon
    today = salon.date_at(timezone.now())
    day = _day_in(request.GET.get("day", ""), today)
    may = request.actor.permissions
    context: dict[str, object] = {
        "day": day,
        "today": day == today,
        "title": day_word(day, today),
        "full": date_format(day, "DATE_FORMAT"),
        "printed": local(timezone.now(), salon),
        "earlier": (day - ONE_DAY).isoformat(),
        "later": (day + ONE_DAY).isoformat() if day < today else "",
        "most": today.isoformat(),
        "writes": Permission.SALES_WRITE in may,
        "reads": Permission.SALES_READ in may,
        "here": reverse("checkout", args=[salon.slug]),
        "new_url": reverse("sale_new", args=[salon.slug]),
        "rules_url": reverse("till_rules", args=[salon.slug]) if Permission.SETTINGS in may else "",
        "own_till": till_mode_of(salon, sales_rules()) is TillMode.OWN_TILL,
    }
    if Permission.SALES_READ in may:
        context |= _shown(till_day(salon=salon, day=day), salon, most=None if "all" in request.GET else MOST_DUE)
    return render(request, "bookings/checkout/day.html", context)


def _day_in(text: str, today: date) -> date:
    """Return the day that an address names; what makes no sense, and what has not come yet, is today."""
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    return min(day, today) if day and is_known(day) and is_known(day - ONE_DAY) else today


def _shown(found: TillDay, salon: Salon, *, most: int | None) -> dict[str, object]:
    """Return a day in words; of what is to be paid, so many at first."""
    return {
        "taken": price_text(found.taken, salon),
        "given_back": price_text(found.given_back, salon) if found.given_back else "",
        "left": price_text(found.left, salon),
        "flows": [_flow(one, salon) for one in found.flows],
        "due": [_due(one, salon) for one in found.to_pay[:most]],
        "due_count": len(found.to_pay),
        "due_more": len(found.to_pay[most:]) if most else 0,
        "due_sum": price_text(sum((one.due for one in found.to_pay if one.due > 0), start=found.left * 0), salon),
        "open": [_open(one, salon) for one in found.open],
        "sold": [_sold(one, salon) for one in found.sold],
        "backs": [_back(one, salon) for one in found.backs],
        "vat": [
            {
                "rate": percent_text(one.rate),
                "net": price_text(one.net, salon),
                "vat": price_text(one.vat, salon),
                "gross": price_text(one.gross, salon),
            }
            for one in found.vat
        ],
        "takings": [_takings(one, salon) for one in found.takings],
        "tips": [(_person(one.staff), price_text(one.amount, salon)) for one in found.tips],
        "vouchers": price_text(found.vouchers, salon) if found.vouchers else "",
        "kept": price_text(found.kept, salon) if found.kept else "",
    }


def _flow(flow: Flow, salon: Salon) -> ShownFlow:
    return ShownFlow(
        icon=METHOD_ICONS[flow.method],
        method=flow.method.label,
        taken=price_text(flow.taken, salon),
        given_back=price_text(-flow.given_back, salon) if flow.given_back else "",
        left=price_text(flow.left, salon),
    )


def _person(staff: StaffMember | None) -> str:
    return staff.name if staff else _("Nobody in particular")


def _takings(one: Takings, salon: Salon) -> ShownTakings:
    words = {"services": price_text(one.services, salon), "products": price_text(one.products, salon)}
    return ShownTakings(
        who=_person(one.staff),
        amount=price_text(one.total, salon),
        parts=_("Services %(services)s · products %(products)s") % words if one.services and one.products else "",
    )


def _due(due: Due, salon: Salon) -> ShownDue:
    return ShownDue(
        when=clock(due.starts_at, salon),
        who=_who(due),
        what=", ".join(due.services),
        amount=price_text(max(due.due, due.due * 0), salon),
        paid=price_text(due.paid, salon) if due.paid else "",
        url=reverse("sale", args=[salon.slug, due.sale_id]) if due.sale_id else "",
        opens=None if due.sale_id else due.appointment_id,
    )


def _who(due: Due | Back) -> str:
    if due.erased_number is not None:
        return erased_text(due.erased_number)
    return _("Walk-in") if due.client_name is None else due.client_name


def _open(sale: Sale, salon: Salon) -> ShownDue:
    begun = local(sale.appointment.starts_at if sale.appointment else sale.created_at, salon)
    return ShownDue(
        when=f"{day_text(begun.date())}, {begun:%H:%M}",
        who=name_text(sale.client) if sale.client else _("Nobody known"),
        what="",
        amount=price_text(sale.total - sale.paid, salon),
        paid=price_text(sale.paid, salon) if sale.paid else "",
        url=reverse("sale", args=[salon.slug, sale.pk]),
        opens=None,
    )


def _sold(sale: Sale, salon: Salon) -> ShownSold:
    state = SaleState(sale.state)
    icon, tone = BADGES[state]
    methods = dict.fromkeys(str(Method(one).label) for one in sale.methods)  # type: ignore[attr-defined]
    return ShownSold(
        number=str(sale.number),
        who=name_text(sale.client) if sale.client else _("Nobody known"),
        at=clock(sale.paid_at, salon) if sale.paid_at else "",
        methods=", ".join(methods),
        amount=price_text(sale.total, salon),
        badge=None if state is SaleState.PAID else (icon, tone, state.label),
        url=reverse("sale", args=[salon.slug, sale.pk]),
    )


def _back(one: Back, salon: Salon) -> ShownBack:
    return ShownBack(
        what=f"{one.why.label} · {one.method.label}",
        number=str(one.number or ""),
        who=_who(one) if one.client_name is not None else _("Nobody known"),
        by=one.actor_name,
        at=clock(one.at, salon),
        reason=one.reason,
        amount=price_text(-one.amount, salon),
        url=reverse("sale", args=[salon.slug, one.sale_id]),
    )
