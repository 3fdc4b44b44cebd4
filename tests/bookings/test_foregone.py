"""What would be left to be arranged is said before it is saved, and is what the work list says afterwards."""

from collections.abc import Callable
from datetime import date, timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client as Browser

from bookings.foregone import booked_in_absence, booked_in_closure, booked_outside_hours
from bookings.stand_ins import work_list
from bookings.states import State
from salon.catalogue.closing import ClosureDetails, add_closure
from salon.catalogue.team import set_schedule
from salon.catalogue.weeks import Stretch, daily
from salon.identity.models import User
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.acting import Desk
from tests.bookings.salonday import DAY, SalonDay, a_salon_day, at, make_absence, make_appointment
from tests.conftest import NOW

OWNER = Actor(ActorKind.USER, None, "Anna", PERMISSIONS[Role.OWNER])
NEXT = DAY + timedelta(days=1)
LATER = NOW + timedelta(minutes=1)
MORNINGS = daily(range(1, 7), ("09:00", "12:00"))


def _booked(day: SalonDay) -> None:
    for one in (day.anna, day.bora):
        make_appointment((day.cut, one), starts_at=at(11))
        make_appointment((day.cut, one), starts_at=at(14))
    make_appointment((day.brows, day.anna), (day.brows, day.bora), starts_at=at(16))
    make_appointment((day.cut, day.anna), starts_at=at(17), state=State.CANCELLED)
    make_appointment((day.cut, day.anna), starts_at=at(14, day=NEXT))


def _tasks(gap_id: object) -> int:
    return len(work_list(gap_id=gap_id, now=LATER).tasks)  # type: ignore[arg-type]


def test_a_closure(desk: Desk) -> None:
    _booked(desk.day)

    def booked(first: date, last: date) -> int:
        return booked_in_closure(salon=desk.salon, starts_on=first, ends_on=last, now=LATER)

    over = [(DAY, DAY), (DAY, NEXT), (date(2026, 1, 1), date(2026, 1, 2))]
    assert [booked(first, last) for first, last in over] == [5, 6, 0]
    details = ClosureDetails(name="Rohrbruch", starts_on=DAY, ends_on=NEXT)
    assert _tasks(add_closure(actor=OWNER, details=details, now=LATER).pk) == 6


def test_an_absence(desk: Desk) -> None:
    _booked(desk.day)
    anna = desk.day.anna
    assert booked_in_absence(salon=desk.salon, staff=anna, starts_at=at(12), ends_at=at(15), now=LATER) == 1
    assert _tasks(make_absence(anna, at(12), at(15)).pk) == 1


@pytest.mark.parametrize(
    ("week", "following", "count"),
    [(MORNINGS, None, 3), (MORNINGS, NEXT, 2), ([], None, 4), (daily(range(1, 8), ("08:00", "20:00")), None, 0)],
)
def test_hours_until_the_next_ones(desk: Desk, week: list[Stretch], following: date | None, count: int) -> None:
    _booked(desk.day)
    anna = desk.day.anna
    if following:
        nine_to_six = daily(range(1, 7), ("09:00", "18:00"))
        set_schedule(actor=OWNER, staff_id=anna.pk, valid_from=following, week=nine_to_six, now=LATER)
    given = {"valid_from": DAY, "week": week, "now": LATER}
    assert booked_outside_hours(salon=desk.salon, staff=anna, **given) == count  # type: ignore[arg-type]
    saved = set_schedule(actor=OWNER, staff_id=anna.pk, **given)  # type: ignore[arg-type]
    assert _tasks(saved.pk) == count


def test_the_forms_say_so_and_nothing_as_long_as_they_cannot(
    sonnenschein: Salon, owner: User, stylist: User, browser_of: Callable[[User], Browser]
) -> None:
    with salon_scope(sonnenschein.pk):
        day = a_salon_day()
        _booked(day)
    browser, start = browser_of(owner), "/s/sonnenschein/calendar/foregone/"
    booked, free, outside = (
        "sind in dieser Zeit gebucht",
        "In dieser Zeit ist nichts gebucht.",
        "außerhalb dieser Zeiten",
    )
    absence, hours = f"absence/{day.anna.pk}/", f"hours/{day.anna.pk}/"
    with time_machine.travel(LATER, tick=False):
        for place, asked, said in (
            ("closure/", {"name": "", "starts_on": "2026-11-24"}, f"5 Termine {booked}"),
            ("closure/", {"starts_on": "2026-11-24", "ends_on": "2026-11-25"}, f"6 Termine {booked}"),
            ("closure/", {"starts_on": "2026-12-24"}, free),
            ("closure/", {"starts_on": "2026-11-24", "ends_on": "x"}, ""),
            ("closure/", {"starts_on": "0001-01-01", "ends_on": "9999-12-31"}, ""),
            (absence, {"from_day": "2026-11-24"}, f"3 Termine {booked}"),
            (absence, {"from_day": "2026-11-24", "from_time": "20", "to_time": "19"}, ""),
            (absence, {}, ""),
            (
                hours,
                {"valid_from": "2026-11-24", "from-2-0": "9", "to-2-0": "12"},
                f"3 gebuchte Termine liegen {outside}",
            ),
            (hours, {"valid_from": "2026-11-24", "from-2-0": "9", "to-2-0": ""}, ""),
        ):
            answer = browser.get(f"{start}{place}?{urlencode(asked)}")
            assert answer.status_code == 200
            assert (said in answer.text, bool(answer.text.strip())) == (True, bool(said)), (place, asked)
        desk, sick = browser_of(stylist), {"staff": day.anna.pk, "day": "2026-11-24", "starts": "13:00", "kind": "SICK"}
        assert desk.get(f"{start}closure/").status_code == 403
        assert f"2 Termine {booked}" in desk.get(f"{start}blocked/?{urlencode({**sick, 'ends': '18:00'})}").text
        assert not desk.get(f"{start}blocked/?{urlencode({**sick, 'ends': ''})}").text.strip()
        # Why she is away is not needed for it, and stays out of addresses.
        bare = 'hx-params="not csrfmiddlewaretoken,kind,note"'
        assert bare in desk.get("/s/sonnenschein/calendar/blocked/new/").text
        assert bare in browser.get(f"/s/sonnenschein/settings/team/{day.anna.pk}/").text
        for page in ("closures/", f"team/{day.anna.pk}/", f"team/{day.anna.pk}/hours/"):
            assert 'class="foregone-place"' in browser.get(f"/s/sonnenschein/settings/{page}").text
