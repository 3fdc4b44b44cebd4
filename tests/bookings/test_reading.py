"""Reading appointments (domain.md §5)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.appointments import Wanted, get_appointment, list_appointments
from bookings.models import Appointment
from bookings.scheduling import ItemWish
from bookings.states import State
from salon.errors import NotFound
from salon.keyset import InvalidCursor
from salon.tenancy.models import Salon, new_id
from tests.bookings.acting import Desk
from tests.bookings.salonday import DAY, at, make_appointment
from tests.conftest import NOW


def test_one_appointment_is_read_whole(desk: Desk) -> None:
    day = desk.day
    made = desk.book(at(10), ItemWish(day.colour.pk, day.anna.pk), ItemWish(day.cut.pk, day.bora.pk)).appointment
    with CaptureQueriesContext(connection) as read:
        found = get_appointment(made.pk)
        told = [(item.service.name, item.staff.name) for item in found.items.all()]
        assert found.client is not None
        assert (found.client.first_name, told) == ("Lena", [("Ansatzfarbe", "Anna"), ("Schneiden", "Bora")])
    assert len(read) == 5
    with pytest.raises(NotFound):
        get_appointment(new_id())


def test_another_salons_appointment_is_not_there(desk: Desk, dom: Salon) -> None:
    made = desk.book(at(10)).appointment.pk
    # The scope of one salon at a time: as the next request would have it.
    connection.cursor().execute("SELECT set_config('app.salon_id', %s, true)", [str(dom.pk)])
    assert not Appointment.objects.filter(pk=made).exists()
    connection.cursor().execute("SELECT set_config('app.salon_id', %s, true)", [str(desk.salon.pk)])
    assert get_appointment(made).pk == made


def _many(desk: Desk, number: int) -> list[Appointment]:
    """Write so many, an hour after each other, each made a minute after the one before."""
    return [
        make_appointment(
            (desk.day.brows, [desk.day.anna, desk.day.bora][index % 2]),
            client=desk.day.lena if index % 3 else None,
            starts_at=at(9) + timedelta(hours=index),
            created_at=NOW + timedelta(minutes=index),
            state=State.CANCELLED if index % 5 == 4 else State.BOOKED,
        )
        for index in range(number)
    ]


def test_the_list_goes_page_by_page_newest_first(desk: Desk) -> None:
    made = _many(desk, 7)
    first = list_appointments(Wanted(), limit=3)
    second = list_appointments(Wanted(), limit=3, cursor=first.next)
    assert [one.pk for one in first.rows + second.rows] == [one.pk for one in reversed(made)][:6]
    assert (first.previous, second.previous is not None) == (None, True)
    last = list_appointments(Wanted(), limit=3, cursor=second.next)
    assert ([one.pk for one in last.rows], last.next) == ([made[0].pk], None)
    with pytest.raises(InvalidCursor):
        list_appointments(Wanted(), limit=3, cursor="x")


@pytest.mark.parametrize("limit", [2, 50])
def test_the_list_can_be_narrowed(desk: Desk, limit: int) -> None:
    made = _many(desk, 12)

    def found(wanted: Wanted) -> list[int]:
        rows, cursor = [], None
        while True:
            page = list_appointments(wanted, limit=limit, cursor=cursor)
            rows += page.rows
            if page.next is None:
                return [made.index(one) for one in rows]
            cursor = page.next

    assert found(Wanted(starts_from=at(12), starts_before=at(15))) == [5, 4, 3]
    assert found(Wanted(state=State.CANCELLED)) == [9, 4]
    assert found(Wanted(client_id=desk.day.lena.pk, staff_id=desk.day.bora.pk)) == [11, 7, 5, 1]
    assert found(Wanted(client_id=new_id())) == []


@pytest.mark.parametrize("number", [2, 20])
def test_a_page_costs_the_same_whatever_is_on_it(desk: Desk, number: int) -> None:
    _many(desk, number)
    with CaptureQueriesContext(connection) as plain:
        rows = list_appointments(Wanted(), limit=50).rows
        assert len([item.service.name for one in rows for item in one.items.all()]) == number
    with CaptureQueriesContext(connection) as narrowed:
        list_appointments(Wanted(staff_id=desk.day.anna.pk, starts_from=at(0, 0, DAY)), limit=50)
    # Of two, hers has no card that would be read.
    assert (len(plain), len(narrowed)) == (5, 6 if number == 2 else 7)
