"""The recipients of an automation: whom it means tomorrow or would have meant, who got it, and what came of it."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client as Browser

from bookings.models import Appointment
from clients.models import Client
from marketing.automations import automation_for
from marketing.models import Automation, Occasion, Recipient, RecipientReason, RecipientState
from marketing.occasions import (
    due_today,
    due_tomorrow,
    meant_today,
    meant_tomorrow,
    would_have_meant,
    would_have_reached,
)
from marketing.results import bookings_of_automation, results_of_automations
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import a_salon_day, at, make_appointment, make_client
from tests.conftest import NOW
from tests.marketing.automating import DAY, NINE, THREE, TODAY, born, night_of, turned_on

URL = "/s/sonnenschein/marketing/automations/birthday/recipients/"


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], owner: User) -> Browser:
    return browser_of(owner)


def _born_on(day: int, month: int) -> None:
    """Put people on file who have this birthday: two who agreed, of one address, and one who did not."""
    born("Anna", day, month, email="beide@x.example")
    born("Berta", day, month, email="Beide@x.example")
    make_client("Clara", email="clara@x.example", birth_day=day, birth_month=month)


def test_whom_it_means_tomorrow_is_named_with_the_reason(in_sonnenschein: Salon) -> None:
    automation = turned_on(Occasion.BIRTHDAY, days=7)
    _born_on(30, 11)
    born("Dora", 1, 12)
    found = meant_tomorrow(automation, salon=in_sonnenschein, now=NINE)
    assert [(one.client.first_name, one.reason) for one in found] == [
        ("Anna", RecipientReason.CONSENT),
        ("Berta", RecipientReason.SAME_ADDRESS),
        ("Clara", RecipientReason.NO_CONSENT),
    ]
    assert due_tomorrow(automation, salon=in_sonnenschein, now=NINE) == 2
    # The night writes down the same.
    night_of(in_sonnenschein, THREE + DAY)
    written = dict(Recipient.objects.values_list("client__first_name", "reason"))
    assert written == {one.client.first_name: one.reason for one in found}
    assert meant_tomorrow(automation, salon=in_sonnenschein, now=NINE) == []


def test_before_nine_today_is_told_too_before_the_night_and_after_it(in_sonnenschein: Salon) -> None:
    automation = turned_on(Occasion.BIRTHDAY, days=7)
    _born_on(29, 11)
    born("Dora", 30, 11)
    for minutes in (300, 22):
        now = NINE - timedelta(minutes=minutes)
        found = meant_today(automation, salon=in_sonnenschein, now=now)
        assert found is not None
        meant = {one.client.first_name for one in found if one.reason == RecipientReason.CONSENT}
        assert meant == {"Anna"}
        assert "Dora" not in {one.client.first_name for one in found}
        night_of(in_sonnenschein)
    assert due_today(automation, salon=in_sonnenschein, now=NINE - timedelta(minutes=22)) == 1
    assert due_today(automation, salon=in_sonnenschein, now=NINE) is None
    assert meant_today(automation, salon=in_sonnenschein, now=NINE) is None


def test_the_pages_tell_of_today_until_nine(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY, days=7)
        born("Anna", 29, 11)
    night_of(sonnenschein)
    with time_machine.travel(NINE - timedelta(minutes=22), tick=False):
        assert "Wer sie heute um neun bekommt" in browser.get(URL).text
        card = browser.get("/s/sonnenschein/marketing/automations/").text
        assert re.search(r"<dt>Heute um neun</dt><dd><a [^>]*>voraussichtlich 1 E-Mail</a>", card)
    with time_machine.travel(NINE, tick=False):
        assert "heute um neun" not in browser.get(URL).text
        assert "Heute um neun" not in browser.get("/s/sonnenschein/marketing/automations/").text


def test_whom_it_would_have_meant_is_named(in_sonnenschein: Salon) -> None:
    automation = automation_for(Occasion.BIRTHDAY)
    _born_on(24, 11)
    born("Dora", 24, 3)
    found = would_have_meant(automation, today=TODAY, now=NINE)
    assert [one.client.first_name for one in found] == ["Anna", "Berta", "Clara"]
    assert would_have_reached(automation, today=TODAY, now=NINE) == 2


def test_the_page_of_one_that_is_off_and_of_one_that_is_on(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        _born_on(24, 11)
        born("Dora", 29, 11)
    with time_machine.travel(NINE, tick=False):
        page = browser.get(URL).text
        assert "Wer sie bekommen hätte" in page
        for words in ("Anna", "Clara", "hat nicht eingewilligt", "eine andere Karte mit dieser Adresse bekommt sie"):
            assert words in page
        assert "Dora" not in page
        assert f'href="{URL}"' in browser.get("/s/sonnenschein/marketing/automations/").text
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY, days=7)
    with time_machine.travel(NINE - DAY, tick=False):
        page = browser.get(URL).text
        assert "Wer sie morgen um neun bekommt" in page
        assert "Dora" in page
        # Her day for the mail was over when it was turned on.
        assert page.index("Dora") < page.index("Schon mittendrin") < page.index("Clara")


def _got(automation: Automation, client: Client, ago: int, state: RecipientState, reason: RecipientReason) -> Recipient:
    moment = NOW - timedelta(days=ago)
    return Recipient.objects.create(
        automation=automation,
        occasion=moment.date(),
        client=client,
        address=client.email,
        state=state,
        reason=reason,
        sent_at=moment if state == RecipientState.SENT else None,
        created_at=moment,
    )


def test_who_got_it_and_what_came_of_it(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        day = a_salon_day()
        automation = turned_on(Occasion.BIRTHDAY)
        anna, berta, old = (born(name, 24, 11) for name in ("Anna", "Berta", "Olga"))
        hers = _got(automation, anna, 2, RecipientState.SENT, RecipientReason.CONSENT)
        _got(automation, berta, 1, RecipientState.EXCLUDED, RecipientReason.BLOCKED)
        _got(automation, old, 40, RecipientState.SENT, RecipientReason.CONSENT)
        made = make_appointment((day.cut, day.anna), client=anna, starts_at=at(10))
        Appointment.objects.filter(pk=made.pk).update(created_at=NOW - timedelta(days=1))
        since = NOW - timedelta(days=30)
        bookings = bookings_of_automation(automation.pk, since=since, now=NOW)
        result = results_of_automations([automation.pk], since=since, now=NOW)[automation.pk]
        assert [one.id for one in bookings[hers.pk].made] == [made.pk]
        assert (result.booked, result.due) == (len(bookings), bookings[hers.pk].due)
        assert result.due > Decimal(0)
    with time_machine.travel(NOW, tick=False):
        page = browser.get(URL).text.partition('class="recipient-filter"')[2]
        for words in ("Anna", "1 Termin gebucht", "Berta", "gesperrt"):
            assert words in page
        assert "Olga" not in page
        assert page.index("Berta") < page.index("Anna")
        page = browser.get(f"{URL}?effect=BOOKED").text.partition('class="table recipients"')[2]
        assert "Anna" in page
        assert "Berta" not in page
        assert browser.get(f"{URL}?after=nonsense").status_code == 302


def test_whoever_has_no_say_in_marketing_sees_nothing(browser_of: Callable[[User], Browser], stylist: User) -> None:
    assert browser_of(stylist).get(URL).status_code == 403
