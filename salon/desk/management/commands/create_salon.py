"""`manage.py create_salon`: a new tenant and the link with which its owner gets in."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext

from salon.desk.founding import open_salon
from salon.errors import DomainError, InvalidInput
from salon.identity.roles import system_actor
from salon.tenancy.models import Country


class Command(BaseCommand):
    """Creates a salon and prints the invitation link of its owner."""

    help = "Create a salon and invite its owner; prints the link that accepts the invitation."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="short name in addresses, such as sonnenschein")
        parser.add_argument("--name", required=True, help="name on screen, such as 'Salon Sonnenschein'")
        parser.add_argument("--city", default="")
        parser.add_argument("--country", default=Country.DE.value, choices=Country.values)
        parser.add_argument("--timezone", default="Europe/Berlin")
        parser.add_argument("--owner-email", required=True)
        parser.add_argument("--owner-name", required=True, help="whom the invitation greets")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            founded = open_salon(
                actor=system_actor(gettext("Administration")),
                slug=options["slug"],
                name=options["name"],
                city=options["city"],
                country=options["country"],
                timezone=options["timezone"],
                owner_email=options["owner_email"],
                owner_name=options["owner_name"],
                now=timezone.now(),
            )
        except InvalidInput as refusal:
            raise CommandError(" ".join(str(error.message) for error in refusal.errors)) from refusal
        except DomainError as refusal:
            raise CommandError(str(refusal.message)) from refusal
        self.stdout.write(founded.owner.link)
