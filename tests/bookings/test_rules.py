"""Booking rules: read, decided by whoever sets the salon up, recorded."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client as Browser

from bookings.rules import Rules, booking_rules, change_booking_rules
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed
from salon.identity.models import User
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW

MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])


def test_what_holds_where_nothing_was_decided(in_sonnenschein: Salon) -> None:
    assert booking_rules() == Rules(slot_minutes=15, lead_minutes=120, horizon_days=180)


def test_what_is_decided_holds_and_is_recorded_with_what_was(in_sonnenschein: Salon) -> None:
    wanted = Rules(slot_minutes=30, lead_minutes=120, horizon_days=180, confirm=False, reply_to="post@x.example")
    assert change_booking_rules(actor=MANAGER, rules=wanted, now=NOW)
    assert booking_rules() == wanted
    assert not change_booking_rules(actor=MANAGER, rules=wanted, now=NOW)
    [entry] = AuditEntry.objects.all()
    assert (entry.action, entry.actor_name) == ("booking_rules.changed", "Carla")
    assert entry.changes == [
        {"field": "slot_minutes", "old": "15", "new": "30"},
        {"field": "confirm", "old": "yes", "new": "no"},
        {"field": "reply_to", "old": None, "new": "post@x.example"},
    ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"slot_minutes": 7}, "slot_minutes"),
        ({"lead_minutes": -1}, "lead_minutes"),
        ({"lead_minutes": 14 * 24 * 60 + 1}, "lead_minutes"),
        ({"horizon_days": 0}, "horizon_days"),
        ({"horizon_days": 731}, "horizon_days"),
        ({"reply_to": "nobody"}, "reply_to"),
    ],
)
def test_what_cannot_hold_is_refused(in_sonnenschein: Salon, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        change_booking_rules(actor=MANAGER, rules=replace(Rules(), **wrong), now=NOW)
    assert [error.field for error in refused.value.errors] == [field]
    assert booking_rules() == Rules()


def test_staff_decide_nothing(in_sonnenschein: Salon, front_desk: Actor) -> None:
    with pytest.raises(NotAllowed):
        change_booking_rules(actor=front_desk, rules=Rules(confirm=False), now=NOW)
    assert booking_rules() == Rules()


def test_the_page_saves_and_keeps_what_it_refuses(
    sonnenschein: Salon, manager: User, browser_of: Callable[[User], Browser]
) -> None:
    browser, path = browser_of(manager), "/s/sonnenschein/settings/booking-rules/"
    assert "Terminregeln" in browser.get(path).text
    sent = {"slot_minutes": "20", "lead_minutes": "60", "horizon_days": "90", "remind": "on"}
    assert browser.post(path, sent).status_code == 302
    with salon_scope(sonnenschein.pk):
        assert booking_rules() == Rules(
            slot_minutes=20, lead_minutes=60, horizon_days=90, complete_by_itself=False, confirm=False
        )
    answer = browser.post(path, {**sent, "horizon_days": "9999"})
    assert answer.status_code == 422
    assert "Bitte zwischen 1 und 730 Tagen." in answer.text
    assert 'value="9999"' in answer.text
