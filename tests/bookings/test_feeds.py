"""Calendars to subscribe to: a secret each, read by whoever has it, closed for good when revoked."""

from collections.abc import Callable
from datetime import timedelta

import icalendar
import pytest
import time_machine
from django.test import Client as Browser

from bookings.feeds import Opened, open_feed, open_feeds, read_feed, revoke_feed
from bookings.models import CalendarFeed
from bookings.states import State
from salon.audit.models import AuditEntry
from salon.catalogue.models import StaffMember
from salon.errors import InvalidInput, NotAllowed, NotFound
from salon.identity.models import User
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.bookings.salonday import SalonDay, a_salon_day, at, make_appointment, make_client
from tests.conftest import NOW

MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])


def _open(day: SalonDay) -> Opened:
    return open_feed(actor=MANAGER, staff_id=day.anna.pk, now=NOW)


def test_a_feed_tells_times_services_and_whom_a_colleague_would_call(in_sonnenschein: Salon) -> None:
    day = a_salon_day()
    opened = _open(day)
    booked = make_appointment((day.cut, day.anna), (day.brows, day.bora), client=day.lena, note="Allergie", version=4)
    make_appointment((day.brows, day.anna), starts_at=at(15))
    make_appointment((day.cut, day.anna), starts_at=at(17), client=day.lena, state=State.CANCELLED)
    make_appointment((day.cut, day.bora), starts_at=at(12))
    make_appointment((day.cut, day.anna), starts_at=NOW - timedelta(days=32), client=make_client("Alt", "Lang"))
    read = read_feed(secret=opened.secret, now=NOW)
    calendar = icalendar.Calendar.from_ical(read.text)
    events = [(str(one["SUMMARY"]), one.decoded("DTSTART"), one.decoded("DTEND")) for one in calendar.walk("VEVENT")]
    assert events == [("Schneiden · Lena V.", at(10), at(11)), ("Brauen zupfen", at(15), at(15, 15))]
    first = calendar.walk("VEVENT")[0]
    item = booked.items.get(staff=day.anna)
    assert (str(first["UID"]), first["SEQUENCE"]) == (str(item.pk), 4)
    assert str(calendar["X-WR-CALNAME"]) == "Anna · Salon Sonnenschein"
    assert "Allergie" not in read.text
    assert "Vogel" not in read.text


def test_the_secret_is_stored_nowhere_and_what_was_done_is_recorded(in_sonnenschein: Salon) -> None:
    opened = _open(a_salon_day())
    stored = CalendarFeed.objects.get()
    assert opened.secret not in str(stored.__dict__)
    assert [(one.pk, one.created_by_name) for one in open_feeds()] == [(opened.feed.pk, "Carla")]
    revoke_feed(actor=MANAGER, feed_id=opened.feed.pk, now=NOW)
    assert open_feeds() == []
    assert [(entry.action, entry.changes) for entry in AuditEntry.objects.order_by("id")] == [
        ("calendar_feed.opened", [{"field": "staff", "old": None, "new": "Anna"}]),
        ("calendar_feed.revoked", [{"field": "staff", "old": "Anna", "new": None}]),
    ]


def test_staff_open_and_close_nothing(in_sonnenschein: Salon, front_desk: Actor) -> None:
    day = a_salon_day()
    opened = _open(day)
    with pytest.raises(NotAllowed):
        open_feed(actor=front_desk, staff_id=day.anna.pk, now=NOW)
    with pytest.raises(NotAllowed):
        revoke_feed(actor=front_desk, feed_id=opened.feed.pk, now=NOW)
    with pytest.raises(InvalidInput):
        open_feed(actor=MANAGER, staff_id=new_id(), now=NOW)
    assert CalendarFeed.objects.count() == 1


def test_when_it_was_last_read_is_known_to_the_hour(in_sonnenschein: Salon) -> None:
    opened = _open(a_salon_day())
    for minutes, noted in ((0, 0), (59, 0), (60, 60)):
        read_feed(secret=opened.secret, now=NOW + timedelta(minutes=minutes))
        assert CalendarFeed.objects.get().last_read_at == NOW + timedelta(minutes=noted)


def test_over_the_wire_it_is_sent_once_and_then_said_to_be_unchanged(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        day = a_salon_day()
        secret = _open(day).secret
        make_appointment((day.cut, day.anna), client=day.lena)
    with time_machine.travel(NOW, tick=False):
        answer = Browser().get(f"/ical/{secret}.ics")
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
        assert "Schneiden · Lena V." in answer.text.replace("\r\n ", "")
        again = Browser().get(f"/ical/{secret}.ics", headers={"If-None-Match": answer["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        with salon_scope(sonnenschein.pk):
            make_appointment((day.brows, day.anna), starts_at=at(15))
        changed = Browser().get(f"/ical/{secret}.ics", headers={"If-None-Match": answer["ETag"]})
        assert changed.status_code == 200


@pytest.mark.parametrize("why", ["revoked", "gone", "wrong token", "another salon", "no such salon", "nonsense"])
def test_what_leads_nowhere_says_so_and_no_more(sonnenschein: Salon, dom: Salon, why: str) -> None:
    with salon_scope(sonnenschein.pk):
        day = a_salon_day()
        opened = _open(day)
        secret = opened.secret
        if why == "revoked":
            revoke_feed(actor=MANAGER, feed_id=opened.feed.pk, now=NOW)
        if why == "gone":
            StaffMember.objects.filter(pk=day.anna.pk).update(archived_at=NOW)
    if why == "wrong token":
        secret = f"{secret[:-4]}AAAA"
    if why in {"another salon", "no such salon"}:
        with salon_scope(dom.pk):
            theirs = _open(a_salon_day()).secret
        head = theirs[:20] if why == "another salon" else "A" * 20
        secret = f"{head}{secret[20:]}"
    if why == "nonsense":
        secret = "ü" * 54
    assert Browser().get(f"/ical/{secret}.ics").status_code == 404


def test_a_secret_of_another_shape_is_not_read(in_sonnenschein: Salon) -> None:
    for secret in ("", "A", "A" * 53, "A" * 55, "A" * 540):
        with pytest.raises(NotFound):
            read_feed(secret=secret, now=NOW)


def test_the_page_shows_an_address_once(
    sonnenschein: Salon, manager: User, browser_of: Callable[[User], Browser]
) -> None:
    with salon_scope(sonnenschein.pk):
        day = a_salon_day()
    browser, path = browser_of(manager), "/s/sonnenschein/settings/calendar-feeds/"
    answer = browser.post(path, {"staff": str(day.anna.pk)})
    assert "/ical/" in answer.text
    assert answer["Cache-Control"].startswith("max-age=0")
    assert "/ical/" not in browser.get(path).text
    with salon_scope(sonnenschein.pk):
        [feed] = open_feeds()
    assert browser.post(f"{path}{feed.pk}/revoke/").status_code == 302
    assert browser.post(path, {"staff": "nobody"}).status_code == 422
    with salon_scope(sonnenschein.pk):
        assert open_feeds() == []
