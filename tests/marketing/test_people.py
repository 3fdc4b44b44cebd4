"""What placeholders tell of clients."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.states import State
from clients.models import CardState
from marketing.letters import Person
from marketing.people import people
from salon.tenancy.models import Salon, new_id
from tests.bookings.salonday import make_appointment, make_client, make_service, make_staff
from tests.conftest import NOW


def test_what_is_on_the_card_and_in_the_calendar(in_sonnenschein: Salon) -> None:
    anna, cut = make_staff("Anna"), make_service()
    lena = make_client(
        gender="FEMALE",
        points=1250,
        carried_visits=3,
        carried_last_visit_on=date(2026, 9, 3),
        preferred_staff=anna,
        treatcard_number="TC-1",
    )
    kim = make_client("Kim", "")
    # Already over, called off, the one after: none of them is the next. 23:30 in Berlin is the day before in UTC.
    for starts_at, state in [
        (datetime(2026, 11, 21, 9, 0, tzinfo=UTC), State.BOOKED),
        (datetime(2026, 11, 25, 9, 0, tzinfo=UTC), State.CANCELLED),
        (datetime(2026, 12, 30, 9, 0, tzinfo=UTC), State.BOOKED),
        (datetime(2026, 11, 30, 23, 30, tzinfo=UTC), State.BOOKED),
    ]:
        make_appointment((cut, anna), starts_at=starts_at, client=lena, state=state)
    gone = make_client("Weg", state=CardState.ERASED)
    told = people([lena.pk, kim.pk, gone.pk, new_id()], salon=in_sonnenschein, now=NOW)
    assert told == {
        lena.pk: Person("Lena", "Vogel", "FEMALE", 1250, 3, date(2026, 9, 3), date(2026, 12, 1), "Anna", "TC-1"),
        kim.pk: Person("Kim"),
    }


@pytest.mark.parametrize("many", [2, 20])
def test_many_cost_as_much_as_few(in_sonnenschein: Salon, many: int) -> None:
    ids = [make_client(f"K{number}").pk for number in range(many)]
    with CaptureQueriesContext(connection) as asked:
        assert len(people(ids, salon=in_sonnenschein, now=NOW)) == many
    assert len(asked) == 2
