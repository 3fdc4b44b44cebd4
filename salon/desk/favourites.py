"""What a client has most often (domain.md §2, Beliebteste Leistungen)."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from clients.models import CarriedService

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Favourite:
    """One service, and how often the client had it."""

    name: str
    times: int


def favourite_services(client_id: UUID) -> list[Favourite]:
    """Return the services a client had most often, the most frequent first, equal ones by name.

    Counted over every source there is: today what an import brought along.
    """
    had = _carried(client_id)
    ranked = sorted(had.items(), key=lambda one: (-one[1], one[0]))
    return [Favourite(name, times) for name, times in ranked[:SHOWN]]


def _carried(client_id: UUID) -> Counter[str]:
    return Counter(dict(CarriedService.objects.filter(client_id=client_id).values_list("name", "times")))
