"""What is a reward is marked wherever appointments are seen, and whoever looks sees it come and go."""

import re
from collections.abc import Callable
from typing import Any

import icalendar
import pytest
from django.test import Client as Browser

from bookings.feeds import open_feed, read_feed
from bookings.rewarding import append_reward
from bookings.scheduling import remove_item
from salon.identity.models import User
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import DAY
from tests.checkout.till import MANAGER
from tests.conftest import NOW
from tests.prompt.frank import Treat, a_treat

PAGE = "/s/sonnenschein/calendar/"


@pytest.fixture(autouse=True)
def _on_that_day(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def treat(sonnenschein: Salon, front_desk: Actor) -> Treat:
    with salon_scope(sonnenschein.pk):
        return a_treat(sonnenschein, front_desk)


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], stylist: User) -> Browser:
    return browser_of(stylist)


def _words(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


@pytest.mark.parametrize(("view", "times"), [("", ("10:00–11:00", "11:00–11:30")), ("&view=week", ("10:00", "11:00"))])
def test_only_the_reward_is_marked(
    browser: Browser, treat: Treat, sonnenschein: Salon, view: str, times: tuple[str, str]
) -> None:
    with salon_scope(sonnenschein.pk):
        made = treat.with_shave().appointment
    html = browser.get(f"{PAGE}?day={DAY}{view}").content.decode()
    blocks = re.findall(rf'<a class="[^"]*" href="appointments/{made.pk}/".*?</a>', html)
    facial, shave = times
    marked = {_words(one)[: len(facial)]: '<em class="treat">' in one for one in blocks}
    assert marked == {facial: False, shave: True}
    assert ["Prämie" in _words(one) for one in blocks] == ['<em class="treat">' in one for one in blocks]


def test_a_second_browser_sees_it_come_and_go(browser: Browser, treat: Treat, sonnenschein: Salon) -> None:
    def look(tag: str) -> tuple[int, str]:
        answer = browser.get(f"{PAGE}poll/?day={DAY}", headers={"If-None-Match": tag})
        return answer.status_code, str(answer["ETag"])

    with salon_scope(sonnenschein.pk):
        made = treat.book().appointment
    before = look("")[1]
    assert look(before) == (304, before)
    with salon_scope(sonnenschein.pk):
        booked = append_reward(**treat.given, appointment_id=made.pk, reward_id=treat.shave_reward.pk)
    status, between = look(before)
    assert status == 200
    with salon_scope(sonnenschein.pk):
        remove_item(**treat.given, item_id=booked.items[1].pk)
    assert look(between)[0] == 200


def test_whoever_does_it_sees_it_in_her_own_calendar(treat: Treat, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        treat.with_shave()
        opened = open_feed(actor=MANAGER, staff_id=treat.emre.pk, now=NOW)
        text = read_feed(secret=opened.secret, now=NOW).text
    (event,) = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert str(event["SUMMARY"]) == "Nassrasur · Prämie · Frank H."
