"""What is typed into the till's forms (ui.md §2.5)."""

from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import gettext as _

from clients.models import Client
from salon.money import NotMoney, parse_money


class Refused(Exception):
    """What was entered makes no sense: said beside its field."""

    def __init__(self, **errors: str) -> None:
        super().__init__(str(errors))
        self.errors = errors


def number_in(text: str) -> int | None:
    """Return the whole number that a text is, if it is one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(10**9)) else None


def amount_in(text: str, field: str) -> Decimal:
    """Return an amount that was typed.

    Raises: Refused.
    """
    if not text:
        raise Refused(**{field: _("Enter an amount.")})
    try:
        return parse_money(text)
    except NotMoney as error:
        raise Refused(**{field: _("Enter an amount such as 12.50.")}) from error


def created_text(client: Client, doubts: Iterable[str]) -> str:
    """Return that a card was made, and what of it is odd."""
    return " ".join([_("Card created: %(name)s.") % {"name": client.full_name}, *doubts])
