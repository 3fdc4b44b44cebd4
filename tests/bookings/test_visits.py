"""Visits are counted from the appointments, card by card and for a whole salon (domain.md §4.2, §10)."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from django.db import connection

from bookings import night
from bookings.models import Appointment
from bookings.states import Source, State
from bookings.visits import miscounted, recount
from clients.classification import CreatedVia, Facts, Reason, Status, classify
from clients.models import CardState, Client
from salon.identity.roles import ActorKind
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.steps import Night
from tests.bookings.salonday import make_client
from tests.conftest import NOW

TODAY = date(2026, 11, 24)
THREE = datetime(2026, 11, 24, 2, tzinfo=UTC)
CARDS = 500


def _appointment(client: Client, on: date, state: State, *, counts: bool = True) -> Appointment:
    starts_at = datetime(on.year, on.month, on.day, 11, tzinfo=UTC)
    return Appointment(
        client=client,
        state=state,
        source=Source.STAFF,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        booked_by_kind=ActorKind.USER,
        booked_by_name="Empfang",
        client_status=Status.NEW,
        client_status_reason=Reason.LISTED,
        visit_on=on if state == State.COMPLETED and counts else None,
        cancelled_at=NOW if state == State.CANCELLED else None,
        created_at=NOW,
        updated_at=NOW,
    )


def _random_histories(many: int) -> dict[Client, list[Appointment]]:
    """Return cards, each with a history of its own, most of the days around the limits of the rule."""
    random = Random(20261124)
    near = [0, 1, 363, 364, 365, 366, 367, 730]

    def day() -> date:
        return TODAY - timedelta(random.choice(near) if random.random() < 0.7 else random.randrange(1500))

    found = {}
    for number in range(1, many + 1):
        carried = sorted(day() for _ in range(2)) if random.random() < 0.3 else [None, None]
        client = Client(
            number=number,
            first_name=f"Nr. {number}",
            sort_key=f"nr. {number}",
            listed_on=TODAY - timedelta(random.choice([-5, *near, 1500])),
            created_via=random.choice(CreatedVia.values),
            carried_first_visit_on=carried[0],
            carried_last_visit_on=carried[1],
            carried_visits=2 if carried[0] else 0,
            status=Status.NEW,
            status_reason=Reason.EMAIL_DIFFERS,
            created_at=NOW,
            updated_at=NOW,
        )
        found[client] = [
            _appointment(client, day(), random.choice([*State, State.COMPLETED]), counts=random.random() < 0.8)
            for _ in range(random.choice([0, 1, 1, 2, 3, 8]))
        ]
    return found


def _facts(client: Client, history: list[Appointment]) -> tuple[date | None, date | None, int, Facts]:
    """Say in Python what a card has to say after such a history."""
    days = [one.visit_on for one in history if one.visit_on]
    first, last = min(days, default=None), max(days, default=None)
    combined = [one for one in (first, client.carried_first_visit_on) if one]
    lately = [one for one in (last, client.carried_last_visit_on) if one]
    facts = Facts(
        client.listed_on, CreatedVia(client.created_via), min(combined, default=None), max(lately, default=None)
    )
    return first, last, len(days), facts


def _assert_right(histories: dict[Client, list[Appointment]]) -> set[Reason]:
    seen = set()
    cards = Client.objects.in_bulk([client.pk for client in histories])
    for client, history in histories.items():
        first, last, many, facts = _facts(client, history)
        card, verdict = cards[client.pk], classify(facts, TODAY)
        assert (card.first_visit_on, card.last_visit_on, card.visits, card.facts) == (first, last, many, facts)
        assert (card.status, card.status_reason, card.status_changes_on) == (
            verdict.status,
            verdict.reason,
            verdict.changes_on,
        )
        seen.add(verdict.reason)
    return seen


def _versions() -> dict[object, tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, ctid::text, xmin::text FROM clients_client")
        return {row[0]: row[1:] for row in cursor.fetchall()}


@pytest.fixture
def histories(in_sonnenschein: Salon) -> dict[Client, list[Appointment]]:
    found = _random_histories(CARDS)
    Client.objects.bulk_create(found)
    Appointment.objects.bulk_create([one for history in found.values() for one in history])
    return found


def test_sql_and_python_agree_on_random_histories(histories: dict[Client, list[Appointment]]) -> None:
    ids = [client.pk for client in histories]
    recount(ids, today=TODAY)
    # Whoever has no visits had nothing to change, and was not judged anew.
    visited = {client: history for client, history in histories.items() if _facts(client, history)[2]}
    assert len(visited) > CARDS / 3
    # The draw was wide: every reason that a card with a visit can have.
    assert _assert_right(visited) == {Reason.NOT_LISTED, Reason.RECENT_VISIT, Reason.LAPSED, Reason.LISTED}
    before = _versions()
    recount(ids, today=TODAY)
    assert _versions() == before
    assert miscounted(after=None, limit=CARDS + 1).cards == {}


def test_the_check_finds_exactly_what_differs_in_batches(histories: dict[Client, list[Appointment]]) -> None:
    differing = {client.pk: client.number for client, history in histories.items() if _facts(client, history)[2]}
    found: dict[UUID, int] = {}
    read, last, batches = 0, None, 0
    while batches == 0 or last is not None:
        batch = miscounted(after=last, limit=120)
        found |= batch.cards
        read, last, batches = read + batch.read, batch.last, batches + 1
    assert (found, read, batches) == (differing, CARDS, 5)
    recount(list(differing), today=TODAY)
    assert miscounted(after=None, limit=CARDS + 1).cards == {}
    # Each kind of wrong by itself.
    [one, two, three, *_rest] = differing
    Client.objects.filter(pk=one).update(visits=99)
    Client.objects.filter(pk=two).update(first_visit_on=date(2001, 1, 1))
    Client.objects.filter(pk=three).update(last_visit_on=None)
    assert set(miscounted(after=None, limit=CARDS + 1).cards) == {one, two, three}


def test_a_card_says_visits_no_more_when_the_last_one_is_gone(in_sonnenschein: Salon) -> None:
    lena = make_client(listed_on=date(2020, 1, 1))
    visit = _appointment(lena, TODAY - timedelta(days=9), State.COMPLETED)
    visit.save()
    recount([lena.pk], today=TODAY)
    lena.refresh_from_db()
    assert (lena.visits, lena.last_visit_on, lena.status_reason) == (1, TODAY - timedelta(days=9), Reason.RECENT_VISIT)
    Appointment.objects.update(state=State.NO_SHOW, visit_on=None)
    recount([lena.pk], today=TODAY)
    lena.refresh_from_db()
    assert (lena.visits, lena.first_visit_on, lena.last_visit_on) == (0, None, None)
    assert (lena.status, lena.status_reason) == (Status.NEW, Reason.LAPSED)


def test_a_card_that_is_not_in_use_is_left_alone(in_sonnenschein: Salon) -> None:
    erased = make_client(state=CardState.ERASED)
    _appointment(erased, TODAY, State.COMPLETED).save()
    assert miscounted(after=None, limit=10).cards == {}
    recount([erased.pk], today=TODAY)
    erased.refresh_from_db()
    assert erased.visits == 0


class TestTheStep:
    """What the night does about it."""

    @staticmethod
    def _run(salon: Salon) -> dict[str, int]:
        def progress(done: int, total: int, **counts: int) -> None:
            assert done <= total
            assert counts["read"] == done

        running = Night(salon=salon, date=TODAY, now=THREE, progress=progress, hold=lambda: None)
        return dict(night.count_visits(running))

    def test_a_drift_is_told_mended_and_judged(self, sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(night, "CARDS", 120)
        with salon_scope(sonnenschein.pk):
            histories = _random_histories(CARDS)
            Client.objects.bulk_create(histories)
            Appointment.objects.bulk_create([one for history in histories.values() for one in history])
        visited = {client: history for client, history in histories.items() if _facts(client, history)[2]}
        counts = self._run(sonnenschein)
        assert counts == {"read": CARDS, "drifted": len(visited)}
        assert night.count_visits.alarm(counts)
        with salon_scope(sonnenschein.pk):
            _assert_right(visited)
        assert self._run(sonnenschein) == {"read": CARDS, "drifted": 0}
