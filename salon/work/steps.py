"""What the night consists of: the steps that `NIGHT_STEPS` names, in that order (domain.md §10).

A capability adds a step in its own app and its path to the setting:

    @night_step(_("Statuses"), words={"read": ngettext_lazy("%(count)s card read", "%(count)s cards read", "number")})
    def recompute_statuses(night: Night) -> Counts:
        ...

A step may be killed at any point and is then run again from its beginning: it is idempotent per salon and date.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Protocol

from django.conf import settings
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon

Counts = Mapping[str, int]
Day = date


class Progress(Protocol):
    """Tells how far a step is: `done` of `total` (0: unknown), and what it has counted so far."""

    def __call__(self, done: int, total: int, **counts: int) -> None:
        """Store it and renew the claim, if half a second has passed since the last time.

        Raises: ClaimLost.
        """


@dataclass(frozen=True, slots=True)
class Night:
    """One step's view of one night of one salon.

    `date` names the night (and files that it writes); `now` is the instant at which the step began.
    """

    salon: Salon
    date: Day
    now: datetime
    # Outside a transaction it is seen at once. Called at least every half minute it also keeps the claim.
    progress: Progress
    hold: Callable[[], None]

    @property
    def today(self) -> Day:
        """The salon's local date while the step runs: a night that was missed is caught up on a later one."""
        return self.salon.date_at(self.now)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Open the salon's rows for one batch, a transaction; nobody else can take the step before it ends.

        Raises: ClaimLost when somebody already has: nothing of this batch is written then.
        """
        with salon_scope(self.salon.pk):
            self.hold()
            yield


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the night, and how its page speaks of it.

    `words` has one text for each count, with `%(count)s`, plural by `number`; a count in `alarms` that is not 0 marks
    the step with a warning.
    """

    run: Callable[[Night], Counts]
    label: Promise
    words: Mapping[str, Promise] = field(default_factory=dict)
    alarms: frozenset[str] = frozenset()

    def __call__(self, night: Night) -> Counts:
        return self.run(night)

    def told(self, counts: Counts) -> str:
        """Return the counts in words: "412 clients checked, 3 changed"; a good 0 goes without saying."""
        return ", ".join(
            str(text % {"number": counts[name], "count": number_format(counts[name])})
            for name, text in self.words.items()
            if counts.get(name) or (name in counts and name not in self.alarms)
        )

    def alarm(self, counts: Counts) -> bool:
        """Return whether these counts ask for somebody's attention."""
        return any(counts.get(name) for name in self.alarms)


def night_step(
    label: Promise,
    *,
    words: Mapping[str, Promise],
    alarms: frozenset[str] = frozenset(),
) -> Callable[[Callable[[Night], Counts]], Step]:
    """Make a function that takes a Night and returns its counts a Step."""
    return lambda run: Step(run, label, words, alarms)


def all_steps() -> Mapping[str, Step]:
    """Return the steps by path, in the order in which they run."""
    return {path: _step(path) for path in settings.NIGHT_STEPS}


@cache
def _step(path: str) -> Step:
    found = import_string(path)
    if not isinstance(found, Step):
        raise TypeError(f"{path} in NIGHT_STEPS is not a step: declare it with @night_step.")
    return found
