"""What apps above hand to the list of clients, which knows nothing of them; they do it with their addresses."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from salon.tenancy.models import Salon

# Returns what a card must meet to be in the segment that a call names; raises NotFound where there is none.
SegmentReader = Callable[[Salon, str, datetime], Q]


@dataclass(slots=True)
class HandedIn:
    """The segments that the list can be narrowed to."""

    segment: SegmentReader | None = None


HANDED_IN = HandedIn()
