"""Which card an online booking belongs to, by the tables (domain.md §4.1, seed 000)."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.classification import Reason
from clients.identity import Candidate, Identity, IdentityPolicy, Person, identify, miss

STRICT, LENIENT = IdentityPolicy.STRICT, IdentityPolicy.LENIENT
SAME = None
MAIL, OTHER_MAIL = "sarahsmith@gmail.com", "sarah@work.example"
PHONE, OTHER_PHONE = "+491715550318", "+491600000000"
SARAH = Person("Sarah", MAIL, PHONE)


def _card(
    first_name: str = "Sarah",
    email: str = MAIL,
    mobile: str = PHONE,
    landline: str = "",
    *,
    number: int = 1,
    listed_on: date = date(2023, 1, 16),
    last_success_on: date | None = None,
) -> Candidate:
    return Candidate(UUID(int=number), number, listed_on, first_name, email, mobile, landline, last_success_on)


@pytest.mark.parametrize(
    ("first_name", "phone", "expected"),
    [
        ("Sarah", PHONE, SAME),
        ("Sarah", OTHER_PHONE, SAME),
        ("Tom", PHONE, SAME),
        ("Tom", "", SAME),
        ("Sarah", "", SAME),
        ("Tom", OTHER_PHONE, Reason.NAME_AND_PHONE_DIFFER),
    ],
)
def test_strict_with_the_same_email(first_name: str, phone: str, expected: Reason | None) -> None:
    assert miss(Person(first_name, MAIL, phone), _card(), STRICT) == expected
    # Missing on the card instead of in the booking is the same.
    assert miss(SARAH, _card(first_name, MAIL, phone), STRICT) == expected


def test_a_title_is_no_part_of_the_first_name() -> None:
    assert miss(Person("Sarah", "", PHONE), _card("Dr. Sarah", ""), STRICT) is SAME
    assert miss(Person("Prof. Dr. Sarah", "", PHONE), _card("Sarah", ""), STRICT) is SAME
    # Who is known by a title only has no first name: it differs from none.
    assert miss(Person("Sarah", MAIL, OTHER_PHONE), _card("Dr."), STRICT) is SAME


@pytest.mark.parametrize("first_name", ["Sarah", "Tom"])
@pytest.mark.parametrize("phone", [PHONE, OTHER_PHONE, ""])
def test_strict_with_another_email(first_name: str, phone: str) -> None:
    assert miss(Person(first_name, OTHER_MAIL, phone), _card(), STRICT) == Reason.EMAIL_DIFFERS


@pytest.mark.parametrize(("mine", "theirs"), [("", MAIL), (MAIL, ""), ("", ""), ("  ", MAIL)])
@pytest.mark.parametrize(
    ("first_name", "phone", "expected"),
    [
        ("Sarah", PHONE, SAME),
        ("Sarah", OTHER_PHONE, Reason.NOT_LISTED),
        ("Tom", PHONE, Reason.NOT_LISTED),
        ("Sarah", "", Reason.NOT_LISTED),
        ("Tom", OTHER_PHONE, Reason.NOT_LISTED),
    ],
)
def test_strict_with_an_email_missing(
    mine: str, theirs: str, first_name: str, phone: str, expected: Reason | None
) -> None:
    assert miss(Person(first_name, mine, phone), _card(email=theirs), STRICT) == expected


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        (SARAH, SAME),
        (Person("Tom", MAIL, OTHER_PHONE), SAME),
        (Person("Sarah", OTHER_MAIL, PHONE), SAME),
        (Person("Sarah", "", PHONE), SAME),
        (Person("Tom", OTHER_MAIL, PHONE), Reason.NOT_LISTED),
        (Person("Sarah", OTHER_MAIL, OTHER_PHONE), Reason.NOT_LISTED),
        (Person("Sarah", OTHER_MAIL, ""), Reason.NOT_LISTED),
        (Person("Sarah"), Reason.NOT_LISTED),
    ],
)
def test_lenient(person: Person, expected: Reason | None) -> None:
    assert miss(person, _card(), LENIENT) == expected


def test_a_missing_name_differs_from_nothing_and_equals_nothing() -> None:
    assert miss(Person("Sarah", MAIL, OTHER_PHONE), _card(first_name=""), STRICT) == SAME
    assert miss(Person("", "", PHONE), _card(first_name="", email=""), STRICT) == Reason.NOT_LISTED


@pytest.mark.parametrize("email", [MAIL.upper(), f"  {MAIL} ", "SarahSmith@Gmail.com"])
def test_emails_are_compared_trimmed_and_casefolded(email: str) -> None:
    assert miss(Person("Tom", email), _card(), STRICT) == SAME


def test_emails_that_merely_fold_alike_differ() -> None:
    michael = _card("Michael", "michael@example.com", "")
    assert miss(Person("Michael", "michal@example.com"), michael, STRICT) == Reason.EMAIL_DIFFERS


@pytest.mark.parametrize(
    ("booked", "listed"), [("JÖRG", "Joerg"), ("Jorg", "Jörg"), (" Zoé ", "Zoe"), ("Anna  L", "anna l")]
)
def test_first_names_are_compared_folded(booked: str, listed: str) -> None:
    assert miss(Person(booked, "", PHONE), _card(listed), STRICT) == SAME


@pytest.mark.parametrize(("mobile", "landline"), [(PHONE, ""), ("", PHONE), (OTHER_PHONE, PHONE)])
def test_the_phone_may_be_mobile_or_landline_of_the_card(mobile: str, landline: str) -> None:
    assert miss(Person("Sarah", "", PHONE), _card("Sarah", "", mobile, landline), STRICT) == SAME


class TestExamplesOfTheSeed:
    """Sarah Smith is listed with sarahsmith@gmail.com."""

    def test_she_books_with_another_email(self) -> None:
        booked = Person("Sarah", "sarah.smith@work.example", PHONE)
        assert identify(booked, [_card()], STRICT) == Identity(None, Reason.EMAIL_DIFFERS)

    def test_she_books_with_another_first_name_and_phone(self) -> None:
        booked = Person("Tom", MAIL, OTHER_PHONE)
        assert identify(booked, [_card()], STRICT) == Identity(None, Reason.NAME_AND_PHONE_DIFFER)

    def test_she_books_as_she_is_listed(self) -> None:
        assert identify(SARAH, [_card()], STRICT) == Identity(UUID(int=1), None)

    def test_nobody_is_listed(self) -> None:
        assert identify(SARAH, [], STRICT) == Identity(None, Reason.NOT_LISTED)


def test_of_several_the_latest_successful_visit_wins() -> None:
    cards = [
        _card(number=1, last_success_on=date(2025, 3, 1)),
        _card(number=2, last_success_on=date(2026, 3, 1)),
        _card(number=3, last_success_on=None),
    ]
    assert identify(SARAH, cards, STRICT).client_id == UUID(int=2)
    assert identify(SARAH, cards[::-1], STRICT).client_id == UUID(int=2)


def test_then_the_oldest_card() -> None:
    cards = [
        _card(number=1, listed_on=date(2024, 1, 1)),
        _card(number=3, listed_on=date(2023, 1, 1)),
        _card(number=2, listed_on=date(2023, 1, 1)),
    ]
    assert identify(SARAH, cards, STRICT).client_id == UUID(int=2)


@pytest.mark.parametrize(
    ("cards", "reason"),
    [
        # Same phone and first name under another e-mail is nearer than the e-mail alone.
        ([_card("Tom", MAIL, OTHER_PHONE), _card(email=OTHER_MAIL)], Reason.EMAIL_DIFFERS),
        ([_card("Tom", MAIL, OTHER_PHONE)], Reason.NAME_AND_PHONE_DIFFER),
        # Another e-mail is a near miss only with the same phone and the same first name.
        ([_card("Tom", OTHER_MAIL, PHONE)], Reason.NOT_LISTED),
        ([_card("Sarah", OTHER_MAIL, OTHER_PHONE)], Reason.NOT_LISTED),
        ([_card("Sarah", OTHER_MAIL, "")], Reason.NOT_LISTED),
        ([_card("Tom", "", PHONE)], Reason.NOT_LISTED),
    ],
)
def test_the_reason_names_the_nearest_miss(cards: list[Candidate], reason: Reason) -> None:
    assert identify(SARAH, cards, STRICT) == Identity(None, reason)
    assert identify(SARAH, cards[::-1], STRICT) == Identity(None, reason)


texts = st.sampled_from(["", "Sarah", "Tom"])
mails = st.sampled_from(["", MAIL, OTHER_MAIL])
phones = st.sampled_from(["", PHONE, OTHER_PHONE])
people = st.builds(Person, texts, mails, phones)
cards = st.builds(_card, texts, mails, phones, phones)


@given(people, cards)
def test_who_is_the_same_to_the_strict_is_the_same_to_the_lenient(person: Person, card: Candidate) -> None:
    if miss(person, card, STRICT) is None:
        assert miss(person, card, LENIENT) is None


@given(people, st.lists(cards, max_size=4), st.sampled_from(IdentityPolicy))
def test_there_is_always_a_card_or_a_reason(person: Person, listed: list[Candidate], policy: IdentityPolicy) -> None:
    identity = identify(person, listed, policy)
    assert (identity.client_id is None) != (identity.reason is None)
    assert (identity.reason is None) == any(miss(person, card, policy) is None for card in listed)
