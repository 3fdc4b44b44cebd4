"""Figures as people read them."""

import pytest
from django.utils import translation

from salon.desk.web.figures import percent_text


@pytest.mark.parametrize(
    ("part", "of", "shown"),
    [(20, 62, "32,3"), (14, 57, "24,6"), (1, 16, "6,3"), (1, 3, "33,3"), (5, 5, "100,0"), (0, 7, "0,0")],
)
def test_percent_are_rounded_half_up(part: int, of: int, shown: str) -> None:
    with translation.override("de"):
        assert percent_text(part, of) == f"{shown}\N{NO-BREAK SPACE}%"


def test_of_nothing_there_is_no_share() -> None:
    assert percent_text(0, 0) == "–"
