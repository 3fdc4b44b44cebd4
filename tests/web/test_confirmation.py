"""Whether the client gets a confirmation is for whoever books to say (ui.md §2.2, domain.md §9.5)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client as Browser

from bookings.models import Appointment, BookingRules
from bookings.waiting import Longing, add_waiting
from clients.models import Client
from salon.identity.models import User
from salon.identity.roles import system_actor
from salon.mail.models import ClientMail
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import DAY, SalonDay, a_salon_day, make_client
from tests.conftest import NOW
from tests.web.booking_desk import Desk

pytestmark = pytest.mark.usefixtures("before_the_day")
TICKED = "SEND"


@pytest.fixture
def day(sonnenschein: Salon) -> SalonDay:
    with salon_scope(sonnenschein.pk):
        found = a_salon_day()
        Client.objects.filter(pk=found.lena.pk).update(email="lena@x.example")
        return found


@pytest.fixture
def desk(stylist: User, browser_of: Callable[[User], Browser], day: SalonDay) -> Desk:
    return Desk(browser_of(stylist)).open(f"?day={DAY}&at=10:00&client={day.lena.pk}")


def _ticked(desk: Desk) -> bool:
    return desk.form.values.get("telling") == [TICKED]


def _unticked(desk: Desk, act: str, **typed: str) -> None:
    """Press a button with the box not ticked, as a browser sends it."""
    data = {**desk.form.values, **typed, "act": act}
    data.pop("telling")
    desk.page = desk.browser.post("/s/sonnenschein/calendar/new/", data)


def _mails(salon: Salon) -> int:
    with salon_scope(salon.pk):
        assert Appointment.objects.count() == 1
        return ClientMail.objects.count()


def test_by_the_salons_rules_it_is_ticked_and_sent(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    assert _ticked(desk)
    desk.press(f"add:{day.cut.pk}")
    desk.press("book")
    assert _mails(sonnenschein) == 1


def test_what_is_not_ticked_is_not_sent_whatever_else_is_pressed(
    desk: Desk, day: SalonDay, sonnenschein: Salon
) -> None:
    _unticked(desk, f"add:{day.cut.pk}")
    assert not _ticked(desk)
    for act in (f"add:{day.brows.pk}", "down:0", "times", "remove:1"):
        desk.press(act)
        assert not _ticked(desk)
    desk.press("book")
    assert _mails(sonnenschein) == 0


def test_a_salon_that_does_not_confirm_may_do_so_for_once(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        BookingRules.objects.create(confirm=False)
    desk.open(f"?day={DAY}&at=10:00&client={day.lena.pk}")
    assert not _ticked(desk)
    desk.press(f"add:{day.cut.pk}", telling=TICKED)
    assert _ticked(desk)
    desk.press("book")
    assert _mails(sonnenschein) == 1


def test_without_an_address_there_is_nothing_to_tick(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        mia = make_client("Mia")
    _unticked(desk, "no-client")
    assert "telling-asked" not in desk.form.values
    desk.press(f"client:{mia.pk}")
    assert "Auf der Karte steht keine E-Mail-Adresse." in desk.text
    assert "telling-asked" not in desk.form.values
    desk.press(f"client:{day.lena.pk}")
    assert not _ticked(desk)
    desk.press("walk-in")
    assert 'id="telling"' not in desk.text
    desk.press(f"add:{day.cut.pk}")
    desk.press("book")
    assert _mails(sonnenschein) == 0


def test_whoever_waited_is_told_or_not_likewise(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        entry = add_waiting(
            actor=system_actor("Tests"),
            salon=sonnenschein,
            client_id=day.lena.pk,
            longing=Longing(service_ids=(day.cut.pk,), starts_on=DAY, ends_on=DAY + timedelta(days=1)),
            now=NOW,
        )
    desk.open(f"?day={DAY}&at=10:00&client={day.lena.pk}&service={day.cut.pk}&waiting={entry.pk}")
    _unticked(desk, "book")
    assert _mails(sonnenschein) == 0


def test_what_makes_no_sense_leaves_it_to_the_rules(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    data = {**desk.form.values, "telling": "MAYBE", "act": f"add:{day.cut.pk}"}
    del data["telling-asked"]
    desk.page = desk.browser.post("/s/sonnenschein/calendar/new/", data)
    assert _ticked(desk)
