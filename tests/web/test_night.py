"""*Einstellungen » Nachtlauf* in the browser: what the nights did, and the owner's button (domain.md §10)."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork, NightStep
from tests.work.night_steps import FIRST, SECOND

PAGE = "/s/sonnenschein/settings/night/"
LATEST, RUN = f"{PAGE}latest/", f"{PAGE}run/"
NOON = datetime(2026, 11, 21, 11, tzinfo=UTC)
THREE = datetime(2026, 11, 21, 2, tzinfo=UTC)
TODAY = date(2026, 11, 21)
POLL = f'hx-get="{LATEST}"'

BrowserOf = Callable[[User], Browser]


@pytest.fixture(autouse=True)
def noon(settings: Settings, sonnenschein: Salon) -> Iterator[None]:
    settings.NIGHT_STEPS = (FIRST, SECOND)
    Salon.objects.update(next_night_at=THREE + timedelta(days=1))
    with time_machine.travel(NOON, tick=False):
        yield


def _night(salon: Salon, day: date = TODAY, **given: Any) -> NightStep:
    """Write a night of one step, which took 72 seconds."""
    values = {
        "state": "DONE",
        "counts": {"seen": 412},
        "attempts": 1,
        "started_at": THREE,
        "finished_at": THREE + timedelta(seconds=72),
        **given,
    }
    with salon_scope(salon.pk):
        return NightStep.objects.create(date=day, step=FIRST, position=0, **values)


def _text(browser: Browser, url: str = PAGE) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_before_the_first_night_the_page_says_when_it_comes(owner: User, browser_of: BrowserOf) -> None:
    page = _text(browser_of(owner))
    assert "noch kein Nachtlauf" in page
    assert "<strong>heute Nacht, 03:00 Uhr</strong>" in page
    assert POLL not in page


@pytest.mark.parametrize(
    ("due", "told"),
    [
        (NOON - timedelta(days=3), "in den nächsten Minuten"),
        (NOON + timedelta(minutes=9), "in den nächsten Minuten"),
        (datetime(2026, 11, 22, 2, tzinfo=UTC), "heute Nacht, 03:00 Uhr"),
        (datetime(2026, 11, 22, 14, tzinfo=UTC), "am 22.11.2026, 15:00 Uhr"),
        (datetime(2026, 11, 24, 2, tzinfo=UTC), "am 24.11.2026, 03:00 Uhr"),
    ],
)
def test_when_the_next_night_is(owner: User, browser_of: BrowserOf, due: datetime, told: str) -> None:
    Salon.objects.update(next_night_at=due)
    assert f"<strong>{told}</strong>" in _text(browser_of(owner))


def test_what_the_nights_did_stands_in_words(owner: User, browser_of: BrowserOf, sonnenschein: Salon) -> None:
    _night(sonnenschein)
    _night(sonnenschein, date(2026, 11, 20), counts={"seen": 1})
    page = _text(browser_of(owner))
    assert "Samstag, 21. November 2026" in page
    assert "begonnen um 03:00 Uhr · Dauer 1 min 12 s" in page
    assert "erledigt · 412 Kunden geprüft" in page
    assert "Freitag, 20.11.2026" in page
    assert "1 Kunde geprüft" in page


def test_fourteen_nights_are_shown(owner: User, browser_of: BrowserOf, sonnenschein: Salon) -> None:
    for days in range(20):
        _night(sonnenschein, TODAY - timedelta(days=days))
    page = _text(browser_of(owner))
    assert page.count("412 Kunden geprüft") == 14
    assert "Sonntag, 08.11.2026" in page
    assert "Samstag, 07.11.2026" not in page


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"state": "FAILED", "trouble": "DISK_FULL", "error": "OSError"}, "kein Platz mehr. <code>OSError</code>"),
        ({"state": "DONE", "warning": True}, "mit Warnungen"),
        (
            {"state": "WAITING", "trouble": "DATABASE", "attempts": 2, "finished_at": None},
            "Versuch 2 von 6: Die Datenbank hat nicht geantwortet. Es wird erneut versucht.",
        ),
    ],
)
def test_trouble_stands_in_plain_words(
    owner: User, browser_of: BrowserOf, sonnenschein: Salon, given: dict[str, Any], told: str
) -> None:
    _night(sonnenschein, **given)
    assert told in _text(browser_of(owner))


def test_progress_is_asked_for_while_something_runs_and_only_then(
    owner: User, browser_of: BrowserOf, sonnenschein: Salon
) -> None:
    browser = browser_of(owner)
    step = _night(sonnenschein, state="RUNNING", finished_at=None, done=1500, total=6000)
    for url in (PAGE, LATEST):
        page = _text(browser, url)
        assert f'{POLL} hx-trigger="every 2s"' in page
        assert '<progress aria-label="Status" max="6000" value="1500">' in page
        assert "disabled" in page
    with salon_scope(sonnenschein.pk):
        NightStep.objects.filter(pk=step.pk).update(state="DONE", finished_at=NOON)
    for url in (PAGE, LATEST):
        assert POLL not in _text(browser, url)
    assert "<html" not in _text(browser, LATEST)


def test_the_owner_runs_it_and_is_told_if_it_runs(owner: User, browser_of: BrowserOf, sonnenschein: Salon) -> None:
    browser = browser_of(owner)
    answer = browser.post(RUN, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert "Der Nachtlauf hat begonnen." in answer.content.decode()
    assert "Der Nachtlauf läuft bereits." in browser.post(RUN, follow=True).content.decode()
    assert DueWork.objects.count() == 1
    with salon_scope(sonnenschein.pk):
        assert set(NightStep.objects.values_list("date", "state")) == {(date(2026, 11, 21), "WAITING")}


def test_others_see_it_without_the_button(manager: User, browser_of: BrowserOf, sonnenschein: Salon) -> None:
    browser = browser_of(manager)
    assert "Jetzt ausführen" not in _text(browser)
    assert browser.post(RUN).status_code == 403
    assert not DueWork.objects.exists()


def test_the_staff_does_not_see_it(stylist: User, browser_of: BrowserOf) -> None:
    assert [browser_of(stylist).get(url).status_code for url in (PAGE, LATEST)] == [403, 403]


def test_the_page_costs_the_same_for_one_night_and_for_fourteen(
    owner: User, browser_of: BrowserOf, sonnenschein: Salon
) -> None:
    browser, costs = browser_of(owner), []
    for days in range(14):
        _night(sonnenschein, TODAY - timedelta(days=days))
        with CaptureQueriesContext(connection) as queries:
            _text(browser)
        costs.append(len(queries))
    assert set(costs[1:]) == {costs[-1]}
    assert costs[-1] <= 9
