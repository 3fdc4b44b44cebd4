"""The secret in the address of a page on which a client confirms her consent (domain.md §9.3)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.core import signing
from django.utils.crypto import salted_hmac

from salon.errors import NotFound

_SALT = "clients.consent"
_KEY, _MARK, _TIME = 16, 12, 8


@dataclass(frozen=True, slots=True)
class Link:
    """What a secret names: the entry of the ledger that asks, a mark of the address asked, until when it holds."""

    salon_id: UUID
    entry_id: UUID
    mark: bytes
    expires_at: datetime

    @classmethod
    def of(cls, salon_id: UUID, entry_id: UUID, email: str, expires_at: datetime) -> "Link":
        """Return what a link to an address names."""
        return cls(salon_id, entry_id, _mark(email), expires_at)

    def is_for(self, email: str) -> bool:
        """Whether it was sent to this address."""
        return self.mark == _mark(email)


def link_to(salon_id: UUID, entry_id: UUID, email: str, expires_at: datetime) -> str:
    """Return the secret of a link that goes to an address."""
    moment = int(expires_at.timestamp()).to_bytes(_TIME)
    packed = salon_id.bytes + entry_id.bytes + _mark(email) + moment
    return signing.Signer(salt=_SALT).sign(urlsafe_b64encode(packed).decode())


def read_link(secret: str) -> Link:
    """Return what a secret of `link_to` names.

    Raises: NotFound when it is not ours.
    """
    try:
        packed = urlsafe_b64decode(signing.Signer(salt=_SALT).unsign(secret))
    except (signing.BadSignature, Error) as error:
        raise NotFound from error
    salon, entry, mark = packed[:_KEY], packed[_KEY : 2 * _KEY], packed[2 * _KEY : -_TIME]
    expires_at = datetime.fromtimestamp(int.from_bytes(packed[-_TIME:]), UTC)
    return Link(UUID(bytes=salon), UUID(bytes=entry), mark, expires_at)


def _mark(email: str) -> bytes:
    return salted_hmac(_SALT, email.casefold(), algorithm="sha256").digest()[:_MARK]
