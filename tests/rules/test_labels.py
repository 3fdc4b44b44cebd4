"""What a category may be called and what it may grant (domain.md §3)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.labels import CategoryDetails, InvalidPercent, accept_category, parse_percent
from salon.errors import InvalidInput


@pytest.mark.parametrize(
    ("typed", "percent"),
    [
        ("10", "10.00"),
        ("12,5", "12.50"),
        ("12.50", "12.50"),
        ("12,5 %", "12.50"),
        ("12.5%", "12.50"),
        ("100", "100.00"),
        ("100,00 %", "100.00"),
        ("0,01", "0.01"),
        (" 7 ", "7.00"),
        ("007", "7.00"),
    ],
)
def test_a_percentage_in_german_and_english_writing(typed: str, percent: str) -> None:
    assert str(parse_percent(typed)) == percent


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("0", "range"),
        ("0,00", "range"),
        ("100,01", "range"),
        ("101", "range"),
        ("999999999", "range"),
        ("12,345", "decimals"),
        ("12.500", "decimals"),
        ("1.000,5", "invalid"),
        ("-10", "invalid"),
        ("−10", "invalid"),
        ("+10", "invalid"),
        ("1e1", "invalid"),
        (",5", "invalid"),
        ("5,", "invalid"),
        ("10 %%", "invalid"),
        ("%", "invalid"),
        ("zehn", "invalid"),
        ("١٠", "invalid"),
        ("NaN", "invalid"),
        ("9" * 400, "invalid"),
    ],
)
def test_what_is_no_share_that_can_be_granted(typed: str, code: str) -> None:
    with pytest.raises(InvalidPercent) as refusal:
        parse_percent(typed)
    assert (refusal.value.error.field, refusal.value.error.code) == ("discount_percent", code)


@given(st.decimals(min_value="0.01", max_value="100", places=2))
def test_every_share_with_two_places_is_read_as_it_is_written(percent: Decimal) -> None:
    for text in (f"{percent}", f"{percent} %", str(percent).replace(".", ",")):
        assert parse_percent(text) == percent


@given(st.text(max_size=12))
def test_whatever_is_typed_is_a_share_or_refused(text: str) -> None:
    try:
        percent = parse_percent(text)
    except InvalidPercent:
        return
    assert 0 < percent <= 100
    assert percent == percent.quantize(Decimal("0.01"))


def test_what_is_accepted_stands_in_one_form() -> None:
    given = CategoryDetails("  Gold \t Kunden ", " seit\n2020 ", " 12,5 % ", "SERVICES", True)
    assert accept_category(given) == CategoryDetails("Gold Kunden", "seit 2020", "12.50", "SERVICES", True)
    assert accept_category(CategoryDetails("A")) == CategoryDetails("A", "", "", "BOTH", False)


def test_every_wrong_field_is_named() -> None:
    with pytest.raises(InvalidInput) as refusal:
        accept_category(CategoryDetails("", "d" * 201, "0", "TIPS"))
    assert [(error.field, error.code) for error in refusal.value.errors] == [
        ("name", "required"),
        ("description", "max_length"),
        ("discount_percent", "range"),
        ("discount_on", "invalid_choice"),
    ]


@pytest.mark.parametrize(("name", "code"), [(" \u200b ", "required"), ("n" * 61, "max_length"), ("a\x00b", "invalid")])
def test_a_name_that_cannot_be_kept(name: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        accept_category(CategoryDetails(name))
    assert [(error.field, error.code) for error in refusal.value.errors] == [("name", code)]


def test_the_longest_texts_fit() -> None:
    accept_category(CategoryDetails("n" * 60, "d" * 200))


@pytest.mark.parametrize(
    ("one", "other"), [("VIP", "vip"), ("Nägel", "NAEGEL"), ("Nägel", "Nagel"), ("Café  Gäste", "cafe gaste")]
)
def test_names_are_compared_without_case_and_accents(one: str, other: str) -> None:
    assert CategoryDetails(one).name_key == CategoryDetails(other).name_key


@pytest.mark.parametrize(
    ("one", "other"), [("VIP", "VIPs"), ("Rentner −10 %", "Rentner −15 %"), ("´", "`"), ("💇", "💅")]
)
def test_names_that_differ_for_people_differ(one: str, other: str) -> None:
    assert CategoryDetails(one).name_key != CategoryDetails(other).name_key


@given(st.text(max_size=60))
def test_a_key_fits_its_column(name: str) -> None:
    assert len(CategoryDetails(name).name_key) <= 120
