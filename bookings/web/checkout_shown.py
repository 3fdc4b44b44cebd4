"""A sale in words, as the till shows it (ui.md §2.5)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils.formats import get_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookings.checkout.filling import bought_in, tipped_by
from bookings.checkout.paying import is_correction
from bookings.checkout.pricing import NOTHING, part_between
from bookings.checkout.reading import SaleView
from bookings.checkout.receipts import discount_text, percent_text
from bookings.checkout.reversing import Way
from bookings.checkout.settling import points_to_earn
from bookings.had import had_by
from bookings.models import LineKind, Method, Payment, PaymentKind, Refund, SaleLine
from bookings.prompting import judged
from bookings.web.offer import Choice
from bookings.web.treats import new_for
from bookings.web.wording import clock, day_text, local, price_text
from loyalty.rewards import live_rewards
from loyalty.rules import rates_now
from loyalty.web.numbers import points_text
from salon.catalogue.models import ItemKind, StaffMember
from salon.identity.roles import Actor, Permission
from salon.money import cents
from salon.tenancy.models import Salon

# Beyond so many units what each of them costs is not told beforehand.
MOST_STEPS = 200
METHOD_ICONS = {
    Method.CARD: "credit-card",
    Method.TRANSFER: "landmark",
    Method.VOUCHER: "ticket",
    Method.EXTERNAL_TILL: "receipt-text",
    Method.CASH: "banknote",
}


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing more about a line; `instead` is the price that does not count."""

    text: str
    instead: str = ""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line: what it is, how many, for how much each and in all, and what of it can be changed.

    `mark` says why the usual price does not count: `offer` or `own`. `steps` are the cents
    that giving back one, two, … more units comes to, `back` how many were typed.
    """

    id: UUID
    kind: LineKind
    name: str
    quantity: int
    counts: bool
    detail: list[Detail]
    mark: str
    discount: str
    discount_words: str
    total: str
    able: list[Choice]
    price_typed: str
    of_appointment: bool
    points: str
    refunded: str
    left: int
    steps: str
    back: str

    @property
    def about(self) -> str:
        """What an answer about this line names."""
        return f"line-{self.id}"

    @property
    def has_seller(self) -> bool:
        """Whether it is chosen at the till who has sold it or, of a tip, whose it is."""
        return not self.of_appointment and self.kind is not LineKind.VOUCHER

    @property
    def by_amount(self) -> bool:
        """Whether it is worth what was entered: a tip or a voucher."""
        return self.kind in {LineKind.TIP, LineKind.VOUCHER}


@dataclass(frozen=True, slots=True)
class ShownPayment:
    """Money taken or given back; of a sale that is open, whether taking it back corrects what was just entered, or
    gives money back; a refund that is `undone` does not count any more."""

    id: UUID
    icon: str
    method: Promise | str
    detail: str
    amount: str
    deposit: bool = False
    corrects: bool = False
    gives_back: bool = False
    undone: bool = False


@dataclass(frozen=True, slots=True)
class ShownVat:
    """The tax in what is sold at one rate."""

    rate: str
    vat: str
    net: str


@dataclass(frozen=True, slots=True)
class Treat:
    """A product that the client can have for points now."""

    act: str
    name: str
    points: str
    price: str
    is_new: str


@dataclass(frozen=True, slots=True)
class Points:
    """The points of the client's Treatcard, before this sale and when it is paid."""

    card: str
    now: str
    balance: str
    earned: str
    after: str
    treats: list[Treat]


def whole_text(number: int) -> str:
    """Return `1.234`."""
    return str(number_format(number, use_l10n=True, force_grouping=True))


def typed_text(amount: Decimal) -> str:
    """Return an amount as it is entered: `12,50`."""
    return f"{amount:.2f}".replace(".", get_format("DECIMAL_SEPARATOR"))


def moment_text(moment: datetime, salon: Salon) -> str:
    """Return an instant as `Sa., 21. Nov., 10:00`."""
    return f"{day_text(local(moment, salon).date())}, {clock(moment, salon)}"


def shown_lines(view: SaleView, salon: Salon, typed: Mapping[str, str], team: Sequence[StaffMember]) -> list[ShownLine]:
    """Return the lines of a sale in words; `typed` is what was entered into a refused form."""
    known = {one.pk: one for one in team}
    gone = {line.staff_id for line in view.lines if line.staff_id} - known.keys()
    if gone:
        known |= StaffMember.objects.in_bulk(list(gone))
    lines = [_line(line, team, known, salon) for line in view.lines]
    return [replace(line, back=typed.get(f"quantity-{line.id}", "0")) for line in lines]


def tip_choices(view: SaleView, team: Sequence[StaffMember], typed: str) -> list[Choice]:
    """Return whom a tip can be for: chosen is who was `typed`, else who did most of it, if anybody is known to have."""
    chosen = typed or str(tipped_by(view.lines))
    return [Choice(one.pk, one.name, str(one.pk) == chosen) for one in team]


def _line(line: SaleLine, team: Sequence[StaffMember], known: dict[UUID, StaffMember], salon: Salon) -> ShownLine:
    kind = LineKind(line.kind)
    reward = kind is LineKind.REWARD
    staff = known.get(line.staff_id) if line.staff_id else None
    choosable = [*team, *([staff] if staff and staff not in team else [])]
    mark = "own" if line.own_price is not None else "offer" if line.offer_price is not None else ""
    left = line.quantity - line.refunded
    return ShownLine(
        id=line.pk,
        kind=kind,
        name=line.label,
        quantity=line.quantity,
        counts=not (reward or line.item_id),
        detail=list(_details(line, staff, salon)),
        mark="" if reward else mark,
        discount=price_text(-line.discount, salon) if line.discount else "",
        discount_words=_discount_words(line),
        total=price_text(line.final_price, salon),
        able=[Choice(one.pk, one.name, one.pk == line.staff_id) for one in choosable],
        price_typed=typed_text(line.unit_price),
        of_appointment=line.item_id is not None,
        points=points_text(line.redemption.points) if line.redemption else "",
        refunded=_refunded_words(line, salon),
        left=left,
        steps=_steps(line) if left <= MOST_STEPS else "",
        back="0",
    )


def _details(line: SaleLine, staff: StaffMember | None, salon: Salon) -> Iterator[Detail]:
    """Return the points of a reward, the price of one where it is not that of all, and who has sold it."""
    each = price_text(line.unit_price, salon)
    if line.redemption:
        yield Detail(points_text(line.redemption.points))
    elif line.quantity > 1 or line.discount or line.unit_price != line.list_price:
        instead = price_text(line.list_price, salon) if line.unit_price != line.list_price else ""
        yield Detail(f"{line.quantity} × {each}" if line.quantity > 1 else each, instead)
    if staff:
        yield Detail(staff.name)


def _discount_words(line: SaleLine) -> str:
    if line.discount_percent is None:
        return ""
    return discount_text(line.discount_percent, line.discount_reason)


def _refunded_words(line: SaleLine, salon: Salon) -> str:
    if not line.refunded:
        return ""
    words = {"count": line.refunded, "amount": price_text(line.refunded_amount, salon)}
    return ngettext("%(count)d given back: %(amount)s", "%(count)d given back: %(amount)s", line.refunded) % words


def _steps(line: SaleLine) -> str:
    left = line.quantity - line.refunded
    return " ".join(
        str(cents(part_between(line.final_price, line.quantity, line.refunded, more))) for more in range(1, left + 1)
    )


def shown_payments(view: SaleView, salon: Salon, *, actor: Actor, now: datetime) -> list[ShownPayment]:
    """Return what was paid in words, with what was given back of it on another day, and who may take what back."""
    shown = []
    for one in sorted([*view.payments, *returned_later(view, salon)], key=lambda one: (one.taken_at, one.pk)):
        corrects = is_correction(one, actor=actor, salon=salon, now=now)
        stands = one.removed_at is None
        shown.append(
            ShownPayment(
                id=one.pk,
                icon=METHOD_ICONS[Method(one.method)],
                method=Method(one.method).label,
                detail=" · ".join(filter(None, (one.reference, moment_text(one.taken_at, salon)))),
                amount=price_text(one.amount, salon),
                deposit=one.kind == PaymentKind.DEPOSIT,
                corrects=stands and corrects,
                gives_back=stands and not corrects and Permission.REFUNDS in actor.permissions,
            )
        )
    return shown


def shown_returns(view: SaleView, salon: Salon) -> list[ShownPayment]:
    """Return in words what of the payments was given back before the sale was paid."""
    return [
        ShownPayment(
            id=one.pk,
            icon="undo-2",
            method=_("Given back · %(method)s") % {"method": Method(one.method).label},
            detail=moment_text(one.removed_at, salon),
            amount=price_text(-one.amount, salon),
        )
        for one in returned_later(view, salon)
        if one.removed_at
    ]


def returned_later(view: SaleView, salon: Salon) -> list[Payment]:
    """Return the payments that were taken back on another day: within the day they count as never made
    (`till_day`)."""
    return [one for one in view.removed if one.removed_at and salon.date_at(one.removed_at) != one.taken_on]


def shown_refunds(refunds: Sequence[Refund], salon: Salon) -> list[ShownPayment]:
    """Return what was given back in words, in order; what was taken back again says when and by whom."""
    return [
        ShownPayment(
            id=one.pk,
            icon="undo-2",
            method=f"{one.get_kind_display()} · {Method(one.method).label}",
            detail=" · ".join(
                filter(
                    None,
                    (
                        one.reason,
                        one.reference,
                        _("%(points)s taken back") % {"points": points_text(one.points)} if one.points else "",
                        moment_text(one.refunded_at, salon),
                        _undone_text(one, salon),
                    ),
                )
            ),
            amount=price_text(-one.amount, salon),
            undone=one.removed_at is not None,
        )
        for one in sorted(refunds, key=lambda one: (one.refunded_at, one.pk))
    ]


def _undone_text(refund: Refund, salon: Salon) -> str:
    if refund.removed_at is None:
        return ""
    when = moment_text(refund.removed_at, salon)
    if not refund.removed_by:
        return _("undone on %(when)s") % {"when": when}
    return _("undone on %(when)s by %(name)s") % {"when": when, "name": refund.removed_by}


def ways_text(ways: Iterable[Way], salon: Salon) -> str:
    """Return how money goes back as `61,60 € (Karte), 50,00 € (Eigene Kasse, Bon K-4711)`; "" where none does."""
    sums: dict[str, Decimal] = {}
    for one in ways:
        sums[way_text(one)] = sums.get(way_text(one), NOTHING) + one.amount
    return ", ".join(f"{price_text(amount, salon)} ({words})" for words, amount in sums.items() if amount)


def way_text(way: Way) -> str:
    """Return `Karte`; of the salon's own till the receipt, too, as it is taken back there."""
    if way.method is Method.EXTERNAL_TILL and way.reference:
        return _("%(method)s, receipt %(number)s") % {"method": way.method.label, "number": way.reference}
    return str(way.method.label)


def shown_vat(view: SaleView, salon: Salon) -> list[ShownVat]:
    """Return the tax in what is sold, rate by rate."""
    return [
        ShownVat(percent_text(one.rate), price_text(one.vat, salon), price_text(one.net, salon)) for one in view.vat
    ]


def points_of(view: SaleView, salon: Salon, *, writes: bool) -> Points | None:
    """Return what an open sale does to its client's points, and what she could have for them."""
    client = view.sale.client
    if client is None:
        return None
    if not client.treatcard_number:
        return Points("", "", "", "", "", [])
    earned = points_to_earn(client, view.lines, rates_now())
    return Points(
        card=client.treatcard_number,
        now=points_text(client.points),
        balance=whole_text(client.points),
        earned=f"+{whole_text(earned)}",
        after=whole_text(client.points + earned),
        treats=_treats(view, salon) if writes else [],
    )


def _treats(view: SaleView, salon: Salon) -> list[Treat]:
    client = view.sale.client
    if client is None:
        return []
    within = [one for one in live_rewards() if one.kind == ItemKind.PRODUCT and one.points <= client.points]
    if not within:
        return []
    every = judged(client, within, had=had_by(client.pk), booked=bought_in(view.lines))
    found = [one for one in every if not one.refusals]
    found.sort(key=lambda one: (not one.is_new, -one.price, one.name))
    return [
        Treat(
            act=f"reward:{one.reward.pk}",
            name=one.name,
            points=points_text(one.reward.points),
            price=price_text(one.price, salon),
            is_new=new_for(client) if one.is_new else "",
        )
        for one in found
    ]


def full_price(view: SaleView) -> Decimal:
    """Return what the lines would cost without any category's discount, the tip apart."""
    return view.sale.total + view.discount - tip_in(view)


def tip_in(view: SaleView) -> Decimal:
    """Return the tip in a sale."""
    return sum((line.final_price for line in view.lines if line.kind == LineKind.TIP), NOTHING)
