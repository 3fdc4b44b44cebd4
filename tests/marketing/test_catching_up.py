"""Whom an automation passes over when its days change or it is turned on, and writing to them once (domain.md §9)."""

from collections.abc import Callable
from datetime import date

import pytest
import time_machine
from django.test import Client as Browser

from clients.standing import recompute
from marketing.automations import Text, automation_for, save_automation, text_of, turn_off
from marketing.catching_up import NotOn, count_passed_over, passed_over, write_to_passed_over
from marketing.models import Automation, Occasion
from marketing.occasions import SEND, due_tomorrow, meant_tomorrow
from salon.audit.models import AuditEntry
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from tests.bookings.salonday import make_client
from tests.conftest import NOW
from tests.marketing.automating import DAY, NINE, THREE, TODAY, born, night_of, turned_on, written_to
from tests.marketing.campaigning import BOSS, agreed

# The day after it was turned on, once the mails of the day have left.
LATER = NINE + DAY / 24


def _set_days(occasion: Occasion, days: int) -> Automation:
    text = text_of(automation_for(occasion))
    changed = Text(subject=text.subject, body=text.body, days=days)
    return save_automation(actor=BOSS, occasion=occasion, text=changed, now=LATER)


def _named(automation: Automation, salon: Salon) -> tuple[set[str], set[str]]:
    """Return whom the night will write to, and whom nothing would be written to."""
    coming = meant_tomorrow(automation, salon=salon, now=LATER)
    passed = passed_over(automation, salon=salon, now=LATER)
    return {one.client.first_name for one in coming}, {one.client.first_name for one in passed}


def test_more_days_name_those_in_between_and_write_to_them_once(in_sonnenschein: Salon) -> None:
    automation = turned_on(Occasion.BIRTHDAY, 6, now=NOW - 60 * DAY)
    born("Had", 28, 11)
    born("Tomorrow", 23, 11)
    born("Soon", 1, 12)
    make_client("Nein", birth_day=1, birth_month=12, email="nein@x.example")
    born("Late", 4, 12)
    born("Next", 7, 12)
    born("Far", 8, 12)
    night_of(in_sonnenschein)
    assert written_to() == {"Had": ("WAITING", "CONSENT", date(2026, 11, 28))}
    assert _named(automation, in_sonnenschein) == (set(), {"Tomorrow"})
    automation = _set_days(Occasion.BIRTHDAY, 14)
    # The night makes up for three days; of the others, those whose day is still to come.
    assert _named(automation, in_sonnenschein) == ({"Late", "Next"}, {"Tomorrow", "Soon", "Nein"})
    assert due_tomorrow(automation, salon=in_sonnenschein, now=LATER) == 2
    assert count_passed_over(automation, salon=in_sonnenschein, now=LATER) == 2
    for written in (2, 0):
        given = {"actor": BOSS, "occasion": Occasion.BIRTHDAY, "salon": in_sonnenschein, "now": LATER}
        assert write_to_passed_over(**given) == written  # type: ignore[arg-type]
    assert written_to() == {
        "Had": ("WAITING", "CONSENT", date(2026, 11, 28)),
        "Tomorrow": ("WAITING", "CONSENT", date(2026, 11, 23)),
        "Soon": ("WAITING", "CONSENT", date(2026, 12, 1)),
        "Nein": ("EXCLUDED", "NO_CONSENT", date(2026, 12, 1)),
    }
    # At once, by day; that work was there for the mails of nine o'clock is no matter.
    assert DueWork.objects.get(task=SEND).due_at == LATER
    [entry] = AuditEntry.objects.filter(action="automation.caught_up")
    assert entry.changes == [{"field": "written", "old": None, "new": "2"}]
    night_of(in_sonnenschein, THREE + DAY)
    assert {name for name in written_to() if name not in {"Had", "Tomorrow", "Soon", "Nein"}} == {"Late", "Next"}


@pytest.mark.parametrize(
    ("occasion", "within", "without"),
    [
        (Occasion.BIRTHDAY, (1, 7), (0, 8, 20)),
        (Occasion.ABOUT_TO_LAPSE, (1, 30), (31,)),
        # After the day itself, once that many days have passed, and for so long as the page looks back.
        (Occasion.AFTER_FIRST_VISIT, (-3, -33), (-2, -34)),
        (Occasion.LAPSED, (-14, -44), (-13, -45)),
    ],
)
def test_whoever_is_in_the_midst_when_it_is_turned_on(
    in_sonnenschein: Salon, occasion: Occasion, within: tuple[int, ...], without: tuple[int, ...]
) -> None:
    for days in (*within, *without):
        on = TODAY + days * DAY
        if occasion == Occasion.BIRTHDAY:
            born(f"{days}", on.day, on.month)
        else:
            visit = on if occasion == Occasion.AFTER_FIRST_VISIT else on - 366 * DAY
            agreed(f"{days}", first_visit_on=visit, last_visit_on=visit, listed_on=visit)
    recompute(today=TODAY, after=None, limit=1000)
    automation = automation_for(occasion)
    assert count_passed_over(automation, salon=in_sonnenschein, now=LATER) == 0
    automation = turned_on(occasion, now=LATER)
    night, passed = _named(automation, in_sonnenschein)
    assert passed == {f"{days}" for days in within}
    assert night.isdisjoint(passed)
    given = {"actor": BOSS, "occasion": occasion, "salon": in_sonnenschein}
    assert write_to_passed_over(**given, now=LATER) == len(within)  # type: ignore[arg-type]
    turn_off(actor=BOSS, occasion=occasion, now=LATER)
    with pytest.raises(NotOn):
        write_to_passed_over(**given, now=LATER)  # type: ignore[arg-type]


def test_two_birthdays_at_one_address_are_two_mails(in_sonnenschein: Salon) -> None:
    automation = turned_on(Occasion.BIRTHDAY, 14, now=LATER)
    born("Mutter", 25, 11, email="familie@x.example")
    for twin in ("Kind", "Zwilling"):
        born(twin, 27, 11, email="familie@x.example")
    found = passed_over(automation, salon=in_sonnenschein, now=LATER)
    assert {one.client.first_name: str(one.reason) for one in found} == {
        "Mutter": "CONSENT", "Kind": "CONSENT", "Zwilling": "SAME_ADDRESS"
    }  # fmt: skip
    given = {"actor": BOSS, "occasion": Occasion.BIRTHDAY, "salon": in_sonnenschein, "now": LATER}
    assert write_to_passed_over(**given) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (0, "1 E-Mail geht hinaus."),
        (-5, "1 E-Mail geht heute um neun hinaus."),
        (10, "1 E-Mail geht morgen um neun hinaus."),
    ],
)
def test_the_pages_name_them_and_the_button_writes_to_them(
    sonnenschein: Salon, browser_of: Callable[[User], Browser], owner: User, hours: int, told: str
) -> None:
    now = LATER + hours * DAY / 24
    with time_machine.travel(LATER, tick=False), salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY, 14, now=LATER)
        born("Soon", 1, 12, last_name="Ahrens")
    browser, url = browser_of(owner), "/s/sonnenschein/marketing/automations/"
    with time_machine.travel(now, tick=False):
        assert "1 Person bekommt bisher nichts" in browser.get(url).text
        page = browser.get(f"{url}BIRTHDAY/recipients/").text
        assert page.index("Schon mittendrin") < page.index("Soon Ahrens") < page.index("Diese Person jetzt anschreiben")
        page = browser.post(f"{url}BIRTHDAY/catch-up/", follow=True).text
    assert told in page
    assert "Schon mittendrin" not in page
