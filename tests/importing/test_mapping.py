"""From cells to what they mean (domain.md §10)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.details import ClientDetails
from clients.importing.formats import OUR_COLUMNS, Format, Target, recognise
from clients.importing.mapping import (
    DayOrder,
    Mapping,
    NoDay,
    guess_day_order,
    lost_zeros,
    parse_day,
    read_cells,
    services_of,
)
from tests.importing.files import SHORE

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("header", "format_", "targets"),
    [
        (
            SHORE.partition("\n")[0],
            Format.SHORE,
            "first_name,last_name,gender,email,mobile,birthday,street,postal_code,city,notes,categories,consent",
        ),
        ("Name,Phone,Email,Note,Marketing", Format.TREATWELL, "name,phone,email,notes,consent"),
        ("First Name,Last Name,TreatCard Number,TreatCard Points,Last Visit", Format.PHOREST,
         "first_name,last_name,treatcard_number,points,last_visit_on"),
        (",".join(german for german, _english, _target in OUR_COLUMNS), Format.OURS,
         ",".join(target for _german, _english, target in OUR_COLUMNS)),
        (",".join(english for _german, english, _target in OUR_COLUMNS), Format.OURS,
         ",".join(target for _german, _english, target in OUR_COLUMNS)),
        ("VORNAME,Name,E-Mail-Adresse,Handynr,Straße,Telefon privat,Kundennr.", Format.OTHER,
         "first_name,last_name,email,,street,landline,"),
        ("Kunde,Mobil,Handy", Format.OTHER, "name,mobile,"),
        ("Vorname,Nachname,Name", Format.OTHER, "first_name,last_name,"),
    ],
)  # fmt: skip
def test_files_are_told_by_their_headings(header: str, format_: Format, targets: str) -> None:
    found, meant = recognise(header.split(","))
    assert (found, ",".join(meant)) == (format_, targets)


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2026-05-03", DayOrder.MDY, date(2026, 5, 3)),
        ("2026-05-03 14:30:00", DayOrder.DMY, date(2026, 5, 3)),
        ("3.5.2026", DayOrder.DMY, date(2026, 5, 3)),
        ("03/05/2026", DayOrder.DMY, date(2026, 5, 3)),
        ("03/05/2026", DayOrder.MDY, date(2026, 3, 5)),
        ("21.11.26", DayOrder.DMY, date(2026, 11, 21)),
        ("21.11.27", DayOrder.DMY, date(1927, 11, 21)),
    ],
)
def test_days_in_every_writing(text: str, order: DayOrder, day: date) -> None:
    assert parse_day(text, order, latest=2026) == day


@pytest.mark.parametrize("text", ["", "neulich", "31.02.2024", "13/13/2024", "1.2.345", "5.2026"])
def test_no_days(text: str) -> None:
    with pytest.raises(NoDay):
        parse_day(text, DayOrder.DMY, latest=2026)


def test_the_order_of_days_is_told_from_the_column() -> None:
    assert guess_day_order(["03/05/2026", "25/12/2025"]) == DayOrder.DMY
    assert guess_day_order(["03/05/2026", "12/25/2025"]) == DayOrder.MDY
    assert guess_day_order(["03/05/2026", "2026-12-25"]) == DayOrder.DMY


def test_postcodes_get_their_zeros_back_where_most_lost_them() -> None:
    assert lost_zeros(["1067", "4109", "80331"], "DE")
    assert not lost_zeros(["1067", "80331"], "DE")
    assert not lost_zeros(["1010", "1020"], "AT")


def test_a_name_in_one_column_is_parted_and_says_the_gender() -> None:
    read = read_cells(["Frau Dr. Anna von der Au", ""], _mapping(Target.NAME, Target.GENDER)).wanted.details
    assert (read.first_name, read.last_name, read.gender) == ("Dr. Anna", "von der Au", "FEMALE")
    told = read_cells(["Herr Lang", "divers"], _mapping(Target.NAME, Target.GENDER)).wanted.details
    assert (told.last_name, told.gender) == ("Lang", "DIVERSE")
    both = read_cells(["Anna Lang", "Petra"], _mapping(Target.NAME, Target.FIRST_NAME)).wanted.details
    assert (both.first_name, both.last_name) == ("Petra", "Lang")


def test_services_had_with_their_times() -> None:
    assert services_of("Föhnen x3; 2 x Ansatzfarbe;Glossing (4)\nPflegekur: 2; Facial; Facial") == {
        "Föhnen": 3, "Ansatzfarbe": 2, "Glossing": 4, "Pflegekur": 2, "Facial": 2,
    }  # fmt: skip


def _mapping(*targets: Target, **given: object) -> Mapping:
    return Mapping(targets, "DE", TODAY, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "consent"),
    [("1", True), ("ja", True), ("Subscribed", True), ("opt-in", True), ("TRUE", True), ("0", False), ("nein", False),
     ("unsubscribed", False), ("", None), ("vielleicht", None), ("pending", None)],
)  # fmt: skip
def test_only_a_clear_yes_is_consent(cell: str, consent: bool | None) -> None:
    assert read_cells(["A", cell], _mapping(Target.NAME, Target.CONSENT)).wanted.consent is consent


@pytest.mark.parametrize(
    ("cells", "mobile", "landline"),
    [
        (["A", "0171 5550318", ""], "+491715550318", ""),
        (["A", "030 5550199", ""], "", "+49305550199"),
        (["A", "0171 5550318", "030 5550199"], "+491715550318", "+49305550199"),
        (["A", "0171 5550318", "0172 5550319"], "+491715550318", "+491725550319"),
    ],
)
def test_phones_go_where_they_belong(cells: list[str], mobile: str, landline: str) -> None:
    details = read_cells(cells, _mapping(Target.NAME, Target.PHONE, Target.PHONE)).wanted.details
    assert (details.mobile, details.landline) == (mobile, landline)


@pytest.mark.parametrize(("cell", "count"), [("1.234", 1234), ("12,00", 12), ("12.0", 12), ("7", 7), ("1 234", 1234)])
def test_counts_in_every_writing(cell: str, count: int) -> None:
    assert read_cells(["A", cell], _mapping(Target.NAME, Target.POINTS)).wanted.points == count


def test_birthdays_without_a_year() -> None:
    for cell, order, iso in (
        ("21.11.", DayOrder.DMY, "--11-21"), ("--11-21", DayOrder.DMY, "--11-21"), ("11/21", DayOrder.MDY, "--11-21"),
    ):  # fmt: skip
        found = read_cells(["A", cell], _mapping(Target.NAME, Target.BIRTHDAY, day_order=order))
        assert found.wanted.details.birthday == iso, found.problems


@pytest.mark.parametrize(
    ("cell", "order", "iso"),
    [
        ("14.9.79", DayOrder.DMY, "1979-09-14"),
        ("9/14/79", DayOrder.MDY, "1979-09-14"),
        ("21.11.26", DayOrder.DMY, "2026-11-21"),
        ("22.11.26", DayOrder.DMY, "1926-11-22"),
    ],
)
def test_nobody_is_born_in_the_future(cell: str, order: DayOrder, iso: str) -> None:
    found = read_cells(["A", cell], _mapping(Target.NAME, Target.BIRTHDAY, day_order=order))
    assert (found.wanted.details.birthday, found.problems) == (iso, ())


def test_a_visit_to_come_is_no_visit_of_a_hundred_years_ago() -> None:
    found = read_cells(["A", "22.11.26"], _mapping(Target.NAME, Target.LAST_VISIT_ON))
    assert [one.code for one in found.problems] == ["future"]


@given(cells=st.lists(st.text(max_size=60), max_size=len(Target)), order=st.sampled_from(DayOrder))
def test_any_cells_are_understood_or_refused(cells: list[str], order: DayOrder) -> None:
    found = read_cells(cells, _mapping(*Target, day_order=order))
    assert found.problems or found.wanted.details.first_name or found.wanted.details.last_name
    assert all(problem.code for problem in found.problems)


@pytest.mark.parametrize(
    ("cell", "blocked", "reason"),
    [
        ("TRUE", "yes", "Aus der bisherigen Software übernommen"),
        ("2 × nicht erschienen", "yes", "2 × nicht erschienen"),
        ("nein", "", ""),
        ("-", "", ""),
        ("", "", ""),
    ],
)
def test_who_is_blocked(cell: str, blocked: str, reason: str) -> None:
    details = read_cells(["Anna", cell], _mapping(Target.FIRST_NAME, Target.BLOCKED)).wanted.details
    assert (details.blocked, details.blocked_reason) == (blocked, reason)


def test_a_reason_that_is_too_long_is_a_cell_that_can_be_left_out() -> None:
    mapping = _mapping(Target.FIRST_NAME, Target.BLOCKED, leave_out_cells=True)
    read = read_cells(["Anna", "x" * 201], mapping)
    assert (read.wanted.details, read.problems) == (ClientDetails("Anna"), ())
    assert [one.target for one in read.left_out] == ["blocked"]
