"""What a client card accepts (domain.md §2)."""

from datetime import date

import pytest

from clients.details import Birthday, ClientDetails, InvalidBirthday, accept, parse_birthday
from salon.errors import InvalidInput

TODAY = date(2026, 11, 21)


def _codes(**given: str) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refusal:
        accept(ClientDetails(**given), country="DE", today=TODAY)
    return [(error.field, error.code) for error in refusal.value.errors]


def test_nothing_but_a_name_is_required() -> None:
    assert accept(ClientDetails(last_name="Özdemir"), country="DE", today=TODAY).details == ClientDetails(
        last_name="Özdemir"
    )
    assert _codes(first_name="  ") == [("first_name", "required")]


def test_spaces_are_single_and_phones_e164() -> None:
    given = ClientDetails(first_name="  Anna  Lena ", mobile="0171 5550318", birthday="4.5.1990")
    assert accept(given, country="DE", today=TODAY).details == ClientDetails(
        first_name="Anna Lena", mobile="+491715550318", birthday="1990-05-04"
    )


def test_every_wrong_field_is_named_at_once() -> None:
    assert _codes(first_name="A", email="a@", mobile="1", gender="X", birthday="31.2.", city="x" * 81) == [
        ("gender", "invalid_choice"),
        ("birthday", "no_such_day"),
        ("mobile", "invalid"),
        ("email", "invalid"),
        ("city", "max_length"),
    ]


@pytest.mark.parametrize(
    ("typed", "code"),
    [("22.11.2026", "future"), ("1.1.1905", "past"), ("29.02.2023", "no_such_day"), ("4 May", "invalid")],
)
def test_birthdays_that_cannot_be(typed: str, code: str) -> None:
    assert _codes(first_name="A", birthday=typed) == [("birthday", code)]


def test_born_today_and_on_a_leap_day_can_be() -> None:
    assert accept(ClientDetails("A", birthday="21.11.2026"), country="DE", today=TODAY).details.birthday == "2026-11-21"
    assert accept(ClientDetails("A", birthday="29.2."), country="DE", today=TODAY).details.birthday == "--02-29"


@pytest.mark.parametrize(
    ("typed", "birthday"),
    [
        ("21.11.1990", Birthday(21, 11, 1990)),
        ("1.2.", Birthday(1, 2, None)),
        ("1990-11-21", Birthday(21, 11, 1990)),
        ("--11-21", Birthday(21, 11, None)),
        ("21.11", Birthday(21, 11, None)),
        ("21/11/1990", Birthday(21, 11, 1990)),
    ],
)
def test_birthday_writings(typed: str, birthday: Birthday) -> None:
    assert parse_birthday(typed) == birthday
    assert parse_birthday(birthday.iso) == birthday


@pytest.mark.parametrize(
    ("typed", "iso"),
    [
        ("14.9.79", "1979-09-14"),
        ("14.09.79", "1979-09-14"),
        ("14/9/79", "1979-09-14"),
        ("3.5.08", "2008-05-03"),
        ("29.2.00", "2000-02-29"),
        ("21.11.26", "2026-11-21"),
        ("22.11.26", "1926-11-22"),
        ("1.1.27", "1927-01-01"),
    ],
)
def test_a_year_of_two_digits_is_the_latest_that_can_be(typed: str, iso: str) -> None:
    assert accept(ClientDetails("A", birthday=typed), country="DE", today=TODAY).details.birthday == iso


@pytest.mark.parametrize(("typed", "code"), [("29.2.27", "no_such_day"), ("14.9.979", "invalid")])
def test_what_no_year_of_two_digits_can_be(typed: str, code: str) -> None:
    assert _codes(first_name="A", birthday=typed) == [("birthday", code)]


def test_an_unknown_birthday_writing() -> None:
    for text in ("November", "21.11.90"):
        with pytest.raises(InvalidBirthday):
            parse_birthday(text)


def test_odd_phones_warn_only() -> None:
    accepted = accept(ClientDetails("A", mobile="0100 1234567"), country="DE", today=TODAY)
    assert [(warning.field, warning.code) for warning in accepted.warnings] == [("mobile", "unknown")]


def test_what_stands_on_the_card_never_blocks_a_change() -> None:
    before = ClientDetails(first_name="A", email="imported@broken")
    after = accept(before.with_changes(city="Köln"), country="DE", today=TODAY, before=before)
    assert after.details == ClientDetails(first_name="A", email="imported@broken", city="Köln")


@pytest.mark.parametrize("name", ["\u200b", "\u00a0 \u200b", "\u202e", "\ufeff", "\x07"])
def test_a_name_nobody_can_see_is_none(name: str) -> None:
    assert _codes(first_name=name) == [("first_name", "required")]


def test_what_turns_the_direction_of_text_is_left_out() -> None:
    given = ClientDetails(first_name="العربي\u202eEvil", last_name="👩\u200d🦰")
    accepted = accept(given, country="DE", today=TODAY).details
    assert (accepted.first_name, accepted.last_name) == ("العربيEvil", "👩\u200d🦰")
