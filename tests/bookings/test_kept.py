"""What stays as it is although nobody should be there: not marked, not counted, until something else is decided."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from bookings.calendar import day_of
from bookings.scheduling import move
from bookings.stand_ins import AlreadyArranged, keep, keep_no_more, open_besides, open_work, work_list
from salon.catalogue.absences import change_absence
from salon.catalogue.closing import ClosureDetails, add_closure, change_closure
from salon.catalogue.team import set_schedule
from salon.catalogue.weeks import daily
from salon.errors import NotAllowed
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from tests.bookings.acting import Desk, told
from tests.bookings.salonday import DAY, at, make_absence, make_appointment
from tests.conftest import NOW

OWNER = Actor(ActorKind.USER, None, "Anna", PERMISSIONS[Role.OWNER])
DECIDED = NOW + timedelta(hours=1)
KEPT = NOW + timedelta(hours=2)


def _closed(now: datetime = DECIDED) -> UUID:
    details = ClosureDetails(name="Rohrbruch", starts_on=DAY, ends_on=DAY)
    return add_closure(actor=OWNER, details=details, now=now).pk


def _hours(desk: Desk) -> UUID:
    week = daily(range(1, 7), ("09:00", "12:00"))
    return set_schedule(actor=OWNER, staff_id=desk.day.anna.pk, valid_from=DAY, week=week, now=DECIDED).pk


def _absent(desk: Desk) -> UUID:
    return make_absence(desk.day.anna, at(12), at(18)).pk


def _marked(desk: Desk) -> bool:
    found = day_of(salon=desk.salon, day=DAY)
    return any(block.stranded for column in found.columns for block in column.blocks)


def _open(desk: Desk, now: datetime = KEPT) -> int:
    return sum(one.count for one in [*open_work(now=now), *open_besides(salon=desk.salon, now=now)])


@pytest.mark.parametrize("decide", [lambda _desk: _closed(), _hours, _absent])
def test_what_is_kept_is_done_until_that_is_taken_back(desk: Desk, decide: Callable[[Desk], UUID]) -> None:
    one = make_appointment((desk.day.cut, desk.day.anna), starts_at=at(15), client=desk.day.lena)
    gap_id = decide(desk)
    assert (_marked(desk), _open(desk)) == (True, 1)
    given = {**desk.given, "now": KEPT, "appointment_id": one.pk}
    keep(gap_id=gap_id, **given)
    assert (_marked(desk), _open(desk)) == (False, 0)
    [task] = work_list(gap_id=gap_id, now=KEPT).tasks
    assert (task.done, task.kept) == (True, True)
    assert told(one)[-1][0] == "appointment.kept"
    with pytest.raises(AlreadyArranged):
        keep(gap_id=gap_id, **given)
    assert keep_no_more(**given).changed
    assert (_marked(desk), _open(desk)) == (True, 1)
    assert not keep_no_more(**given).changed
    assert told(one)[-1][0] == "appointment.kept_no_more"


def test_moved_or_where_something_else_is_decided_it_is_to_be_arranged(desk: Desk) -> None:
    one = make_appointment((desk.day.cut, desk.day.anna), starts_at=at(15))
    given = {**desk.given, "now": KEPT, "appointment_id": one.pk}
    keep(gap_id=_hours(desk), **given)
    later = KEPT + timedelta(hours=1)
    _closed(later)
    assert (_marked(desk), _open(desk, later)) == (True, 1)
    [work] = open_besides(salon=desk.salon, now=later)
    keep(gap_id=work.gap_id, **{**given, "now": later})
    assert (_marked(desk), _open(desk, later)) == (False, 0)
    move(starts_at=at(16), **{**given, "now": later})
    assert _marked(desk)


def test_an_absence_with_other_times_is_decided_anew(desk: Desk) -> None:
    one = make_appointment((desk.day.cut, desk.day.anna), starts_at=at(15))
    absence_id, later = _absent(desk), KEPT + timedelta(hours=1)
    keep(gap_id=absence_id, **{**desk.given, "now": KEPT, "appointment_id": one.pk})
    times = {"absence_id": absence_id, "starts_at": at(12), "ends_at": at(18), "now": later}
    change_absence(actor=OWNER, salon=desk.salon, note="Zahnarzt", **times)  # type: ignore[arg-type]
    assert (_marked(desk), _open(desk, later)) == (False, 0)
    change_absence(actor=OWNER, salon=desk.salon, **{**times, "ends_at": at(20)})  # type: ignore[arg-type]
    assert (_marked(desk), _open(desk, later)) == (True, 1)
    assert [task.done for task in work_list(gap_id=absence_id, now=later).tasks] == [False]


def test_a_closure_on_other_days_is_decided_anew(desk: Desk) -> None:
    one = make_appointment((desk.day.cut, desk.day.anna), starts_at=at(15))
    tomorrow, later = DAY + timedelta(days=1), KEPT + timedelta(hours=1)
    closure = add_closure(
        actor=OWNER, details=ClosureDetails(name="Rohrbruch", starts_on=tomorrow, ends_on=tomorrow), now=DECIDED
    )
    keep(gap_id=_absent(desk), **{**desk.given, "now": KEPT, "appointment_id": one.pk})
    given = {"actor": OWNER, "closure_id": closure.pk, "now": later}
    change_closure(details=ClosureDetails(name="Rohrbruch", starts_on=DAY, ends_on=tomorrow), **given)  # type: ignore[arg-type]
    assert (_marked(desk), _open(desk, later)) == (True, 1)


def test_of_two_closures_of_a_day_the_later_one_counts(desk: Desk) -> None:
    one = make_appointment((desk.day.cut, desk.day.anna), starts_at=at(15))
    _closed(KEPT + timedelta(hours=1))
    keep(gap_id=_closed(), **{**desk.given, "now": KEPT, "appointment_id": one.pk})
    assert (_marked(desk), _open(desk)) == (True, 1)


def test_who_may_not_book_decides_nothing(desk: Desk) -> None:
    one = make_appointment((desk.day.cut, desk.day.anna), starts_at=at(15))
    nobody = Actor(ActorKind.USER, None, "Niemand", frozenset())
    given = {**desk.given, "actor": nobody, "appointment_id": one.pk}
    gap_id = _closed()
    with pytest.raises(NotAllowed):
        keep(gap_id=gap_id, **given)
    with pytest.raises(NotAllowed):
        keep_no_more(**given)
    assert told(one) == []
