"""The place in a search as addresses carry it."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from clients.models import TokenField
from clients.search import Hit
from salon.keyset import InvalidCursor


def cursor_of(hit: Hit) -> str:
    """Return the place behind a hit, to be given to `hit_at`."""
    return urlsafe_b64encode(json.dumps([str(hit.client_id), hit.field, hit.token]).encode()).decode().rstrip("=")


def hit_at(cursor: str) -> Hit:
    """Read what `cursor_of` wrote.

    Raises: keyset.InvalidCursor.
    """
    try:
        client_id, field, token = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        hit = Hit(UUID(client_id), TokenField(field), str(token))
        hit.token.encode()
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError) as error:
        raise InvalidCursor(cursor) from error
    if "\x00" in hit.token:
        raise InvalidCursor(cursor)
    return hit
