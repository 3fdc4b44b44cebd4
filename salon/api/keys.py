"""Issuing and revoking API keys (api.md, Conventions)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from salon.api.models import ApiKey
from salon.api.scopes import Scope
from salon.audit.recording import Change, record
from salon.errors import DomainError, FieldError, InvalidInput, NotFound, refusing
from salon.identity.roles import Actor, Permission
from salon.tenancy import directory
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import new_id

# Recognisable to people and to scanners that look for lost secrets.
PREFIX = "salon_"
NAME_LENGTH = 80
LIFETIME = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key and its secret, which can be shown this once."""

    key: ApiKey
    secret: str


def hash_of(secret: str) -> bytes:
    """Return what is stored of a secret: 256 random bits need no salt and no slow hash."""
    return sha256(secret.encode()).digest()


class AlreadyIssued(DomainError):
    """The key of this id was issued before: the same form came twice, and a secret is shown once."""

    code = "already_issued"
    message = _("This key is issued already.")


def issue_key(
    *,
    actor: Actor,
    name: str,
    scopes: list[str],
    expires_at: datetime,
    now: datetime,
    key_id: UUID | None = None,
) -> Issued:
    """Give an integration a way into the open salon, with some scopes, until then.

    `key_id` is what a form was given for its key, so that sending it twice makes one.
    Raises: NotAllowed, InvalidInput, AlreadyIssued.
    """
    actor.require(Permission.API_KEYS)
    name = " ".join(name.split())
    errors: list[FieldError] = []
    if not name or "\x00" in name:
        errors.append(FieldError("name", "required", _("Say what the key is for.")))
    elif len(name) > NAME_LENGTH:
        message = _("At most %(longest)d characters fit here.") % {"longest": NAME_LENGTH}
        errors.append(FieldError("name", "max_length", message))
    if not scopes:
        errors.append(FieldError("scopes", "required", _("Choose what the key may do.")))
    elif not set(scopes) <= set(Scope.values):
        errors.append(FieldError("scopes", "invalid_choice", _("Choose some of the values offered.")))
    if expires_at <= now:
        errors.append(FieldError("expires_at", "past", _("This day has passed.")))
    if errors:
        raise InvalidInput(errors)
    secret = PREFIX + token_urlsafe(32)
    granted = [scope for scope in Scope.values if scope in scopes]
    with transaction.atomic():
        with refusing({"api_apikey_pkey": AlreadyIssued()}):
            key = directory.add_api_key(
                key_id=key_id or new_id(),
                salon_id=current_salon_id(),
                name=name,
                secret_hash=hash_of(secret),
                last_four=secret[-4:],
                scopes=granted,
                issued_by=actor.name,
                now=now,
                expires_at=expires_at,
            )
        changes = [
            Change("name", None, name),
            Change("scopes", None, " ".join(granted)),
            Change("expires_at", None, expires_at.isoformat()),
        ]
        _record(actor, "api_key.issued", key, changes, now)
    return Issued(key, secret)


def revoke_key(*, actor: Actor, key_id: UUID, now: datetime) -> ApiKey:
    """Close the open salon to a key, from the next call on and for good.

    Raises: NotAllowed, NotFound when the salon has no such key or it is revoked already.
    """
    actor.require(Permission.API_KEYS)
    with transaction.atomic():
        key = directory.close_api_key(current_salon_id(), key_id, now=now)
        if key is None:
            raise NotFound
        _record(actor, "api_key.revoked", key, [Change("name", key.name, None)], now)
    return key


def _record(actor: Actor, action: str, key: ApiKey, changes: list[Change], now: datetime) -> None:
    record(actor=actor, action=action, subject_kind="api_key", subject_id=key.pk, changes=changes, now=now)
