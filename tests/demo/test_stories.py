"""The clients that the domain tells of (domain.md §11)."""

from datetime import date, timedelta

from bookings.models import Appointment, AppointmentItem
from bookings.states import State
from clients.listing import search_clients
from clients.models import Client, SearchToken
from clients.tokens import tokens_of
from salon.tenancy.models import Salon

TODAY = date(2026, 11, 21)


def _card(first_name: str, last_name: str) -> Client:
    return Client.objects.get(first_name=first_name, last_name=last_name)


def _had(card: Client) -> list[tuple[str, str, str]]:
    items = AppointmentItem.objects.filter(appointment__client=card).order_by("starts_at")
    return list(items.values_list("service__name", "appointment__state", "appointment__client_status_reason"))


def test_frank_has_points_for_a_shave_and_never_had_one(demo: Salon) -> None:
    frank = _card("Frank", "Hofmann")
    had = _had(frank)
    services = [name for name, _state, _reason in had]
    assert {name: services.count(name) for name in services} == {"Facial": 7, "Pflegekur": 1, "Brauen zupfen": 1}
    assert {state for _name, state, _reason in had} == {State.COMPLETED}
    assert (frank.points, frank.treatcard_number) == (350, "TC35000014")
    assert (frank.visits, frank.carried_visits, frank.status) == (9, 0, "RETURNING")


def test_sarah_is_listed_with_one_address(demo: Salon) -> None:
    sarah = Client.objects.get(last_name="Smith")
    assert (sarah.first_name, sarah.email, sarah.visits) == ("Sarah", "sarahsmith@gmail.com", 7)
    assert _had(sarah)[0] == ("Waschen-Schneiden-Föhnen", "COMPLETED", "NOT_LISTED")


def test_one_day_decides_at_the_boundary(demo: Salon) -> None:
    cards = {client.first_name: client for client in Client.objects.filter(last_name="Grenze")}
    assert {card.listed_on for card in cards.values()} == {TODAY - timedelta(days=3 * 365)}
    assert {name: (card.status, card.status_reason, card.last_visit_on) for name, card in cards.items()} == {
        "Greta": ("RETURNING", "RECENT_VISIT", TODAY - timedelta(days=364)),
        "Gustav": ("RETURNING", "RECENT_VISIT", TODAY - timedelta(days=365)),
        "Gesine": ("NEW", "LAPSED", TODAY - timedelta(days=366)),
    }
    for card in cards.values():
        dates = Appointment.objects.filter(client=card).values_list("visit_on", flat=True)
        assert max(filter(None, dates)) == card.last_visit_on == card.last_success_on


def test_whoever_missed_three_appointments_is_blocked(demo: Salon) -> None:
    bianca = _card("Bianca", "Barmann")
    assert (bianca.blocked, bianca.blocked_reason, bianca.visits) == (True, "Dreimal nicht erschienen", 0)
    assert [state for _name, state, _reason in _had(bianca)] == ["NO_SHOW"] * 3
    assert [reason for _name, _state, reason in _had(bianca)] == ["NOT_LISTED", *["FIRST_VISIT_PENDING"] * 2]


def test_some_are_on_file_twice(demo: Salon) -> None:
    for first_name, last_names in (
        ("Petra", {"Lang", "Lang-Vogt"}),
        ("Jonas", {"Öztürk", "Oeztuerk"}),
        ("Ines", {"Großmann", "Grossmann"}),
    ):
        cards = list(Client.objects.filter(first_name=first_name, last_name__in=last_names))
        assert {card.last_name for card in cards} >= last_names
        assert all(card.visits for card in cards)
    assert _had(_card("Petra", "Lang-Vogt"))[0][2] == "EMAIL_DIFFERS"


def test_cards_are_found_as_if_they_had_been_typed_in(demo: Salon) -> None:
    assert search_clients("hofmann fr", limit=5)[0][0].full_name == "Frank Hofmann"
    frank = _card("Frank", "Hofmann")
    stored = set(SearchToken.objects.filter(client=frank).values_list("field", "token"))
    assert stored == {(int(field), token) for field, token in tokens_of(frank.details, frank.number, "TC35000014")}
