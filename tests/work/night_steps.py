"""Steps as a night may bring them, for the tests: quick, slow, failing."""

import errno
import time
from collections.abc import Callable

from django.utils.translation import gettext_lazy, ngettext_lazy

from salon.work.steps import Counts, Night, night_step

_WORDS = {"seen": ngettext_lazy("%(count)s client checked", "%(count)s clients checked", "number")}
FIRST, SECOND, THIRD = (f"tests.work.night_steps.{name}" for name in ("first", "second", "third"))

# Every call of a step, and what it does; each test begins with none.
calls: list[tuple[str, Night]] = []
doing: dict[str, Callable[[Night], None]] = {}


def _call(name: str, night: Night) -> Counts:
    calls.append((name, night))
    if name in doing:
        doing[name](night)
    return {"seen": len(calls)}


@night_step(gettext_lazy("Status"), words=_WORDS)
def first(night: Night) -> Counts:
    return _call("first", night)


@night_step(gettext_lazy("Export"), words=_WORDS, alarms=frozenset({"wrong"}))
def second(night: Night) -> Counts:
    return {**_call("second", night), "wrong": 1}


@night_step(gettext_lazy("Search"), words=_WORDS)
def third(night: Night) -> Counts:
    return _call("third", night)


def full_disk(night: Night) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "/var/lib/salon/anna.xlsx")


def slowly(night: Night) -> None:
    for done in range(200):
        night.progress(done, 200)
        time.sleep(0.02)
