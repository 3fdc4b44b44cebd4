"""Writing many cards at once, as the owner of the tables: COPY knows no row-level security."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from itertools import batched
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg.types.json import Jsonb

from clients.classification import classify
from clients.details import parse_birthday
from clients.models import CardState
from clients.search import tokens_of
from salon.demo.people import Person
from salon.identity.roles import ActorKind
from salon.tenancy.models import new_id

BATCH = 20_000
_CLIENT = [
    "id",
    "salon_id",
    "number",
    "first_name",
    "last_name",
    "gender",
    "birth_day",
    "birth_month",
    "birth_year",
    "mobile",
    "landline",
    "email",
    "street",
    "postal_code",
    "city",
    "listed_on",
    "created_via",
    "sort_key",
    "state",
    "blocked",
    "blocked_reason",
    "treatcard_number",
    "matrix_exempt",
    "first_visit_on",
    "last_visit_on",
    "visits",
    "carried_visits",
    "carried_points",
    "status",
    "status_reason",
    "status_changes_on",
    "email_consent",
    "email_consent_at",
    "version",
    "created_at",
    "updated_at",
]
_TOKEN = ["salon_id", "field", "token", "client_id"]
_AUDIT = [
    "id",
    "salon_id",
    "at",
    "actor_kind",
    "actor_id",
    "actor_name",
    "action",
    "subject_kind",
    "subject_id",
    "changes",
]


def write_cards(salon_id: UUID, people: Iterable[Person], *, today: date, actor_name: str) -> int:
    """Write the cards, their search tokens and the audit of their making; return the last client number."""
    number = 0
    for batch in batched(people, BATCH):
        clients, tokens, entries = [], [], []
        for person in batch:
            number += 1
            client_id = new_id()
            clients.append(_client(client_id, salon_id, number, person, today))
            found_by = tokens_of(person.details, number, person.treatcard_number)
            tokens += [(salon_id, int(field), token, client_id) for field, token in found_by]
            at = datetime.combine(person.listed_on, time(10), UTC)
            entries.append(
                (
                    new_id(),
                    salon_id,
                    at,
                    ActorKind.SYSTEM.value,
                    None,
                    actor_name,
                    "client.created",
                    "client",
                    client_id,
                    Jsonb([]),
                )
            )
        _copy("clients_client", _CLIENT, clients)
        _copy("clients_searchtoken", _TOKEN, tokens)
        _copy("audit_auditentry", _AUDIT, entries)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO clients_clientnumbers (salon_id, last_number) VALUES (%s, %s)", [salon_id, number])
    return number


def _client(client_id: UUID, salon_id: UUID, number: int, person: Person, today: date) -> tuple[Any, ...]:
    details = person.details
    at = datetime.combine(person.listed_on, time(10), UTC)
    birthday = parse_birthday(details.birthday) if details.birthday else None
    verdict = classify(person.facts, today)
    return (
        client_id,
        salon_id,
        number,
        details.first_name,
        details.last_name,
        details.gender,
        birthday.day if birthday else None,
        birthday.month if birthday else None,
        birthday.year if birthday else None,
        details.mobile,
        details.landline,
        details.email,
        details.street,
        details.postal_code,
        details.city,
        person.listed_on,
        person.created_via.value,
        details.sort_key,
        CardState.LISTED.value,
        bool(details.blocked),
        details.blocked_reason,
        person.treatcard_number,
        bool(details.matrix_exempt),
        person.first_visit_on,
        person.last_visit_on,
        person.visits,
        0,
        person.points,
        verdict.status.value,
        verdict.reason.value,
        verdict.changes_on,
        person.email_consent,
        at if person.email_consent else None,
        1,
        at,
        at,
    )


def _copy(table: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
