"""Many hands on one card at the same moment (domain.md §2)."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from clients.details import Accepted, ClientDetails, accept
from clients.editing import AlreadyMade, Duplicates, PossibleDuplicate, create_client, update_client
from clients.listing import sharing_contact
from clients.models import Client, CreatedVia
from salon.errors import VersionConflict
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.concurrency.hands import at_once
from tests.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)
HANDS = 12


def _together(act: Callable[[int], object]) -> list[object]:
    return at_once(act, HANDS, refusals=(AlreadyMade, PossibleDuplicate, VersionConflict))


def _create(actor: Actor, salon: Salon, **given: object) -> int:
    with salon_scope(salon.pk):
        saved = create_client(
            actor=actor,
            salon=salon,
            details=ClientDetails("Anna", email="anna@mail.example"),
            created_via=CreatedVia.STAFF,
            now=NOW,
            **given,  # type: ignore[arg-type]
        )
        return saved.client.number


def test_one_form_sent_many_times_makes_one_card(sonnenschein: Salon, front_desk: Actor) -> None:
    card_id = new_id()
    outcomes = _together(lambda _index: _create(front_desk, sonnenschein, client_id=card_id))
    assert sorted(map(str, outcomes)) == sorted(map(str, [1, *[AlreadyMade] * (HANDS - 1)]))


@pytest.fixture
def slow_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everybody who looks for twins take long over it, so that all would see none."""

    def look(details: ClientDetails) -> list[Client]:
        found = sharing_contact(details)
        time.sleep(0.05)
        return found

    monkeypatch.setattr("clients.editing.sharing_contact", look)


def test_one_client_entered_by_many_makes_one_card(sonnenschein: Salon, front_desk: Actor, slow_look: None) -> None:
    outcomes = _together(lambda _index: _create(front_desk, sonnenschein, duplicates=Duplicates.REFUSE))
    assert sorted(map(str, outcomes)) == sorted(map(str, [1, *[PossibleDuplicate] * (HANDS - 1)]))


def test_without_the_lock_many_cards_would_be_made(
    sonnenschein: Salon, front_desk: Actor, slow_look: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above."""
    monkeypatch.setattr("clients.editing.take_locks", lambda _names: None)
    outcomes = _together(lambda _index: _create(front_desk, sonnenschein, duplicates=Duplicates.REFUSE))
    assert sum(isinstance(one, int) for one in outcomes) > 1


def test_numbers_are_given_once_each(sonnenschein: Salon, front_desk: Actor) -> None:
    outcomes = _together(lambda _index: _create(front_desk, sonnenschein))
    assert sorted(map(str, outcomes)) == sorted(map(str, range(1, HANDS + 1)))


def _rename_all(sonnenschein: Salon, front_desk: Actor) -> list[object]:
    _create(front_desk, sonnenschein)
    with salon_scope(sonnenschein.pk):
        client_id = Client.objects.get().pk

    def rename(index: int) -> object:
        with salon_scope(sonnenschein.pk):
            return update_client(
                actor=front_desk,
                salon=sonnenschein,
                client_id=client_id,
                changes={"last_name": f"Nr{index}"},
                version=1,
                now=NOW,
            ).client.version

    return _together(rename)


def test_of_many_changes_of_one_version_one_wins(sonnenschein: Salon, front_desk: Actor) -> None:
    outcomes = _rename_all(sonnenschein, front_desk)
    assert sorted(map(str, outcomes)) == sorted(map(str, [2, *[VersionConflict] * (HANDS - 1)]))


def test_without_the_row_lock_changes_would_be_lost(
    sonnenschein: Salon, front_desk: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: what `select_for_update` is there for."""
    monkeypatch.setattr(type(Client.objects.all()), "select_for_update", lambda rows, **_how: rows)

    def slow_accept(*given: Any, **more: Any) -> Accepted:
        time.sleep(0.05)
        return accept(*given, **more)

    monkeypatch.setattr("clients.editing.accept", slow_accept)
    outcomes = _rename_all(sonnenschein, front_desk)
    assert outcomes.count(2) > 1
