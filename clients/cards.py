"""Creating and changing client cards (domain.md §2)."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction

from clients.details import Accepted, Birthday, ChangedDetails, ClientDetails, accept, parse_birthday
from clients.models import Client, CreatedVia
from clients.search import write_tokens
from salon.audit.recording import Change, record
from salon.errors import FieldError, NotFound, VersionConflict
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon

_PLAIN_FIELDS = tuple(field.name for field in fields(ClientDetails) if field.name != "birthday")
_STORED_FIELDS = (*_PLAIN_FIELDS, "birth_day", "birth_month", "birth_year", "sort_key")


@dataclass(frozen=True, slots=True)
class Saved:
    """A card as it is now, and what is odd about it without being refused."""

    client: Client
    warnings: list[FieldError]


def create_client(
    *,
    actor: Actor,
    salon: Salon,
    details: ClientDetails,
    created_via: CreatedVia,
    now: datetime,
    listed_on: date | None = None,
) -> Saved:
    """Make a card with the salon's next client number, listed today unless said otherwise (domain.md §2).

    Raises: NotAllowed, InvalidInput.
    """
    actor.require(Permission.CLIENTS_WRITE)
    today = salon.date_at(now)
    accepted = accept(details, country=salon.country, today=today)
    with transaction.atomic():
        client = Client(
            number=_next_number(salon.pk),
            listed_on=listed_on or today,
            created_via=created_via,
            created_at=now,
            updated_at=now,
        )
        _store(client, accepted.details)
        client.save(force_insert=True)
        write_tokens(client.pk, accepted.details, client.number)
        _record(actor, "client.created", client.pk, ClientDetails(), accepted.details, now)
    return Saved(client, accepted.warnings)


def update_client(
    *, actor: Actor, salon: Salon, client_id: UUID, changes: ChangedDetails, version: int | None, now: datetime
) -> Saved:
    """Change some fields of a card; `version` is the one the change was made on, None to overwrite any.

    Raises: NotAllowed, NotFound, VersionConflict, InvalidInput.
    """
    actor.require(Permission.CLIENTS_WRITE)
    with transaction.atomic():
        client = Client.objects.select_for_update().filter(pk=client_id).first()
        if client is None:
            raise NotFound
        if version is not None and version != client.version:
            raise VersionConflict
        before = details_of(client)
        accepted: Accepted = accept(
            before.with_changes(**changes), country=salon.country, today=salon.date_at(now), before=before
        )
        if accepted.details != before:
            _store(client, accepted.details)
            client.version += 1
            client.updated_at = now
            client.save(update_fields=[*_STORED_FIELDS, "version", "updated_at"])
            write_tokens(client.pk, accepted.details, client.number)
            _record(actor, "client.updated", client.pk, before, accepted.details, now)
    return Saved(client, accepted.warnings)


def get_client(client_id: UUID) -> Client:
    """Return a card of the open salon.

    Raises: NotFound.
    """
    client = Client.objects.filter(pk=client_id).first()
    if client is None:
        raise NotFound
    return client


def birthday_of(client: Client) -> Birthday | None:
    """Return the birthday on the card, if there is one."""
    if client.birth_day is None or client.birth_month is None:
        return None
    return Birthday(client.birth_day, client.birth_month, client.birth_year)


def details_of(client: Client) -> ClientDetails:
    """Return a card's master data as text, phones in E.164, birthday in ISO."""
    birthday = birthday_of(client)
    plain = {name: getattr(client, name) for name in _PLAIN_FIELDS}
    return ClientDetails(birthday=birthday.iso if birthday else "", **plain)


def _store(client: Client, details: ClientDetails) -> None:
    for name in _PLAIN_FIELDS:
        setattr(client, name, getattr(details, name))
    birthday = parse_birthday(details.birthday) if details.birthday else None
    client.birth_day = birthday.day if birthday else None
    client.birth_month = birthday.month if birthday else None
    client.birth_year = birthday.year if birthday else None
    client.sort_key = details.sort_key


def _record(
    actor: Actor, action: str, client_id: UUID, before: ClientDetails, after: ClientDetails, now: datetime
) -> None:
    changes = [
        Change(field.name, getattr(before, field.name) or None, getattr(after, field.name) or None)
        for field in fields(ClientDetails)
        if getattr(before, field.name) != getattr(after, field.name)
    ]
    record(actor=actor, action=action, subject_kind="client", subject_id=client_id, changes=changes, now=now)


def _next_number(salon_id: UUID) -> int:
    # One statement that locks the counter's row until the commit: numbers ascend without gaps or twins.
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clients_clientnumbers (salon_id, last_number) VALUES (%s, 1) ON CONFLICT (salon_id) "
            "DO UPDATE SET last_number = clients_clientnumbers.last_number + 1 RETURNING last_number",
            [salon_id],
        )
        return int(cursor.fetchone()[0])
