"""Numbers as people write them in forms."""

import pytest
from django.core.exceptions import ValidationError

from salon.catalogue.web.fields import WholeField, whole_in


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1000", 1000),
        (" 1.000 ", 1000),
        ("1,000", 1000),
        ("1 000", 1000),
        ("1\u202f000", 1000),
        ("1.000.000", 1_000_000),
        ("0", 0),
        ("-50", -50),
        ("\u221250", -50),
        ("-1.000", -1000),
    ],
)
def test_whole_numbers(typed: str, number: int) -> None:
    assert whole_in(typed) == number
    assert WholeField().clean(typed) == number


@pytest.mark.parametrize(
    "typed", ["1.0", "1,5", "1.00", "10.00", "1.0000", "1000.000", ".000", "1e3", "x", "\u0665", "--1"]
)
def test_what_is_none(typed: str) -> None:
    assert whole_in(typed) is None
    with pytest.raises(ValidationError):
        WholeField().clean(typed)


def test_nothing_is_nothing() -> None:
    assert WholeField(required=False).clean("  ") is None
