"""`manage.py issue_api_key`: a key for an integration, without a browser."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext

from salon.api.keys import LIFETIME, issue_key
from salon.api.scopes import Scope
from salon.errors import InvalidInput
from salon.identity.roles import system_actor
from salon.tenancy import directory
from salon.tenancy.context import salon_scope

ALL = "all"


class Command(BaseCommand):
    """Issues an API key and prints it, and nothing else."""

    help = "Issue an API key for a salon; prints only the key, which cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the salon's short name")
        parser.add_argument("--name", required=True, help="what the key is for")
        parser.add_argument(
            "--scope",
            required=True,
            nargs="+",
            action="extend",
            choices=[*Scope.values, ALL],
            metavar="SCOPE",
            help=f"what the key may do: {', '.join(Scope.values)}, or {ALL}",
        )
        parser.add_argument(
            "--days", type=int, default=LIFETIME.days, help="how long it is valid (default: %(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        salon = directory.find_salon(options["slug"])
        if salon is None:
            raise CommandError(gettext("There is no salon %(slug)s.") % {"slug": options["slug"]})
        scopes = Scope.values if ALL in options["scope"] else options["scope"]
        now = timezone.now()
        try:
            with salon_scope(salon.pk):
                issued = issue_key(
                    actor=system_actor(gettext("Administration")),
                    name=options["name"],
                    scopes=scopes,
                    expires_at=now + timedelta(days=options["days"]),
                    now=now,
                )
        except InvalidInput as refusal:
            raise CommandError(" ".join(str(error.message) for error in refusal.errors)) from refusal
        except OverflowError as error:
            raise CommandError(gettext("That is too many days.")) from error
        self.stdout.write(issued.secret)
