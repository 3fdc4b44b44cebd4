"""Whom would another identity policy touch: last year's online bookings, judged again (domain.md §4.1)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.classification import CreatedVia
from clients.details import ClientDetails
from clients.editing import create_client
from clients.models import CardState, Client
from clients.rehearsal import PLACEHOLDER, Rehearsal, rehearse_policies
from clients.tokens import replace_tokens
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW

TODAY = date(2026, 11, 21)
SARAH = {"first_name": "Sarah", "last_name": "Smith", "email": "sarahsmith@gmail.com", "mobile": "+491715550318"}


def _list(
    salon: Salon, *, days_ago: int, online: bool = True, last_visit_on: date | None = None, **details: Any
) -> Any:
    client = create_client(
        actor=system_actor("test"),
        salon=salon,
        details=ClientDetails(**{**SARAH, **details}),
        created_via=CreatedVia.ONLINE_BOOKING if online else CreatedVia.STAFF,
        now=NOW - timedelta(days_ago),
    ).client
    if last_visit_on:
        Client.objects.filter(pk=client.pk).update(last_visit_on=last_visit_on)
    return client


def _rehearsed() -> list[tuple[Client, Client | None, Client | None]]:
    return [(one.client, one.strict, one.lenient) for one in rehearse_policies(today=TODAY, show=50).shown]


@pytest.mark.usefixtures("in_sonnenschein")
def test_nothing_booked_nothing_to_judge() -> None:
    assert rehearse_policies(today=TODAY, show=50) == Rehearsal(0, 0, [])


class TestTwoOutcomes:
    """Only who is judged differently is shown."""

    def test_another_email_with_the_same_phone_and_name(self, in_sonnenschein: Salon) -> None:
        listed = _list(in_sonnenschein, days_ago=500, online=False)
        booked = _list(in_sonnenschein, days_ago=10, email="sarah@work.example")
        assert _rehearsed() == [(booked, None, listed)]

    def test_another_name_and_phone_with_the_same_email(self, in_sonnenschein: Salon) -> None:
        listed = _list(in_sonnenschein, days_ago=500, online=False)
        booked = _list(in_sonnenschein, days_ago=10, first_name="Tom", mobile="+491600000000")
        assert _rehearsed() == [(booked, None, listed)]

    def test_two_cards_to_choose_from(self, in_sonnenschein: Salon) -> None:
        by_email = _list(in_sonnenschein, days_ago=500, online=False, mobile="")
        by_phone = _list(
            in_sonnenschein, days_ago=400, online=False, email="old@mail.example", last_visit_on=TODAY - timedelta(3)
        )
        booked = _list(in_sonnenschein, days_ago=10)
        assert _rehearsed() == [(booked, by_email, by_phone)]


class TestOneOutcome:
    """Whom no change would touch is counted only."""

    def test_recognised_by_both(self, in_sonnenschein: Salon) -> None:
        _list(in_sonnenschein, days_ago=500, online=False)
        _list(in_sonnenschein, days_ago=10)
        assert rehearse_policies(today=TODAY, show=50) == Rehearsal(1, 0, [])

    @pytest.mark.parametrize("other", [{"first_name": "Tom", "email": ""}, {"email": "", "mobile": "+491600000000"}])
    def test_recognised_by_neither(self, in_sonnenschein: Salon, other: dict[str, Any]) -> None:
        _list(in_sonnenschein, days_ago=500, online=False)
        _list(in_sonnenschein, days_ago=10, **other)
        assert rehearse_policies(today=TODAY, show=50) == Rehearsal(1, 0, [])

    def test_younger_cards_were_not_there_yet(self, in_sonnenschein: Salon) -> None:
        _list(in_sonnenschein, days_ago=10, email="sarah@work.example")
        _list(in_sonnenschein, days_ago=5, online=False)
        assert rehearse_policies(today=TODAY, show=50) == Rehearsal(1, 0, [])

    def test_of_one_day_the_lower_number_was_there_before(self, in_sonnenschein: Salon) -> None:
        first = _list(in_sonnenschein, days_ago=10)
        second = _list(in_sonnenschein, days_ago=10, email="sarah@work.example")
        assert _rehearsed() == [(second, None, first)]


def test_of_a_year_only(in_sonnenschein: Salon) -> None:
    _list(in_sonnenschein, days_ago=900, online=False)
    _list(in_sonnenschein, days_ago=366, email="a@work.example")
    last = _list(in_sonnenschein, days_ago=365, email="b@work.example")
    assert [client for client, _strict, _lenient in _rehearsed()] == [last]


def test_only_cards_in_use(in_sonnenschein: Salon) -> None:
    listed = _list(in_sonnenschein, days_ago=500, online=False)
    booked = _list(in_sonnenschein, days_ago=10, email="sarah@work.example")
    Client.objects.filter(pk=listed.pk).update(state=CardState.ERASED)
    assert _rehearsed() == []
    replace_tokens(Client.objects.get(pk=listed.pk))
    assert _rehearsed() == []
    Client.objects.filter(pk=booked.pk).update(state=CardState.ERASED)
    assert rehearse_policies(today=TODAY, show=50).judged == 0


def test_cards_of_other_salons_are_out_of_reach(sonnenschein: Salon, dom: Salon) -> None:
    with salon_scope(dom.pk):
        _list(dom, days_ago=500, online=False)
    with salon_scope(sonnenschein.pk):
        _list(sonnenschein, days_ago=10, email="sarah@work.example")
        assert _rehearsed() == []


def test_the_newest_are_shown_and_all_are_counted(in_sonnenschein: Salon) -> None:
    _list(in_sonnenschein, days_ago=500, online=False)
    booked = [_list(in_sonnenschein, days_ago=days, email=f"sarah{days}@work.example") for days in (30, 20, 10)]
    rehearsal = rehearse_policies(today=TODAY, show=2)
    assert (rehearsal.judged, rehearsal.differing) == (3, 3)
    assert [one.client for one in rehearsal.shown] == [booked[2], booked[1]]


def test_a_placeholder_tells_nobody_from_anybody(in_sonnenschein: Salon) -> None:
    for number in range(PLACEHOLDER):
        _list(in_sonnenschein, days_ago=500, online=False, email=f"{number}@mail.example")
    _list(in_sonnenschein, days_ago=10, email="sarah@work.example")
    assert rehearse_policies(today=TODAY, show=50) == Rehearsal(1, 0, [])


def test_queries_are_as_many_for_many_cards(in_sonnenschein: Salon) -> None:
    _list(in_sonnenschein, days_ago=500, online=False)
    counts = []
    for number in range(20):
        _list(in_sonnenschein, days_ago=10, email=f"{number}@mail.example")
        if number in {1, 19}:
            with CaptureQueriesContext(connection) as seen:
                assert rehearse_policies(today=TODAY, show=50).differing == number + 1
            counts.append(len(seen))
    assert counts == [4, 4]
