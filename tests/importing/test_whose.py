"""Which of several cards a line of a file speaks of (domain.md §10): the table of cases, without a database."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

import pytest

from clients.details import ClientDetails
from clients.importing.whose import Known, Whose, is_same_person, whose

MAIL, OTHER_MAIL = "kurz@mail.example", "anna@work.example"
PHONE, OTHER_PHONE, LANDLINE = "+491715550318", "+491715550999", "+49305550199"
BORN, OTHER_BORN = "1990-11-21", "1962-03-04"
VISITED = date(2026, 10, 1)


class Card(NamedTuple):
    """What a card says; `visited` makes it the one that a booking would prefer."""

    first: str = "Anna"
    last: str = "Kurz"
    email: str = ""
    mobile: str = ""
    landline: str = ""
    birthday: str = ""
    city: str = ""
    visited: bool = False

    @property
    def details(self) -> ClientDetails:
        return ClientDetails(
            first_name=self.first,
            last_name=self.last,
            email=self.email,
            mobile=self.mobile,
            landline=self.landline,
            birthday=self.birthday,
            city=self.city,
        )


def _whose(line: Card, *cards: Card) -> tuple[str, int] | None:
    """Return ("hers", n) or ("alike", n) for the n-th card, None for none; the order of the cards decides nothing."""
    known = [
        Known(UUID(int=place), one.details, place, date(2023, 1, 16), VISITED if one.visited else None)
        for place, one in enumerate(cards, start=1)
    ]
    found = whose(line.details, known)
    assert whose(line.details, known[::-1]) == found
    if found.card:
        return "hers", found.card.int
    return ("alike", found.alike.int) if found.alike else None


FULL = Card(email=MAIL, mobile=PHONE)
HIS_WITHOUT_PHONE = Card(first="Bert", email=MAIL, visited=True)


@pytest.mark.parametrize(
    ("line", "card", "expected"),
    [
        # One card: the table for bookings.
        (FULL, FULL, "hers"),
        (FULL, Card(first="Anni", email=MAIL, mobile=PHONE), "hers"),
        (FULL, Card(email=MAIL.upper(), mobile=OTHER_PHONE), "hers"),
        (FULL, Card(first="Bert", email=MAIL), "hers"),
        (FULL, Card(first="Bert", email=MAIL, mobile=OTHER_PHONE), "alike"),
        (FULL, Card(email=OTHER_MAIL, mobile=PHONE), "alike"),
        (FULL, Card(mobile=PHONE), "hers"),
        (FULL, Card(first="Bert", mobile=PHONE), "alike"),
        (FULL, Card(mobile=OTHER_PHONE), None),
        (FULL, Card(), "alike"),
        (Card(mobile=OTHER_PHONE, landline=LANDLINE), Card(landline=LANDLINE), "hers"),
        (Card(mobile=PHONE), Card(landline=PHONE, last="Lang"), "hers"),
        # A line knows birthdays, a booking does not.
        (FULL._replace(birthday=BORN), Card(first="Bert", email=MAIL, birthday=OTHER_BORN), "alike"),
        (FULL._replace(birthday=BORN), Card(first="Bert", email=MAIL, mobile=PHONE, birthday=OTHER_BORN), "alike"),
        (FULL._replace(birthday=BORN), Card(email=MAIL, birthday=OTHER_BORN), "hers"),
        (FULL._replace(birthday=BORN), Card(first="Bert", email=MAIL, birthday="--11-21"), "hers"),
        # Nothing shared but the name.
        (Card(), Card(), "hers"),
        (Card(city="Köln"), Card(city="Ulm"), "alike"),
        (Card(birthday=BORN), Card(birthday=OTHER_BORN), None),
        (Card(), Card(email=MAIL), "alike"),
        (Card(mobile=PHONE, birthday=BORN), Card(mobile=OTHER_PHONE, birthday=BORN), "alike"),
    ],
)
def test_one_card(line: Card, card: Card, expected: str | None) -> None:
    assert _whose(line, card) == ((expected, 1) if expected else None)


@pytest.mark.parametrize(
    ("line", "cards", "expected"),
    [
        pytest.param(FULL, [HIS_WITHOUT_PHONE, Card(mobile=PHONE)], ("hers", 2), id="name and phone before his e-mail"),
        pytest.param(
            FULL, [HIS_WITHOUT_PHONE, Card(email=OTHER_MAIL, mobile=PHONE)], ("alike", 2), id="her other e-mail: ask"
        ),
        pytest.param(
            FULL,
            [HIS_WITHOUT_PHONE._replace(mobile=PHONE), Card(email=OTHER_MAIL, mobile=PHONE)],
            ("alike", 2),
            id="a couple shares phone and e-mail, she has another: ask",
        ),
        pytest.param(
            Card(email=MAIL), [HIS_WITHOUT_PHONE, Card(email=MAIL)], ("hers", 2), id="of one e-mail, her first name"
        ),
        pytest.param(
            Card(email=MAIL, birthday=BORN),
            [HIS_WITHOUT_PHONE, Card(birthday=BORN)],
            ("alike", 2),
            id="his e-mail, her name and birthday without contact: ask",
        ),
        pytest.param(
            Card(email=MAIL), [HIS_WITHOUT_PHONE, Card()], ("hers", 1), id="a name alone is no reason to doubt"
        ),
        pytest.param(
            FULL,
            [Card(email=MAIL, last="Lang", visited=True), Card(mobile=PHONE)],
            ("hers", 2),
            id="the whole name before the first",
        ),
        pytest.param(
            FULL._replace(birthday=BORN),
            [Card(email=MAIL, visited=True), Card(mobile=PHONE, birthday=BORN)],
            ("hers", 2),
            id="who agrees in more",
        ),
        pytest.param(
            FULL._replace(birthday=BORN),
            [Card(email=MAIL, birthday=OTHER_BORN, visited=True), Card(mobile=PHONE)],
            ("hers", 2),
            id="who does not contradict",
        ),
        pytest.param(
            FULL, [Card(mobile=PHONE), Card(email=MAIL, visited=True)], ("hers", 2), id="two of hers: latest visit"
        ),
        pytest.param(FULL, [Card(mobile=PHONE), Card(email=MAIL)], ("hers", 1), id="two of hers: the oldest"),
        pytest.param(
            FULL,
            [Card(first="Mia", mobile=PHONE), Card(email=OTHER_MAIL, mobile=PHONE)],
            ("alike", 2),
            id="nobody's: told is the nearest",
        ),
        pytest.param(
            FULL._replace(landline=LANDLINE, mobile=OTHER_PHONE),
            [HIS_WITHOUT_PHONE, Card(landline=LANDLINE)],
            ("hers", 2),
            id="any of her phones",
        ),
    ],
)
def test_several_cards(line: Card, cards: list[Card], expected: tuple[str, int] | None) -> None:
    assert _whose(line, *cards) == expected


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (FULL, True),
        (Card(first="Bert", email=MAIL), True),
        (Card(first="Bert", email=MAIL, birthday=OTHER_BORN), False),
        (Card(first="Bert", email=MAIL, mobile=OTHER_PHONE), False),
        (Card(email=OTHER_MAIL, mobile=PHONE), False),
        (Card(mobile=PHONE), True),
        (Card(), False),
    ],
)
def test_two_lines_of_a_file(other: Card, expected: bool) -> None:
    line = FULL._replace(birthday=BORN).details
    assert (is_same_person(line, other.details), is_same_person(other.details, line)) == (expected, expected)


def test_nobody_is_found_among_no_cards() -> None:
    assert whose(FULL.details, []) == Whose()
