"""Occasions: whose is on which day, and when its mail leaves."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.classification import CreatedVia, Facts, status_changes_on
from clients.models import CardState
from marketing.models import Occasion
from marketing.occasions import day_of, is_open, next_opening
from salon.tenancy.models import Salon
from tests.marketing.automating import BERLIN, DAY, TODAY, born, names_on
from tests.marketing.campaigning import agreed


def test_birthdays_and_the_29th_of_february(in_sonnenschein: Salon) -> None:
    for name, day, month in [("Feb28", 28, 2), ("Feb29", 29, 2), ("Mar1", 1, 3), ("Dec31", 31, 12), ("Jan1", 1, 1)]:
        born(name, day, month)
    agreed("Nobody")
    assert names_on(Occasion.BIRTHDAY, date(2027, 2, 28)) == {"Feb28", "Feb29"}
    assert names_on(Occasion.BIRTHDAY, date(2028, 2, 28)) == {"Feb28"}
    assert names_on(Occasion.BIRTHDAY, date(2028, 2, 29)) == {"Feb29"}
    assert names_on(Occasion.BIRTHDAY, date(2027, 3, 1)) == {"Mar1"}
    assert names_on(Occasion.BIRTHDAY, date(2026, 12, 31), date(2027, 1, 1)) == {"Dec31", "Jan1"}


def test_the_first_visit_and_365_days(in_sonnenschein: Salon) -> None:
    def visited(name: str, first: date, last: date, listed: date) -> None:
        agreed(name, first_visit_on=first, last_visit_on=last, listed_on=listed)

    visited("Long", date(2020, 1, 1), date(2025, 11, 21), date(2020, 1, 1))
    visited("Imported", date(2020, 1, 1), date(2025, 1, 1), date(2025, 11, 21))
    visited("First", date(2026, 11, 21), date(2026, 11, 21), date(2026, 11, 21))
    agreed("Never", listed_on=date(2025, 11, 21))
    lapses = date(2026, 11, 22)
    assert names_on(Occasion.LAPSED, lapses) == {"Long", "Imported"}
    assert names_on(Occasion.ABOUT_TO_LAPSE, lapses) == {"Long", "Imported"}
    assert names_on(Occasion.LAPSED, lapses - DAY) == set()
    assert names_on(Occasion.AFTER_FIRST_VISIT, date(2026, 11, 21)) == {"First"}


@given(st.integers(-800, 0), st.integers(-800, 0), st.sampled_from(list(CreatedVia)), st.integers(0, 365))
def test_a_lapse_is_when_the_card_says_so(listed: int, visited: int, via: CreatedVia, days: int) -> None:
    """What `clients_of` asks of columns is what classify announces, on every day before it."""
    listed_on, visited_on = TODAY + listed * DAY, TODAY + visited * DAY
    lapses_on = max(listed_on, visited_on) + 366 * DAY
    asked_on = max(lapses_on - max(days, 1) * DAY, listed_on, visited_on)
    assert status_changes_on(Facts(listed_on, via, visited_on, visited_on), asked_on) == lapses_on


def test_merged_and_erased_cards_have_no_occasion(in_sonnenschein: Salon) -> None:
    stays = born("Stays", 1, 3)
    born("Erased", 1, 3, state=CardState.ERASED)
    born("Merged", 1, 3, state=CardState.MERGED, merged_into=stays)
    assert names_on(Occasion.BIRTHDAY, date(2027, 3, 1)) == {"Stays"}


@pytest.mark.parametrize(
    ("occasion", "on"),
    [
        (Occasion.BIRTHDAY, date(2026, 11, 29)),
        (Occasion.ABOUT_TO_LAPSE, date(2026, 11, 29)),
        (Occasion.AFTER_FIRST_VISIT, date(2026, 11, 15)),
        (Occasion.LAPSED, date(2026, 11, 15)),
    ],
)
def test_days_before_and_after(occasion: Occasion, on: date) -> None:
    assert day_of(occasion, written_on=TODAY, days=7) == on


@pytest.mark.parametrize(
    ("now", "leaves_at"),
    [
        # In winter and in summer, over both changes of the clocks, and not before the next morning once it is nine.
        (datetime(2026, 1, 10, 2, 0, tzinfo=UTC), datetime(2026, 1, 10, 8, 0, tzinfo=UTC)),
        (datetime(2026, 7, 10, 1, 0, tzinfo=UTC), datetime(2026, 7, 10, 7, 0, tzinfo=UTC)),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), datetime(2026, 3, 29, 7, 0, tzinfo=UTC)),
        (datetime(2026, 3, 28, 8, 30, tzinfo=UTC), datetime(2026, 3, 29, 7, 0, tzinfo=UTC)),
        (datetime(2026, 10, 25, 2, 0, tzinfo=UTC), datetime(2026, 10, 25, 8, 0, tzinfo=UTC)),
        (datetime(2026, 10, 24, 22, 30, tzinfo=UTC), datetime(2026, 10, 25, 8, 0, tzinfo=UTC)),
        (datetime(2026, 1, 10, 8, 0, tzinfo=UTC), datetime(2026, 1, 10, 8, 0, tzinfo=UTC)),
        (datetime(2026, 1, 10, 8, 1, tzinfo=UTC), datetime(2026, 1, 11, 8, 0, tzinfo=UTC)),
    ],
)
def test_mails_leave_at_nine(now: datetime, leaves_at: datetime) -> None:
    assert next_opening(now, BERLIN) == leaves_at
    assert is_open(leaves_at, BERLIN)
    assert not is_open(leaves_at - timedelta(seconds=1), BERLIN)
    assert not is_open(leaves_at + timedelta(hours=11), BERLIN)
