"""The number of a client's Treatcard (domain.md §7)."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connection

from clients import treatcard
from clients.cards import ConflictingChange, get_client
from clients.details import ClientDetails
from clients.editing import create_client
from clients.models import CardState, Client, CreatedVia, SearchToken, TokenField
from clients.treatcard import set_treatcard
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed, NotFound
from salon.identity.roles import Actor, ActorKind, Permission
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.conftest import NOW

LATER = NOW + timedelta(hours=1)


def _client(salon: Salon, actor: Actor, name: str = "Petra") -> Client:
    details = ClientDetails(name, "Lang")
    return create_client(actor=actor, salon=salon, details=details, created_via=CreatedVia.STAFF, now=NOW).client


def _set(actor: Actor, client: Client, number: str | None, seen: str | None = None) -> Client:
    return set_treatcard(actor=actor, client_id=client.pk, number=number, now=LATER, seen=seen)


def _tokens(client: Client) -> set[str]:
    return set(SearchToken.objects.filter(client_id=client.pk, field=TokenField.CARD).values_list("token", flat=True))


def _codes(refusal: pytest.ExceptionInfo[InvalidInput]) -> list[tuple[str, str]]:
    return [(error.field, error.code) for error in refusal.value.errors]


def test_a_number_is_kept_without_spaces_and_in_capitals(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client = _client(in_sonnenschein, front_desk)
    _set(front_desk, client, "  tc 0031\u00a08 ")
    stored = get_client(client.pk)
    assert (stored.treatcard_number, stored.version, stored.updated_at) == ("TC00318", 2, LATER)
    assert _tokens(client) == {"tc00318", "00318"}


def test_the_change_is_recorded(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client = _client(in_sonnenschein, front_desk)
    _set(front_desk, client, "AB1")
    _set(front_desk, client, "BC2")
    entries = AuditEntry.objects.filter(action="client.treatcard_changed").order_by("id")
    assert [(entry.subject_id, entry.subject_kind, entry.at, entry.changes) for entry in entries] == [
        (client.pk, "client", LATER, [{"field": "treatcard_number", "old": None, "new": "AB1"}]),
        (client.pk, "client", LATER, [{"field": "treatcard_number", "old": "AB1", "new": "BC2"}]),
    ]


def test_a_lost_card_is_replaced_and_the_points_stay(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client = _client(in_sonnenschein, front_desk)
    _set(front_desk, client, "LOST-1")
    Client.objects.filter(pk=client.pk).update(points=120)
    _set(front_desk, client, "new-2")
    stored = get_client(client.pk)
    assert (stored.treatcard_number, stored.points) == ("NEW-2", 120)
    assert _tokens(client) == {"new2", "new", "2"}


def test_numbers_are_generated_one_after_the_other(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client, other = (_client(in_sonnenschein, front_desk, name) for name in ("Petra", "Anna"))
    _set(front_desk, other, "tc-00001-2")
    assert _set(front_desk, client, None).treatcard_number == "TC-00001"
    # The second was given by hand to somebody else; the lost card's own is not given again.
    assert _set(front_desk, client, None).treatcard_number == "TC-00001-3"
    assert get_client(client.pk).treatcard_number == "TC-00001-3"
    assert _tokens(client) == {"tc000013", "000013", "tc", "00001", "3"}


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("", "required"),
        ("   ", "required"),
        ("ab", "min_length"),
        ("a b", "min_length"),
        ("x" * 33, "max_length"),
        ("a\x00b", "invalid"),
        ("a\u202eb", "invalid"),
        ("tc/318", "invalid"),
        ("tc.318", "invalid"),
        ("tc_318", "invalid"),
        ("=tc318", "invalid"),
        ("-318", "invalid"),
        ("318-", "invalid"),
        ("tü318", "invalid"),
        ("\u0663\u0661\u0668", "invalid"),
        ("<b>318", "invalid"),
    ],
)
def test_what_is_no_number(in_sonnenschein: Salon, front_desk: Actor, number: str, code: str) -> None:
    client = _client(in_sonnenschein, front_desk)
    _set(front_desk, client, "AB1")
    with pytest.raises(InvalidInput) as refusal:
        _set(front_desk, client, number)
    assert _codes(refusal) == [("treatcard_number", code)]
    stored = get_client(client.pk)
    assert (stored.treatcard_number, stored.version) == ("AB1", 2)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("abc", "ABC"),
        ("x" * 32, "X" * 32),
        (" 4006381 333931 ", "4006381333931"),
        ("tc-003-18", "TC-003-18"),
        ("TC--18", "TC--18"),
        ("007", "007"),
    ],
)
def test_what_printed_cards_say_is_kept(in_sonnenschein: Salon, front_desk: Actor, typed: str, kept: str) -> None:
    client = _client(in_sonnenschein, front_desk)
    assert _set(front_desk, client, typed).treatcard_number == kept


def test_a_number_from_before_stays_valid(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client, other = (_client(in_sonnenschein, front_desk, name) for name in ("Petra", "Anna"))
    Client.objects.filter(pk=client.pk).update(treatcard_number="#7/A")
    assert _set(front_desk, client, "#7/a", seen="#7/A").treatcard_number == "#7/A"
    assert get_client(client.pk).version == 1
    with pytest.raises(InvalidInput):
        _set(front_desk, other, "#7/B")
    assert _set(front_desk, client, None).treatcard_number == "TC-00001"


def test_one_number_is_given_once(in_sonnenschein: Salon, front_desk: Actor) -> None:
    petra, anna = (_client(in_sonnenschein, front_desk, name) for name in ("Petra", "Anna"))
    _set(front_desk, petra, "abc-1")
    with pytest.raises(InvalidInput) as refusal:
        _set(front_desk, anna, "ABC -1")
    assert _codes(refusal) == [("treatcard_number", "treatcard_number_taken")]
    assert (get_client(anna.pk).treatcard_number, get_client(anna.pk).version, _tokens(anna)) == ("", 1, set())
    assert AuditEntry.objects.filter(action="client.treatcard_changed").count() == 1


def test_another_salon_has_its_own_numbers(sonnenschein: Salon, dom: Salon, front_desk: Actor) -> None:
    for salon in (sonnenschein, dom):
        with salon_scope(salon.pk):
            assert _set(front_desk, _client(salon, front_desk), "AB1").treatcard_number == "AB1"


def test_the_same_number_again_changes_nothing(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client = _client(in_sonnenschein, front_desk)
    for _ in range(2):
        _set(front_desk, client, "ab 1")
    assert get_client(client.pk).version == 2
    assert AuditEntry.objects.filter(action="client.treatcard_changed").count() == 1


def test_a_number_that_was_replaced_meanwhile_is_told(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client = _client(in_sonnenschein, front_desk)
    _set(front_desk, client, "AB1", seen="")
    for number in ("BC2", None):
        with pytest.raises(ConflictingChange) as refusal:
            _set(front_desk, client, number, seen="")
        assert (refusal.value.fields, refusal.value.client.treatcard_number) == (["treatcard_number"], "AB1")
    assert get_client(client.pk).treatcard_number == "AB1"
    # Both meant the same, and what was seen as it stands: nothing to tell.
    assert _set(front_desk, client, "ab1", seen="").treatcard_number == "AB1"
    assert _set(front_desk, client, "BC2", seen=" ab1 ").treatcard_number == "BC2"


def test_who_may_not_write_gives_no_card(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client = _client(in_sonnenschein, front_desk)
    reader = Actor(ActorKind.API_KEY, None, "reader", frozenset({Permission.CLIENTS_READ}))
    with pytest.raises(NotAllowed):
        _set(reader, client, "AB1")
    assert get_client(client.pk).treatcard_number == ""


def test_a_card_that_is_not_there(in_sonnenschein: Salon, front_desk: Actor) -> None:
    with pytest.raises(NotFound):
        set_treatcard(actor=front_desk, client_id=new_id(), number="AB1", now=NOW)
    client = _client(in_sonnenschein, front_desk)
    Client.objects.filter(pk=client.pk).update(state=CardState.ERASED)
    with pytest.raises(NotFound):
        _set(front_desk, client, "AB1")


HANDS = 8


def _race(salon: Salon, actor: Actor, client_ids: list[UUID], number: str | None) -> list[str]:
    """Give each of these cards the number at the same moment; return what came out, refusals by their code."""
    barrier = Barrier(len(client_ids))

    def one(client_id: UUID) -> str:
        connection.ensure_connection()
        barrier.wait()
        try:
            with salon_scope(salon.pk):
                card = set_treatcard(actor=actor, client_id=client_id, number=number, now=NOW, seen="")
                time.sleep(0.02)
                return card.treatcard_number
        except InvalidInput as refusal:
            return refusal.errors[0].code
        except ConflictingChange as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(client_ids)) as pool:
        return sorted(pool.map(one, client_ids))


@pytest.mark.django_db(transaction=True)
def test_many_cards_and_one_number_at_once(sonnenschein: Salon, front_desk: Actor) -> None:
    with salon_scope(sonnenschein.pk):
        ids = [_client(sonnenschein, front_desk).pk for _ in range(HANDS)]
    assert _race(sonnenschein, front_desk, ids, "one 1") == ["ONE1", *["treatcard_number_taken"] * (HANDS - 1)]
    with salon_scope(sonnenschein.pk):
        assert Client.objects.filter(treatcard_number="ONE1").count() == 1
        assert AuditEntry.objects.filter(action="client.treatcard_changed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_card_pressed_many_times_at_once_gets_one_number(sonnenschein: Salon, front_desk: Actor) -> None:
    with salon_scope(sonnenschein.pk):
        client = _client(sonnenschein, front_desk)
    outcomes = _race(sonnenschein, front_desk, [client.pk] * HANDS, None)
    assert outcomes == ["TC-00001", *["conflicting_change"] * (HANDS - 1)]


@pytest.mark.django_db(transaction=True)
def test_without_the_row_lock_one_card_would_get_several(
    sonnenschein: Salon, front_desk: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above."""
    monkeypatch.setattr(treatcard, "lock_client", get_client)
    with salon_scope(sonnenschein.pk):
        client = _client(sonnenschein, front_desk)
    outcomes = _race(sonnenschein, front_desk, [client.pk] * HANDS, None)
    assert outcomes.count("conflicting_change") < HANDS - 1
