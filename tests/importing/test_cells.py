"""Cells of lists that have grown: several things in one, words for nothing, days known about (domain.md §10)."""

from datetime import date

import pytest

from clients.importing.days import in_figures, span_of
from clients.importing.formats import Target
from clients.importing.mapping import DayOrder, Mapping, Read, read_cells

TODAY = date(2026, 11, 21)


def _read(*cells: tuple[Target, str], order: DayOrder = DayOrder.DMY, leave_out_cells: bool = False) -> Read:
    columns = ((Target.NAME, "Ida Rot"), *cells)
    targets = tuple(target for target, _cell in columns)
    mapping = Mapping(targets, "DE", TODAY, order, leave_out_cells=leave_out_cells)
    return read_cells([cell for _target, cell in columns], mapping)


@pytest.mark.parametrize(
    ("text", "order", "iso"),
    [
        ("8. Oktober 1986", DayOrder.DMY, "1986-10-08"),
        ("8.Okt.1986", DayOrder.MDY, "1986-10-08"),
        ("3. März 71", DayOrder.DMY, "1971-03-03"),
        ("3. März 71", DayOrder.MDY, "1971-03-03"),
        ("October 8, 1986", DayOrder.DMY, "1986-10-08"),
        ("8th May 1986", DayOrder.MDY, "1986-05-08"),
        ("8-Oct-1986", DayOrder.MDY, "1986-10-08"),
        ("8. Oktober", DayOrder.DMY, "--10-08"),
    ],
)
def test_months_in_words_are_read_in_birthdays(text: str, order: DayOrder, iso: str) -> None:
    read = _read((Target.BIRTHDAY, text), order=order)
    assert (read.wanted.details.birthday, read.problems) == (iso, ())


@pytest.mark.parametrize("text", ["1986", "10/1986", "Oktober 1986", "ca. 1986", "8. Quartal 1986"])
def test_a_birthday_is_never_made_of_a_year_or_a_month(text: str) -> None:
    assert [one.target for one in _read((Target.BIRTHDAY, text)).problems] == ["birthday"]


ABOUT = [
    ("2019", date(2019, 1, 1), date(2019, 12, 31)),
    ("seit 2019", date(2019, 1, 1), date(2019, 12, 31)),
    ("ca. 2012", date(2012, 1, 1), date(2012, 12, 31)),
    ("2012?", date(2012, 1, 1), date(2012, 12, 31)),
    ("05/2026", date(2026, 5, 1), date(2026, 5, 31)),
    ("10.2024", date(2024, 10, 1), date(2024, 10, 31)),
    ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
    ("Mai 2026", date(2026, 5, 1), date(2026, 5, 31)),
    ("Okt. 2025", date(2025, 10, 1), date(2025, 10, 31)),
    ("Ende May 2026", date(2026, 5, 1), date(2026, 5, 31)),
    # Nobody has been here tomorrow.
    ("2026", date(2026, 1, 1), TODAY),
    ("November 2026", date(2026, 11, 1), TODAY),
]


@pytest.mark.parametrize(("text", "first", "last"), ABOUT)
def test_a_year_or_month_counts_from_its_first_day_and_a_last_visit_to_its_last(
    text: str, first: date, last: date
) -> None:
    read = _read((Target.LISTED_ON, text), (Target.FIRST_VISIT_ON, text), (Target.LAST_VISIT_ON, text))
    assert read.problems == ()
    assert (read.wanted.listed_on, read.wanted.first_visit_on, read.wanted.last_visit_on) == (first, first, last)
    assert dict(read.remarks) == {
        "listed_on": "about_earliest",
        "first_visit_on": "about_earliest",
        "last_visit_on": "about_latest",
    }


@pytest.mark.parametrize("text", ["2027", "12/2026"])
@pytest.mark.parametrize("target", [Target.LISTED_ON, Target.LAST_VISIT_ON])
def test_a_year_or_month_to_come_is_none(text: str, target: Target) -> None:
    assert [one.code for one in _read((target, text)).problems] == ["future"]


@pytest.mark.parametrize("text", ["neulich", "1019", "13/2024", "5.26", "Foo 2026", "20245", "0000"])
def test_what_is_no_year_and_no_month(text: str) -> None:
    assert [one.code for one in _read((Target.LISTED_ON, text)).problems] == ["no_day"]
    assert span_of(text) is None


def test_a_day_said_to_be_about_is_told_as_such_and_consent_needs_a_day() -> None:
    read = _read((Target.LAST_VISIT_ON, "ca. 3. Mai 2026"))
    assert (read.wanted.last_visit_on, read.remarks) == (date(2026, 5, 3), (("last_visit_on", "about"),))
    assert _read((Target.LAST_VISIT_ON, "3.5.2026")).remarks == ()
    told = _read((Target.CONSENT, "ja"), (Target.CONSENT_ON, "2019"))
    assert [one.code for one in told.problems] == ["no_day"]
    assert in_figures("neulich") == "neulich"


MOBILE, LANDLINE = "+491715550318", "+49305550199"


@pytest.mark.parametrize("target", [Target.PHONE, Target.MOBILE, Target.LANDLINE])
@pytest.mark.parametrize(
    ("cell", "mobile", "landline", "note"),
    [
        ("0171 5550318 od. 030-5550199", MOBILE, LANDLINE, False),
        ("030/5550199\n0171 5550318", MOBILE, LANDLINE, False),
        ("030/5550199 / 0171/5550318", MOBILE, LANDLINE, False),
        ("0171 5550318 030 5550199", MOBILE, LANDLINE, False),
        ("Tel. 030 5550199, Handy 0171 5550318", MOBILE, LANDLINE, False),
        ("0171 5550318; 0172 5550319; 030 5550199", MOBILE, LANDLINE, True),
        ("030 5550199 tagsüber, 0171 5550318 abends", MOBILE, LANDLINE, True),
    ],
)
def test_several_numbers_of_a_cell_go_where_they_belong(
    target: Target, cell: str, mobile: str, landline: str, note: bool
) -> None:
    read = _read((target, cell))
    assert (read.problems, read.wanted.details.mobile, read.wanted.details.landline) == ((), mobile, landline)
    assert (cell in read.wanted.note) is note
    assert [one.code for one in read.hints] == (["noted"] if note else [])


def test_words_beside_a_number_go_into_a_note() -> None:
    read = _read((Target.MOBILE, "0171/5550318 (Mutter)"), (Target.NOTES, "Mag Kaffee."))
    assert read.wanted.details.mobile == MOBILE
    before, _gap, added = read.wanted.note.partition("\n\n")
    assert (before, added.partition(": ")[2]) == ("Mag Kaffee.", "0171/5550318 (Mutter)")
    assert [(one.target, one.code, one.cell) for one in read.hints] == [("mobile", "noted", "0171/5550318 (Mutter)")]


def test_a_second_number_does_not_push_out_one_of_its_own_column() -> None:
    read = _read((Target.MOBILE, "0171 5550318 oder 030 5550199"), (Target.LANDLINE, "040 5550177"))
    assert (read.wanted.details.mobile, read.wanted.details.landline) == (MOBILE, "+49405550177")
    assert "030 5550199" in read.wanted.note
    same = _read((Target.MOBILE, "0171 5550318 oder 030 5550199"), (Target.LANDLINE, "030/5550199"))
    assert (same.wanted.details.landline, same.wanted.note) == (LANDLINE, "")


@pytest.mark.parametrize(
    ("cell", "email", "noted"),
    [
        ("x@example.de; y@example.de", "x@example.de", True),
        ("mailto:x@example.de", "x@example.de", False),
        ("x@example.de (Büro)", "x@example.de", True),
        ("E-Mail: x@example.de", "x@example.de", False),
        ("x2@example,de oder y@example.de", "y@example.de", True),
        ("x@example.de, x@example.de", "x@example.de", False),
    ],
)
def test_of_several_addresses_the_first_counts_and_all_are_noted(cell: str, email: str, noted: bool) -> None:
    read = _read((Target.EMAIL, cell))
    assert (read.problems, read.wanted.details.email, cell in read.wanted.note) == ((), email, noted)


def test_a_number_or_address_that_is_left_out_stands_in_a_note() -> None:
    read = _read((Target.PHONE, "12"), (Target.EMAIL, "x2@example,de"), leave_out_cells=True)
    assert sorted(one.target for one in read.left_out) == ["email", "mobile"]
    told = [one.partition(": ")[2] for one in read.wanted.note.split("\n\n")]
    assert sorted(told) == ["12", "x2@example,de"]


@pytest.mark.parametrize(
    ("cell", "gender"),
    [("Hr.", "MALE"), ("Herrn", "MALE"), ("Fr.", "FEMALE"), ("Frau Dr.", "FEMALE"), ("Frl.", "FEMALE"),
     ("weibl.", "FEMALE"), ("männlich", "MALE"), ("divers", "DIVERSE"), ("non-binary", "DIVERSE"), ("k. A.", "")],
)  # fmt: skip
def test_salutations_are_genders(cell: str, gender: str) -> None:
    read = _read((Target.GENDER, cell))
    assert (read.wanted.details.gender, read.problems, read.hints) == (gender, (), ())


@pytest.mark.parametrize("cell", ["Familie", "Herr und Frau", "Firma"])
def test_a_salutation_of_no_gender_is_named(cell: str) -> None:
    read = _read((Target.GENDER, cell))
    assert (read.wanted.details.gender, read.problems) == ("", ())
    assert [(one.target, one.code, one.cell) for one in read.hints] == [("gender", "gender_unknown", cell)]


@pytest.mark.parametrize(
    ("cell", "kept", "told"),
    [("6108", "06108", True), ("1067", "01067", True), ("4109", "04109", True), ("10969", "10969", False),
     ("5020", "5020", False), ("9999", "9999", False), ("A-1010", "A-1010", False), ("610", "610", False)],
)  # fmt: skip
def test_a_german_postcode_gets_its_zero_back(cell: str, kept: str, told: bool) -> None:
    read = _read((Target.POSTAL_CODE, cell))
    assert (read.wanted.details.postal_code, read.remarks) == (kept, (("postal_code", "zero_added"),) if told else ())


def test_a_code_of_vienna_stays_one_also_where_most_have_lost_their_zeros() -> None:
    for cell, kept in (("1010", "1010"), ("4109", "04109")):
        mapping = Mapping((Target.NAME, Target.POSTAL_CODE), "DE", TODAY, short_postcodes=True, own_file=True)
        assert read_cells(["Ida", cell], mapping).wanted.details.postal_code == kept


def test_elsewhere_four_digits_are_a_postcode() -> None:
    read = read_cells(["Ida", "6108"], Mapping((Target.NAME, Target.POSTAL_CODE), "AT", TODAY))
    assert (read.wanted.details.postal_code, read.remarks) == ("6108", ())


EMPTY = ["keins", "Keine", "-", "--", "–", "?", "unbek.", "unbekannt", "n/a", "N.A.", "k.A.", "k. A.", "keine Angabe"]


@pytest.mark.parametrize("cell", EMPTY)
def test_words_for_nothing_are_nothing(cell: str) -> None:
    said = [target for target in Target if target not in {Target.SKIP, Target.NAME, Target.CONSENT}]
    read = _read(*((target, cell) for target in said if target not in {Target.FIRST_NAME, Target.LAST_NAME}))
    assert read == _read()
    assert _read((Target.LAST_NAME, "Kein")).wanted.details.last_name == "Kein"
