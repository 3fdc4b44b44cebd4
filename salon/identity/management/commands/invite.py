"""`manage.py invite`: a way into a salon for somebody, without a browser."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext

from salon.errors import DomainError, InvalidInput
from salon.identity.members import invite
from salon.identity.roles import Role, system_actor
from salon.tenancy import directory
from salon.tenancy.context import salon_scope


class Command(BaseCommand):
    """Invites somebody into a salon and prints the link."""

    help = "Invite somebody into a salon; prints the link that accepts the invitation."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the salon's short name")
        parser.add_argument("email")
        parser.add_argument("--role", required=True, type=str.upper, choices=Role.values)

    def handle(self, *args: Any, **options: Any) -> None:
        salon = directory.find_salon(options["slug"])
        if salon is None:
            raise CommandError(gettext("There is no salon %(slug)s.") % {"slug": options["slug"]})
        actor = system_actor(gettext("Administration"))
        try:
            with salon_scope(salon.pk):
                invited = invite(actor=actor, email=options["email"], role=Role(options["role"]), now=timezone.now())
        except InvalidInput as refusal:
            raise CommandError(" ".join(str(error.message) for error in refusal.errors)) from refusal
        except DomainError as refusal:
            raise CommandError(str(refusal.message)) from refusal
        self.stdout.write(invited.link)
