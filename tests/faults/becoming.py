"""What a process forked from one that has loaded the libraries does to become a Celery program: loading them again for
each worker that is to be killed would take longer than all the workers do."""

import os
import sys
import warnings
from collections.abc import Mapping, Sequence

from celery.__main__ import main

# Nothing of ours: settings, and what reads them, belong to each program.
LIBRARIES = (
    "celery.bin.celery",
    "celery.apps.worker",
    "celery.concurrency.prefork",
    "celery.events.state",
    "celery.worker.consumer",
    "django.contrib.staticfiles",
    "django.core.management",
    "django.db.backends.postgresql.base",
    "django.db.models",
    "django.template.defaultfilters",
    "holidays",
    "icalendar",
    "kombu.transport.redis",
    "markdown_it",
    "phonenumbers",
    "structlog",
)


def become(environment: Mapping[str, str], folder: str, words: Sequence[str]) -> None:
    """Be the Celery program of these words, in a session of its own."""
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    # As root Celery would warn at every start.
    warnings.simplefilter("ignore")
    sys.argv = ["celery", *words]
    main()
