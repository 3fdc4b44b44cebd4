"""What apps above hand to the client list, which knows nothing of them; they do it with their addresses."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from salon.errors import Text
from salon.identity.roles import Permission
from salon.web.access import SalonRequest

# What an address carries, name by name.
Pairs = tuple[tuple[str, str], ...]
# What another app knows of the clients of one page, asked once for all its rows.
DayReader = Callable[[Collection[UUID], datetime], Mapping[UUID, datetime]]


@dataclass(frozen=True, slots=True)
class Segment:
    """A group of clients that an app above has described: what addresses call it, its name, what a card must meet.

    `unseen` is why nobody is in it: it is gone.
    """

    key: str
    name: str
    meeting: Q
    unseen: Text = ""


@dataclass(frozen=True, slots=True)
class Segments:
    """The segments of an app above: `named` reads the one that an address names, also one that is gone; `offered` tells
    those to choose from, grouped by a label: what addresses call each, and its name.

    `begun` tells where one begins that means whom filters mean, within one that there is or "": "" where none can say
    that, or whoever asks may not.
    """

    named: Callable[[SalonRequest, str, datetime], Segment]
    offered: Callable[[], list[tuple[str, list[tuple[str, str]]]]]
    begun: Callable[[SalonRequest, Mapping[str, Any], str, Pairs], str]


@dataclass(frozen=True, slots=True)
class Action:
    """What can be done with the clients marked: a button for whoever may.

    Its page reads them with `clients.web.selection.selection_of`, and answers with `leading_to`, or with `refused`.
    """

    route: str
    permission: Permission
    label: Text
    icon: str


@dataclass(slots=True)
class HandedIn:
    """Days for columns of the list, by the column's name; the segments it can be narrowed to; actions for its bar."""

    days: dict[str, DayReader] = field(default_factory=dict)
    segments: Segments | None = None
    actions: tuple[Action, ...] = ()


HANDED_IN = HandedIn()
