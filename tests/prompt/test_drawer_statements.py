"""The form of a new appointment takes fifteen statements, however much there is of everything (ui.md §4).

Where its time is taken there are four more, for the names of what stands there.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from clients.models import CarriedService, Client
from clients.notes import write_note
from loyalty.models import Reward
from salon.catalogue.models import StaffMember, StaffService
from salon.identity.models import User
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import DAY, at, make_absence, make_appointment, make_client, make_service, make_staff
from tests.conftest import NOW
from tests.loyalty.shelf import make_reward
from tests.prompt.frank import Treat, a_treat
from tests.web.booking_desk import Desk


@pytest.fixture(autouse=True)
def _on_that_day(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def desk(stylist: User, browser_of: Callable[[User], Browser]) -> Desk:
    return Desk(browser_of(stylist))


def _full(treat: Treat, many: int) -> tuple[StaffMember, list[Reward]]:
    """Fill the salon: people, services, rewards, notes, words of an import, absences, and what is booked."""
    rewards, other = [], make_client("Mia", "Fuchs")
    Client.objects.filter(pk=treat.frank.pk).update(email="frank@example.de")
    treat.give(10_000)
    for number in range(many):
        service = make_service(f"Nr{number}", 15)
        StaffService.objects.create(staff=treat.emre, service=service)
        rewards.append(make_reward(service, points=10))
        CarriedService.objects.create(client=treat.frank, name=f"War {number}")
        write_note(actor=treat.actor, client_id=treat.frank.pk, text=f"Alarm {number}", pinned=True, now=NOW)
        days = DAY + timedelta(days=number % 25)
        make_absence(treat.emre, at(16, day=days), at(17, day=days))
        make_appointment((treat.facial, treat.carla), client=treat.frank, starts_at=at(17, day=days - timedelta(300)))
        make_appointment((treat.facial, treat.carla), client=other, starts_at=at(9 if number < 8 else 12, day=days))
        make_staff(f"Team {number}", [treat.facial, service], position=10 + number)
    return treat.carla, rewards


@pytest.mark.parametrize("many", [2, 20])
def test_they_do_not_grow(desk: Desk, sonnenschein: Salon, front_desk: Actor, many: int) -> None:
    with salon_scope(sonnenschein.pk):
        treat = a_treat(sonnenschein, front_desk)
        carla, rewards = _full(treat, many)
    desk.open(f"?day={DAY}&at=10:00&client={treat.frank.pk}&staff={carla.pk}")
    desk.press(f"add:{treat.facial.pk}")
    found = {}

    def press(name: str, act: str, **typed: str) -> None:
        with CaptureQueriesContext(connection) as statements:
            assert desk.press(act, **typed).status_code == 200
        found[name] = len(statements)

    press("a second service", f"add:{treat.brows.pk}")
    assert "Diese Zeit ist frei." in desk.text
    assert desk.text.count('class="treat-row"') == many + 1
    press("other times", "times")
    press("a reward", f"reward:{rewards[0].pk}")
    press("two", f"reward:{rewards[1].pk}")
    assert desk.text.count("Nr") >= 2
    press("taken", "", at="09:00")
    assert desk.text.count('value="set:') == 3
    press("no time", "", at="")
    assert 'value="start:' in desk.text
    assert found == {
        "a second service": 15,
        "other times": 15,
        "a reward": 15,
        "two": 15,
        "taken": 19,
        "no time": 14,
    }
