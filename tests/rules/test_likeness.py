"""When two cards may be one person's (domain.md §2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.likeness import alike_birthdays, alike_names, name_of, slips

NAMES = [
    # The same words in any order, whatever the writing.
    (("Anna", "Berg"), ("Anna", "Berg"), True),
    (("Anna", "Berg"), ("Berg", "Anna"), True),
    (("Jörg", "Müller"), ("JOERG", "mueller"), True),
    (("Anna Maria", "Berg"), ("Maria", "Anna Berg"), True),
    (("Anna-Maria", "Berg"), ("Anna Maria", "Berg"), True),
    # All words of one in the other, two at least.
    (("Anna", "Berg"), ("Anna Maria", "Berg"), True),
    (("Anna", "Berg"), ("Anna", "Berg-Schulz"), True),
    (("Anna", ""), ("Anna", "Berg"), False),
    # One slip: a letter too many, too few, wrong, two swapped.
    (("Anna", "Berg"), ("Anna", "Bergs"), True),
    (("Anna", "Berg"), ("Ana", "Berg"), True),
    (("Anna", "Berg"), ("Anna", "Borg"), True),
    (("Anna", "Berg"), ("Anna", "Breg"), True),
    (("Anna", "Berg"), ("Bergg", "Anna"), True),
    # Two slips only where both are longer than eleven letters (with the space).
    (("Anna", "Berg"), ("Anne", "Borg"), False),
    (("Sabine", "Hoff"), ("Sabina", "Hopf"), False),
    (("Sabine", "Hoffm"), ("Sabina", "Hopfm"), True),
    (("Katharina", "Schmidt"), ("Katarina", "Schmitt"), True),
    (("Katharina", "Schmidt"), ("Katarina", "Schmitz-Au"), False),
    (("Katharina", "Schmidt"), ("Katrin", "Schmidt"), False),
    # Others.
    (("Anna", "Berg"), ("Bernd", "Lang"), False),
    (("Anna", "Berg"), ("Hans", "Berg"), False),
    (("…", ""), ("…", ""), False),
]


@pytest.mark.parametrize(("one", "other", "alike"), NAMES)
def test_names(one: tuple[str, str], other: tuple[str, str], alike: bool) -> None:
    assert alike_names(name_of(*one), name_of(*other)) is alike
    assert alike_names(name_of(*other), name_of(*one)) is alike


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ((21, 11, 1990), (21, 11, 1990), True),
        ((21, 11, None), (21, 11, 1990), True),
        ((21, 11, None), (21, 11, None), True),
        ((21, 11, 1989), (21, 11, 1990), False),
        ((20, 11, 1990), (21, 11, 1990), False),
        ((11, 21, None), (21, 11, None), False),
        (None, (21, 11, 1990), False),
        (None, None, False),
    ],
)
def test_birthdays(one: tuple[int, int, int] | None, other: tuple[int, int, int] | None, alike: bool) -> None:
    assert alike_birthdays(one, other) is alike
    assert alike_birthdays(other, one) is alike


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("", "", 0), ("berg", "berg", 0), ("berg", "breg", 1), ("berg", "brge", 2), ("ab", "ba", 1), ("abc", "xyz", 3),
     ("abcd", "", 3), ("", "ab", 2), ("anna", "hanna", 1)],
)  # fmt: skip
def test_slips(one: str, other: str, expected: int) -> None:
    assert slips(one, other, 2) == expected


def _plainly(one: str, other: str) -> int:
    """The same distance, by the book."""
    if not one or not other:
        return len(one) + len(other)
    best = min(
        _plainly(one[:-1], other) + 1,
        _plainly(one, other[:-1]) + 1,
        _plainly(one[:-1], other[:-1]) + (one[-1] != other[-1]),
    )
    if len(one) > 1 and len(other) > 1 and one[-1] == other[-2] and one[-2] == other[-1]:
        best = min(best, _plainly(one[:-2], other[:-2]) + 1)
    return best


@given(st.text("abc", max_size=6), st.text("abc", max_size=6), st.integers(1, 3))
def test_slips_are_those_of_the_book(one: str, other: str, most: int) -> None:
    assert slips(one, other, most) == min(_plainly(one, other), most + 1)


@given(st.text("abc é-ß", max_size=9), st.text("abc é-ß", max_size=9), st.text("abc", max_size=4))
def test_names_are_alike_both_ways_and_each_like_itself(one: str, other: str, last: str) -> None:
    first, second = name_of(one, last), name_of(other, last)
    assert alike_names(first, second) is alike_names(second, first)
    assert alike_names(first, first) is bool(first.words)
