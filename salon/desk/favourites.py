"""What a client has most often (domain.md §2, Beliebteste Leistungen)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter
from uuid import UUID

from django.db.models import Value

from bookings.checkout.favourites import times_bought
from bookings.favourites import times_had
from clients.models import CarriedService
from salon.folding import fold

SHOWN = 5
# What each row was counted in, as the statement numbers it.
_HAD, _CARRIED, _BOUGHT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Favourite:
    """One service or product, and how often the client had it, or how many of it."""

    name: str
    times: int


@dataclass(frozen=True, slots=True)
class Favourites:
    """What a client had most often, the most frequent first, equal ones by name."""

    services: list[Favourite]
    products: list[Favourite]


def favourites_of(client_id: UUID) -> Favourites:
    """Return the services and products a client had most often, in one statement.

    Services are counted in appointments that took place, and in what an import brought along; what both call by one
    name is one. Products in what she bought and kept.
    """
    carried = CarriedService.objects.filter(client_id=client_id).values_list("name", "times", Value(_CARRIED))
    bought = times_bought(client_id, source=_BOUGHT)
    # Our own names first: they are how the salon writes them.
    rows = sorted(times_had(client_id).union(carried, bought, all=True), key=itemgetter(2))
    return Favourites(
        _ranked(row[:2] for row in rows if row[2] != _BOUGHT), _ranked(row[:2] for row in rows if row[2] == _BOUGHT)
    )


def _ranked(rows: Iterable[tuple[str, int]]) -> list[Favourite]:
    times: Counter[str] = Counter()
    names: dict[str, str] = {}
    for name, many in rows:
        times[names.setdefault(fold(name), name)] += many
    ranked = sorted(times.items(), key=lambda one: (-one[1], one[0]))
    return [Favourite(name, many) for name, many in ranked[:SHOWN]]
