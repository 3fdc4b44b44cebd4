"""`manage.py seed_demo`: large data for measuring."""

from itertools import islice
from random import Random
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils import timezone

from clients.categories import add_templates, all_categories
from clients.models import ConsentPurpose
from clients.wordings import default_wording
from salon.demo.people import invent
from salon.demo.writing import write_cards
from salon.identity.roles import system_actor
from salon.tenancy import directory
from salon.tenancy.context import salon_scope
from salon.tenancy.owner import owner_connection


class Command(BaseCommand):
    """Add salons `large-1`, `large-2` … with invented clients, behind those there are; as the owner of the tables."""

    help = "Adds salons with invented clients, for measuring; the first ones take the sizes of --largest."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--salons", type=int, default=10, help="how many salons (default 10)")
        parser.add_argument("--clients", type=int, default=10_000, help="how many clients in all (default 10,000)")
        parser.add_argument("--largest", type=int, nargs="*", default=[], help="clients of the first salons")

    def handle(self, *args: Any, **options: Any) -> None:
        largest: list[int] = options["largest"]
        others = options["salons"] - len(largest)
        rest = options["clients"] - sum(largest)
        if others < 0 or rest < 0 or (rest and not others):
            raise CommandError("--largest asks for more than --salons and --clients allow.")
        sizes = [*largest, *(rest // others + (index < rest % others) for index in range(others))]
        now = timezone.now()
        with owner_connection():
            first = 1
            while directory.find_salon(f"large-{first}"):
                first += 1
            for index, size in enumerate(sizes, first):
                random = Random(index)
                with transaction.atomic():
                    salon = directory.add_salon(name=f"Salon {index}", slug=f"large-{index}", city="Berlin")
                    today = salon.date_at(now)
                    people = islice(invent(random, today=today, city="Berlin"), size)
                    with salon_scope(salon.pk):
                        add_templates(actor=system_actor("Demo"), now=now)
                        categories = {category.name: category.pk for category in all_categories()}
                        write_cards(
                            salon.pk,
                            people,
                            today=today,
                            actor_name="Demo",
                            categories=categories,
                            staff={},
                            wording=default_wording(ConsentPurpose.EMAIL_MARKETING, salon),
                        )
                self.stdout.write(f"{salon.slug}: {size} clients ({index - first + 1} of {len(sizes)})")
            connection.cursor().execute("VACUUM ANALYZE")
