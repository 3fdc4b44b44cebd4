"""Who referred a client, as people write it: by client number, or by whatever finds one card alone (domain.md §2)."""

import re

from django.utils.translation import gettext_lazy as _

from clients.listing import search_clients
from clients.models import Client
from salon.errors import FieldError, InvalidInput, Text

FIELD = "referred_by"
# "Petra Lang (318)", as the picker writes it, or the number alone.
_NUMBER = re.compile(r"(?:.*\()?\s*(\d{1,9})\s*\)?", re.ASCII)


def written(referrer: Client) -> str:
    """Return how a form names a card: "Petra Lang (318)"."""
    return f"{referrer.full_name} ({referrer.number})"


def referrer_in(text: str) -> Client | None:
    """Return the card that was meant, None for nothing entered.

    Raises: InvalidInput when no card in use fits, or several do.
    """
    text = text.strip()
    if not text:
        return None
    if match := _NUMBER.fullmatch(text):
        found = list(Client.objects.listed().filter(number=int(match[1])))
    else:
        found, more = search_clients(text[:100], limit=1)
        if more:
            raise _refusal("ambiguous", _("Several clients fit: choose one, or enter the client number."))
    if not found:
        raise _refusal("not_found", _("There is no such client."))
    return found[0]


def referrer_seen(text: str) -> str:
    """Return the id behind what a form once showed, whatever has become of that card; nothing for anything else."""
    match = _NUMBER.fullmatch(text.strip())
    found = Client.objects.filter(number=int(match[1])).first() if match else None
    return str(found.pk) if found else ""


def _refusal(code: str, message: Text) -> InvalidInput:
    return InvalidInput([FieldError(FIELD, code, message)])
