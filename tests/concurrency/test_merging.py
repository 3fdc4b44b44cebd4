"""Merges, edits and erasures of the same cards at the same moment (domain.md §2)."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connection

from clients import cards
from clients.belongings import Belongings, move
from clients.cards import MergedAway, get_client
from clients.details import ChangedDetails, ClientDetails
from clients.duplicates import dismiss
from clients.editing import create_client, update_client
from clients.merging import MergeUndone
from clients.models import CardState, CarriedService, Client, CreatedVia, DuplicateProposal, Merge, Note
from clients.notes import write_note
from salon.desk.erasure import erase_card
from salon.desk.merging import merge_cards, undo_merge
from salon.errors import NotFound
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role, system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)
MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])
HANDS = 8
Act = Callable[[], object]


def _together(salon: Salon, *acts: Act) -> list[object]:
    """Run all at once, each in a transaction of its own; return what came out, refusals as their classes."""
    barrier = Barrier(len(acts))

    def one(act: Act) -> object:
        connection.ensure_connection()
        barrier.wait()
        try:
            with salon_scope(salon.pk):
                return act()
        except (NotFound, MergeUndone) as refusal:
            return type(refusal)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


@pytest.fixture
def pair(sonnenschein: Salon) -> tuple[UUID, UUID]:
    """Return two cards, each with a service had."""
    with salon_scope(sonnenschein.pk):
        cards = [
            create_client(
                actor=system_actor("test"),
                salon=sonnenschein,
                details=ClientDetails("Anna", last),
                created_via=CreatedVia.STAFF,
                now=NOW,
            ).client.pk
            for last in ("", "Berg")
        ]
        for client_id in cards:
            CarriedService.objects.create(client_id=client_id, name="Facial", times=2)
    return cards[0], cards[1]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a merge take long between its look at the cards and its writing."""

    def slowly(*given: UUID, health: bool) -> Belongings:
        time.sleep(0.1)
        return move(*given, health=health)

    monkeypatch.setattr("clients.merging.move", slowly)


@pytest.fixture
def slow_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whoever writes a note look at the card, and write a while after."""

    def look(client_id: UUID) -> Client:
        client = cards.lock_client(client_id)
        time.sleep(0.2)
        return client

    monkeypatch.setattr("clients.notes.lock_client", look)


def _merge(salon: Salon, survivor_id: UUID, duplicate_id: UUID) -> Act:
    return lambda: (
        str(merge_cards(actor=MANAGER, salon=salon, survivor_id=survivor_id, duplicate_id=duplicate_id, now=NOW))
        and "merged"
    )


def _state(salon: Salon) -> list[tuple[str, int]]:
    with salon_scope(salon.pk):
        return sorted(
            (card.state, sum(card.carried_services.values_list("times", flat=True))) for card in Client.objects.all()
        )


def test_one_pair_merged_by_many_is_merged_once(sonnenschein: Salon, pair: tuple[UUID, UUID], slow: None) -> None:
    outcomes = _together(sonnenschein, *[_merge(sonnenschein, *pair)] * HANDS)
    assert sorted(map(str, outcomes)) == sorted(map(str, ["merged", *[MergedAway] * (HANDS - 1)]))
    assert _state(sonnenschein) == [(CardState.LISTED, 4), (CardState.MERGED, 0)]
    with salon_scope(sonnenschein.pk):
        assert Merge.objects.count() == 1


def test_a_pair_merged_both_ways_is_merged_one_way(sonnenschein: Salon, pair: tuple[UUID, UUID], slow: None) -> None:
    acts = [_merge(sonnenschein, *pair), _merge(sonnenschein, *pair[::-1])] * (HANDS // 2)
    outcomes = _together(sonnenschein, *acts)
    assert sorted(map(str, outcomes)) == sorted(map(str, ["merged", *[MergedAway] * (HANDS - 1)]))
    assert _state(sonnenschein) == [(CardState.LISTED, 4), (CardState.MERGED, 0)]


def test_without_the_lock_a_pair_would_be_merged_twice(
    sonnenschein: Salon, pair: tuple[UUID, UUID], slow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the tests above."""
    monkeypatch.setattr(type(Client.objects.all()), "select_for_update", lambda rows, **_how: rows)
    outcomes = _together(sonnenschein, *[_merge(sonnenschein, *pair)] * HANDS)
    assert outcomes.count("merged") > 1


def test_an_undo_by_many_is_done_once(sonnenschein: Salon, pair: tuple[UUID, UUID]) -> None:
    with salon_scope(sonnenschein.pk):
        _merge(sonnenschein, *pair)()
        merge_id = Merge.objects.get().pk

    def undo() -> object:
        undo_merge(actor=MANAGER, salon=sonnenschein, merge_id=merge_id, now=NOW)
        return "undone"

    outcomes = _together(sonnenschein, *[undo] * HANDS)
    assert sorted(map(str, outcomes)) == sorted(map(str, ["undone", *[MergeUndone] * (HANDS - 1)]))
    assert _state(sonnenschein) == [(CardState.LISTED, 2), (CardState.LISTED, 2)]


def _edit_while_merging(salon: Salon, pair: tuple[UUID, UUID], done: threading.Event | None = None) -> list[object]:
    """Merge a pair while others edit and write notes; `done` is set once it is merged."""

    def merge() -> object:
        try:
            return _merge(salon, *pair)()
        finally:
            if done:
                done.set()

    def edit(index: int) -> Act:
        return lambda: (
            update_client(
                actor=MANAGER, salon=salon, client_id=pair[1], changes={"city": f"Ort {index}"}, now=NOW
            ).changed
            and "edited"
        )

    def note() -> object:
        write_note(actor=MANAGER, client_id=pair[1], text="wichtig", pinned=False, now=NOW)
        return "written"

    return _together(salon, merge, *(edit(index) for index in range(3)), *[note] * 3)


def test_what_is_written_while_merging_is_merged_or_refused(
    sonnenschein: Salon, pair: tuple[UUID, UUID], slow: None, slow_notes: None
) -> None:
    merged, *others = _edit_while_merging(sonnenschein, pair)
    assert merged == "merged"
    assert set(others) <= {"edited", "written", MergedAway}
    with salon_scope(sonnenschein.pk):
        survivor, gone = (Client.objects.get(pk=client_id) for client_id in pair)
        # Nothing lost: whatever somebody was told is saved came along.
        assert (survivor.city != "") is ("edited" in others)
        assert Note.objects.filter(client_id=survivor.pk).count() == others.count("written")
        assert (gone.city, gone.state) == (survivor.city, CardState.MERGED)


def test_without_the_lock_what_is_written_would_be_lost(
    sonnenschein: Salon, pair: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: everybody is told that it is saved, on a card that nobody sees any more."""
    done = threading.Event()

    def look(client_id: UUID) -> Client:
        client = get_client(client_id)
        # Nobody holds the merge up, which comes to its end between looking and writing.
        done.wait(10)
        return client

    monkeypatch.setattr(type(Client.objects.all()), "select_for_update", lambda rows, **_how: rows)
    # Who writes a note locks the card in words of her own.
    monkeypatch.setattr("clients.notes.lock_client", look)
    merged, *others = _edit_while_merging(sonnenschein, pair, done)
    assert merged == "merged"
    with salon_scope(sonnenschein.pk):
        came_along = Note.objects.filter(client_id=pair[0]).count()
    assert others.count("written") > came_along


@pytest.fixture
def referred_late(sonnenschein: Salon, pair: tuple[UUID, UUID]) -> tuple[UUID, Act]:
    """Return a third card, and what lets the second of the pair refer it while others already wait for that card."""
    with salon_scope(sonnenschein.pk):
        friend = create_client(
            actor=system_actor("test"),
            salon=sonnenschein,
            details=ClientDetails("Petra"),
            created_via=CreatedVia.STAFF,
            now=NOW,
        ).client.pk

    def refer() -> None:
        changes: ChangedDetails = {"referred_by": str(pair[1])}
        update_client(actor=MANAGER, salon=sonnenschein, client_id=friend, changes=changes, now=NOW)
        time.sleep(0.3)

    return friend, refer


def _later(act: Act) -> Act:
    def wait() -> object:
        time.sleep(0.1)
        return act()

    return wait


def test_who_is_referred_while_the_referrer_is_merged_follows(
    sonnenschein: Salon, pair: tuple[UUID, UUID], referred_late: tuple[UUID, Act]
) -> None:
    friend, refer = referred_late
    _together(sonnenschein, refer, _later(_merge(sonnenschein, *pair)))
    with salon_scope(sonnenschein.pk):
        assert Client.objects.get(pk=friend).referred_by_id == pair[0]


def test_who_is_referred_while_the_referrer_is_erased_was_referred_by_nobody(
    sonnenschein: Salon, pair: tuple[UUID, UUID], referred_late: tuple[UUID, Act]
) -> None:
    friend, refer = referred_late
    _together(
        sonnenschein,
        refer,
        _later(lambda: erase_card(actor=MANAGER, salon=sonnenschein, client_id=pair[1], now=NOW)),
    )
    with salon_scope(sonnenschein.pk):
        assert Client.objects.get(pk=friend).referred_by_id is None


def test_of_a_card_that_is_just_erased_nobody_says_two_people(sonnenschein: Salon, pair: tuple[UUID, UUID]) -> None:
    def erase() -> None:
        erase_card(actor=MANAGER, salon=sonnenschein, client_id=pair[1], now=NOW)
        time.sleep(0.3)

    outcomes = _together(sonnenschein, erase, _later(lambda: dismiss(actor=MANAGER, client_ids=pair, now=NOW)))
    assert outcomes == [None, NotFound]
    with salon_scope(sonnenschein.pk):
        assert not DuplicateProposal.objects.exists()
