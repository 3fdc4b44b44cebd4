"""Other ways to write what sounds the same (domain.md §2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.spelling import spelled_otherwise
from salon.folding import fold

MOST = 2000


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Schmied", "Schmidt"),
        ("Schmied", "Schmitt"),
        ("Schmidt", "Schmitt"),
        ("Katrin", "Kathrin"),
        ("Catrin", "Kathrin"),
        ("Kristine", "Christine"),
        ("Meier", "Mayer"),
        ("Maier", "Meyer"),
        ("Stefan", "Stephan"),
        ("Hofman", "Hoffmann"),
        ("Vogt", "Fogt"),
        ("Weiß", "Weis"),
        ("Schulz", "Schultz"),
        ("Sax", "Sachs"),
    ],
)
def test_names_that_sound_the_same(one: str, other: str) -> None:
    assert fold(other) in spelled_otherwise(fold(one))
    assert fold(one) in spelled_otherwise(fold(other))


@pytest.mark.parametrize(
    ("one", "other"), [("Müller", "Möller"), ("Schröder", "Köder"), ("Anna", "Hanna"), ("Berg", "Burg")]
)
def test_names_that_do_not(one: str, other: str) -> None:
    assert fold(other) not in spelled_otherwise(fold(one))


@given(word=st.text(alphabet="aeichksdtfxyzlmnr", max_size=20))
def test_they_are_never_the_word_itself_nor_without_bound(word: str) -> None:
    found = spelled_otherwise(word)
    assert word not in found
    assert len(found) < MOST
