"""Days at the very edge of what a date can be: refused or shown as far as there is anything, never an error."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from bookings.models import Appointment
from salon.catalogue.models import Absence
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.bookings.salonday import SalonDay, a_salon_day, at, make_appointment

SignIn = Callable[[User], Browser]
START = "/s/sonnenschein/"
DAYS = ["0001-01-01", "9999-12-31"]


@pytest.fixture
def day(sonnenschein: Salon) -> SalonDay:
    with salon_scope(sonnenschein.pk):
        return a_salon_day()


@pytest.fixture
def browser(manager: User, browser_of: SignIn) -> Browser:
    return browser_of(manager)


@pytest.mark.parametrize("far", DAYS)
@pytest.mark.parametrize(
    "page",
    [
        "calendar/?day={far}",
        "calendar/?day={far}&view=week",
        "calendar/poll/?day={far}&view=week&seen=x",
        "calendar/new/?day={far}&at=10:00",
        "calendar/blocked/new/?day={far}&at=10:00",
        "calendar/waiting/?day={far}",
        "calendar/waiting/new/?day={far}",
        "calendar/month/?day={far}",
        "calendar/month/?month={month}",
    ],
)
def test_pages(browser: Browser, day: SalonDay, page: str, far: str) -> None:
    answer = browser.get(START + page.format(far=far, month=far[:7]))
    assert answer.status_code < 500


@pytest.mark.parametrize("far", DAYS)
def test_what_is_entered(browser: Browser, day: SalonDay, sonnenschein: Salon, far: str) -> None:
    with salon_scope(sonnenschein.pk):
        booked = make_appointment((day.cut, day.anna), client=day.lena, starts_at=at(10))
    new = {"who": "walk-in", "service": str(day.cut.pk), "staff": str(day.anna.pk), "day": far, "at": "23:45"}
    ways: list[tuple[str, dict[str, str]]] = [
        ("calendar/new/", {**new, "act": "book", "appointment_id": str(new_id())}),
        ("calendar/new/", {**new, "act": "times"}),
        (f"calendar/new/?day={far}", {**new, "act": f"set:{far}T23:59:00+00:00|{day.anna.pk}"}),
        (f"calendar/appointments/{booked.pk}/change/", {"act": "move", "day": far, "at": "23:45"}),
        (f"calendar/appointments/{booked.pk}/change/", {"act": "propose", "day": far, "at": "23:45"}),
        (f"calendar/appointments/{booked.pk}/change/", {"act": f"move-to:{far}T23:59:00+00:00|"}),
        (f"calendar/appointments/{booked.pk}/move/", {"day": far, "at": "23:45"}),
        (f"calendar/appointments/{booked.pk}/move/", {"to": f"{far}T23:59:00+00:00|"}),
        (
            "calendar/blocked/new/",
            {"staff": str(day.anna.pk), "day": far, "starts": "22:00", "ends": "00:00", "note": ""},
        ),
    ]
    for url, entered in ways:
        assert browser.post(START + url, entered).status_code < 500, (url, entered)
    with salon_scope(sonnenschein.pk):
        assert not Absence.objects.exists()
        assert [one.starts_at for one in Appointment.objects.all()] == [at(10)]
