"""Appointments as entries of other people's calendars (iCalendar, RFC 5545): pure values in, text out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from icalendar import Calendar, Event, vCalAddress, vText

_PRODUCT = "-//salon//calendar//DE"


class Method(StrEnum):
    """What a calendar does with what it gets."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    PUBLISH = "PUBLISH"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Somebody with an e-mail address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: the same `uid` in a newer `version` replaces it; `changed_at` is when that was written."""

    uid: str
    version: int
    changed_at: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str = ""
    location: str = ""


def invitation(entry: Entry, method: Method, *, organizer: Mailbox, attendee: Mailbox) -> str:
    """Return an entry for one person's calendar, which puts it there, changes it or takes it away, and asks nothing."""
    calendar = _calendar(method)
    event = _event(entry)
    event.add("STATUS", "CANCELLED" if method is Method.CANCEL else "CONFIRMED")
    event.add("ORGANIZER", _address(organizer))
    somebody = _address(attendee)
    somebody.params["PARTSTAT"] = vText("ACCEPTED")
    somebody.params["RSVP"] = vText("FALSE")
    event.add("ATTENDEE", somebody)
    calendar.add_component(event)
    return _text(calendar)


def feed(name: str, entries: Iterable[Entry]) -> str:
    """Return a calendar to subscribe to."""
    calendar = _calendar(Method.PUBLISH)
    calendar.add("NAME", name)
    calendar.add("X-WR-CALNAME", name)
    calendar.add("REFRESH-INTERVAL;VALUE=DURATION", "PT15M")
    for entry in entries:
        calendar.add_component(_event(entry))
    return _text(calendar)


def _text(calendar: Calendar) -> str:
    written: bytes = calendar.to_ical()
    return written.decode()


def _calendar(method: Method) -> Calendar:
    calendar = Calendar()
    calendar.add("PRODID", _PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", method.value)
    return calendar


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("UID", entry.uid)
    event.add("SEQUENCE", entry.version)
    event.add("DTSTAMP", entry.changed_at.astimezone(UTC))
    # In UTC: right in every calendar, whatever it knows of the salon's time zone.
    event.add("DTSTART", entry.starts_at.astimezone(UTC))
    event.add("DTEND", entry.ends_at.astimezone(UTC))
    event.add("SUMMARY", entry.summary)
    for name, text in (("DESCRIPTION", entry.description), ("LOCATION", entry.location)):
        if text:
            event.add(name, text)
    return event


def _address(mailbox: Mailbox) -> vCalAddress:
    found = vCalAddress(f"mailto:{mailbox.address}")
    found.params["CN"] = vText(mailbox.name)
    return found
