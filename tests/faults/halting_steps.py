"""The configured steps of the night, each of which can be made to halt at a point of its way (see `workers`).

A step writes down that it was at a point by making a file `<step>-<point>` in the folder FAULTS; where a file
`halt-<step>-<point>` stands it stays there as long as that does.
"""

import os
import time
from dataclasses import replace
from pathlib import Path

from django.utils.module_loading import import_string

from bookings import night as appointments
from clients import night as cards
from salon import settings as configured
from salon.work.steps import Counts, Night, Step, night_step

POINTS = ("begun", "halfway", "written")
NAMES = [path.rpartition(".")[2] for path in configured.NIGHT_STEPS]

# So that there is a halfway.
cards.BATCH = appointments.APPOINTMENTS = appointments.CARDS = 4


def at(name: str, point: str) -> None:
    """Be at a point of a step, and stay there if told so."""
    folder = Path(os.environ["FAULTS"])
    with (folder / f"{name}-{point}").open("a") as marks:
        marks.write("|")
    while (folder / f"halt-{name}-{point}").exists():
        time.sleep(0.02)


def _halting(name: str, step: Step) -> Step:
    def run(night: Night) -> Counts:
        was_halfway = False

        def progress(done: int, total: int, **counts: int) -> None:
            nonlocal was_halfway
            night.progress(done, total, **counts)
            if done * 2 >= total and not was_halfway:
                was_halfway = True
                at(name, "halfway")

        at(name, "begun")
        counts = step(replace(night, progress=progress))
        if not was_halfway:
            at(name, "halfway")
        at(name, "written")
        return counts

    return night_step(step.label, words=step.words, alarms=step.alarms)(run)


for _path in configured.NIGHT_STEPS:
    _name = _path.rpartition(".")[2]
    globals()[_name] = _halting(_name, import_string(_path))
