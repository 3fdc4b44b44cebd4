"""What went through the till of an invented salon, as it is to be written (domain.md §11)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from bookings.checkout.pricing import NOTHING, LineKind, Priced, part_of
from bookings.models import Method, PaymentKind, RefundKind, SaleState
from clients.models import Cause
from loyalty.earning import Earning
from loyalty.models import Returned
from salon.catalogue.models import ItemKind

_KINDS = {LineKind.SERVICE: ItemKind.SERVICE, LineKind.PRODUCT: ItemKind.PRODUCT}


@dataclass(frozen=True, slots=True)
class Treat:
    """Points given for something; `visit` is that in which it was booked. With `returned_at` she has them back."""

    who: int
    name: str
    points: int
    price: Decimal
    at: datetime
    by: str
    visit: int | None = None
    returned_at: datetime | None = None
    why: Returned | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """Some of one thing on a bill; `place` is the item of the visit that it charges, `treat` the points it was for."""

    kind: LineKind
    name: str
    price: Decimal
    priced: Priced
    staff: str = ""
    place: int | None = None
    treat: int | None = None
    given_back: int = 0

    @property
    def earning(self) -> Earning | None:
        """What of it earns points, as long as it is not given back."""
        if self.kind not in _KINDS:
            return None
        kept = 1 - self.given_back
        return Earning(_KINDS[self.kind], part_of(self.priced.final_price, 1, kept), kept, None)


@dataclass(frozen=True, slots=True)
class Taken:
    """One payment."""

    kind: PaymentKind
    method: Method
    amount: Decimal
    reference: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Given:
    """Money given back for a bill: for one of its lines, or for all of it."""

    bill: int
    kind: RefundKind
    method: Method
    amount: Decimal
    points: int
    reference: str
    reason: str
    at: datetime
    by: str
    line: int | None = None


@dataclass(slots=True)
class Bill:
    """One sale; its number is its place among those that were paid."""

    who: int | None
    visit: int | None
    opened_at: datetime
    by: str
    lines: list[Line]
    state: SaleState = SaleState.OPEN
    payments: list[Taken] = field(default_factory=list)
    paid_at: datetime | None = None
    voided_at: datetime | None = None
    void_reason: str = ""
    lapsed: bool = False
    points: int = 0

    @property
    def total(self) -> Decimal:
        """What it comes to."""
        return sum((line.priced.final_price for line in self.lines), NOTHING)


@dataclass(frozen=True, slots=True)
class Movement:
    """Points that came or went; `of` is the place of the bill, the treat or what was given back."""

    at: datetime
    points: int
    cause: Cause
    of: int
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Takings:
    """All of it; what clients had for points stands in the visits now. `opening`, `movements` and `balances` are
    points by client."""

    bills: Sequence[Bill]
    treats: Sequence[Treat]
    given: Sequence[Given]
    movements: Mapping[int, Sequence[Movement]]
    opening: Sequence[int]
    balances: Sequence[int]
