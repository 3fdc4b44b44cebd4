"""Private notes, and health data that ask for consent first (domain.md §2)."""

from datetime import timedelta

import pytest

from clients.cards import ConflictingChange
from clients.consent import record_consent
from clients.models import Client, ConsentPurpose, ConsentSource, Decision, HealthRecord, Note
from clients.notes import (
    HealthConsentMissing,
    NoteChanged,
    delete_note,
    edit_note,
    health_of,
    notes_of,
    pin_note,
    restore_note,
    write_health,
    write_note,
)
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed, NotFound
from salon.identity.roles import Actor, ActorKind
from salon.tenancy.models import Salon, new_id
from tests.conftest import NOW
from tests.operations.test_cards import make_client

LATER = NOW + timedelta(hours=1)
NOBODY = Actor(ActorKind.USER, None, "Gast", frozenset())


@pytest.fixture
def client(in_sonnenschein: Salon, front_desk: Actor) -> Client:
    return make_client(in_sonnenschein, front_desk)


def _write(actor: Actor, client: Client, text: str = "Ohne Milch", *, pinned: bool = False) -> Note:
    return write_note(actor=actor, client_id=client.pk, text=text, pinned=pinned, now=NOW)


def _actions(client: Client) -> list[str]:
    entries = AuditEntry.objects.filter(subject_id=client.pk).order_by("at", "id")
    return [entry.action for entry in entries if entry.action != "client.created"]


def test_a_note_has_author_and_time(client: Client, front_desk: Actor) -> None:
    note = _write(front_desk, client, "  Trinkt Kaffee\r\nohne Milch \n")
    (stored,) = notes_of(client.pk)
    assert (stored.text, stored.author_name, stored.written_at) == ("Trinkt Kaffee\nohne Milch", "Empfang", NOW)
    assert (stored.pk, stored.pinned, stored.edited_at) == (note.pk, False, None)
    assert _actions(client) == ["client.note_written"]


def test_pinned_notes_stand_first(client: Client, front_desk: Actor) -> None:
    first = _write(front_desk, client, "eins")
    _write(front_desk, client, "zwei")
    pin_note(actor=front_desk, note_id=first.pk, pinned=True, now=LATER)
    pin_note(actor=front_desk, note_id=first.pk, pinned=True, now=LATER)
    assert [note.text for note in notes_of(client.pk)] == ["eins", "zwei"]
    pin_note(actor=front_desk, note_id=first.pk, pinned=False, now=LATER)
    assert [note.text for note in notes_of(client.pk)] == ["zwei", "eins"]
    assert _actions(client)[2:] == ["client.note_pinned", "client.note_unpinned"]


def test_one_form_writes_one_note(client: Client, front_desk: Actor) -> None:
    form = new_id()
    for _ in range(2):
        write_note(actor=front_desk, client_id=client.pk, text="einmal", pinned=False, now=NOW, note_id=form)
    assert [note.pk for note in notes_of(client.pk)] == [form]
    assert _actions(client) == ["client.note_written"]


@pytest.mark.parametrize(("text", "code"), [(" \n ", "required"), ("x" * 4001, "max_length"), ("a\x00b", "invalid")])
def test_what_is_no_note(client: Client, front_desk: Actor, text: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        _write(front_desk, client, text)
    assert [(error.field, error.code) for error in refusal.value.errors] == [("text", code)]
    assert notes_of(client.pk) == []


def test_of_two_who_rewrite_a_note_the_second_is_told(client: Client, front_desk: Actor) -> None:
    note = _write(front_desk, client, "Tee")
    edit_note(actor=front_desk, note_id=note.pk, text="Kaffee", seen="Tee", now=LATER)
    with pytest.raises(NoteChanged) as refusal:
        edit_note(actor=front_desk, note_id=note.pk, text="Wasser", seen="Tee", now=LATER)
    assert refusal.value.note.text == "Kaffee"
    assert [(one.text, one.edited_at) for one in notes_of(client.pk)] == [("Kaffee", LATER)]
    edit_note(actor=front_desk, note_id=note.pk, text="Wasser", seen=None, now=LATER)
    assert notes_of(client.pk)[0].text == "Wasser"
    last = AuditEntry.objects.filter(subject_id=client.pk).order_by("-id")[0]
    assert last.changes == [{"field": "note", "old": "Kaffee", "new": "Wasser"}]


def test_a_deleted_note_comes_back(client: Client, front_desk: Actor) -> None:
    note = _write(front_desk, client)
    delete_note(actor=front_desk, note_id=note.pk, now=LATER)
    assert notes_of(client.pk) == []
    with pytest.raises(NotFound):
        edit_note(actor=front_desk, note_id=note.pk, text="anders", seen=None, now=LATER)
    restore_note(actor=front_desk, note_id=note.pk, now=LATER)
    restore_note(actor=front_desk, note_id=note.pk, now=LATER)
    assert [one.text for one in notes_of(client.pk)] == ["Ohne Milch"]
    assert _actions(client)[1:] == ["client.note_deleted", "client.note_restored"]


def test_who_may_not_write_changes_nothing(client: Client, front_desk: Actor) -> None:
    note = _write(front_desk, client)
    for act in (
        lambda: _write(NOBODY, client),
        lambda: edit_note(actor=NOBODY, note_id=note.pk, text="anders", seen=None, now=LATER),
        lambda: pin_note(actor=NOBODY, note_id=note.pk, pinned=True, now=LATER),
        lambda: delete_note(actor=NOBODY, note_id=note.pk, now=LATER),
        lambda: restore_note(actor=NOBODY, note_id=note.pk, now=LATER),
        lambda: write_health(actor=NOBODY, client_id=client.pk, text="Nüsse", now=LATER),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert [(one.text, one.pinned) for one in notes_of(client.pk)] == [("Ohne Milch", False)]


def _consent(actor: Actor, client: Client, decision: Decision) -> None:
    record_consent(
        actor=actor,
        client_id=client.pk,
        purpose=ConsentPurpose.HEALTH_DATA,
        decision=decision,
        source=ConsentSource.SALON,
        wording="Ja, bitte speichern." if decision == Decision.GRANTED else "",
        now=LATER,
    )


def test_health_data_ask_for_consent(client: Client, front_desk: Actor) -> None:
    with pytest.raises(HealthConsentMissing):
        write_health(actor=front_desk, client_id=client.pk, text="Nickelallergie", now=LATER)
    assert not HealthRecord.objects.exists()

    _consent(front_desk, client, Decision.GRANTED)
    write_health(actor=front_desk, client_id=client.pk, text=" Nickelallergie ", now=LATER)
    stored = health_of(client.pk)
    assert stored is not None
    assert (stored.text, stored.author_name, stored.written_at) == ("Nickelallergie", "Empfang", LATER)
    assert "Nickel" not in str(list(AuditEntry.objects.values_list("changes", flat=True)))

    write_health(actor=front_desk, client_id=client.pk, text="", now=LATER)
    assert health_of(client.pk) is None
    assert _actions(client) == ["client.consent_granted", "client.health_written", "client.health_deleted"]


def test_of_two_who_rewrite_health_data_the_second_is_told(client: Client, front_desk: Actor) -> None:
    _consent(front_desk, client, Decision.GRANTED)
    write_health(actor=front_desk, client_id=client.pk, text="Nickel\nLatex", seen="", now=LATER)
    with pytest.raises(ConflictingChange):
        write_health(actor=front_desk, client_id=client.pk, text="Nüsse", seen="", now=LATER)
    with pytest.raises(ConflictingChange):
        write_health(actor=front_desk, client_id=client.pk, text="", seen="Nickel", now=LATER)
    write_health(actor=front_desk, client_id=client.pk, text="Nickel\nLatex", seen="", now=LATER)
    written = write_health(actor=front_desk, client_id=client.pk, text="Nüsse", seen="Nickel\r\nLatex", now=LATER)
    assert written is not None
    assert written.text == "Nüsse"


def test_withdrawing_the_consent_deletes_health_data(client: Client, front_desk: Actor) -> None:
    _consent(front_desk, client, Decision.GRANTED)
    write_health(actor=front_desk, client_id=client.pk, text="Nickelallergie", now=LATER)
    _consent(front_desk, client, Decision.WITHDRAWN)
    assert health_of(client.pk) is None
    with pytest.raises(HealthConsentMissing):
        write_health(actor=front_desk, client_id=client.pk, text="Nickelallergie", now=LATER)
