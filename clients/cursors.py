"""The place in a search as addresses carry it."""

from uuid import UUID

from clients.models import TokenField
from clients.queries import Hit
from salon.keyset import InvalidCursor, read_cursor, write_cursor


def cursor_of(hit: Hit) -> str:
    """Return the place behind a hit, to be given to `hit_at`."""
    return write_cursor(str(hit.client_id), hit.field, hit.token)


def hit_at(cursor: str) -> Hit:
    """Read what `cursor_of` wrote.

    Raises: keyset.InvalidCursor.
    """
    try:
        client_id, field, token = read_cursor(cursor)
        return Hit(UUID(client_id), TokenField(field), str(token))
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidCursor(cursor) from error
