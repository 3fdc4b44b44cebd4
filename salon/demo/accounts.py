"""The clients of an invented salon as its till knows them: discounts, Treatcards and their points. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from bookings.checkout.pricing import Discount
from clients.labels import DiscountOn
from clients.models import Cause
from loyalty.models import Returned
from loyalty.rewards import standard_points
from salon.demo.lives import Life
from salon.demo.people import Person
from salon.demo.takings import Movement, Treat

_TEN = Decimal("10.00")
# Categories that take something off, by name.
_DISCOUNTS = {
    name: Discount(_TEN, DiscountOn.BOTH, special_offers=False, reason=name)
    for name in ("Rentner −10 %", "Studenten −10 %", "Azubi −10 %")
}


@dataclass(slots=True)
class Holder:
    """What the till knows of one client by then.

    `usual` is the product she buys; `likes` what she got for points, and until when she pays for it besides.
    """

    life: Life
    balance: int
    been: int = 0
    has_card: bool = False
    last_at: datetime | None = None
    usual: str = ""
    likes: dict[str, datetime] = field(default_factory=dict)

    @property
    def person(self) -> Person:
        """Her card."""
        return self.life.person

    @property
    def discounts(self) -> list[Discount]:
        """What her categories take off."""
        return [_DISCOUNTS[name] for name in self.person.categories if name in _DISCOUNTS]

    def can_give(self, points: int, at: datetime) -> bool:
        """Return whether she has so many points, and nothing was booked for her at that moment or later."""
        return self.has_card and self.balance >= points and (self.last_at is None or self.last_at < at)

    def come(self) -> None:
        """Count a visit; from one of them on she has a Treatcard."""
        self.has_card |= bool(self.person.treatcard_number) and self.been >= self.person.treatcard_from
        self.been += 1


class Accounts:
    """The points of all clients, and what they gave them for."""

    def __init__(self, lives: Sequence[Life]) -> None:
        self.holders = [Holder(life, life.person.opening_points) for life in lives]
        self.treats: list[Treat] = []
        self.movements: defaultdict[int, list[Movement]] = defaultdict(list)

    def move(self, who: int, movement: Movement) -> None:
        """Let points come or go."""
        holder = self.holders[who]
        self.movements[who].append(movement)
        holder.balance += movement.points
        holder.last_at = max(holder.last_at or movement.at, movement.at)

    def take_back(self, who: int, cause: Cause, of: int) -> None:
        """Let points never have moved, if they did."""
        own = self.movements[who]
        for movement in [one for one in own if (one.cause, one.of) == (cause, of)]:
            own.remove(movement)
            self.holders[who].balance -= movement.points

    def redeem(self, who: int, name: str, price: Decimal, *, at: datetime, by: str, visit: int | None = None) -> int:
        """Let somebody give points for something; return its place among the treats."""
        treat = Treat(who, name, standard_points(price), price, at, by, visit)
        self.treats.append(treat)
        self.move(who, Movement(at, -treat.points, Cause.REDEEMED, len(self.treats) - 1, by, name))
        return len(self.treats) - 1

    def give_back(self, place: int, at: datetime, why: Returned) -> None:
        """Let somebody have her points again."""
        treat = self.treats[place] = replace(self.treats[place], returned_at=at, why=why)
        self.move(treat.who, Movement(at, treat.points, Cause.RETURNED, place, treat.by, treat.name))
