"""What the client list is asked for, as its address says it: search, filters, order (ui.md §2.3)."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict

from clients.filters import CardFilters
from clients.listing import ORDERS, Sort
from clients.models import Client
from clients.web.handed_in import HANDED_IN, Pairs, Segment
from salon.keyset import Meeting
from salon.web.access import SalonRequest

LONGEST_TYPED = 100
LONGEST_KEY = 40


@dataclass(frozen=True)
class ListQuery:
    """One list: what was typed, what a card must meet, in which order. Addresses carry it as `pairs`."""

    typed: str
    sort: Sort
    reverse: bool
    filters: CardFilters | None = None
    segment: Segment | None = None

    @cached_property
    def values(self) -> dict[str, Any]:
        """What the filters ask for, by name."""
        return self.filters.values if self.filters else {}

    @cached_property
    def meeting(self) -> Q | None:
        """What a card must meet, None where everybody does."""
        found = self._meeting(None)
        return found.all if found else None

    @property
    def along(self) -> Meeting | None:
        """The part of it that is looked for along the order, None where the order's own index knows it all."""
        return self._meeting(self.sort)

    def _meeting(self, sort: Sort | None) -> Meeting | None:
        found = self.filters.meeting(sort) if self.filters else None
        if self.segment is None:
            return found
        # A segment may compare a card with all others: it is asked of them at once.
        return Meeting(self.segment.meeting & (found.all if found else Q()), None)

    @property
    def among(self) -> QuerySet[Client]:
        """The cards in use that the order's index finds, in no order."""
        listed = Client.objects.listed()
        return listed.filter(self.filters.bounds(self.sort)) if self.filters else listed

    @property
    def descending(self) -> bool:
        """Whether the list goes down."""
        return ORDERS[self.sort].descending != self.reverse

    @cached_property
    def narrowed(self) -> Pairs:
        """The filters as an address carries them; what could not be read is left out."""
        within = (("segment", self.segment.key),) if self.segment else ()
        return (*within, *((name, value) for name in self.values for value in self._given(name) if value))

    @cached_property
    def pairs(self) -> Pairs:
        """The whole query as an address carries it; what goes without saying is left out."""
        found: list[tuple[str, str]] = [("q", self.typed)] if self.typed else []
        found += self.narrowed
        if self.sort is not Sort.NAME or self.reverse:
            found.append(("sort", self.sort.value))
        if self.reverse:
            found.append(("dir", "desc" if self.descending else "asc"))
        return tuple(found)

    def address(self, here: str, *more: tuple[str, str], without: tuple[str, ...] = ()) -> str:
        """Return the address of this list, with some pairs more and some names less."""
        pairs = [pair for pair in self.pairs if pair[0] not in without] + list(more)
        return f"{here}?{urlencode(pairs)}" if pairs else here

    def _given(self, name: str) -> list[str]:
        data = self.filters.data if self.filters else QueryDict()
        return data.getlist(name) if isinstance(data, QueryDict) else [str(data[name])]


def asked_for(request: SalonRequest, data: QueryDict, *, now: datetime) -> ListQuery:
    """Read an address of the list, `data`, for whoever asks."""
    key = data.get("segment", "").replace("\x00", "")[:LONGEST_KEY]
    segment = HANDED_IN.segments.named(request, key, now) if key and HANDED_IN.segments else None
    return list_query(data, today=request.salon.date_at(now), segment=segment)


def list_query(data: QueryDict, *, today: date, segment: Segment | None = None) -> ListQuery:
    """Read an address of the list; what cannot be read counts as not said. `today`: the salon's."""
    given = data.get("sort")
    sort = Sort(given) if given and given in Sort else Sort.NAME
    way = data.get("dir")
    reverse = way in {"asc", "desc"} and (way == "desc") != ORDERS[sort].descending
    given_filters = [name for name in CardFilters.declared_filters if data.get(name)]
    return ListQuery(
        typed=data.get("q", "").replace("\x00", "").strip()[:LONGEST_TYPED],
        sort=sort,
        reverse=reverse,
        filters=CardFilters(data, today=today, only=given_filters) if given_filters else None,
        segment=segment,
    )
