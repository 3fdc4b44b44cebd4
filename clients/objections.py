"""Which e-mail addresses want no news: an objection holds for the address it was made at (domain.md §9.3).

Whatever becomes of the card, by a new address, a merge or its undoing: who owns the mailbox has said no.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from clients.models import Objection
from salon.tenancy.context import current_salon_id

# In small letters by the database, as cards are compared.
_OBJECT = """
INSERT INTO clients_objection (id, salon_id, address, at)
SELECT uuidv7(), %(salon)s, address, %(now)s
FROM (SELECT DISTINCT lower(given) AS address FROM unnest(%(addresses)s::text[]) AS given WHERE given <> '') AS said
ORDER BY address
ON CONFLICT (salon_id, address) DO UPDATE SET at = EXCLUDED.at, lifted_at = NULL
"""
_LIFT = """
UPDATE clients_objection SET lifted_at = %(now)s
WHERE salon_id = %(salon)s AND address = lower(%(address)s) AND lifted_at IS NULL
"""


def object_at(addresses: Collection[str], *, now: datetime) -> None:
    """Let no more news go to these addresses; an empty one is none."""
    if not addresses:
        return
    with connection.cursor() as cursor:
        cursor.execute(_OBJECT, {"salon": current_salon_id(), "addresses": list(addresses), "now": now})


def lift_objection(address: str, *, now: datetime) -> None:
    """Let news go to an address again, whose owner has agreed to them there."""
    with connection.cursor() as cursor:
        cursor.execute(_LIFT, {"salon": current_salon_id(), "address": address, "now": now})


def objected_addresses(*, ever: bool = False) -> QuerySet[Objection, str]:
    """Return the addresses in small letters, as a subquery, of whoever wants no news and has not agreed anew since;
    `ever`: of whoever once wanted none, whatever was said since.

    No card is named in it, so it is read once for any number of cards, whatever is known of the tables.
    """
    said = Objection.objects.all() if ever else Objection.objects.filter(lifted_at=None)
    return said.values_list("address", flat=True)


def who_objected(emails: Iterable[str]) -> set[str]:
    """Return which of these addresses want no news, in small letters."""
    folded = {email.lower() for email in emails if email}
    held = Objection.objects.filter(address__in=folded, lifted_at=None) if folded else Objection.objects.none()
    return set(held.values_list("address", flat=True))


def forget_objections(emails: Collection[str]) -> None:
    """Delete what is known of these addresses, whose owner is erased."""
    Objection.objects.filter(address__in={email.lower() for email in emails}).delete()
