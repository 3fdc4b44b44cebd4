"""What went through the till of an invented salon, and the points that came of it. Pure (domain.md §6, §7, §11)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from bookings.checkout.pricing import NOTHING, LineKind, Sold, price_line
from bookings.models import Method, PaymentKind, RefundKind, SaleState
from bookings.states import Source, State
from clients.models import Cause
from loyalty.earning import Rates, points_for
from loyalty.rewards import standard_points
from salon.demo.accounts import Accounts, Holder
from salon.demo.diary import Diary
from salon.demo.fates import Visit
from salon.demo.offering import Offering
from salon.demo.takings import Bill, Given, Line, Movement, Taken, Takings

# The rates of a salon that has decided nothing.
RATES = Rates(services=Decimal(1), products=Decimal(2), version=0)
_MINUTE = timedelta(minutes=1)
# Whatever costs so much is now and then paid in part beforehand.
_DEAR, _DEPOSIT, _SHARE_DEPOSITS = Decimal(120), Decimal("50.00"), 0.3
_SHARE_CARD, _SHARE_SPLIT, _SHARE_TIPPED = 0.62, 0.03, 0.07
_SHARE_BUYING, _SHARE_AGAIN, _SHARE_GIVEN_BACK, _SHARE_GIFTS = 0.17, 0.6, 0.035, 0.03
# Of days on which somebody comes for a product alone: one with a card, somebody at all; how many of those by mistake.
_SHARE_OF_CLIENTS, _SHARE_OF_ALL, _SHARE_MISTAKEN = 0.25, 0.4, 0.04
_TIPS = (Decimal("2.00"), Decimal("3.00"), Decimal("5.00"))
_MISTAKE = "Falscher Artikel"
_WRONG = ("Umtausch", "Verträgt sie nicht", "Falsche Größe", "")
# Which products go with services, by the names of their groups.
_FITTING = {
    "Haare": ("Haarpflege", "Haare"),
    "Farbe": ("Haarpflege",),
    "Pflege": ("Haarpflege", "Haare"),
    "Herren": ("Haarpflege", "Bartpflege"),
    "Bart": ("Bart",),
    "Kosmetik": ("Gesichtspflege",),
    "Nägel": ("Nagelpflege",),
}


class Till:
    """The till of a salon, visit by visit."""

    def __init__(
        self,
        accounts: Accounts,
        diary: Diary,
        offering: Offering,
        random: Random,
        *,
        desk: Sequence[str],
        now: datetime,
        today: date,
    ) -> None:
        self._accounts = accounts
        self._diary = diary
        self._services = {name: sold.price for name, sold in offering.by_name.items()}
        self._products = offering.prices
        self._goods = _goods_by_service(offering)
        self._gifts = [name for name in offering.rewards if name in self._products]
        self._random = random
        self._desk = desk
        self._now = now
        self._today = today
        self._bills: list[Bill] = []
        self._given: list[Given] = []
        self._receipts = 10_000

    def takings(self, visits: Sequence[Visit]) -> Takings:
        """Return all of it, once every visit was charged; what is sold besides is added."""
        days: dict[date, list[int]] = {}
        for visit in visits:
            if visit.who is not None and visit.day <= self._today:
                days.setdefault(visit.day, []).append(visit.who)
        self._sell_goods(days)
        self._leave_one_open(visits)
        holders = self._accounts.holders
        return Takings(
            bills=self._bills,
            treats=self._accounts.treats,
            given=self._given,
            movements=self._accounts.movements,
            opening=[holder.person.opening_points for holder in holders],
            balances=[holder.balance for holder in holders],
        )

    def charge(self, place: int, visit: Visit) -> None:
        """Let a visit be paid that has taken place, or in part, now and then, if it is dear and still to come."""
        holder = None if visit.who is None else self._accounts.holders[visit.who]
        took_place = visit.was_by(self._now)
        if holder and took_place:
            holder.come()
        by = self._random.choice(self._desk)
        deposit = self._deposit(place, visit)
        if not took_place and not deposit:
            return
        lines = list(self._lines(place, visit, holder))
        opened_at = deposit[0].at if deposit else visit.ends_at
        bill = Bill(visit.who, place, opened_at, by, lines, payments=deposit)
        self._bills.append(bill)
        if visit.state in {State.CANCELLED, State.NO_SHOW}:
            self._lapse(bill, visit.changed_at)
        elif took_place:
            bill.lines += self._extras(visit, holder, by)
            self._settle(len(self._bills) - 1, min(visit.ends_at + _MINUTE, self._now), by)

    def _lines(self, place: int, visit: Visit, holder: Holder | None) -> Iterator[Line]:
        treats = self._accounts.treats
        treat = len(treats) - 1 if treats and treats[-1].visit == place else None
        for position, one in enumerate(visit.slotted):
            kind = LineKind.REWARD if one.treat else LineKind.SERVICE
            line = _line(kind, one.service, self._services[one.service], holder, one.staff)
            yield replace(line, place=position, treat=treat if one.treat else None)

    def _deposit(self, place: int, visit: Visit) -> list[Taken]:
        """Return what was paid beforehand for what is dear; of what is still to come today, for more of it."""
        price = sum((self._services[one.service] for one in visit.slotted if not one.treat), NOTHING)
        chance = self._random.random()
        if visit.who is None or self._accounts.holders[visit.who].life.is_known:
            return []
        is_due = visit.day == self._today and visit.state == State.BOOKED and price > _DEPOSIT and not place % 3
        if not is_due and (price < _DEAR or chance > _SHARE_DEPOSITS):
            return []
        at_the_desk = visit.source == Source.STAFF
        method, by = (Method.TRANSFER, visit.booked_by) if at_the_desk else (Method.CARD, "")
        return [Taken(PaymentKind.DEPOSIT, method, _DEPOSIT, "", visit.booked_at, by)]

    def _extras(self, visit: Visit, holder: Holder | None, by: str) -> Iterator[Line]:
        """Yield the products that somebody takes home, and a tip."""
        staff = visit.slotted[-1].staff
        chance, tip, amount = self._random.random(), self._random.random(), self._random.choice(_TIPS)
        bought = visit.bought
        if not (holder and holder.life.is_known) and chance < _SHARE_BUYING:
            bought = tuple(filter(None, [self._product(visit, holder)]))
        for name in bought:
            yield _line(LineKind.PRODUCT, name, self._products[name], holder, staff)
        yield from self._gift(visit, holder, by)
        if tip < _SHARE_TIPPED:
            yield _line(LineKind.TIP, "", amount, None, staff)

    def _product(self, visit: Visit, holder: Holder | None) -> str:
        """Return what somebody buys: most often what she has bought before."""
        if holder and holder.usual and self._random.random() < _SHARE_AGAIN:
            return holder.usual
        goods = [name for one in visit.slotted for name in self._goods[one.service]]
        name = self._random.choice(goods) if goods else ""
        if holder and not holder.usual:
            holder.usual = name
        return name

    def _gift(self, visit: Visit, holder: Holder | None, by: str) -> Iterator[Line]:
        """Yield the product that somebody gets for points, if any."""
        chance = self._random.random()
        if holder is None or visit.who is None or holder.life.is_known or chance > _SHARE_GIFTS:
            return
        at = min(visit.ends_at + _MINUTE, self._now)
        for name in self._gifts:
            price = self._products[name]
            if holder.can_give(standard_points(price), at) and name not in {holder.usual, *holder.likes}:
                holder.likes[name] = at
                treat = self._accounts.redeem(visit.who, name, price, at=at, by=by)
                yield replace(_line(LineKind.REWARD, name, price, holder, visit.slotted[-1].staff), treat=treat)

    def _settle(self, place: int, at: datetime, by: str) -> None:
        """Let a bill be paid in full, with the points that brings, and now and then something given back later."""
        bill = self._bills[place]
        due = bill.total - sum((one.amount for one in bill.payments), NOTHING)
        is_split, by_card = self._random.random() < _SHARE_SPLIT, self._random.random() < _SHARE_CARD
        parts = [_DEPOSIT, due - _DEPOSIT] if is_split and due > _DEPOSIT else [due]
        for index, amount in enumerate(parts):
            method = Method.CARD if by_card is (index == 0) else Method.EXTERNAL_TILL
            bill.payments.append(Taken(PaymentKind.PAYMENT, method, amount, self._receipt(method), at, by))
        bill.state, bill.paid_at = SaleState.PAID, at
        holder = None if bill.who is None else self._accounts.holders[bill.who]
        if bill.who is not None and holder and holder.has_card:
            bill.points = _points(bill.lines)
            if bill.points:
                self._accounts.move(bill.who, Movement(at, bill.points, Cause.EARNED, place, by))
        if not (holder and holder.life.is_known):
            self._give_back(place, bill)

    def _receipt(self, method: Method) -> str:
        if method != Method.EXTERNAL_TILL:
            return ""
        self._receipts += 1
        return f"B-{self._receipts}"

    def _give_back(self, place: int, bill: Bill) -> None:
        """Now and then let a product go back some days later."""
        chance, ahead, reason = self._random.random(), self._random.randrange(1, 7), self._random.choice(_WRONG)
        by = self._random.choice(self._desk)
        index = next((index for index, line in enumerate(bill.lines) if line.kind is LineKind.PRODUCT), None)
        if index is None or chance > _SHARE_GIVEN_BACK or bill.paid_at is None:
            return
        at = bill.paid_at + timedelta(days=ahead)
        while not self._diary.is_open(at.date()):
            at += timedelta(days=1)
        if at > self._now:
            return
        bill.lines[index] = replace(bill.lines[index], given_back=1)
        kept = _points(bill.lines) if bill.points else 0
        self._return(
            place,
            Given(
                bill=place,
                kind=RefundKind.LINES,
                method=bill.payments[-1].method,
                amount=bill.lines[index].priced.final_price,
                points=bill.points - kept,
                reference=self._receipt(bill.payments[-1].method),
                reason=reason,
                at=at,
                by=by,
                line=index,
            ),
        )
        whole = all(line.given_back for line in bill.lines)
        bill.state = SaleState.REFUNDED if whole else SaleState.PARTLY_REFUNDED

    def _return(self, place: int, given: Given) -> None:
        """Let money go back, with the points that came with it."""
        bill = self._bills[place]
        self._given.append(given)
        bill.points -= given.points
        if given.points and bill.who is not None:
            movement = Movement(given.at, -given.points, Cause.REVERSED, len(self._given) - 1, given.by)
            self._accounts.move(bill.who, movement)

    def _lapse(self, bill: Bill, at: datetime) -> None:
        """Let the open bill of what did not take place lapse, with its deposit given back."""
        [deposit] = bill.payments
        bill.state, bill.voided_at, bill.lapsed = SaleState.VOID, at, True
        place = len(self._bills) - 1
        self._return(place, Given(place, RefundKind.DEPOSIT, deposit.method, deposit.amount, 0, "", "", at, bill.by))

    def _sell_goods(self, days: Mapping[date, Sequence[int]]) -> None:
        """Now and then let somebody come for a product alone."""
        for day, whom in days.items():
            chance, who = self._random.random(), self._random.choice(whom)
            name, minutes = self._random.choice(list(self._products)), self._random.randrange(10 * 60, 16 * 60)
            by, is_wrong = self._random.choice(self._desk), self._random.random() < _SHARE_MISTAKEN
            at = datetime(day.year, day.month, day.day, tzinfo=self._now.tzinfo) + timedelta(minutes=minutes)
            holder = self._accounts.holders[who]
            if chance > _SHARE_OF_ALL or at > self._now or holder.life.is_known or holder.person.listed_on >= day:
                continue
            is_client = chance < _SHARE_OF_CLIENTS
            line = _line(LineKind.PRODUCT, name, self._products[name], holder if is_client else None)
            self._bills.append(Bill(who if is_client else None, None, at, by, [line]))
            place = len(self._bills) - 1
            self._settle(place, at, by)
            if is_wrong and self._bills[place].state == SaleState.PAID:
                self._void(place, min(at + 5 * _MINUTE, self._now), by)

    def _void(self, place: int, at: datetime, by: str) -> None:
        bill = self._bills[place]
        [paid] = bill.payments
        bill.state, bill.voided_at, bill.void_reason = SaleState.VOID, at, _MISTAKE
        kind, lost = RefundKind.VOID, bill.points
        self._return(place, Given(place, kind, paid.method, paid.amount, lost, paid.reference, _MISTAKE, at, by))

    def _leave_one_open(self, visits: Sequence[Visit]) -> None:
        """Let whoever was served last today not have paid yet."""
        todays = [
            place
            for place, bill in enumerate(self._bills)
            if bill.visit is not None and visits[bill.visit].day == self._today and bill.state == SaleState.PAID
        ]
        if not todays:
            return
        bill = self._bills[todays[-1]]
        if bill.who is not None:
            self._accounts.take_back(bill.who, Cause.EARNED, todays[-1])
        bill.points, bill.paid_at, bill.state = 0, None, SaleState.OPEN
        bill.payments = [one for one in bill.payments if one.kind == PaymentKind.DEPOSIT]


def _line(kind: LineKind, name: str, price: Decimal, holder: Holder | None, staff: str = "") -> Line:
    return Line(kind, name, price, price_line(Sold(kind, price), holder.discounts if holder else ()), staff)


def _points(lines: Iterable[Line]) -> int:
    return points_for(filter(None, (line.earning for line in lines)), RATES)


def _goods_by_service(offering: Offering) -> dict[str, tuple[str, ...]]:
    return {
        one.name: tuple(name for fits in _FITTING.get(group, ()) for name, _price in offering.products.get(fits, ()))
        for group, sold in offering.services.items()
        for one in sold
    }
