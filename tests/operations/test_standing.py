"""The stored verdict of many cards: SQL and Python are one rule (domain.md §4.2, §10)."""

import os
import re
from collections.abc import Iterable
from datetime import date, timedelta
from importlib import import_module
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from clients import standing
from clients.classification import CreatedVia, Facts, Reason, Status, classify
from clients.models import CardState, Client
from clients.standing import Drift, Standing, drifted, recompute, refresh
from salon.audit.models import AuditEntry
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests import database
from tests.conftest import NOW

TODAY = date(2026, 11, 21)
HISTORIES = 10_000 if os.environ.get("SOAK") else 2_000


def _ago(days: int) -> date:
    return TODAY - timedelta(days)


def _card(number: int, listed_on: date = TODAY, created_via: str = CreatedVia.STAFF, **given: object) -> Client:
    """Return a card with a stored verdict that no rule gives."""
    values = {"status": Status.NEW, "status_reason": Reason.EMAIL_DIFFERS, **given}
    return Client(
        number=number,
        first_name=f"Nr. {number}",
        sort_key=f"nr. {number}",
        listed_on=listed_on,
        created_via=created_via,
        created_at=NOW,
        updated_at=NOW,
        **values,
    )


def _stored(client: Client) -> Standing:
    fresh = Client.objects.get(pk=client.pk)
    return Standing(Status(fresh.status), Reason(fresh.status_reason), fresh.status_changes_on)


def _versions() -> dict[UUID, tuple[str, str]]:
    """Return where each row stands and which transaction wrote it: a write moves both."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, ctid::text, xmin::text FROM clients_client")
        return {row[0]: row[1:] for row in cursor.fetchall()}


def _random_cards(many: int) -> Iterable[Client]:
    """Return cards of every kind, most of their days around the limits of the rule."""
    random = Random(20261121)
    near = [0, 1, 2, 364, 365, 366, 367, 729, 730, 731, 732]

    def day() -> date:
        return _ago(random.choice(near) if random.random() < 0.7 else random.randrange(-20, 1500))

    def day_or_none() -> date | None:
        return day() if random.random() < 0.6 else None

    for number in range(1, many + 1):
        yield _card(
            number,
            day(),
            random.choice(CreatedVia.values),
            first_visit_on=day_or_none(),
            last_visit_on=day_or_none(),
            carried_first_visit_on=day_or_none(),
            carried_last_visit_on=day_or_none(),
        )


@pytest.mark.usefixtures("in_sonnenschein")
def test_sql_and_python_agree_on_thousands_of_histories() -> None:
    Client.objects.bulk_create(_random_cards(HISTORIES), batch_size=2000)
    done = recompute(today=TODAY, after=None, limit=HISTORIES + 1)
    assert (done.last, done.read, done.changed) == (None, HISTORIES, HISTORIES)

    seen = set()
    for client in Client.objects.all():
        verdict = classify(client.facts, TODAY)
        assert (client.status, client.status_reason, client.status_changes_on) == (
            verdict.status,
            verdict.reason,
            verdict.changes_on,
        ), client.facts
        seen.add((verdict.reason, client.created_via))
    # The draw was wide: every reason that a card can have, from every source that can lead to it.
    assert len(seen) == 3 * 4 + 1

    before = _versions()
    again = recompute(today=TODAY, after=None, limit=HISTORIES + 1)
    assert (again.read, again.changed) == (HISTORIES, 0)
    assert _versions() == before
    assert drifted(today=TODAY, after=None, limit=HISTORIES + 1).drifted == []


@pytest.mark.usefixtures("in_sonnenschein")
def test_the_facts_of_appointments_and_of_an_import_are_combined() -> None:
    card = _card(
        1,
        _ago(900),
        first_visit_on=_ago(500),
        last_visit_on=_ago(366),
        carried_first_visit_on=_ago(800),
        carried_last_visit_on=_ago(100),
    )
    card.save()
    refresh([card.pk], today=TODAY)
    assert Client.objects.get().facts == Facts(_ago(900), CreatedVia.STAFF, _ago(800), _ago(100))
    assert _stored(card) == Standing(Status.RETURNING, Reason.RECENT_VISIT, _ago(100) + timedelta(366))


class TestRefresh:
    """What changed the facts of a card has its verdict stored."""

    @pytest.mark.usefixtures("in_sonnenschein")
    def test_only_the_cards_named(self) -> None:
        cards = Client.objects.bulk_create([_card(number) for number in (1, 2, 3)])
        before = _versions()
        refresh([cards[0].pk, cards[2].pk], today=TODAY)
        assert [_stored(card).reason for card in cards] == [Reason.LISTED, Reason.EMAIL_DIFFERS, Reason.LISTED]
        assert _versions()[cards[1].pk] == before[cards[1].pk]

    @pytest.mark.usefixtures("in_sonnenschein")
    def test_nothing_is_written_where_nothing_changes(self) -> None:
        card = _card(1)
        card.save()
        refresh([card.pk], today=TODAY)
        before = _versions()
        refresh([card.pk], today=TODAY)
        refresh([], today=TODAY)
        assert _versions() == before

    @pytest.mark.usefixtures("in_sonnenschein")
    def test_the_event_tells_of_itself(self) -> None:
        card = _card(1)
        card.save()
        refresh([card.pk], today=TODAY)
        assert not AuditEntry.objects.exists()

    def test_cards_of_other_salons_are_out_of_reach(self, sonnenschein: Salon, dom: Salon) -> None:
        with salon_scope(dom.pk):
            foreign = _card(1)
            foreign.save()
        with salon_scope(sonnenschein.pk):
            refresh([foreign.pk], today=TODAY)
            assert recompute(today=TODAY, after=None, limit=10).read == 0
        with salon_scope(dom.pk):
            assert _stored(foreign).reason == Reason.EMAIL_DIFFERS


def _settled(*cards: Client) -> list[Client]:
    """Save cards with the verdict that the rule gives them today."""
    saved = Client.objects.bulk_create(cards)
    refresh([card.pk for card in saved], today=TODAY)
    return saved


@pytest.mark.usefixtures("in_sonnenschein")
class TestRecompute:
    """The night keeps stored verdicts current, batch by batch."""

    def test_time_makes_a_client_new_again(self) -> None:
        (card,) = _settled(_card(1, _ago(900), first_visit_on=_ago(365), last_visit_on=_ago(365)))
        assert _stored(card) == Standing(Status.RETURNING, Reason.RECENT_VISIT, TODAY + timedelta(1))
        version = Client.objects.get().version

        assert recompute(today=TODAY, after=None, limit=10).changed == 0
        assert recompute(today=TODAY + timedelta(1), after=None, limit=10).changed == 1

        assert _stored(card) == Standing(Status.NEW, Reason.LAPSED, None)
        # Nobody's open form is refused for it.
        assert Client.objects.get().version == version

    def test_cards_that_are_merged_or_erased_are_not_counted(self) -> None:
        kept, merged, erased = _settled(_card(1), _card(2), _card(3))
        Client.objects.filter(pk=merged.pk).update(state=CardState.MERGED, merged_into=kept)
        Client.objects.filter(pk=erased.pk).update(state=CardState.ERASED)
        for batch in (recompute, drifted):
            found = batch(today=TODAY, after=None, limit=10)
            assert (found.read, found.last) == (1, None)

    def test_a_change_of_status_is_recorded(self) -> None:
        (card,) = _settled(_card(1, _ago(900), last_visit_on=_ago(365)))
        recompute(today=TODAY + timedelta(1), after=None, limit=10)
        entry = AuditEntry.objects.get()
        assert (entry.action, entry.subject_kind, entry.subject_id) == ("client.status_changed", "client", card.pk)
        assert (entry.actor_kind, entry.actor_id, entry.actor_name) == ("SYSTEM", None, "")
        assert entry.changes == [{"field": "status", "old": "RETURNING", "new": "NEW"}]
        assert entry.at == entry.recorded_at

    def test_a_change_of_reason_alone_is_not(self) -> None:
        (card,) = _settled(_card(1, _ago(365), CreatedVia.ONLINE_BOOKING))
        assert recompute(today=TODAY + timedelta(1), after=None, limit=10).changed == 1
        assert _stored(card) == Standing(Status.NEW, Reason.LAPSED, None)
        assert not AuditEntry.objects.exists()

    def test_only_what_drifted_is_written(self) -> None:
        cards = _settled(*(_card(number, _ago(number)) for number in range(1, 21)))
        wrong = cards[4::5]
        Client.objects.filter(pk__in=[card.pk for card in wrong]).update(status=Status.NEW)
        before = _versions()
        assert recompute(today=TODAY, after=None, limit=100).changed == len(wrong) == 4
        after = _versions()
        assert {key for key in before if before[key] != after[key]} == {card.pk for card in wrong}

    def test_batches_go_on_where_the_last_one_ended(self) -> None:
        cards = Client.objects.bulk_create([_card(number) for number in range(1, 8)])
        ids = sorted(card.pk for card in cards)
        first = recompute(today=TODAY, after=None, limit=3)
        assert (first.last, first.read, first.changed) == (ids[2], 3, 3)
        second = recompute(today=TODAY, after=first.last, limit=3)
        assert (second.last, second.read, second.changed) == (ids[5], 3, 3)
        third = recompute(today=TODAY, after=second.last, limit=3)
        assert (third.last, third.read, third.changed) == (None, 1, 1)

    def test_a_batch_that_ends_with_the_last_card_leaves_an_empty_one(self) -> None:
        Client.objects.bulk_create([_card(number) for number in (1, 2)])
        first = recompute(today=TODAY, after=None, limit=2)
        assert first.last is not None
        last = recompute(today=TODAY, after=first.last, limit=2)
        assert (last.last, last.read, last.changed) == (None, 0, 0)

    def test_cards_out_of_use_stay_as_they_are(self) -> None:
        survivor = _settled(_card(1))[0]
        gone = [_card(2, state=CardState.ERASED), _card(3, state=CardState.MERGED, merged_into=survivor)]
        Client.objects.bulk_create(gone)
        assert recompute(today=TODAY, after=None, limit=10).changed == 0
        assert drifted(today=TODAY, after=None, limit=10).drifted == []

    def test_one_statement_however_many_cards(self, django_assert_num_queries: Any) -> None:
        Client.objects.bulk_create([_card(number) for number in range(1, 21)])
        for limit in (2, 20):
            with django_assert_num_queries(1):
                recompute(today=TODAY, after=None, limit=limit)


@pytest.mark.usefixtures("in_sonnenschein")
class TestDrifted:
    """The night's check reports a stored verdict that is not the rule's."""

    def test_it_names_the_card_and_both_verdicts(self) -> None:
        _right, wrong = _settled(_card(1), _card(2))
        Client.objects.filter(pk=wrong.pk).update(status=Status.NEW, status_reason=Reason.LAPSED)
        announced = TODAY + timedelta(366)
        found = drifted(today=TODAY, after=None, limit=10)
        assert found.drifted == [
            Drift(
                wrong.pk,
                2,
                stored=Standing(Status.NEW, Reason.LAPSED, announced),
                ruled=Standing(Status.RETURNING, Reason.LISTED, announced),
            )
        ]
        assert (found.last, found.read) == (None, 2)

    def test_a_wrong_day_is_drift_too(self) -> None:
        (card,) = _settled(_card(1))
        Client.objects.update(status_changes_on=None)
        assert [drift.client_id for drift in drifted(today=TODAY, after=None, limit=10).drifted] == [card.pk]

    def test_facts_changed_behind_the_rules_back(self) -> None:
        _settled(_card(1, _ago(900), last_visit_on=_ago(10)))
        Client.objects.update(last_visit_on=None)
        assert len(drifted(today=TODAY, after=None, limit=10).drifted) == 1

    @pytest.mark.parametrize("nights_missed", [0, 1, 30, 400, 2000])
    def test_what_time_alone_has_overtaken_is_none(self, nights_missed: int) -> None:
        _settled(
            _card(1, _ago(900), last_visit_on=_ago(365)),
            _card(2, _ago(10), carried_last_visit_on=_ago(364)),
            _card(3, _ago(365), CreatedVia.ONLINE_BOOKING),
            _card(4, _ago(365)),
            _card(5, _ago(1000)),
        )
        assert drifted(today=TODAY + timedelta(nights_missed), after=None, limit=10).drifted == []

    def test_drift_is_told_from_time(self) -> None:
        # Both are due tomorrow; one was wrong before.
        _right, wrong = _settled(_card(1, _ago(900), last_visit_on=_ago(365)), _card(2, _ago(365)))
        Client.objects.filter(pk=wrong.pk).update(status_reason=Reason.RECENT_VISIT)
        found = drifted(today=TODAY + timedelta(1), after=None, limit=10).drifted
        assert [drift.client_id for drift in found] == [wrong.pk]

    def test_batches(self) -> None:
        cards = Client.objects.bulk_create([_card(number) for number in (1, 2, 3)])
        ids = sorted(card.pk for card in cards)
        first = drifted(today=TODAY, after=None, limit=2)
        assert (first.last, [one.client_id for one in first.drifted]) == (ids[1], ids[:2])
        second = drifted(today=TODAY, after=first.last, limit=2)
        assert (second.last, [one.client_id for one in second.drifted]) == (None, ids[2:])


@pytest.mark.parametrize("statement", [standing._RECOMPUTE, standing._DRIFTED])
@pytest.mark.django_db(transaction=True)
def test_a_batch_reads_the_cards_of_its_salon_alone(sonnenschein: Salon, dom: Salon, statement: str) -> None:
    for salon, many in ((dom, 3000), (sonnenschein, 1000)):
        with salon_scope(salon.pk):
            Client.objects.bulk_create([_card(number) for number in range(1, many + 1)])
            recompute(today=TODAY, after=None, limit=many)
    with database.owner() as owner:
        owner.execute("ANALYZE clients_client")
    values: dict[str, Any] = {
        "salon": sonnenschein.pk,
        "today": TODAY,
        "after": UUID(int=0),
        "limit": 100,
        "action": "",
        "subject_kind": "",
    }
    with salon_scope(sonnenschein.pk), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert re.search(r"Index Only Scan using clients_client_key on clients_client.*\n +Index Cond: .*\(id > ", plan), (
        plan
    )
    assert re.search(r"Index Cond: .*\bid = ANY \(\(InitPlan \d+\)", plan), plan
    assert "Seq Scan" not in plan


def test_cards_from_before_verdicts_were_stored_get_theirs(in_sonnenschein: Salon) -> None:
    """By the migration that follows the one which gave them all the same: the night finds nothing drifted."""
    today = in_sonnenschein.date_at(timezone.now())
    ages = [(days, via) for days in (0, 364, 365, 366, 900) for via in CreatedVia.values]
    given = {"status": Status.RETURNING, "status_reason": Reason.LISTED}
    Client.objects.bulk_create(
        _card(number, today - timedelta(days=days), via, **given) for number, (days, via) in enumerate(ages, 1)
    )
    known = _card(99, today - timedelta(days=900), last_visit_on=today, status=Status.NEW, status_reason=Reason.LAPSED)
    known.save()
    with connection.cursor() as cursor:
        cursor.execute(import_module("clients.migrations.0006_first_verdicts").JUDGE)
    assert [one.client_id for one in drifted(today=today, after=None, limit=100).drifted] == [known.pk]
    assert Client.objects.filter(status_reason=Reason.LAPSED).count() == 7
