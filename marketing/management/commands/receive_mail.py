"""`manage.py receive_mail < mail.eml`: for operators whose own mail server pipes answers here."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from marketing.incoming import incoming_of, read_mail
from marketing.receiving import receive

# Larger ones no mail server takes.
MOST_BYTES = 50 * 1024 * 1024


class Command(BaseCommand):
    help = "Take in one mail from standard input: an answer of a client, by the address that it came to."

    def add_arguments(self, parser: CommandParser) -> None:
        """Say what the mail server may know better than the mail."""
        parser.add_argument("--recipient", default="", help="the address that the mail server was asked to bring it to")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take it in; a mail for nobody is no error, or it would be sent back to whoever made its address up."""
        message = read_mail(sys.stdin.buffer.read(MOST_BYTES))
        outcome = receive(incoming_of(message, recipient=options["recipient"]), now=timezone.now())
        self.stdout.write(outcome.value)
