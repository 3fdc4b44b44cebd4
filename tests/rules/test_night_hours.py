"""03:00 by the salon's own clock, whatever that does (domain.md §10)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salon.work.hours import last_night, next_night_at, night_at

INSTANT = timedelta(microseconds=1)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("Europe/Berlin", "01-15", "01-15T02:00"),
        ("Europe/Berlin", "07-15", "07-15T01:00"),
        # The clocks jump from 02:00 to 03:00, and fall from 03:00 back to 02:00: 03:00 is there once on both days.
        ("Europe/Berlin", "03-29", "03-29T01:00"),
        ("Europe/Berlin", "10-25", "10-25T02:00"),
        # From 03:00 to 04:00: there is no 03:00. From 04:00 back to 03:00: there are two, the first counts.
        ("Europe/Helsinki", "03-29", "03-29T01:00"),
        ("Europe/Helsinki", "10-25", "10-25T00:00"),
        ("Europe/Helsinki", "10-26", "10-26T01:00"),
        ("America/New_York", "03-08", "03-08T07:00"),
        ("Asia/Kathmandu", "06-01", "05-31T21:15"),
        ("Pacific/Kiritimati", "06-01", "05-31T13:00"),
    ],
)
def test_the_night_of_a_day_begins(zone: str, day: str, begins: str) -> None:
    assert night_at(ZoneInfo(zone), date.fromisoformat(f"2026-{day}")) == _at(begins)


@pytest.mark.parametrize(
    ("now", "last", "following"),
    [
        ("11-21T01:59:59", "11-20", "11-21T02:00"),
        ("11-21T02:00:00", "11-21", "11-22T02:00"),
        ("11-21T23:30:00", "11-21", "11-22T02:00"),
        ("03-29T00:59:59", "03-28", "03-29T01:00"),
        ("03-29T01:00:00", "03-29", "03-30T01:00"),
        ("10-25T01:30:00", "10-24", "10-25T02:00"),
        ("10-25T02:00:00", "10-25", "10-26T02:00"),
    ],
)
def test_last_and_next_night_in_berlin(now: str, last: str, following: str) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert last_night(berlin, _at(now)) == date.fromisoformat(f"2026-{last}")
    assert next_night_at(berlin, _at(now)) == _at(following)


def test_a_day_that_a_country_left_out_has_no_night_of_its_own() -> None:
    """Samoa went from 29 to 31 December 2011."""
    apia = ZoneInfo("Pacific/Apia")
    before = datetime(2011, 12, 29, 20, tzinfo=UTC)
    assert last_night(apia, before) == date(2011, 12, 29)
    assert next_night_at(apia, before) == datetime(2011, 12, 30, 13, tzinfo=UTC)
    assert last_night(apia, datetime(2011, 12, 30, 13, tzinfo=UTC)) == date(2011, 12, 31)


START = datetime(2005, 1, 1, tzinfo=UTC)
ZONES = ("Europe/Berlin", "Europe/Helsinki", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu", "Africa/Cairo")


@given(
    st.sampled_from(ZONES), st.integers(0, 22 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
)
def test_every_instant_lies_between_its_last_and_its_next_night(zone: str, now: datetime) -> None:
    where = ZoneInfo(zone)
    following = next_night_at(where, now)
    assert night_at(where, last_night(where, now)) <= now < following
    assert last_night(where, following - INSTANT) == last_night(where, now)
    assert last_night(where, following) > last_night(where, now)
    assert following - now <= timedelta(hours=26)
