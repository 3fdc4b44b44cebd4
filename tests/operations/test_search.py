"""Finding clients while typing (domain.md §2)."""

from uuid import UUID

import pytest

from clients.details import ClientDetails
from clients.editing import create_client, update_client
from clients.listing import search_clients, sharing_contact
from clients.models import Client, CreatedVia, SearchToken, TokenField
from clients.queries import Hit
from clients.tokens import rows_of, tokens_of
from salon.folding import words
from salon.identity.roles import Actor
from salon.tenancy.models import Salon
from tests.conftest import NOW

CLIENTS = [
    ClientDetails(first_name="Björn", last_name="Müller", mobile="0171 5550318", email="bjoern@web.example"),
    ClientDetails(first_name="Sarah", last_name="Smith", email="sarah.smith@gmail.com", city="Berlin"),
    ClientDetails(first_name="Anna Lena", last_name="Becker-Weiß", landline="030 4445566", postal_code="10969"),
    ClientDetails(first_name="Zoë", last_name="Bauer", street="Müllerstraße 7"),
    ClientDetails(first_name="Frank", last_name="Hofmann", mobile="+43 660 1234567"),
    ClientDetails(first_name="Ben", last_name="Bauer"),
]


@pytest.fixture
def listed(in_sonnenschein: Salon, front_desk: Actor) -> Salon:
    for details in CLIENTS:
        create_client(actor=front_desk, salon=in_sonnenschein, details=details, created_via=CreatedVia.STAFF, now=NOW)
    return in_sonnenschein


def _found(typed: str) -> list[str]:
    return [client.full_name for client in search_clients(typed, limit=50)[0]]


@pytest.mark.parametrize("typed", ["mueller", "muller", "Müller", "MÜL", "Björn Mü", "müller bjorn", "mue"])
def test_umlauts_and_order_of_names_never_matter(listed: Salon, typed: str) -> None:
    assert _found(typed)[0] == "Björn Müller"


def test_b_lists_whose_first_or_last_name_begins_with_it(listed: Salon) -> None:
    # Seed 002; then come e-mails and towns. Equal words stand in the order of names, each card once.
    assert _found("B") == ["Ben Bauer", "Zoë Bauer", "Anna Lena Becker-Weiß", "Björn Müller", "Sarah Smith"]


@pytest.mark.parametrize(
    "typed",
    [
        "0171 555",
        "+49171555",
        "+49 (0)171 5550318",
        "(+49) 171 555",
        "0049 171 5550318",
        "(0171) 555-03",
        "5550318",
        "0318",
        "550 31",
        "171 5550318",
    ],
)
def test_phones_in_any_notation_and_by_last_digits(listed: Salon, typed: str) -> None:
    assert _found(typed) == ["Björn Müller"]


@pytest.mark.parametrize("typed", ["030 444", "5566", "0304445566"])
def test_landlines_too(listed: Salon, typed: str) -> None:
    assert _found(typed) == ["Anna Lena Becker-Weiß"]


def test_foreign_numbers_by_their_national_writing(listed: Salon) -> None:
    assert _found("0660 1234") == ["Frank Hofmann"]
    assert _found("+43 660") == ["Frank Hofmann"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("sarah.smith@gmail.com", "Sarah Smith"),
        ("SARAH.SM", "Sarah Smith"),
        ("gmail", "Sarah Smith"),
        ("@gmail", "Sarah Smith"),
        ("smith @gmail.com", "Sarah Smith"),
        ("weiss", "Anna Lena Becker-Weiß"),
        ("Becker-Weiß", "Anna Lena Becker-Weiß"),
        ("lena beck", "Anna Lena Becker-Weiß"),
        ("10969", "Anna Lena Becker-Weiß"),
        ("5", "Frank Hofmann"),
        ("anna 030 4445566", "Anna Lena Becker-Weiß"),
        ("zoe", "Zoë Bauer"),
        ("Frau Smith", "Sarah Smith"),
        ("Hr. Hofm", "Frank Hofmann"),
    ],
)
def test_by_every_other_part_of_the_card(listed: Salon, typed: str, name: str) -> None:
    assert _found(typed)[0] == name


@pytest.mark.parametrize(
    "written", ["Gartenstraße 12", "Gartenstr. 12", "Gartenstr.12", "Gartenstrasse 12", "GARTENSTR 12"]
)
@pytest.mark.parametrize(
    "typed", ["Gartenstraße 12", "gartenstr. 12", "gartenstr 1", "Gartenstr.", "gartenstra", "gart"]
)
def test_a_street_is_found_however_it_is_shortened(
    in_sonnenschein: Salon, front_desk: Actor, written: str, typed: str
) -> None:
    details = ClientDetails(first_name="Ida", street=written)
    create_client(actor=front_desk, salon=in_sonnenschein, details=details, created_via=CreatedVia.STAFF, now=NOW)
    assert _found(typed) == ["Ida"]


@pytest.mark.parametrize("typed", ["lange straße 5", "Lange Str. 5", "lange st", "lange str"])
def test_a_street_of_two_words(in_sonnenschein: Salon, front_desk: Actor, typed: str) -> None:
    details = ClientDetails(first_name="Ida", street="Lange Str. 5")
    create_client(actor=front_desk, salon=in_sonnenschein, details=details, created_via=CreatedVia.STAFF, now=NOW)
    assert _found(typed) == ["Ida"]


def test_names_stand_before_addresses(listed: Salon) -> None:
    assert _found("müller") == ["Björn Müller", "Zoë Bauer"]


def test_who_lives_in_a_place_of_the_own_name_stands_among_the_names(in_sonnenschein: Salon, front_desk: Actor) -> None:
    _listed(in_sonnenschein, front_desk, ("Zoe", "Mulzer", "Bonn"), ("Ute", "Müller", "Mulda"), ("Eva", "Ott", "Mulda"))
    assert _found("mul") == ["Ute Müller", "Zoe Mulzer", "Eva Ott"]


def test_pages_of_several_words_go_on_with_the_word_that_drove(
    listed: Salon, front_desk: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(7):
        details = ClientDetails(first_name=f"Anna{index}", last_name="Bauer", city="Berlin")
        create_client(actor=front_desk, salon=listed, details=details, created_via=CreatedVia.STAFF, now=NOW)
    for counted in (3, 500):
        monkeypatch.setattr("clients.search.COUNTED", counted)
        seen, after = [], None
        while True:
            clients, after = search_clients("berlin anna bau", limit=2, after=after)
            seen += [client.first_name for client in clients]
            if after is None:
                break
        assert sorted(seen) == [f"Anna{index}" for index in range(7)]


def _listed(salon: Salon, actor: Actor, *people: tuple[str, str, str]) -> list[tuple[str, str, str]]:
    for first, last, city in people:
        details = ClientDetails(first_name=first, last_name=last, city=city, email=f"{city.lower()}@web.example")
        create_client(actor=actor, salon=salon, details=details, created_via=CreatedVia.STAFF, now=NOW)
    return list(people)


def test_words_that_all_stand_in_the_name_come_first(in_sonnenschein: Salon, front_desk: Actor) -> None:
    _listed(
        in_sonnenschein,
        front_desk,
        ("Annabel", "Müller", "Mulda"),
        ("Anna", "Zander", "Mulda"),
        ("Anna", "Müller", "Mulda"),
        ("Bert", "Anna-Mulde", "Mulda"),
        ("Anna", "Bode", "Mulda"),
    )
    # In full and then the beginning of the last name; the rest of the names; then names with places.
    assert _found("anna mul") == ["Anna Müller", "Bert Anna-Mulde", "Annabel Müller", "Anna Bode", "Anna Zander"]
    assert _found("müller an") == ["Anna Müller", "Annabel Müller"]


@pytest.mark.parametrize("other", ["Klara Mai", "Klara Ort", "Ort Mai", "Mai Ort-Mai"])
@pytest.mark.parametrize(
    "typed", ["Mai-Ort", "mai ort", "Ort-Mai", "Ida Mai-Ort", "Mai-Or", "Ma Ort", "D'Amico", "amico d", "Eva D'Am"]
)
def test_double_names_whoever_else_is_called_so(
    in_sonnenschein: Salon, front_desk: Actor, typed: str, other: str
) -> None:
    first, _space, last = other.partition(" ")
    _listed(in_sonnenschein, front_desk, ("Ida", "Mai-Ort", "Bonn"), ("Eva", "D'Amico", "Bonn"), (first, last, "Bonn"))
    double = "Eva D'Amico" if "mi" in typed.casefold() or "'" in typed else "Ida Mai-Ort"
    assert double in _found(typed)


@pytest.mark.parametrize("told", [True, False])
def test_each_card_meeting_all_words_stands_once_on_whatever_page(
    in_sonnenschein: Salon, front_desk: Actor, told: bool
) -> None:
    firsts = ("Anna", "Annabel", "Jörg", "Joerg", "Mula")
    lasts = ("Müller", "Mueller", "Anna-Müller", "Becker-Weiß", "Mulani", "Anna-Mula")
    cities = dict.fromkeys(firsts, "Berlin") | {"Annabel": "Mulda"}
    _listed(in_sonnenschein, front_desk, *((first, last, cities[first]) for first in firsts for last in lasts))
    if not told:
        SearchToken.objects.update(beginnings="")
    cards = {client.pk: tokens_of(client.details, client.number) for client in Client.objects.all()}
    for typed in (
        "anna mul",
        "mul anna",
        "mueller jo",
        "jörg müller",
        "a b",
        "a m 1",
        "beck weiss anna",
        "anna mul berl",
        "mula anna",
        "anna mula",
        "berlin bec 2",
        "web ann mue",
        "muelani berli",
    ):
        wanted = [
            card
            for card, tokens in cards.items()
            if all(any(token.startswith(word) for _field, token in tokens) for word in words(typed))
        ]
        whole = [client.pk for client in search_clients(typed, limit=500)[0]]
        assert (typed, sorted(whole)) == (typed, sorted(wanted))
        assert wanted
        for limit in (1, 2, 3):
            seen: list[UUID] = []
            after: Hit | None = None
            while True:
                clients, after = search_clients(typed, limit=limit, after=after)
                seen += [client.pk for client in clients]
                if after is None:
                    break
            assert (typed, limit, seen) == (typed, limit, whole)


@pytest.mark.parametrize("typed", ["", "  ", "%", "_", "'", "xyz", "müller smith", "\x00", "0", "+", "@", "@."])
def test_what_fits_nothing_finds_nothing(listed: Salon, typed: str) -> None:
    assert _found(typed) == []


def test_pages_go_on_where_the_last_one_ended(listed: Salon) -> None:
    seen, after = [], None
    while True:
        clients, after = search_clients("b", limit=2, after=after)
        seen += [client.full_name for client in clients]
        if after is None:
            break
    assert seen == _found("b")


def test_a_changed_card_is_found_by_what_it_says_now(listed: Salon, front_desk: Actor) -> None:
    client = search_clients("Frank", limit=1)[0][0]
    update_client(
        actor=front_desk,
        salon=listed,
        client_id=client.pk,
        changes={"last_name": "Vogt", "mobile": ""},
        version=None,
        now=NOW,
    )
    assert (_found("Hofmann"), _found("0660"), _found("Vogt")) == ([], [], ["Frank Vogt"])
    stored = set(SearchToken.objects.filter(client=client).values_list("field", "token", "beginnings"))
    client.refresh_from_db()
    assert stored == rows_of(tokens_of(client.details, client.number))


def test_a_token_tells_how_all_words_but_phone_numbers_begin() -> None:
    tokens = {
        (TokenField.NAME, "bo bo oneill"),
        (TokenField.NAME, "oneill bo oneill"),
        (TokenField.NUMBER, "17"),
        (TokenField.PHONE, "234"),
    }
    assert rows_of(tokens) == {
        (1, "bo bo oneill", " 17 bo oneil"),
        (1, "oneill bo oneill", " 17 bo oneil"),
        (2, "17", " 17 bo oneil"),
        (4, "234", ""),
    }
    many = {(TokenField.PLACE, f"{place:05}") for place in range(43)}
    assert {beginnings for *_token, beginnings in rows_of(many)} == {""}


def test_cards_sharing_phone_or_email(listed: Salon) -> None:
    def twins(**given: str) -> list[str]:
        return [client.full_name for client in sharing_contact(ClientDetails(**given))]

    assert twins(mobile="+491715550318") == ["Björn Müller"]
    assert twins(landline="+491715550318", email="SARAH.SMITH@gmail.com") == ["Björn Müller", "Sarah Smith"]
    assert twins(email="smith@gmail.com") == []
    assert twins(mobile="+4915550318") == []


@pytest.mark.parametrize(
    "typed", ["Nr. 3", "Nr 3", "nr.3", "Kunden-Nr. 3", "Kundennr. 3", "Kundennummer 3", "No. 3", "Client no. 3", "#3"]
)
def test_a_number_as_the_card_writes_it(listed: Salon, typed: str) -> None:
    assert _found(typed) == ["Anna Lena Becker-Weiß"]


@pytest.fixture
def born(in_sonnenschein: Salon, front_desk: Actor) -> None:
    for first, last, birthday in (
        ("Anna", "Müller-Lüdenscheidt", "29.02.1980"),
        ("Ehrlich", "Mc Donald", "29.02."),
        ("Bea", "Ott", "02.10.1999"),
        ("Cem", "Ott", "02.01.2019"),
    ):
        details = ClientDetails(first_name=first, last_name=last, birthday=birthday)
        create_client(actor=front_desk, salon=in_sonnenschein, details=details, created_via=CreatedVia.STAFF, now=NOW)


@pytest.mark.parametrize(
    ("typed", "firsts"),
    [
        ("29.02.", ["Anna", "Ehrlich"]),
        ("29.2.", ["Anna", "Ehrlich"]),
        ("29.2", ["Anna", "Ehrlich"]),
        ("29. 2. 1980", ["Anna"]),
        ("29.02.1980", ["Anna"]),
        ("29.02.19", ["Anna"]),
        ("29.02.80", ["Anna"]),
        ("geb 29.02", ["Anna", "Ehrlich"]),
        ("geb. 29.02.80", ["Anna"]),
        ("*29.02.", ["Anna", "Ehrlich"]),
        ("ehr 29.02.", ["Ehrlich"]),
        ("Müller, 29.2.1980", ["Anna"]),
        ("29.2. mcd", ["Ehrlich"]),
        ("02.1", ["Bea", "Cem"]),
        ("02.1.", ["Cem"]),
        ("02.01.19", ["Cem"]),
        ("2.10.99", ["Bea"]),
        ("30.02.", []),
        ("2902", []),
    ],
)
def test_birthdays_with_and_without_their_year(born: None, typed: str, firsts: list[str]) -> None:
    assert sorted(client.first_name for client in search_clients(typed, limit=50)[0]) == firsts


@pytest.mark.parametrize(
    ("typed", "first"),
    [("muellerlued", "Anna"), ("MüllerLüdenscheidt", "Anna"), ("mcdonald", "Ehrlich"), ("anna muellerl", "Anna")],
)
def test_words_of_a_name_run_together(born: None, typed: str, first: str) -> None:
    assert [client.first_name for client in search_clients(typed, limit=50)[0]] == [first]


def test_what_looks_like_a_day_may_be_a_phone_number(in_sonnenschein: Salon, front_desk: Actor) -> None:
    details = ClientDetails(first_name="Ute", mobile="0171.12.05550")
    create_client(actor=front_desk, salon=in_sonnenschein, details=details, created_via=CreatedVia.STAFF, now=NOW)
    assert _found("12.05") == ["Ute"]
