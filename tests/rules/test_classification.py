"""New or returning, by the decision table and its own examples (domain.md §4.2, seed 000)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.classification import MEMORY, CreatedVia, Facts, Reason, Status, Verdict, classify, status_changes_on

TODAY = date(2026, 11, 21)
ONLINE, STAFF, IMPORT = CreatedVia.ONLINE_BOOKING, CreatedVia.STAFF, CreatedVia.IMPORT
NEW, RETURNING = Status.NEW, Status.RETURNING


def _ago(days: int) -> date:
    return TODAY - timedelta(days)


def _judged(facts: Facts | None, on: date = TODAY) -> tuple[Status, Reason, date | None]:
    verdict = classify(facts, on)
    return verdict.status, verdict.reason, verdict.changes_on


def test_row_1_without_a_card_everybody_is_new() -> None:
    assert classify(None, TODAY) == Verdict(NEW, Reason.NOT_LISTED, None, None)


@pytest.mark.parametrize("days", [0, 1, 364, 365])
@pytest.mark.parametrize("created_via", CreatedVia)
@pytest.mark.parametrize("listed", [0, 365, 366, 2000])
def test_row_2_a_visit_within_365_days_is_returning(days: int, created_via: CreatedVia, listed: int) -> None:
    facts = Facts(_ago(listed), created_via, _ago(days), _ago(days))
    assert _judged(facts) == (RETURNING, Reason.RECENT_VISIT, _ago(days) + timedelta(366))


@pytest.mark.parametrize("created_via", CreatedVia)
@pytest.mark.parametrize("visited", [None, 366, 700])
def test_row_3_listed_for_longer_without_a_visit_since_is_new(created_via: CreatedVia, visited: int | None) -> None:
    day = _ago(visited) if visited else None
    assert _judged(Facts(_ago(366), created_via, day, day)) == (NEW, Reason.LAPSED, None)


@pytest.mark.parametrize("listed", [0, 1, 365])
def test_row_4_an_online_booking_that_never_succeeded_is_new(listed: int) -> None:
    assert _judged(Facts(_ago(listed), ONLINE)) == (NEW, Reason.FIRST_VISIT_PENDING, _ago(listed) + timedelta(366))


@pytest.mark.parametrize("listed", [0, 1, 365])
@pytest.mark.parametrize("created_via", [STAFF, IMPORT])
def test_row_5_imported_or_entered_by_staff_is_returning(created_via: CreatedVia, listed: int) -> None:
    assert _judged(Facts(_ago(listed), created_via)) == (RETURNING, Reason.LISTED, _ago(listed) + timedelta(366))


@pytest.mark.parametrize("created_via", CreatedVia)
def test_row_5_newly_listed_with_a_visit_long_ago_is_returning(created_via: CreatedVia) -> None:
    # A card taken over from another software this year, whose last visit there is two years ago.
    facts = Facts(_ago(100), created_via, _ago(900), _ago(700))
    assert _judged(facts) == (RETURNING, Reason.LISTED, _ago(100) + timedelta(366))


class TestExamplesOfTheSeed:
    """Seed 000, in its own order."""

    JANUARY_2023 = date(2023, 1, 16)

    def test_visited_in_january_2023_and_not_again_before_march_2024(self) -> None:
        facts = Facts(self.JANUARY_2023, ONLINE, self.JANUARY_2023, self.JANUARY_2023)
        assert _judged(facts, date(2024, 3, 1))[:2] == (NEW, Reason.LAPSED)
        assert _judged(facts, date(2023, 12, 31)) == (RETURNING, Reason.RECENT_VISIT, date(2024, 1, 17))

    def test_cancelled_or_missed_the_first_online_booking_and_books_again_within_the_year(self) -> None:
        # Neither leaves a successful visit, so the facts are those of the listing alone.
        facts = Facts(self.JANUARY_2023, ONLINE)
        for day in (self.JANUARY_2023, date(2023, 6, 1), date(2023, 12, 31)):
            assert _judged(facts, day)[:2] == (NEW, Reason.FIRST_VISIT_PENDING)

    def test_all_others_are_returning(self) -> None:
        assert _judged(Facts(self.JANUARY_2023, STAFF), date(2023, 6, 1))[:2] == (RETURNING, Reason.LISTED)


@pytest.mark.parametrize(
    ("days", "status", "reason"),
    [(364, RETURNING, Reason.RECENT_VISIT), (365, RETURNING, Reason.RECENT_VISIT), (366, NEW, Reason.LAPSED)],
)
def test_exactly_365_days_is_returning_and_366_is_new(days: int, status: Status, reason: Reason) -> None:
    listed_for_three_years = Facts(_ago(3 * 365), STAFF, _ago(days + 100), _ago(days))
    assert _judged(listed_for_three_years)[:2] == (status, reason)


def test_365_days_are_days_and_no_year() -> None:
    # 2024 has a leap day: the same date a year later is 366 days after.
    visited = Facts(date(2020, 1, 1), STAFF, date(2023, 3, 1), date(2023, 3, 1))
    assert _judged(visited, date(2024, 2, 29)) == (RETURNING, Reason.RECENT_VISIT, date(2024, 3, 1))
    assert _judged(visited, date(2024, 3, 1))[:2] == (NEW, Reason.LAPSED)


class TestADayInThePast:
    """Only facts up to the day count."""

    FACTS = Facts(date(2024, 1, 10), ONLINE, date(2024, 3, 1), date(2026, 11, 1))

    def test_before_the_listing_there_was_no_card(self) -> None:
        assert classify(self.FACTS, date(2024, 1, 9)) == Verdict(NEW, Reason.NOT_LISTED, None, None)
        assert _judged(self.FACTS, date(2024, 1, 10))[:2] == (NEW, Reason.FIRST_VISIT_PENDING)

    def test_visits_before_the_listing_list_nobody(self) -> None:
        facts = Facts(date(2024, 1, 10), IMPORT, date(2023, 12, 1), date(2023, 12, 1))
        assert _judged(facts, date(2024, 1, 9)) == (NEW, Reason.NOT_LISTED, None)

    def test_a_later_visit_does_not_count(self) -> None:
        assert _judged(self.FACTS, date(2024, 2, 29))[:2] == (NEW, Reason.FIRST_VISIT_PENDING)
        assert _judged(self.FACTS, date(2024, 3, 1))[:2] == (RETURNING, Reason.RECENT_VISIT)
        assert _judged(self.FACTS, date(2025, 6, 1))[:2] == (NEW, Reason.LAPSED)
        assert _judged(self.FACTS)[:2] == (RETURNING, Reason.RECENT_VISIT)

    def test_the_evidence_is_that_of_the_day(self) -> None:
        assert classify(self.FACTS, date(2024, 2, 29)).evidence == Facts(date(2024, 1, 10), ONLINE)
        assert classify(self.FACTS, date(2025, 6, 1)).evidence == Facts(
            date(2024, 1, 10), ONLINE, date(2024, 3, 1), date(2024, 3, 1)
        )
        assert classify(self.FACTS, TODAY).evidence == self.FACTS


class TestWhenTheStatusFlips:
    """`changes_on` may announce another reason; the card tells when the status changes."""

    def test_from_the_visit(self) -> None:
        assert status_changes_on(Facts(_ago(900), STAFF, _ago(10), _ago(10)), TODAY) == _ago(10) + timedelta(366)

    def test_past_a_change_of_reason_alone(self) -> None:
        # The visit of another software is forgotten in 65 days, the listing in 356.
        facts = Facts(_ago(10), IMPORT, _ago(301), _ago(301))
        assert classify(facts, TODAY).changes_on == _ago(301) + timedelta(366)
        assert status_changes_on(facts, TODAY) == _ago(10) + timedelta(366)

    def test_never_for_who_is_new(self) -> None:
        assert status_changes_on(Facts(_ago(10), ONLINE), TODAY) is None
        assert classify(Facts(_ago(10), ONLINE), TODAY).changes_on == _ago(10) + timedelta(366)
        assert status_changes_on(Facts(_ago(1000), STAFF), TODAY) is None


days = st.dates(date(2019, 1, 1), date(2029, 12, 31))
histories = st.builds(Facts, days, st.sampled_from(CreatedVia), st.none() | days, st.none() | days)


@given(
    st.none()
    | st.builds(Facts, st.dates(), st.sampled_from(CreatedVia), st.none() | st.dates(), st.none() | st.dates()),
    st.dates(),
)
def test_every_history_has_a_verdict_on_every_day(facts: Facts | None, on: date) -> None:
    verdict = classify(facts, on)
    assert verdict.reason not in {Reason.EMAIL_DIFFERS, Reason.NAME_AND_PHONE_DIFFER}
    assert verdict.changes_on is None or verdict.changes_on > on
    returning = {Reason.RECENT_VISIT, Reason.LISTED}
    assert (verdict.status == RETURNING) == (verdict.reason in returning)
    assert status_changes_on(facts or Facts(on, STAFF), on) != on


@given(histories, days)
def test_the_verdict_changes_on_the_day_it_announced_and_never_before(facts: Facts, on: date) -> None:
    # What is known on the day: later visits announce themselves to nobody.
    known = facts.until(on)
    now = classify(known, on)
    if on < known.listed_on:
        return
    last = now.changes_on or on + timedelta(800)
    for day in range(1, (last - on).days):
        then = classify(known, on + timedelta(day))
        assert (then.status, then.reason) == (now.status, now.reason)
    if now.changes_on:
        then = classify(known, now.changes_on)
        assert (then.status, then.reason) != (now.status, now.reason)


@given(histories, days)
def test_the_status_flips_on_the_day_it_is_told_to(facts: Facts, on: date) -> None:
    known = facts.until(on)
    if on < known.listed_on:
        return
    told, status = status_changes_on(known, on), classify(known, on).status
    seen = (on + timedelta(day) for day in range(1, 800))
    assert told == next((day for day in seen if classify(known, day).status != status), None)


@given(histories, days)
def test_a_visit_makes_anybody_returning_from_its_day_on(facts: Facts, on: date) -> None:
    if on < facts.listed_on:
        return
    visited = replace(facts, last_success_on=on, first_success_on=min(filter(None, (facts.first_success_on, on))))
    assert classify(visited, on).reason == Reason.RECENT_VISIT
    assert classify(visited, on).changes_on == on + MEMORY + timedelta(days=1)
