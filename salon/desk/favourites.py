"""What a client has most often (domain.md §2, Beliebteste Leistungen)."""

from collections import Counter
from dataclasses import dataclass
from operator import itemgetter
from uuid import UUID

from django.db.models import Value

from bookings.favourites import times_had
from clients.models import CarriedService
from salon.folding import fold

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Favourite:
    """One service, and how often the client had it."""

    name: str
    times: int


def favourite_services(client_id: UUID) -> list[Favourite]:
    """Return the services a client had most often, the most frequent first, equal ones by name.

    Counted in appointments that took place, and in what an import brought along; what both call by one name is one.
    """
    carried = CarriedService.objects.filter(client_id=client_id).values_list("name", "times", Value(1))
    times: Counter[str] = Counter()
    names: dict[str, str] = {}
    # Our own names first: they are how the salon writes them.
    for name, many, _carried in sorted(times_had(client_id).union(carried, all=True), key=itemgetter(2)):
        times[names.setdefault(fold(name), name)] += many
    ranked = sorted(times.items(), key=lambda one: (-one[1], one[0]))
    return [Favourite(name, many) for name, many in ranked[:SHOWN]]
