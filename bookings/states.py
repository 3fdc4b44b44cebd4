"""The states of an appointment and the ways between them (domain.md §5)."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class State(TextChoices):
    """How far an appointment is."""

    BOOKED = "BOOKED", _("booked")
    ARRIVED = "ARRIVED", _("arrived")
    COMPLETED = "COMPLETED", _("completed")
    NO_SHOW = "NO_SHOW", _("no-show")
    CANCELLED = "CANCELLED", _("cancelled")


class Source(TextChoices):
    """Where an appointment came from."""

    STAFF = "STAFF", _("by staff")
    ONLINE = "ONLINE", _("booked online")
    API = "API", _("by a program")


_NEXT = {
    State.BOOKED: {State.ARRIVED, State.COMPLETED, State.NO_SHOW, State.CANCELLED},
    State.ARRIVED: {State.COMPLETED, State.NO_SHOW, State.CANCELLED},
    State.COMPLETED: {State.NO_SHOW},
    State.NO_SHOW: {State.COMPLETED},
    State.CANCELLED: {State.BOOKED},
}
# States whose items take their staff members' time: whoever cancels or does not come leaves room for somebody else.
TAKING_TIME = frozenset({State.BOOKED, State.ARRIVED, State.COMPLETED})
# States in which items can still be moved, added, removed, and made longer.
CHANGEABLE = frozenset({State.BOOKED, State.ARRIVED})
# States that say whether somebody came, which nobody knows before the day.
ON_THE_DAY = frozenset({State.COMPLETED, State.NO_SHOW})


def can_become(state: State, other: State) -> bool:
    """Return whether an appointment may go from one state straight to another."""
    return other in _NEXT[state]


def next_states(state: State, *, on_the_day: bool, begun: bool) -> list[State]:
    """Return the states an appointment may be offered to go to, in the order of their declaration.

    `on_the_day`: its day has come. That somebody did not come is told once it has `begun`.
    """
    known = {State.COMPLETED: on_the_day, State.NO_SHOW: begun}
    return [one for one in State if can_become(state, one) and known.get(one, True)]
