"""Cards that an import or its undo has changed, written by the block (domain.md §10)."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection
from psycopg.sql import SQL, Composed, Identifier

from clients.importing.plans import FACTS
from clients.models import Client
from clients.models.card import DETAIL_FIELDS
from salon.tenancy.context import current_salon_id

# A card, whether a consent to news held for its address before, and whether one does now.
type Held = tuple[UUID, bool, bool]
_WRITTEN = (*DETAIL_FIELDS, *FACTS, "state", "email_consent_for", "email_consent_at", "version", "updated_at")


def save_cards(cards: Sequence[Client]) -> list[Held]:
    """Write what an import may change of cards, which are locked, in one statement; return whether consents held."""
    if not cards:
        return []
    values = [[getattr(card, name) for card in cards] for name in ("id", *_WRITTEN)]
    with connection.cursor() as cursor:
        cursor.execute(_statement().as_string(cursor.connection), [*values, current_salon_id(), values[0]])
        return list(cursor.fetchall())


def _statement() -> Composed:
    """Return an UPDATE from one array for each column.

    The ids stand in it twice, so that at worst the cards of a salon are read once: one that was never counted is taken
    for empty, and joined anyhow.
    """
    types_of = {field.attname: field.db_type(connection) or "" for field in Client._meta.concrete_fields}
    columns = ("id", *_WRITTEN)
    names = [Identifier(name) for name in columns]
    # Without its length, to which a cast would cut what the column refuses.
    types = [SQL(types_of[name].partition("(")[0]) for name in columns]
    return SQL(
        "UPDATE clients_client card SET {written} FROM unnest({arrays}) AS told ({names}) "
        "WHERE card.salon_id = %s AND card.id = told.id AND card.id = ANY (%s::uuid[]) "
        "RETURNING card.id, old.email_consent, new.email_consent"
    ).format(
        written=SQL(", ").join(SQL("{} = told.{}").format(name, name) for name in names[1:]),
        arrays=SQL(", ").join(SQL("%s::{}[]").format(one) for one in types),
        names=SQL(", ").join(names),
    )
