"""One folding for search, sorting and comparison (domain.md §2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salon.folding import fold, order_key, words


@pytest.mark.parametrize("writing", ["Müller", "MUELLER", "mueller", "muller", " Müller ", "Mu\u0308ller"])
def test_every_writing_of_a_name_folds_to_one(writing: str) -> None:
    assert fold(writing) == "muller"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Weiß", "weiss"),
        ("WEISS", "weiss"),
        ("Jäger", "jager"),
        ("Jaeger", "jager"),
        ("Söhnlein", "sohnlein"),
        ("Yıldız", "yildiz"),
        ("Łukasz Ærø", "lukasz aro"),
        ("  Anna   Lena ", "anna lena"),
    ],
)
def test_accents_and_case_never_matter(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_words_split_at_hyphens_and_apostrophes() -> None:
    assert words("Müller-Lüdenscheidt, O'Neill St. Claire") == ["muller", "ludenscheidt", "o", "neill", "st", "claire"]


def test_an_email_address_stays_whole() -> None:
    assert words("sarah.smith@gmail.com Smith") == ["sarah.smith@gmail.com", "smith"]


@given(st.text(alphabet="aeouäöüßmnAEÖ -é", max_size=12), st.integers(0, 12))
def test_a_folded_beginning_is_the_beginning_of_the_folded(text: str, length: int) -> None:
    assert fold(text).startswith(fold(text[:length]))


def test_names_stand_in_german_order() -> None:
    names = ["Bauer", "Baum", "Baumann", "Böhm", "Bohn", "Müller", "Mueller", "Mugler", "Neuer", "Neumann", "Zoë"]
    # Mueller before Mugler before Müller (as Muller): DIN 5007-1, as in dictionaries.
    assert sorted(names, key=order_key) == [
        *("Bauer", "Baum", "Baumann", "Böhm", "Bohn"),
        *("Mueller", "Mugler", "Müller", "Neuer", "Neumann", "Zoë"),
    ]
