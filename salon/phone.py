"""Phone numbers: E.164 in the database, national writing on screen (domain.md §2)."""

from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

SHORTEST_NATIONAL_DIGITS = 6


class InvalidPhone(Exception):
    """No phone number, or one that libphonenumber calls impossible."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A possible number in E.164; `valid` is false where the number range is unknown, which only warns."""

    e164: str
    valid: bool


def parse_phone(text: str, country: str) -> Phone:
    """Read a number as typed; national writing counts for `country` (ISO 3166 alpha-2).

    Raises: InvalidPhone when it is impossible or has fewer than six national digits (domain.md §2).
    """
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException as error:
        raise InvalidPhone(text) from error
    national = phonenumbers.national_significant_number(number)
    if number.extension or len(national) < SHORTEST_NATIONAL_DIGITS or not phonenumbers.is_possible_number(number):
        raise InvalidPhone(text)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(e164, phonenumbers.is_valid_number(number))


def dialled(e164: str) -> str:
    """Return a stored number as it is dialled in every country a salon can be in: `0049 1715550318`."""
    digits = e164.removeprefix("+")
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    code = next((digits[:length] for length in (1, 2, 3) if int(digits[:length]) in codes), "")
    return f"00{code} {digits[len(code) :]}"


@lru_cache(maxsize=20_000)
def display_phone(e164: str, country: str) -> str:
    """Return a stored number as people of `country` write it: national at home, international abroad.

    One of an unknown range stays international: its national writing would lack the 0 that has to be dialled.
    """
    # Cached: formatting one takes 80 µs, a list shows fifty.
    if not e164:
        return ""
    number = phonenumbers.parse(e164)
    home = number.country_code == phonenumbers.country_code_for_region(country) and phonenumbers.is_valid_number(number)
    form = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form)
