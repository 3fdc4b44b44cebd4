"""What an absence stands over is proposed elsewhere as it lies, gaps and all (domain.md §5)."""

from datetime import timedelta

from bookings.scheduling import ItemWish
from tests.bookings.acting import Desk
from tests.bookings.salonday import DAY, at, make_absence
from tests.bookings.standing_in import times_instead
from tests.conftest import NOW


def test_somebody_else_does_it_as_far_apart(desk: Desk) -> None:
    day = desk.day
    booked = desk.book(at(10), ItemWish(day.brows.pk, day.anna.pk), ItemWish(day.cut.pk, day.bora.pk, starts_at=at(11)))
    absence = make_absence(day.anna, at(9), at(18))
    found = times_instead(salon=desk.salon, gap_id=absence.pk, appointment_id=booked.appointment.pk, now=NOW)
    assert [slot.starts_at for slot in found] == [at(10), at(12), at(10, day=DAY + timedelta(days=1))]
    assert {item.staff_id for slot in found[:2] for item in slot.items} == {day.bora.pk}
    for slot in found:
        assert slot.items[1].starts_at - slot.items[0].starts_at == timedelta(hours=1)


def test_nobody_stands_in_for_what_meets_her_own_part(desk: Desk) -> None:
    """Both begin at ten: Bora cannot do Anna's part as well."""
    day = desk.day
    booked = desk.book(at(10), ItemWish(day.brows.pk, day.anna.pk), ItemWish(day.cut.pk, day.bora.pk, starts_at=at(10)))
    absence = make_absence(day.anna, at(9), at(9) + timedelta(days=60))
    assert times_instead(salon=desk.salon, gap_id=absence.pk, appointment_id=booked.appointment.pk, now=NOW) == []
