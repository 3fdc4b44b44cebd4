"""The settings of a worker whose steps can be halted."""

from salon.settings import *  # noqa: F403
from salon.settings import NIGHT_STEPS as CONFIGURED

NIGHT_STEPS = tuple(f"tests.faults.halting_steps.{path.rpartition('.')[2]}" for path in CONFIGURED)
CELERY_IMPORTS = ("tests.faults.halting_imports", "tests.faults.halting_campaigns")
