"""Which phone numbers are refused, and how they are written (domain.md §2)."""

import pytest

from salon.phone import InvalidPhone, Phone, display_phone, parse_phone


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
