"""Writing many cards at once, as the owner of the tables: COPY knows no row-level security."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import batched
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from clients.classification import classify
from clients.details import parse_birthday
from clients.models import CardState, Cause, ConsentPurpose, ConsentSource, Decision
from clients.points import SUBJECT, action_of
from clients.tokens import rows_of, tokens_of
from clients.wordings import Wording
from salon.demo.people import Person
from salon.identity.roles import ActorKind
from salon.tenancy.models import new_id

BATCH = 20_000
_NEWS = ConsentPurpose.EMAIL_MARKETING.value
_HERSELF = (ActorKind.SYSTEM.value, None, "")
_CONFIRMED_AFTER = timedelta(minutes=26)
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
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
    "preferred_staff_id",
    "first_visit_on",
    "last_visit_on",
    "visits",
    "carried_first_visit_on",
    "carried_last_visit_on",
    "carried_visits",
    "points",
    "points_number",
    "status",
    "status_reason",
    "status_changes_on",
    "email_consent_for",
    "email_consent_at",
    "version",
    "created_at",
    "updated_at",
]
_TOKEN = ["salon_id", "field", "token", "beginnings", "client_id"]
_ASSIGNMENT = ["salon_id", "category_id", "client_id", "assigned_at"]
_NOTE = ["id", "salon_id", "client_id", "text", "pinned", "author_name", "written_at"]
_CARRIED = ["id", "salon_id", "client_id", "name", "times"]
_CONSENT = [
    "id",
    "salon_id",
    "client_id",
    "purpose",
    "decision",
    "source",
    "wording",
    "wording_number",
    "at",
    "actor_kind",
    "actor_id",
    "actor_name",
]
_ENTRY = [
    "id",
    "salon_id",
    "client_id",
    "number",
    "points",
    "balance_after",
    "cause",
    "cause_id",
    "reason",
    "actor_kind",
    "actor_id",
    "actor_name",
    "created_at",
]
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


def write_cards(
    salon_id: UUID,
    people: Iterable[Person],
    *,
    today: date,
    actor_name: str,
    categories: Mapping[str, UUID],
    staff: Mapping[str, UUID],
    wording: Wording,
    since: datetime = _BEFORE_ALL,
) -> int:
    """Write the cards and what belongs to them, the search tokens and the audit of their making.

    `categories` and `staff` are the salon's by name; points that somebody brought along are booked as the salon begins,
    `since` when it keeps its calendar here. Who wants news was asked for it in these
    words, and has confirmed it. Returns the last client number.
    """
    number = 0
    for batch in batched(people, BATCH):
        rows = _Rows(salon_id, today, actor_name, categories, staff, wording=wording, since=since)
        for person in batch:
            number += 1
            rows.add(number, person)
        rows.write()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO clients_clientnumbers (salon_id, last_number) VALUES (%s, %s)", [salon_id, number])
    return number


class _Rows:
    """The rows of one batch of cards."""

    def __init__(
        self,
        salon_id: UUID,
        today: date,
        actor_name: str,
        categories: Mapping[str, UUID],
        staff: Mapping[str, UUID],
        *,
        wording: Wording,
        since: datetime,
    ) -> None:
        self.salon_id = salon_id
        self.today = today
        self.actor_name = actor_name
        self.categories = categories
        self.staff = staff
        self.wording = wording
        self.since = since
        self.tables: dict[tuple[str, tuple[str, ...]], list[tuple[Any, ...]]] = {}

    def add(self, number: int, person: Person) -> None:
        """Add a card with everything on it."""
        salon_id, client_id = self.salon_id, new_id()
        at = datetime.combine(person.listed_on, time(10), UTC)
        by_system = (ActorKind.SYSTEM.value, None, self.actor_name)
        self._rows("clients_client", _CLIENT).append(
            _client(client_id, salon_id, number, person, self.today, self.staff)
        )
        self._rows("clients_searchtoken", _TOKEN).extend(
            (salon_id, field, token, beginnings, client_id)
            for field, token, beginnings in rows_of(tokens_of(person.details, number, person.treatcard_number))
        )
        self._rows("clients_categoryassignment", _ASSIGNMENT).extend(
            (salon_id, self.categories[name], client_id, at) for name in person.categories if name in self.categories
        )
        self._rows("clients_note", _NOTE).extend(
            (new_id(), salon_id, client_id, note.text, note.pinned, note.author_name, at) for note in person.notes
        )
        self._rows("clients_carriedservice", _CARRIED).extend(
            (new_id(), salon_id, client_id, name, times) for name, times in person.services
        )
        told = ("client.created", "client", client_id, Jsonb([]))
        self._rows("audit_auditentry", _AUDIT).append((new_id(), salon_id, at, *by_system, *told))
        if person.email_consent:
            self._agree(client_id, at, by_system)
        if person.opening_points:
            self._open_ledger(client_id, person.opening_points, max(at, self.since), by_system)

    def _agree(self, client_id: UUID, at: datetime, by: tuple[str, None, str]) -> None:
        """Ask a client in the salon, and let her confirm it by the link in the mail."""
        before = None
        for decision, source, action, when, who in (
            (Decision.REQUESTED, ConsentSource.SALON, "client.consent_requested", at, by),
            (Decision.GRANTED, ConsentSource.CONFIRMATION, "client.consent_confirmed", at + _CONFIRMED_AFTER, _HERSELF),
        ):
            said = (_NEWS, decision.value, source.value, self.wording.text, self.wording.number, when)
            self._rows("clients_consententry", _CONSENT).append((new_id(), self.salon_id, client_id, *said, *who))
            changes = [
                {"field": "consent", "old": before, "new": decision.value},
                {"field": "purpose", "old": None, "new": _NEWS},
            ]
            told = (action, "client", client_id, Jsonb(changes))
            self._rows("audit_auditentry", _AUDIT).append((new_id(), self.salon_id, when, *who, *told))
            before = decision.value

    def _open_ledger(self, client_id: UUID, points: int, at: datetime, by: tuple[str, None, str]) -> None:
        entry_id, salon_id = new_id(), self.salon_id
        booked = (1, points, points, Cause.OPENING.value, client_id, str(_("Import")))
        self._rows("clients_pointsentry", _ENTRY).append((entry_id, salon_id, client_id, *booked, *by, at))
        told = (
            action_of(Cause.OPENING),
            SUBJECT,
            entry_id,
            Jsonb([{"field": "points", "old": "0", "new": str(points)}]),
        )
        self._rows("audit_auditentry", [*_AUDIT, "client_id"]).append((new_id(), salon_id, at, *by, *told, client_id))

    def _rows(self, table: str, columns: list[str]) -> list[tuple[Any, ...]]:
        return self.tables.setdefault((table, tuple(columns)), [])

    def write(self) -> None:
        """Copy everything into its table, cards first."""
        for (table, columns), rows in self.tables.items():
            with (
                connection.cursor() as cursor,
                cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
            ):
                for row in rows:
                    copy.write_row(row)


def _client(
    client_id: UUID, salon_id: UUID, number: int, person: Person, today: date, staff: Mapping[str, UUID]
) -> tuple[Any, ...]:
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
        staff.get(person.preferred_staff),
        person.first_visit_on,
        person.last_visit_on,
        person.visits,
        person.carried_first_visit_on,
        person.carried_last_visit_on,
        person.carried_visits,
        person.points,
        1 if person.opening_points else 0,
        verdict.status.value,
        verdict.reason.value,
        verdict.changes_on,
        details.email if person.email_consent else None,
        at + _CONFIRMED_AFTER if person.email_consent else None,
        1,
        at,
        at,
    )
