"""The points of a reward in the history of its appointment, in the words of the statement (domain.md §7.2)."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from bookings.models import Appointment
from bookings.progress import cancel
from bookings.removing import remove_item
from bookings.rewarding import append_reward
from bookings.undoing import undo
from bookings.web.happened import happened_to
from salon.identity.models import User
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import at
from tests.conftest import NOW
from tests.prompt.frank import Treat, a_treat
from tests.web.booking_desk import START

TAKEN = ("Prämie eingelöst", ["−350 · Nassrasur", "350 Punkte → 0 Punkte"])
RETURNED = ("Punkte einer Prämie zurückgegeben", ["+350 · Nassrasur", "0 Punkte → 350 Punkte"])


@pytest.fixture
def treat(sonnenschein: Salon, front_desk: Actor, time_machine: Any) -> Treat:
    time_machine.move_to(NOW, tick=False)
    with salon_scope(sonnenschein.pk):
        return a_treat(sonnenschein, front_desk)


def _told(treat: Treat, appointment: Appointment, *, money: bool = True) -> list[tuple[str, list[str]]]:
    return [(str(one.title), one.changes) for one in happened_to(appointment.pk, treat.salon, money=money)]


def _later(treat: Treat, minutes: int) -> dict[str, Any]:
    return {**treat.given, "now": NOW + timedelta(minutes=minutes)}


def _cancelled_and_back(treat: Treat) -> Appointment:
    """Book the shave, cancel it, take that back and remove the shave, a minute after one another."""
    made = treat.book().appointment
    added = append_reward(**_later(treat, 1), appointment_id=made.pk, reward_id=treat.shave_reward.pk)
    cancel(**_later(treat, 2), appointment_id=made.pk)
    version = Appointment.objects.values_list("version", flat=True).get(pk=made.pk)
    undo(**_later(treat, 3), appointment_id=made.pk, version=version)
    remove_item(**_later(treat, 4), item_id=added.items[1].pk)
    return made


@pytest.mark.parametrize("money", [True, False])
def test_points_stand_above_what_they_came_of(treat: Treat, money: bool) -> None:
    with salon_scope(treat.salon.pk):
        made = _cancelled_and_back(treat)
        told = _told(treat, made, money=money)
    titles = [title for title, _changes in told]
    assert titles == [
        *("Punkte einer Prämie zurückgegeben", "Leistung entfernt"),
        *("Prämie eingelöst", "Letzte Änderung rückgängig gemacht"),
        *("Punkte einer Prämie zurückgegeben", "Abgesagt"),
        *("Prämie eingelöst", "Prämie dazugebucht"),
        "Gebucht",
    ]
    assert [one for one in told if "Punkte" in " ".join(one[1])] == [RETURNED, TAKEN, RETURNED, TAKEN]


def test_those_of_another_appointment_and_of_other_causes_do_not(treat: Treat) -> None:
    with salon_scope(treat.salon.pk):
        other = treat.book(at(15)).appointment
        made = _cancelled_and_back(treat)
        treat.give(50)
        assert _told(treat, other) == [("Gebucht", [])]
        assert len(_told(treat, made)) == 9


def test_the_page_tells_them_in_as_many_statements_as_without(
    treat: Treat, stylist: User, browser_of: Callable[[User], Browser]
) -> None:
    browser, found = browser_of(stylist), []
    with salon_scope(treat.salon.pk):
        plain, made = treat.book(at(15)).appointment, _cancelled_and_back(treat)
        cancel(**_later(treat, 5), appointment_id=plain.pk)
        cancel(**_later(treat, 5), appointment_id=made.pk)
    browser.get(f"{START}appointments/{plain.pk}/")
    for one in (plain, made):
        with CaptureQueriesContext(connection) as statements:
            page = browser.get(f"{START}appointments/{one.pk}/").content.decode()
        found.append(len(statements))
    assert found[0] == found[1]
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert text.count("Prämie eingelöst") == text.count("Punkte einer Prämie zurückgegeben") == 2
    assert text.count("+350 · Nassrasur") == 2
