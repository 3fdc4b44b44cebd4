"""A name in one as first and last name, title and salutation (domain.md §2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.naming import FullName, full_name_in, typed_name_in, without_salutation, without_title
from salon.folding import tidy


@pytest.mark.parametrize(
    ("text", "first", "last", "gender"),
    [
        ("Anna Lang", "Anna", "Lang", ""),
        ("Anna Maria Lang", "Anna Maria", "Lang", ""),
        ("Anna-Lena Müller-Lüdenscheidt", "Anna-Lena", "Müller-Lüdenscheidt", ""),
        ("Cher", "Cher", "", ""),
        # Titles stand in front of the first name.
        ("Dr. Anna Weber", "Dr. Anna", "Weber", ""),
        ("dr anna weber", "dr anna", "weber", ""),
        ("Prof. Dr. Weber", "Prof. Dr.", "Weber", ""),
        ("Dr. Weber", "Dr.", "Weber", ""),
        ("Dr.Weber", "Dr.", "Weber", ""),
        ("Prof.Dr.med. Jan Groß", "Prof. Dr. med. Jan", "Groß", ""),
        ("Prof. Dr. h.c. Dr.-Ing. Jan Groß", "Prof. Dr. h.c. Dr.-Ing. Jan", "Groß", ""),
        ("Univ.-Prof. Mag. Eva Maier", "Univ.-Prof. Mag. Eva", "Maier", ""),
        ("Dipl.-Ing. Jan Groß", "Dipl.-Ing. Jan", "Groß", ""),
        ("Weber, Dr. Anna", "Dr. Anna", "Weber", ""),
        ("Dr. Weber, Anna", "Dr. Anna", "Weber", ""),
        ("Weber, Anna, Dr.", "Dr. Anna", "Weber", ""),
        ("Anna Weber, Dr.", "Dr. Anna", "Weber", ""),
        ("Weber, Dr.", "Dr.", "Weber", ""),
        ("Ingo Medwed", "Ingo", "Medwed", ""),
        ("Drago Magerl", "Drago", "Magerl", ""),
        # A salutation is no name: it says who somebody is.
        ("Frau Anna Weber", "Anna", "Weber", "FEMALE"),
        ("Frau Lang", "", "Lang", "FEMALE"),
        ("Fr. Lang", "", "Lang", "FEMALE"),
        ("Herr Dr. Hans Groß", "Dr. Hans", "Groß", "MALE"),
        ("Hr. Weber", "", "Weber", "MALE"),
        ("Herrn Prof. Weber", "Prof.", "Weber", "MALE"),
        ("Hr.Weber", "", "Weber", "MALE"),
        ("Weber, Frau", "", "Weber", "FEMALE"),
        ("Weber, Frau Dr. Anna", "Dr. Anna", "Weber", "FEMALE"),
        ("Mrs. Jane Doe", "Jane", "Doe", "FEMALE"),
        # Some are called so.
        ("Thomas Herr", "Thomas", "Herr", ""),
        ("Herr, Thomas", "Thomas", "Herr", ""),
        ("Herr Herr", "", "Herr", "MALE"),
        ("Herr", "Herr", "", ""),
        ("Fritz Frauen", "Fritz", "Frauen", ""),
        # Particles belong to the last name.
        ("Anna von der Au", "Anna", "von der Au", ""),
        ("Dr. Anna von der Au", "Dr. Anna", "von der Au", ""),
        ("Frau von der Au", "", "von der Au", "FEMALE"),
        ("von der Au", "", "von der Au", ""),
        ("Von der Au", "", "Von der Au", ""),
        ("Von Arnim", "", "Von Arnim", ""),
        ("Jan van Dyk", "Jan", "van Dyk", ""),
        ("Robert De Niro", "Robert", "De Niro", ""),
        ("Karl zu Stein", "Karl", "zu Stein", ""),
        ("von der Au, Anna", "Anna", "von der Au", ""),
        ("Au, Anna von der", "Anna", "von der Au", ""),
        ("Van Nguyen", "Van", "Nguyen", ""),
        ("Al Pacino", "Al", "Pacino", ""),
        # A comma stands behind the last name.
        ("Müller, Jörg", "Jörg", "Müller", ""),
        ("Müller,Jörg Peter", "Jörg Peter", "Müller", ""),
        ("Müller,", "", "Müller", ""),
        ("", "", "", ""),
        ("Dr.", "Dr.", "", ""),
    ],
)
def test_a_name_in_one_becomes_first_and_last_name(text: str, first: str, last: str, gender: str) -> None:
    assert full_name_in(text) == FullName(first, last, gender)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("anna weber", "Anna", "Weber"),
        ("dr. med. anna weber", "Dr. med. Anna", "Weber"),
        ("anna von der au", "Anna", "von der Au"),
        ("al pacino", "Al", "Pacino"),
        ("hoffmann, frank", "Frank", "Hoffmann"),
        ("eva müller-lüdenscheidt", "Eva", "Müller-Lüdenscheidt"),
        ("gino d'amico", "Gino", "D'Amico"),
        ("Jim McDonald", "Jim", "McDonald"),
    ],
)
def test_what_was_typed_gets_its_capitals(text: str, first: str, last: str) -> None:
    assert typed_name_in(text) == FullName(first, last)


@pytest.mark.parametrize(
    ("first_name", "called"),
    [("Dr. Anna", "Anna"), ("Prof. Dr. med. Jan", "Jan"), ("Dr.", ""), ("Anna", "Anna"), ("", ""), ("Drago", "Drago")],
)
def test_nobody_is_called_by_a_title(first_name: str, called: str) -> None:
    assert without_title(first_name) == called


@pytest.mark.parametrize(
    ("typed", "looked_for"),
    [
        ("Frau Müller", "Müller"),
        ("frau mü", "mü"),
        ("Fr. Müller", "Müller"),
        ("Hr. Groß", "Groß"),
        ("hr groß", "groß"),
        ("Hr.Groß", "Groß"),
        ("Herrn Dr. Weber", "Dr. Weber"),
        ("Frau Anna von der Au", "Anna von der Au"),
        # Franziska Müller.
        ("fr mül", "fr mül"),
        ("Fr", "Fr"),
        ("Frau", "Frau"),
        ("Frau ", "Frau "),
        ("Herr", "Herr"),
        ("Herr, Thomas", "Herr, Thomas"),
        ("Thomas Herr", "Thomas Herr"),
        ("Frauke Herrmann", "Frauke Herrmann"),
        ("", ""),
    ],
)
def test_nobody_is_looked_for_by_a_salutation(typed: str, looked_for: str) -> None:
    assert without_salutation(typed) == looked_for


@given(text=st.text(alphabet="aAvon DrFHe.,-", max_size=30))
def test_no_word_gets_lost(text: str) -> None:
    found = full_name_in(text)
    bare = tidy(text)
    assert bool(found.first or found.last) == bool(bare)
