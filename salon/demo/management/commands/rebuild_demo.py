"""`manage.py rebuild_demo`: forget what was tried in the demo."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from salon.demo.world import rebuild_demo
from salon.tenancy.owner import owner_connection


class Command(BaseCommand):
    """Remove both salons of the demo with all they hold, and build them again."""

    help = "Builds the two salons of the demo anew; other salons stay as they are."

    def handle(self, *args: Any, **options: Any) -> None:
        with owner_connection():
            rebuild_demo(timezone.now())
