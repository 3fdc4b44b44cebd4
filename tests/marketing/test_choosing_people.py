"""Whom a rule means by what a person is: gender, age, where she lives (domain.md §9.1)."""

from datetime import UTC, date, datetime

from marketing.choosing import MOST_TOWNS, towns
from marketing.rule import Group
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_client
from tests.conftest import NOW
from tests.marketing.segment_world import names, one, people


def negated(rule: Group) -> Group:
    """Return whom a rule does not mean."""
    return Group(rule.match, rule.parts, negated=not rule.negated)


def born(name: str, day: date | None) -> None:
    """Put somebody on file with a birthday, or without."""
    if day is None:
        make_client(name)
    else:
        make_client(name, birth_day=day.day, birth_month=day.month, birth_year=day.year)


def test_gender(in_sonnenschein: Salon) -> None:
    for name, gender in (("Ida", "FEMALE"), ("Emre", "MALE"), ("Kim", "DIVERSE"), ("Zoe", "")):
        make_client(name, gender=gender)
    assert names(in_sonnenschein, one("gender", "in", "FEMALE")) == {"Ida"}
    assert names(in_sonnenschein, one("gender", "in", "MALE", "DIVERSE")) == {"Emre", "Kim"}
    # Of whom it is not known, it is none of these.
    assert names(in_sonnenschein, one("gender", "not_in", "FEMALE")) == {"Emre", "Kim", "Zoe"}
    assert names(in_sonnenschein, one("gender", "none")) == {"Zoe"}
    assert names(in_sonnenschein, negated(one("gender", "none"))) == {"Ida", "Emre", "Kim"}


def test_age_counts_whole_years_on_this_day(in_sonnenschein: Salon) -> None:
    # Today is 21 November 2026.
    born("Today", date(1996, 11, 21))
    born("Tomorrow", date(1996, 11, 22))
    born("Next", date(1996, 12, 1))
    born("Old", date(1926, 1, 31))
    born("Baby", date(2026, 11, 20))
    make_client("Yearless", birth_day=1, birth_month=1)
    make_client("Nothing")
    assert names(in_sonnenschein, one("age", "at_least", 30)) == {"Today", "Old"}
    assert names(in_sonnenschein, one("age", "at_most", 29)) == {"Tomorrow", "Next", "Baby"}
    assert names(in_sonnenschein, one("age", "at_least", 0)) == {"Today", "Tomorrow", "Next", "Old", "Baby"}
    assert names(in_sonnenschein, one("age", "at_most", 0)) == {"Baby"}
    assert names(in_sonnenschein, one("age", "between", 29, 30)) == {"Today", "Tomorrow", "Next"}
    assert names(in_sonnenschein, one("age", "between", 30, 100)) == {"Today", "Old"}
    assert names(in_sonnenschein, one("age", "between", 30, 99)) == {"Today"}
    assert names(in_sonnenschein, one("age", "none")) == {"Yearless", "Nothing"}
    # A year that nobody knows is neither below nor above, and so it is not in what is turned round.
    for asked in (one("age", "at_least", 30), one("age", "at_most", 29)):
        assert {"Yearless", "Nothing"} <= names(in_sonnenschein, negated(asked))
    assert names(in_sonnenschein, negated(one("age", "none"))) == {"Today", "Tomorrow", "Next", "Old", "Baby"}


def test_who_was_born_on_29_february_is_older_on_the_28th_of_other_years(in_sonnenschein: Salon) -> None:
    born("Leap", date(2000, 2, 29))

    def at_least(years: int, now: datetime) -> set[str]:
        return names(in_sonnenschein, one("age", "at_least", years), now)

    assert at_least(27, datetime(2027, 2, 27, 12, tzinfo=UTC)) == set()
    assert at_least(27, datetime(2027, 2, 28, 12, tzinfo=UTC)) == {"Leap"}
    assert at_least(28, datetime(2028, 2, 28, 12, tzinfo=UTC)) == set()
    assert at_least(28, datetime(2028, 2, 29, 12, tzinfo=UTC)) == {"Leap"}
    # By the salon's clock: it is the 28th in Berlin.
    assert at_least(27, datetime(2027, 2, 27, 23, 30, tzinfo=UTC)) == {"Leap"}


def test_the_postcode_begins_with_any_of_several(in_sonnenschein: Salon) -> None:
    for name, code in (("Ida", "80331"), ("Mia", "81541"), ("Emre", "10115"), ("Ann", "SW1A 1AA"), ("Zoe", "")):
        make_client(name, postal_code=code)
    assert names(in_sonnenschein, one("postal_code", "begins", "80")) == {"Ida"}
    assert names(in_sonnenschein, one("postal_code", "begins", "8", "101")) == {"Ida", "Mia", "Emre"}
    assert names(in_sonnenschein, one("postal_code", "begins", "80331")) == {"Ida"}
    assert names(in_sonnenschein, one("postal_code", "begins", "803310", "033")) == set()
    assert names(in_sonnenschein, one("postal_code", "begins", "sw1a")) == {"Ann"}
    # Nothing in it is a pattern.
    assert names(in_sonnenschein, one("postal_code", "begins", "8%", "_0")) == set()
    assert names(in_sonnenschein, one("postal_code", "not_begins", "8", "SW")) == {"Emre", "Zoe"}
    assert names(in_sonnenschein, one("postal_code", "none")) == {"Zoe"}


def test_the_town_whatever_its_case(in_sonnenschein: Salon) -> None:
    for name, town in (("Ida", "München"), ("Mia", "MÜNCHEN"), ("Emre", "Berlin"), ("Zoe", "")):
        make_client(name, city=town)
    assert names(in_sonnenschein, one("town", "in", "münchen")) == {"Ida", "Mia"}
    assert names(in_sonnenschein, one("town", "in", "Berlin", "Rom")) == {"Emre"}
    # The whole name: Berlin is not Berlin-Mitte.
    assert names(in_sonnenschein, one("town", "in", "Berl")) == set()
    assert names(in_sonnenschein, one("town", "not_in", "München")) == {"Emre", "Zoe"}
    assert names(in_sonnenschein, one("town", "none")) == {"Zoe"}


def test_the_towns_to_choose_from_are_those_on_file(in_sonnenschein: Salon) -> None:
    people("A", "B", city="Zürich")
    people("C", city="zürich")
    people("D", city="Ähren")
    people("E", city="Bonn")
    people("F", city="")
    people("G", city="Erased", state="ERASED")
    # Each once, in the writing that most have.
    assert towns() == ["Ähren", "Bonn", "Zürich"]


def test_of_very_many_towns_the_commonest_can_be_chosen(in_sonnenschein: Salon) -> None:
    for number in range(MOST_TOWNS + 1):
        make_client(f"Nr{number}", city=f"Ort {number:04}")
    make_client("Twice", city=f"Ort {MOST_TOWNS:04}")
    offered = towns()
    assert (len(offered), offered[-1]) == (MOST_TOWNS, f"Ort {MOST_TOWNS:04}")


def test_no_rule_of_a_person_asks_twice(in_sonnenschein: Salon) -> None:
    """Many values are one comparison for each length, not one for each value."""
    people("Ida", postal_code="80331", city="Bonn")
    codes = [f"{number:02}" for number in range(50)]
    assert names(in_sonnenschein, one("postal_code", "begins", *codes, "80"), NOW) == {"Ida"}
    assert names(in_sonnenschein, one("town", "in", *(f"Ort {number}" for number in range(49)), "Bonn")) == {"Ida"}
