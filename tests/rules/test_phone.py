"""Which phone numbers are refused, and how they are written (domain.md §2)."""

import pytest

from salon.phone import InvalidPhone, Phone, dialled, display_phone, parse_phone


@pytest.mark.parametrize("typed", ["0171 5550318", "+49 171 5550318", "0049 171/5550318", "(0171) 555-0318"])
def test_every_notation_becomes_e164(typed: str) -> None:
    assert parse_phone(typed, "DE").e164 == "+491715550318"


@pytest.mark.parametrize("typed", ["12345", "030 123", "abc", "0171 5550318 ext. 5", "+49 1", "1" * 20])
def test_impossible_or_short_numbers_are_refused(typed: str) -> None:
    with pytest.raises(InvalidPhone):
        parse_phone(typed, "DE")


def test_six_national_digits_are_enough() -> None:
    assert parse_phone("030 1234567", "DE").valid
    assert parse_phone("0171 5550318", "DE") == Phone("+491715550318", valid=True)


def test_possible_but_unknown_is_kept_with_a_warning() -> None:
    assert parse_phone("0100 1234567", "DE").valid is False


def test_numbers_are_shown_as_people_write_them() -> None:
    assert display_phone("+491715550318", "DE") == "0171 5550318"
    assert display_phone("+491715550318", "AT") == "+49 171 5550318"
    assert display_phone("", "DE") == ""


def test_an_unknown_number_is_shown_so_that_it_can_be_dialled_and_read_again() -> None:
    unknown = parse_phone("0176 12345", "DE")
    assert not unknown.valid
    shown = display_phone(unknown.e164, "DE")
    assert shown == "+49 17612345"
    assert parse_phone(shown, "DE") == unknown


@pytest.mark.parametrize("country", ["DE", "AT", "CH"])
@pytest.mark.parametrize(
    ("e164", "shown"),
    [
        ("+491715550318", "0049 1715550318"),
        ("+49305550199", "0049 305550199"),
        ("+4315550100", "0043 15550100"),
        ("+4232371234", "00423 2371234"),
        ("+12025550123", "001 2025550123"),
        ("+390612345678", "0039 0612345678"),
        ("+4917612345", "0049 17612345"),
    ],
)
def test_a_number_as_it_is_dialled_is_read_alike_everywhere(country: str, e164: str, shown: str) -> None:
    assert dialled(e164) == shown
    assert parse_phone(shown, country).e164 == e164


def test_a_country_nobody_knows_is_told_as_it_stands() -> None:
    assert dialled("+9991234567") == "00 9991234567"
