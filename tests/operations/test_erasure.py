"""Nothing of an erased client is left (domain.md §2, quality.md §3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import DatabaseError, ProgrammingError, connection, models, transaction

from bookings.models import Appointment, Sale, SaleState
from bookings.states import State
from clients.cards import MergedAway, get_client
from clients.classification import Reason, Status
from clients.details import ClientDetails
from clients.duplicates import dismiss
from clients.editing import create_client
from clients.models import (
    CardState,
    Client,
    ConsentEntry,
    CreatedVia,
    DuplicateProposal,
    ImportBatch,
    ImportKey,
    ImportRow,
    Merge,
    PointsEntry,
    SearchToken,
)
from clients.points import adjust
from clients.treatcard import set_treatcard
from salon.api.keys import issue_key
from salon.api.models import StoredAnswer
from salon.audit.models import AuditEntry
from salon.audit.recording import Change, record
from salon.audit.redaction import redact
from salon.desk.erasure import erase_card
from salon.desk.merging import merge_cards, undo_merge
from salon.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role, system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests import database
from tests.conftest import NOW
from tests.tenancy.cast import make

pytestmark = pytest.mark.django_db(transaction=True)
MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])
LATER = NOW + timedelta(hours=1)
CANARY = "kanari"
# The team's own names, which say nothing of the client, and what the software chose from a list.
STAFF = {"actor_name", "author_name", "booked_by_name", "created_by_name", "opened_by_name"}


@pytest.fixture
def here(sonnenschein: Salon) -> Iterator[Salon]:
    with salon_scope(sonnenschein.pk):
        yield sonnenschein


def _card(salon: Salon, first: str = "Anna", last: str = "Berg", **details: str) -> Client:
    given = ClientDetails(first, last, **details)
    return create_client(
        actor=system_actor("test"), salon=salon, details=given, created_via=CreatedVia.STAFF, now=NOW
    ).client


def _erase(salon: Salon, client_id: UUID, **more: Any) -> None:
    erase_card(actor=MANAGER, salon=salon, client_id=client_id, now=LATER, **more)


def _texts(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """Return the fields of a model that hold free text."""
    return [
        field
        for field in model._meta.local_fields
        if isinstance(field, (models.CharField, models.TextField, models.JSONField))
        and not field.choices
        and field.name not in STAFF
    ]


def _referring() -> list[tuple[type[models.Model], models.ForeignKey[Any, Any]]]:
    """Return every model that refers to cards, once for each reference."""
    return [
        (model, field)
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey) and field.related_model is Client and model is not Client
    ]


def _canary(field: models.Field[Any, Any]) -> Any:
    text = f"{CANARY}-{field.name}"[: field.max_length] if field.max_length else f"{CANARY}-{field.name}"
    return {"clients": {}, "text": text} if isinstance(field, models.JSONField) else text


def fill(salon: Salon) -> tuple[UUID, UUID]:
    """Make a client whose every field, and every field of whatever refers to her, holds a canary; and another card
    that hers was merged with and taken apart from again."""
    other = _card(salon, "Else", "Ganz")
    client = _card(
        salon,
        f"{CANARY}-first",
        f"{CANARY}-last",
        email=f"{CANARY}@mail.example",
        mobile="0171 2345678",
        street=f"{CANARY}-street",
        city=f"{CANARY}-city",
        postal_code="kanari-1",
        blocked="yes",
        blocked_reason=f"{CANARY}-reason",
    )
    merged = _card(salon, f"{CANARY}-merged", street=f"{CANARY}-other")
    for one, number in ((client, 1), (merged, 2)):
        set_treatcard(actor=MANAGER, client_id=one.pk, number=f"{CANARY}-number-{number}", now=NOW)
    # Without it, merging the cards would have her health data deleted before the erasure does.
    ConsentEntry.objects.create(
        client=client, purpose="HEALTH_DATA", decision="GRANTED", source="SALON", wording=CANARY, at=NOW
    )
    for model, field in _referring():
        values: dict[str, Any] = {one.name: _canary(one) for one in _texts(model)}
        if model is Merge:
            continue
        if model is Appointment:
            # Only of a cancelled one there is a reason, only of a client's a verdict.
            values |= {"state": State.CANCELLED, "cancelled_at": NOW}
            values |= {"client_status": Status.NEW, "client_status_reason": Reason.LISTED}
        if model is Sale:
            # Only of a void one there is a reason.
            values |= {"state": SaleState.VOID, "voided_at": NOW}
        if model is DuplicateProposal:
            values |= {"older": other, "newer": other}
        _make(model, salon, {**values, field.name: client})
    _apart(salon, other, client)
    merge_cards(actor=MANAGER, salon=salon, survivor_id=client.pk, duplicate_id=merged.pk, now=NOW)
    changes = [Change("note", f"{CANARY}-old", f"{CANARY}-new")]
    record(
        actor=MANAGER,
        action="client.note_edited",
        subject_kind="client",
        subject_id=client.pk,
        changes=changes,
        now=NOW,
    )
    record(
        actor=MANAGER,
        action="appointment.note_changed",
        subject_kind="appointment",
        subject_id=Appointment.objects.get(client=client).pk,
        client_id=client.pk,
        changes=changes,
        now=NOW,
    )
    _import(salon, client)
    _answer(salon, client)
    return client.pk, merged.pk


def _make(model: type[models.Model], salon: Salon, given: dict[str, Any]) -> None:
    make(model, salon.pk, **given)


def _apart(salon: Salon, other: Client, client: Client) -> None:
    merge = merge_cards(
        actor=MANAGER, salon=salon, survivor_id=other.pk, duplicate_id=client.pk, wins={"first_name"}, now=NOW
    )
    assert CANARY in str(merge.moved)
    undo_merge(actor=MANAGER, salon=salon, merge_id=merge.pk, now=NOW + timedelta(minutes=1))


def _import(salon: Salon, client: Client) -> None:
    batch = ImportBatch.objects.create(file_name="liste.csv", uploaded_at=NOW, state="APPLIED", actor_name="Carla")
    ImportRow.objects.create(
        batch=batch, number=1, card_id=client.pk, cells=[f"{CANARY}-cell"], plan={"a": CANARY}, made={"b": CANARY}
    )
    ImportKey.objects.create(batch=batch, number=1, key=f"{CANARY}-key")


def _answer(salon: Salon, client: Client) -> None:
    issued = issue_key(
        actor=system_actor("test"),
        name="Seite",
        scopes=["clients:write"],
        expires_at=LATER + timedelta(days=9),
        now=NOW,
    )
    for key, body, headers in (
        ("by id", f'{{"id":"{client.pk}","first_name":"{CANARY}"}}', {}),
        ("by address", '{"x":"+491712345678","y":"kanari"}', {}),
        ("by header", '{"z":"kanari"}', {"Location": f"/api/v1/clients/{client.pk}"}),
        ("of another", '{"id":"somebody"}', {}),
    ):
        StoredAnswer.objects.create(
            api_key_id=issued.key.pk, key=key, fingerprint=b"x" * 32, status=201, headers=headers, body=body.encode(),
            created_at=NOW,
        )  # fmt: skip


def _holding(text: str) -> dict[str, int]:
    """Return how many rows of each table of the whole database hold a text in any column."""
    found = {}
    with database.owner() as owner:
        tables = owner.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        for (table,) in tables:
            # Bytes read as hexadecimal digits: look for the text in that form, too.
            row = owner.execute(
                f'SELECT count(*) FROM "{table}" one WHERE one::text ILIKE %s OR one::text ILIKE %s',
                [f"%{text}%", f"%{text.encode().hex()}%"],
            ).fetchone()
            if row and row[0]:
                found[table] = row[0]
    return found


def test_no_table_holds_a_word_of_an_erased_client(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        client_id, merged_id = fill(sonnenschein)
    before = _holding(CANARY)
    # The canary sings everywhere first, or its silence would prove nothing.
    expected = {model._meta.db_table for model, _field in _referring() if _texts(model)} - {"clients_duplicateproposal"}
    expected |= {"clients_client", "audit_auditentry", "api_storedanswer", "clients_importrow", "clients_importkey"}
    assert expected <= set(before), expected - set(before)
    with salon_scope(sonnenschein.pk):
        _erase(sonnenschein, client_id)
    assert _holding(CANARY) == {}
    assert _holding("1712345678") == {}
    with salon_scope(sonnenschein.pk):
        for card in Client.objects.filter(pk__in=[client_id, merged_id]):
            assert (card.state, card.first_name, card.last_name) == (CardState.ERASED, "", f"#{card.number}")
            assert SearchToken.objects.filter(client_id=card.pk).count() == 0
        rows = {model: model._default_manager.filter(**{field.name: client_id}) for model, field in _referring()}
        left = {model.__name__ for model, found in rows.items() if found.exists()}
        # What stays says who decided or merged when, and not a word more.
        assert left <= {"ConsentEntry", "Merge", "Appointment", "PointsEntry", "Recipient", "Sale", "Redemption"}
        assert set(ConsentEntry.objects.filter(client_id=client_id).values_list("wording", flat=True)) == {""}


def test_points_lapse_and_their_reasons_go(here: Salon) -> None:
    anna, other = _card(here), _card(here, "Else")
    for card in (anna, other):
        set_treatcard(actor=MANAGER, client_id=card.pk, number=None, now=NOW)
        earlier = NOW - timedelta(minutes=1)
        adjust(actor=MANAGER, client_id=card.pk, points=50, reason=f"{CANARY} hatte Geburtstag", now=earlier)
    merge = merge_cards(actor=MANAGER, salon=here, survivor_id=other.pk, duplicate_id=anna.pk, now=NOW)
    adjust(actor=MANAGER, client_id=other.pk, points=1, reason=f"meint {CANARY}", now=NOW + timedelta(minutes=1))
    undo_merge(actor=MANAGER, salon=here, merge_id=merge.pk, now=NOW + timedelta(minutes=2))
    adjust(actor=MANAGER, client_id=other.pk, points=2, reason="meint Else", now=NOW + timedelta(minutes=3))
    _erase(here, anna.pk)
    assert Client.objects.get(pk=anna.pk).points == 0
    entries = PointsEntry.objects.filter(client_id=anna.pk).order_by("number")
    assert [(one.cause, one.points, one.balance_after, one.reason) for one in entries] == [
        ("ADJUSTED", 50, 50, ""),
        ("MERGED", -50, 0, ""),
        ("UNMERGED", 50, 50, ""),
        ("ERASED", -50, 0, ""),
    ]
    assert list(AuditEntry.objects.filter(client_id=anna.pk).exclude(changes=[])) == []
    # What was said between merge and undoing may be meant for either; before and after it is the other client's own.
    said = PointsEntry.objects.filter(client_id=other.pk, cause="ADJUSTED").order_by("number")
    assert [one.reason for one in said] == [f"{CANARY} hatte Geburtstag", "", "meint Else"]
    told = AuditEntry.objects.filter(client_id=other.pk, action="points.adjusted").order_by("at", "id")
    assert [bool(one.changes) for one in told] == [True, False, True]


def test_the_audit_tells_who_when_and_the_number(here: Salon) -> None:
    client = _card(here)
    _erase(here, client.pk)
    entries = AuditEntry.objects.filter(subject_id=client.pk).order_by("at", "id")
    assert [(entry.action, entry.actor_name, entry.at, entry.changes) for entry in entries] == [
        ("client.created", "test", NOW, []),
        ("client.erased", "Carla", LATER, [{"field": "number", "old": str(client.number), "new": None}]),
    ]


def test_everything_else_stays(here: Salon) -> None:
    anna, other = _card(here), _card(here, "Else", email="e@mail.example")
    guest = _card(here, "Gast", referred_by=str(anna.pk))
    dismiss(actor=MANAGER, client_ids=(anna.pk, other.pk), now=NOW)
    tokens = set(SearchToken.objects.filter(client_id=other.pk).values_list("token"))
    row = Client.objects.filter(pk=other.pk).values().get()
    audit = list(AuditEntry.objects.filter(subject_id=other.pk).order_by("id").values())
    _erase(here, anna.pk)
    assert Client.objects.filter(pk=other.pk).values().get() == row
    assert set(SearchToken.objects.filter(client_id=other.pk).values_list("token")) == tokens
    assert list(AuditEntry.objects.filter(subject_id=other.pk).order_by("id").values()) == audit
    assert DuplicateProposal.objects.count() == 0
    left = get_client(guest.pk)
    assert (left.referred_by_id, left.version) == (None, 2)


@pytest.mark.parametrize("typed", ["Anna Berg", " anna  BERG ", "1", "#1"])
def test_the_confirmation_is_name_or_number(here: Salon, typed: str) -> None:
    client = _card(here)
    if typed.startswith("#"):
        with pytest.raises(InvalidInput):
            _erase(here, client.pk, confirmation=typed)
        assert get_client(client.pk).first_name == "Anna"
    else:
        _erase(here, client.pk, confirmation=typed)
        with pytest.raises(NotFound):
            get_client(client.pk)


def test_refusals_change_nothing(here: Salon, front_desk: Actor) -> None:
    anna, double = _card(here), _card(here)
    merge_cards(actor=MANAGER, salon=here, survivor_id=anna.pk, duplicate_id=double.pk, now=NOW)
    before = list(Client.objects.order_by("pk").values())
    for refusal, given in (
        (InvalidInput, {"confirmation": ""}),
        (InvalidInput, {"confirmation": "Anna"}),
        (VersionConflict, {"version": 1}),
    ):
        with pytest.raises(refusal):
            _erase(here, anna.pk, **given)
    with pytest.raises(MergedAway):
        _erase(here, double.pk)
    with pytest.raises(NotFound):
        _erase(here, new_id())
    with pytest.raises(NotAllowed):
        erase_card(actor=front_desk, salon=here, client_id=anna.pk, now=NOW)
    assert list(Client.objects.order_by("pk").values()) == before


def test_an_erased_card_is_erased_once(here: Salon) -> None:
    client = _card(here)
    _erase(here, client.pk)
    with pytest.raises(NotFound):
        _erase(here, client.pk)


def _refused(sql: str, *values: Any) -> str:
    with pytest.raises(ProgrammingError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    return str(refusal.value)


def test_ledgers_of_whoever_is_not_erased_stay_closed(here: Salon) -> None:
    client = _card(here)
    with pytest.raises(ProgrammingError, match="only the ledgers of erased clients"), transaction.atomic():
        redact([client.pk])
    for table in ("audit_auditentry", "clients_consententry"):
        assert "permission denied" in _refused(f"UPDATE {table} SET id = id")
        assert "permission denied" in _refused(f"DELETE FROM {table}")
    assert AuditEntry.objects.get().changes != []


def test_another_salons_ledgers_are_out_of_reach(sonnenschein: Salon, dom: Salon) -> None:
    with salon_scope(dom.pk):
        foreign = _card(dom)
        Client.objects.filter(pk=foreign.pk).update(state=CardState.ERASED)
    with (
        salon_scope(sonnenschein.pk),
        pytest.raises(ProgrammingError, match="only the ledgers of erased clients"),
        transaction.atomic(),
    ):
        redact([foreign.pk])
    # And where no salon is open, everybody's are.
    with pytest.raises(DatabaseError), transaction.atomic():
        redact([foreign.pk])
    with salon_scope(dom.pk):
        assert AuditEntry.objects.get().changes != []


def test_the_function_leads_nowhere_else(sonnenschein: Salon) -> None:
    with database.owner() as owner:
        row = owner.execute(
            "SELECT prosecdef, proconfig, pg_get_userbyid(proowner), has_function_privilege('app', oid, 'EXECUTE'), "
            "proacl::text FROM pg_proc WHERE proname = 'redact_erased_clients'"
        ).fetchone()
        assert row is not None
        definer, settings, proprietor, executable, rights = row
        assert (definer, settings, executable) == (True, ["search_path=pg_catalog, pg_temp"], True)
        assert owner.info.user == proprietor
        # Nobody but the owner and the serving role.
        assert not any(right.startswith("=") for right in rights.strip("{}").split(","))
