"""Writing many sales at once, with their payments, the points that came of them and what the audit says."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from bookings.checkout.pricing import NOTHING
from bookings.checkout.writing import SUBJECT
from bookings.models import Payment, PaymentKind, Refund, RefundLine, Sale, SaleLine
from clients import points
from clients.models import Cause, Client, PointsEntry
from loyalty.models import Redemption, Reward
from salon.audit.models import AuditEntry
from salon.catalogue.models import Product, Service, StaffMember
from salon.demo.booking import AUDIT, Booked
from salon.demo.copying import copy_rows
from salon.demo.takings import Bill, Given, Line, Movement, Takings, Treat
from salon.demo.till import RATES
from salon.identity.roles import ActorKind
from salon.money import cents
from salon.tenancy.models import Salon, new_id

_ACTOR = ("actor_kind", "actor_id", "actor_name")
_SALE = (
    *("id", "salon_id", "number", "client_id", "appointment_id", "state", "total", "paid", "refunded"),
    *("points_earned", "rules_version", "opened_by_name", "created_at", "paid_at", "paid_on", "voided_at"),
    *("void_reason", "lapsed", "version"),
)
_LINE = (
    *("id", "salon_id", "sale_id", "position", "kind", "service_id", "product_id", "item_id", "redemption_id"),
    *("staff_id", "name", "quantity", "list_price", "unit_price", "discount_percent", "discount", "discount_reason"),
    *("final_price", "vat_rate", "refunded", "refunded_amount"),
)
_PAYMENT = ("id", "salon_id", "sale_id", "kind", "method", "amount", "reference", "taken_at", "taken_on", *_ACTOR)
_REFUND = (
    *("id", "salon_id", "sale_id", "kind", "method", "amount", "points", "reference", "reason", "refunded_at"),
    *("refunded_on", *_ACTOR),
)
_REFUND_LINE = ("id", "salon_id", "refund_id", "line_id", "quantity", "amount")
_REDEMPTION = (
    *("id", "salon_id", "client_id", "reward_id", "points", "list_price", "first_time", "redeemed_at", *_ACTOR),
    *("returned_at", "return_reason"),
)
_ENTRY = (
    *("id", "salon_id", "client_id", "number", "points", "balance_after", "cause", "cause_id", "reason"),
    *("rules_version", *_ACTOR, "created_at"),
)
# What was booked by rates names their version.
_BY_RATES = frozenset({Cause.EARNED, Cause.REVERSED})


class CashBook:
    """The sales of the open salon, to be written all at once; whoever has number 1 is the first client."""

    def __init__(self, salon: Salon, users: Mapping[str, UUID], takings: Takings) -> None:
        self._salon_id = salon.pk
        self._zone = ZoneInfo(salon.timezone)
        self._users = users
        self._takings = takings
        # The owner of the tables sees all salons.
        own = {"salon": salon.pk}
        cards = Client.objects.filter(**own).order_by("number")
        self._clients = list(cards.values_list("pk", flat=True))
        self._services = {one.name: one for one in Service.objects.filter(**own)}
        self._products = {one.name: one for one in Product.objects.filter(**own)}
        self._staff = {one.name: one.pk for one in StaffMember.objects.filter(**own)}
        rewards = Reward.objects.filter(**own).values_list("pk", "service__name", "product__name")
        self._rewards = {service or product: reward_id for reward_id, service, product in rewards}
        self._bill_ids = [new_id() for _bill in takings.bills]
        self._given_ids = [new_id() for _given in takings.given]
        self._treat_ids = [new_id() for _treat in takings.treats]
        self._line_ids = [[new_id() for _line in bill.lines] for bill in takings.bills]
        self._audit: list[tuple[Any, ...]] = []

    def write_redemptions(self) -> None:
        """Write what was given for points: before the appointments that name it."""
        copy_rows(Redemption, _REDEMPTION, map(self._redemption, self._takings.treats, self._treat_ids))

    @property
    def redemptions(self) -> dict[int, UUID]:
        """What rewards were given for, by the place of the visit in which they were booked."""
        treats = zip(self._takings.treats, self._treat_ids, strict=True)
        return {treat.visit: treat_id for treat, treat_id in treats if treat.visit is not None}

    def write(self, booked: Sequence[Booked]) -> None:
        """Write sales and points; `booked` are the visits as they were written, in their order."""
        bills = self._takings.bills
        paid = sorted((bill.paid_at, place) for place, bill in enumerate(bills) if bill.paid_at)
        numbers = {place: number for number, (_at, place) in enumerate(paid, 1)}
        given = [NOTHING] * len(bills)
        for one in self._takings.given:
            given[one.bill] += one.amount
        sales = [self._sale(place, bill, numbers.get(place), given[place], booked) for place, bill in enumerate(bills)]
        copy_rows(Sale, _SALE, sales)
        copy_rows(SaleLine, _LINE, self._lines(booked))
        copy_rows(Payment, _PAYMENT, self._payments())
        copy_rows(Refund, _REFUND, map(self._refund, self._takings.given, self._given_ids))
        copy_rows(RefundLine, _REFUND_LINE, self._refund_lines())
        entries = list(self._entries())
        copy_rows(PointsEntry, _ENTRY, entries)
        # The number of an entry; the last of each client's stays.
        self._count({entry[2]: entry[3] for entry in entries})
        copy_rows(AuditEntry, AUDIT, self._audit)

    def _count(self, numbers: Mapping[UUID, int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE clients_client card SET points_number = told.number"
                " FROM unnest(%s::uuid[], %s::int[]) told (id, number) WHERE card.salon_id = %s AND card.id = told.id",
                [list(numbers), list(numbers.values()), self._salon_id],
            )

    def _by(self, name: str) -> tuple[str, UUID | None, str]:
        if not name:
            return ActorKind.API_KEY.value, None, _("Website")
        return ActorKind.USER.value, self._users[name], name

    def _day(self, moment: datetime) -> object:
        return moment.astimezone(self._zone).date()

    def _of(self, who: int | None) -> UUID | None:
        return None if who is None else self._clients[who]

    def _tell(self, action: str, bill: int, at: datetime, by: str, **new: object) -> None:
        changes = [{"field": name, "old": None, "new": str(value)} for name, value in new.items() if value]
        told = (action, SUBJECT, self._bill_ids[bill], self._of(self._takings.bills[bill].who), Jsonb(changes))
        self._audit.append((new_id(), self._salon_id, at, *self._by(by), *told))

    def _redemption(self, treat: Treat, treat_id: UUID) -> tuple[Any, ...]:
        return (
            *(treat_id, self._salon_id, self._clients[treat.who], self._rewards[treat.name], treat.points),
            *(cents(treat.price), True, treat.at, *self._by(treat.by), treat.returned_at),
            treat.why.value if treat.why else "",
        )

    def _sale(
        self, place: int, bill: Bill, number: int | None, given: Decimal, booked: Sequence[Booked]
    ) -> tuple[Any, ...]:
        total, paid = bill.total, sum((one.amount for one in bill.payments), NOTHING)
        if bill.paid_at:
            self._tell("sale.paid", place, bill.paid_at, bill.by, number=number, total=total, points=bill.points)
        if bill.voided_at:
            action = "sale.lapsed" if bill.lapsed else "sale.voided"
            self._tell(action, place, bill.voided_at, bill.by, amount=given)
        return (
            *(self._bill_ids[place], self._salon_id, number, self._of(bill.who)),
            None if bill.visit is None else booked[bill.visit].appointment_id,
            *(bill.state.value, cents(total), cents(paid), cents(given), bill.points),
            RATES.version if bill.paid_at else None,
            *(bill.by, bill.opened_at, bill.paid_at, self._day(bill.paid_at) if bill.paid_at else None),
            *(bill.voided_at, bill.void_reason, bill.lapsed, 2),
        )

    def _lines(self, booked: Sequence[Booked]) -> Iterator[tuple[Any, ...]]:
        for bill, ids, sale_id in zip(self._takings.bills, self._line_ids, self._bill_ids, strict=True):
            items = booked[bill.visit].item_ids if bill.visit is not None else ()
            for position, line in enumerate(bill.lines):
                item_id = None if line.place is None else items[line.place]
                yield (ids[position], self._salon_id, sale_id, position, *self._line(line, item_id))

    def _line(self, line: Line, item_id: UUID | None) -> tuple[Any, ...]:
        service, product = self._services.get(line.name), self._products.get(line.name)
        thing, priced = service or product, line.priced
        return (
            *(line.kind.value, service.pk if service else None, product.pk if product else None, item_id),
            None if line.treat is None else self._treat_ids[line.treat],
            *(self._staff.get(line.staff), line.name, 1, cents(line.price), cents(priced.unit_price)),
            *(priced.by.percent if priced.by else None, cents(priced.discount)),
            *(priced.by.reason if priced.by else "", cents(priced.final_price), thing.vat_rate if thing else 0),
            *(line.given_back, cents(priced.final_price) if line.given_back else 0),
        )

    def _payments(self) -> Iterator[tuple[Any, ...]]:
        for place, bill in enumerate(self._takings.bills):
            for one in bill.payments:
                if one.kind == PaymentKind.DEPOSIT:
                    self._tell("sale.deposit_taken", place, one.at, one.by, method=one.method.value, amount=one.amount)
                yield (
                    *(new_id(), self._salon_id, self._bill_ids[place], one.kind.value, one.method.value),
                    *(cents(one.amount), one.reference, one.at, self._day(one.at), *self._by(one.by)),
                )

    def _refund(self, given: Given, given_id: UUID) -> tuple[Any, ...]:
        if given.line is not None:
            name = self._takings.bills[given.bill].lines[given.line].name
            told = {"lines": f"1 × {name}", "amount": given.amount, "method": given.method.value}
            told |= {"points": -given.points, "reason": given.reason}
            self._tell("sale.refunded", given.bill, given.at, given.by, **told)
        return (
            *(given_id, self._salon_id, self._bill_ids[given.bill], given.kind.value, given.method.value),
            *(cents(given.amount), given.points, given.reference, given.reason, given.at, self._day(given.at)),
            *self._by(given.by),
        )

    def _refund_lines(self) -> Iterator[tuple[Any, ...]]:
        for given, given_id in zip(self._takings.given, self._given_ids, strict=True):
            if given.line is not None:
                line_id = self._line_ids[given.bill][given.line]
                yield (new_id(), self._salon_id, given_id, line_id, 1, cents(given.amount))

    def _entries(self) -> Iterator[tuple[Any, ...]]:
        for who, movements in self._takings.movements.items():
            opening = self._takings.opening[who]
            yield from self._ledger(self._clients[who], opening, sorted(movements, key=lambda one: one.at))

    def _ledger(self, client_id: UUID, balance: int, movements: Iterable[Movement]) -> Iterator[tuple[Any, ...]]:
        for number, one in enumerate(movements, 2 if balance else 1):
            balance, before = balance + one.points, balance
            entry_id = new_id()
            yield (
                *(entry_id, self._salon_id, client_id, number, one.points, balance, one.cause.value),
                *(self._cause_id(one), one.reason, RATES.version if one.cause in _BY_RATES else None),
                *(*self._by(one.by), one.at),
            )
            changes: list[dict[str, str | None]] = [{"field": "points", "old": str(before), "new": str(balance)}]
            if one.reason:
                changes.append({"field": "reason", "old": None, "new": one.reason})
            told = (points.action_of(one.cause), points.SUBJECT, entry_id, client_id, Jsonb(changes))
            self._audit.append((new_id(), self._salon_id, one.at, *self._by(one.by), *told))

    def _cause_id(self, movement: Movement) -> UUID:
        ids = {Cause.EARNED: self._bill_ids, Cause.REVERSED: self._given_ids}.get(movement.cause, self._treat_ids)
        return ids[movement.of]
