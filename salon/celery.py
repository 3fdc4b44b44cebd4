"""The worker's application."""

import os
from typing import Any

from celery import Celery, Task
from django.db import connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")


class SalonTask(Task[Any, Any]):
    """A task that begins with a database connection that works.

    Celery keeps connections over many tasks, and with them one that the database has ended: every task would fail.
    """

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        """Let a connection that failed go, and one that was idle be tried when it is used."""
        del task_id, args, kwargs
        for connection in connections.all(initialized_only=True):
            connection.close_if_unusable_or_obsolete()


app = Celery("salon", task_cls=SalonTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
