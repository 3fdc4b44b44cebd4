"""Many hands on the same categories at the same moment (domain.md §3)."""

import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from clients import categories
from clients.cards import MergedAway
from clients.categories import (
    CategoryGone,
    assign_to_many,
    categories_of,
    change_assignments,
    create_category,
    delete_category,
    unassign_from_many,
    update_category,
)
from clients.details import ClientDetails
from clients.editing import create_client
from clients.labels import CategoryDetails, accept_category
from clients.models import Category, CategoryAssignment, Client, CreatedVia
from clients.selection import take_back_assignment
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, VersionConflict
from salon.identity.roles import Actor, system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)
HANDS = 8
ACTOR = system_actor("Tests")
REFUSALS = (CategoryGone, InvalidInput, MergedAway, VersionConflict)


def _together(salon: Salon, *acts: Callable[[], object]) -> list[object]:
    """Run each in a thread of its own, all at once, in the scope of the salon; refusals come out as their classes."""
    barrier = Barrier(len(acts))

    def one(act: Callable[[], object]) -> object:
        connection.ensure_connection()
        barrier.wait()
        try:
            with salon_scope(salon.pk):
                return act()
        except REFUSALS as refusal:
            return type(refusal)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


@pytest.fixture
def vip(sonnenschein: Salon) -> UUID:
    with salon_scope(sonnenschein.pk):
        return create_category(actor=ACTOR, details=CategoryDetails("VIP"), now=NOW).pk


@pytest.fixture
def cards(sonnenschein: Salon) -> list[UUID]:
    with salon_scope(sonnenschein.pk):
        return [
            create_client(
                actor=ACTOR,
                salon=sonnenschein,
                details=ClientDetails(f"Nr{place}"),
                created_via=CreatedVia.STAFF,
                now=NOW,
            ).client.pk
            for place in range(6)
        ]


def _audited(salon: Salon, action: str) -> int:
    with salon_scope(salon.pk):
        return AuditEntry.objects.filter(action=action).count()


def _slow_write(monkeypatch: pytest.MonkeyPatch, before: float = 0, after: float = 0) -> None:
    """Let everybody take long between having looked and having written."""
    write = categories._write

    def slowly(
        actor: Actor, client_ids: list[UUID], added: Collection[UUID], removed: Collection[UUID], now: datetime
    ) -> int:
        time.sleep(before)
        changed = write(actor, client_ids, added, removed, now)
        time.sleep(after)
        return changed

    monkeypatch.setattr("clients.categories._write", slowly)


def _assign_all(salon: Salon, card: UUID, category: UUID) -> list[object]:
    return _together(
        salon,
        *[lambda: change_assignments(actor=ACTOR, client_id=card, added=[category], now=NOW)] * HANDS,
    )


def test_of_many_who_assign_the_same_one_does(
    sonnenschein: Salon, vip: UUID, cards: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    _slow_write(monkeypatch, after=0.05)
    outcomes = _assign_all(sonnenschein, cards[0], vip)
    assert sorted(map(str, outcomes)) == ["False"] * (HANDS - 1) + ["True"]
    assert _audited(sonnenschein, "client.categories_added") == 1


def test_many_who_give_many_the_same(sonnenschein: Salon, vip: UUID, cards: list[UUID]) -> None:
    orders = [cards, cards[::-1]] * (HANDS // 2)
    outcomes = _together(
        sonnenschein,
        *[lambda ids=ids: assign_to_many(actor=ACTOR, client_ids=ids, category_ids=[vip], now=NOW) for ids in orders],
    )
    assert sorted(map(str, outcomes)) == sorted(map(str, [len(cards), *[0] * (HANDS - 1)]))
    assert _audited(sonnenschein, "client.categories_added") == len(cards)


def test_giving_and_taking_at_once_leaves_one_of_both(sonnenschein: Salon, vip: UUID, cards: list[UUID]) -> None:
    outcomes = _together(
        sonnenschein,
        *[lambda: assign_to_many(actor=ACTOR, client_ids=cards, category_ids=[vip], now=NOW)] * 4,
        *[lambda: unassign_from_many(actor=ACTOR, client_ids=cards, category_ids=[vip], now=NOW)] * 4,
    )
    assert all(isinstance(one, int) for one in outcomes), outcomes
    with salon_scope(sonnenschein.pk):
        has = CategoryAssignment.objects.count()
    given = _audited(sonnenschein, "client.categories_added")
    assert given - _audited(sonnenschein, "client.categories_removed") == has


def _delete_while_assigning(salon: Salon, card: UUID, category: UUID) -> list[object]:
    def delete() -> object:
        time.sleep(0.03)
        return delete_category(actor=ACTOR, category_id=category, now=NOW).deleted_at

    def assign() -> object:
        return change_assignments(actor=ACTOR, client_id=card, added=[category], now=NOW)

    return _together(salon, assign, delete)


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Tell in which order the assignment was written and the category deleted."""
    told: list[str] = []
    write, lock = categories._write, categories._lock

    def slowly(
        actor: Actor, client_ids: list[UUID], added: Collection[UUID], removed: Collection[UUID], now: datetime
    ) -> int:
        time.sleep(0.2)
        told.append("written")
        return write(actor, client_ids, added, removed, now)

    def locking(category_id: UUID, version: int | None) -> Category:
        category = lock(category_id, version)
        told.append("deleted")
        return category

    monkeypatch.setattr("clients.categories._write", slowly)
    monkeypatch.setattr("clients.categories._lock", locking)
    return told


def test_deleting_waits_for_who_is_assigning(
    sonnenschein: Salon, vip: UUID, cards: list[UUID], order: list[str]
) -> None:
    assert _delete_while_assigning(sonnenschein, cards[0], vip) == [True, NOW]
    assert order == ["written", "deleted"]


def test_without_holding_the_category_a_deleted_one_would_be_assigned(
    sonnenschein: Salon, vip: UUID, cards: list[UUID], order: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above."""
    monkeypatch.setattr("clients.categories._hold", lambda _ids: None)
    assert _delete_while_assigning(sonnenschein, cards[0], vip) == [True, NOW]
    assert order == ["deleted", "written"]


def test_assigning_waits_for_who_is_deleting_and_is_told(sonnenschein: Salon, vip: UUID, cards: list[UUID]) -> None:
    def delete() -> object:
        deleted = delete_category(actor=ACTOR, category_id=vip, now=NOW)
        time.sleep(0.2)
        return deleted.deleted_at

    def assign() -> object:
        time.sleep(0.05)
        return assign_to_many(actor=ACTOR, client_ids=cards, category_ids=[vip], now=NOW)

    assert _together(sonnenschein, delete, assign) == [NOW, CategoryGone]
    with salon_scope(sonnenschein.pk):
        assert not CategoryAssignment.objects.exists()


def test_of_many_who_make_the_same_name_one_does(sonnenschein: Salon) -> None:
    names = ["Nägel", "NAEGEL", "nagel", " nägel "] * 2
    outcomes = _together(
        sonnenschein,
        *[
            lambda name=name: create_category(actor=ACTOR, details=CategoryDetails(name), now=NOW).name_key
            for name in names
        ],
    )
    assert sorted(map(str, outcomes)) == sorted(map(str, ["nagel", *[InvalidInput] * (len(names) - 1)]))
    assert _audited(sonnenschein, "category.created") == 1


def _rename_all(salon: Salon, category: UUID) -> list[object]:
    return _together(
        salon,
        *[
            lambda place=place: (
                update_category(
                    actor=ACTOR, category_id=category, changes={"name": f"Nr{place}"}, version=1, now=NOW
                ).version
            )
            for place in range(HANDS)
        ],
    )


def test_of_many_changes_of_one_version_one_wins(sonnenschein: Salon, vip: UUID) -> None:
    outcomes = _rename_all(sonnenschein, vip)
    assert sorted(map(str, outcomes)) == sorted(map(str, [2, *[VersionConflict] * (HANDS - 1)]))


def test_without_the_row_lock_changes_would_be_lost(
    sonnenschein: Salon, vip: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above."""
    monkeypatch.setattr(type(Category.objects.all()), "select_for_update", lambda rows, **_how: rows)

    def slowly(details: CategoryDetails) -> CategoryDetails:
        time.sleep(0.05)
        return accept_category(details)

    monkeypatch.setattr("clients.categories.accept_category", slowly)
    assert _rename_all(sonnenschein, vip).count(2) > 1


def _merge_while_assigning(salon: Salon, category: UUID, cards: list[UUID]) -> list[object]:
    survivor, merged = cards[:2]

    def merge() -> object:
        Client.objects.filter(pk=merged).update(state="MERGED", merged_into=survivor)
        time.sleep(0.2)
        return "merged"

    def assign() -> object:
        time.sleep(0.05)
        return assign_to_many(actor=ACTOR, client_ids=[merged], category_ids=[category], now=NOW)

    def assign_one() -> object:
        time.sleep(0.05)
        return change_assignments(actor=ACTOR, client_id=merged, added=[category], now=NOW)

    return _together(salon, merge, assign, assign_one)


def test_a_card_being_merged_away_gets_nothing(sonnenschein: Salon, vip: UUID, cards: list[UUID]) -> None:
    assert _merge_while_assigning(sonnenschein, vip, cards) == ["merged", 0, MergedAway]
    with salon_scope(sonnenschein.pk):
        assert categories_of([cards[1]]) == {cards[1]: []}


def test_without_the_cards_lock_it_would_get_it(
    sonnenschein: Salon, vip: UUID, cards: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above."""
    monkeypatch.setattr(type(Client.objects.all()), "select_for_update", lambda rows, **_how: rows)
    outcomes = _merge_while_assigning(sonnenschein, vip, cards)
    assert sorted(map(str, outcomes[1:])) != sorted(map(str, [0, MergedAway]))


def test_taking_back_takes_the_cards_in_the_order_of_everybody(
    sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first category was given to the second card alone, the other one to both: two orders that would meet."""
    with salon_scope(sonnenschein.pk):
        first, second = sorted(
            create_client(
                actor=ACTOR, salon=sonnenschein, details=ClientDetails(name), created_via=CreatedVia.STAFF, now=NOW
            ).client.pk
            for name in ("Anna", "Anne")
        )
        one, other = sorted(
            create_category(actor=ACTOR, details=CategoryDetails(name), now=NOW).pk for name in ("Barber", "Farbe")
        )
        assign_to_many(actor=ACTOR, client_ids=[second], category_ids=[one], now=NOW)
        assign_to_many(actor=ACTOR, client_ids=[first, second], category_ids=[other], now=NOW)

    def slowly(**given: Any) -> int:
        taken = unassign_from_many(**given)
        time.sleep(0.3)
        return taken

    monkeypatch.setattr("clients.selection.unassign_from_many", slowly)

    def give() -> int:
        time.sleep(0.1)
        return assign_to_many(actor=ACTOR, client_ids=[first, second], category_ids=[one], now=NOW)

    def take() -> int:
        return take_back_assignment(actor=ACTOR, category_ids=[one, other], assigned_at=NOW, now=NOW)

    assert _together(sonnenschein, take, give) == [3, 2]
