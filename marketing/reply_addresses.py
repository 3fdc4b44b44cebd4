"""Where a client's answers come in: an address of her own at the operator's domain for mail (domain.md §9.4)."""

import re
from base64 import b32encode
from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

from salon.tenancy import directory
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import ReplyAddress

_SALT = "marketing.reply_addresses"
_TOKEN_BYTES = 20


def receives() -> bool:
    """Return whether the operator of this installation lets answers come in."""
    return bool(settings.INBOUND_DOMAIN)


def reply_addresses(client_ids: Collection[UUID], *, now: datetime) -> dict[UUID, str]:
    """Return the address to which each of these clients of the open salon answers, which leads to her from now on;
    nothing where the operator lets no answers come in.

    It is the same each time, and can be told from no other by whoever does not know this installation's key.
    """
    if not receives():
        return {}
    salon_id = current_salon_id()
    tokens = {client_id: _token(salon_id, client_id) for client_id in client_ids}
    hashes = {client_id: _hashed(token) for client_id, token in tokens.items()}
    directory.put_reply_addresses(salon_id, hashes, now=now)
    return {client_id: f"antwort+{token}@{settings.INBOUND_DOMAIN}" for client_id, token in tokens.items()}


def whose(address: str) -> ReplyAddress | None:
    """Return to whom an answer to an address goes, None where it is no such address."""
    found = re.fullmatch(r"antwort\+([a-z2-7]{32})@(.+)", address.strip().lower())
    if not found or found[2] != settings.INBOUND_DOMAIN:
        return None
    return directory.find_reply_address(_hashed(found[1]))


def forget(client_ids: Collection[UUID]) -> None:
    """Let no answer come in for these clients of the open salon any more."""
    directory.forget_reply_addresses(current_salon_id(), client_ids)


def _token(salon_id: UUID, client_id: UUID) -> str:
    digest = salted_hmac(_SALT, f"{salon_id} {client_id}", algorithm="sha256").digest()[:_TOKEN_BYTES]
    # Small letters alone: on their way, mail programs change the case of an address.
    return b32encode(digest).decode().lower()


def _hashed(token: str) -> bytes:
    return sha256(token.encode()).digest()
