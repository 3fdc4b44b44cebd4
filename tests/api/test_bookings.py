"""`/api/v1/bookings` (api.md): what a key sees of a booking, and what it can do to it."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from bookings.models import Appointment
from bookings.scheduling import change_client
from clients.models import Client
from clients.tokens import add_tokens
from salon.api.scopes import Scope
from salon.catalogue.models import Closure, Service
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import NOBODY, Caller, IssueKey
from tests.bookings.salonday import SalonDay, a_salon_day, at, make_appointment, make_client, make_staff
from tests.conftest import NOW

SARAH = {"first_name": "Sarah", "last_name": "Smith", "email": "sarahsmith@gmail.com", "phone": "0160 5550142"}


@pytest.fixture
def day(sonnenschein: Salon) -> SalonDay:
    with salon_scope(sonnenschein.pk):
        return a_salon_day()


@pytest.fixture
def site(sonnenschein: Salon, api_key: IssueKey) -> Caller:
    """A booking site that may not read cards."""
    return Caller(api_key(sonnenschein, Scope.CATALOGUE_READ, Scope.BOOKINGS_READ, Scope.BOOKINGS_WRITE))


@pytest.fixture
def till(sonnenschein: Salon, api_key: IssueKey) -> Caller:
    """A program of the salon's own, which may do everything."""
    return Caller(api_key(sonnenschein))


@pytest.fixture(autouse=True)
def before_the_day(time_machine: Any) -> None:
    time_machine.move_to(at(10) - timedelta(days=3))


_keys = iter(range(10**6))


def _book(caller: Caller, day: SalonDay, /, status: int = 201, **body: Any) -> Any:
    asked = {"starts_at": at(10).isoformat(), "items": [{"service": str(day.cut.pk)}], "client": SARAH, **body}
    asked = {name: value for name, value in asked.items() if value is not None}
    answer = caller.post("bookings", asked, Idempotency_Key=f"key-{next(_keys)}")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_a_booking_as_a_site_sees_it(site: Caller, day: SalonDay) -> None:
    items = [{"service": str(day.cut.pk), "staff": str(day.bora.pk)}, {"service": str(day.brows.pk)}]
    booking = _book(site, day, items=items, note="Fensterplatz")
    made = booking.pop("id"), [item.pop("id") for item in booking["items"]]
    assert len(set(made[1])) == 2
    assert booking == {
        "state": "BOOKED",
        "source": "ONLINE",
        "starts_at": "2026-11-24T10:00:00+01:00",
        "ends_at": "2026-11-24T11:15:00+01:00",
        "client": {"first_name": "Sarah", "last_name": "Smith"},
        "items": [
            {
                "service": {"id": str(day.cut.pk), "name": "Schneiden"},
                "staff": {"id": str(day.bora.pk), "name": "Bora"},
                "starts_at": "2026-11-24T10:00:00+01:00",
                "ends_at": "2026-11-24T11:00:00+01:00",
                "price": "59.00",
                "list_price": "59.00",
                "reward": None,
            },
            {
                "service": {"id": str(day.brows.pk), "name": "Brauen zupfen"},
                "staff": booking["items"][1]["staff"],
                "starts_at": "2026-11-24T11:00:00+01:00",
                "ends_at": "2026-11-24T11:15:00+01:00",
                "price": "12.00",
                "list_price": "12.00",
                "reward": None,
            },
        ],
        "note": "Fensterplatz",
        "total": "71.00",
        "version": 1,
    }


def test_a_key_that_reads_cards_sees_whose_it_is(till: Caller, day: SalonDay, sonnenschein: Salon) -> None:
    booking = _book(till, day)
    with salon_scope(sonnenschein.pk):
        card = Client.objects.get(email="sarahsmith@gmail.com")
    assert booking["client"] == {"id": str(card.pk), "first_name": "Sarah", "last_name": "Smith"}
    assert (booking["client_status"], booking["client_status_reason"]) == ("NEW", "NOT_LISTED")


def test_a_site_sees_the_name_that_was_submitted_and_none_that_was_not(
    site: Caller, till: Caller, day: SalonDay, sonnenschein: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        make_appointment((day.cut, day.anna), client=day.lena, starts_at=at(14))
        card = make_client("Sarah", "Smythe", email="sarahsmith@gmail.com")
    assert till.patch(f"clients/{card.pk}", {"email": "sarahsmith@gmail.com", "city": "Berlin"}).status_code == 200
    _book(site, day)
    # Made as of NOW, an hour later.
    found = site.get("bookings").json()["results"]
    assert [one["client"] for one in found] == [
        {"first_name": None, "last_name": None},
        {"first_name": "Sarah", "last_name": "Smith"},
    ]
    assert all("client_status" not in one for one in found)


def test_a_site_is_told_no_name_that_it_did_not_submit(
    site: Caller, till: Caller, day: SalonDay, sonnenschein: Salon
) -> None:
    """Whose card it is, what else stands on it, and who it is given to, are for keys that read cards."""
    with salon_scope(sonnenschein.pk):
        card = make_client("Sarah", "Smythe", email="sarahsmith@gmail.com")
        add_tokens(card)
    first_name_only = {"first_name": "sarah", "email": "sarahsmith@gmail.com"}
    booking = _book(site, day, client=first_name_only)
    named = {"first_name": "sarah", "last_name": None}
    assert booking["client"] == named
    path = f"bookings/{booking['id']}"
    assert till.get(path).json()["client"]["id"] == str(card.pk)
    assert till.patch(f"clients/{card.pk}", {"first_name": "Sara"}).status_code == 200
    assert site.get(path).json()["client"] == named
    with salon_scope(sonnenschein.pk):
        change_client(
            actor=system_actor("test"),
            salon=sonnenschein,
            appointment_id=UUID(booking["id"]),
            client_id=day.lena.pk,
            now=NOW,
        )
    assert site.get(path).json()["client"] == {"first_name": None, "last_name": None}
    by_card = _book(till, day, client=None, client_id=str(day.lena.pk), starts_at=at(12).isoformat())
    assert site.get(f"bookings/{by_card['id']}").json()["client"] == {"first_name": None, "last_name": None}


def test_a_card_by_its_id_only_for_who_reads_cards(site: Caller, till: Caller, day: SalonDay) -> None:
    booking = _book(till, day, client=None, client_id=str(day.lena.pk))
    assert (booking["source"], booking["client"]["id"]) == ("API", str(day.lena.pk))
    assert _book(site, day, 403, client=None, client_id=str(day.lena.pk))["code"] == "missing_scope"
    assert _book(site, day, 403, client=None, client_id=NOBODY)["code"] == "missing_scope"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"starts_at": "2026-11-24T10:00:00"}, [("starts_at", "invalid")]),
        ({"starts_at": None}, [("starts_at", "required")]),
        ({"items": []}, [("items", "min_length")]),
        ({"items": [{"service": NOBODY}]}, [("items.0.service", "not_found")]),
        ({"client": None}, [("client", "required")]),
        ({"client_id": NOBODY}, [("client", "not_combinable")]),
        ({"client": None, "client_id": NOBODY}, [("client_id", "not_found")]),
        ({"client": {"last_name": "Smith"}}, [("client.first_name", "required")]),
        ({"client": {**SARAH, "email": "sarah"}}, [("client.email", "invalid")]),
        ({"client": "Sarah"}, [("client", "invalid")]),
        ({"items": ["Schneiden"]}, [("items.0", "invalid")]),
        ({"client": {**SARAH, "vip": True}}, [("client.vip", "unknown_field")]),
        ({"state": "COMPLETED"}, [("state", "unknown_field")]),
        ({"note": "x" * 501}, [("note", "too_long")]),
    ],
)
def test_what_is_wrong_is_named(till: Caller, day: SalonDay, body: Any, errors: list[tuple[str, str]]) -> None:
    answer = _book(till, day, 400, **body)
    assert [(one["field"], one["code"]) for one in answer["errors"]] == errors


def test_a_service_that_is_not_online(site: Caller, day: SalonDay, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        Service.objects.filter(pk=day.cut.pk).update(online=False)
    assert _book(site, day, 400)["errors"][0]["code"] == "not_online"


def test_a_taken_time_names_free_ones_and_nobody(site: Caller, day: SalonDay, sonnenschein: Salon) -> None:
    items = [{"service": str(day.cut.pk), "staff": str(day.anna.pk)}]
    _book(site, day, items=items)
    refused = _book(site, day, 409, items=items, client={"first_name": "Lena"})
    assert refused["code"] == "slot_taken"
    assert [slot["starts_at"] for slot in refused["alternatives"]] == [
        "2026-11-24T09:00:00+01:00",
        "2026-11-24T11:00:00+01:00",
        "2026-11-25T10:00:00+01:00",
    ]
    assert set(refused["alternatives"][0]) == {"starts_at", "ends_at", "items"}
    assert set(refused) == {"type", "title", "status", "detail", "code", "reason", "alternatives"}
    assert refused["reason"] == "taken"
    assert "Sarah" not in str(refused)
    with salon_scope(sonnenschein.pk):
        assert Client.objects.count() == 2


def test_a_key_once_is_a_booking_once(site: Caller, day: SalonDay, sonnenschein: Salon) -> None:
    body = {"starts_at": at(10).isoformat(), "items": [{"service": str(day.cut.pk)}], "client": SARAH}
    first = site.post("bookings", body, Idempotency_Key="one")
    again = site.post("bookings", body, Idempotency_Key="one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"
    # Under another key it would be the same service at the same time once more, by whoever is free.
    fresh = site.post("bookings", body, Idempotency_Key="two")
    assert (fresh.status_code, fresh.json()["code"]) == (409, "repeated_booking")
    assert fresh.json()["booking"] == first.json()["id"]
    assert site.post("bookings", body).json()["code"] == "idempotency_key_required"
    with salon_scope(sonnenschein.pk):
        assert Appointment.objects.count() == 1


def test_one_booking_from_its_beginning_to_its_end(till: Caller, day: SalonDay) -> None:
    booking = _book(till, day, items=[{"service": str(day.cut.pk), "staff": str(day.anna.pk)}])
    path = f"bookings/{booking['id']}"
    read = till.get(path)
    assert (read.json(), read["ETag"]) == (booking, '"1"')

    noted = till.patch(path, {"note": "kommt mit Begleitung"}, If_Match='"1"')
    assert (noted.json()["note"], noted["ETag"]) == ("kommt mit Begleitung", '"2"')
    assert till.patch(path, {"note": "zu spät"}, If_Match='"1"').status_code == 412

    added = till.post(f"{path}/items", {"service": str(day.brows.pk)})
    assert added.status_code == 201
    assert [item["service"]["name"] for item in added.json()["items"]] == ["Schneiden", "Brauen zupfen"]
    assert added.json()["total"] == "71.00"

    item = added.json()["items"][0]["id"]
    removed = till("DELETE", f"{path}/items/{item}")
    assert [one["service"]["name"] for one in removed.json()["items"]] == ["Brauen zupfen"]
    assert till("DELETE", f"{path}/items/{item}").status_code == 404

    moved = till.post(f"{path}/reschedule", {"starts_at": at(15).isoformat(), "staff": str(day.bora.pk)}).json()
    assert moved["starts_at"] == "2026-11-24T15:00:00+01:00"
    assert [one["staff"]["name"] for one in moved["items"]] == ["Bora"]

    cancelled = till.post(f"{path}/cancel", {"reason": "krank"}).json()
    assert cancelled["state"] == "CANCELLED"
    assert till.post(f"{path}/cancel", {}).json()["code"] == "state_refused"
    assert till.post(f"{path}/state", {"state": "BOOKED"}).json()["state"] == "BOOKED"
    assert till.post(f"{path}/state", {"state": "ARRIVED"}).json()["state"] == "ARRIVED"
    assert till.post(f"{path}/state", {"state": "BOOKED"}).json() == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "This is not possible any more: the appointment is in another state.",
        "code": "state_refused",
        "state": "ARRIVED",
    }


def test_cancelling_needs_no_body(till: Caller, day: SalonDay) -> None:
    booking = _book(till, day)
    assert till("POST", f"bookings/{booking['id']}/cancel").json()["state"] == "CANCELLED"


def test_a_time_taken_is_refused_on_the_way_back_too(till: Caller, day: SalonDay) -> None:
    items = [{"service": str(day.cut.pk), "staff": str(day.anna.pk)}]
    booking = _book(till, day, items=items)
    till.post(f"bookings/{booking['id']}/cancel", {})
    other = _book(till, day, items=items)
    back = till.post(f"bookings/{booking['id']}/state", {"state": "BOOKED"})
    assert (back.status_code, back.json()["code"], len(back.json()["alternatives"])) == (409, "slot_taken", 3)
    late = till.post(f"bookings/{other['id']}/reschedule", {"starts_at": at(20).isoformat()})
    assert (late.status_code, late.json()["code"], late.json()["reason"]) == (409, "slot_taken", "outside_hours")


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize(
    ("starts_at", "reason", "detail"),
    [
        (at(10), "taken", "This time is taken."),
        (at(10, day=date(2026, 11, 17)), "in_the_past", "This time is in the past."),
        (at(11, day=date(2026, 11, 21)), "too_soon", "This is too soon to be booked online."),
        (at(10, day=date(2027, 6, 22)), "too_far_ahead", "This day is too far ahead to be booked online."),
        (at(22), "outside_hours", "Nobody who could do this works then."),
        (at(10, day=date(2026, 11, 22)), "outside_hours", "Nobody who could do this works then."),
        (at(10, day=date(2026, 12, 3)), "closed", "The salon is closed that day."),
    ],
)
def test_why_a_time_cannot_be_had(
    site: Caller, day: SalonDay, sonnenschein: Salon, named: bool, starts_at: datetime, reason: str, detail: str
) -> None:
    """Of somebody who is blocked it is the same: nobody learns it by asking for a time that nobody can have."""
    with salon_scope(sonnenschein.pk):
        for staff in (day.anna, day.bora):
            make_appointment((day.cut, staff), starts_at=at(10))
        Closure.objects.create(starts_on=date(2026, 12, 3), ends_on=date(2026, 12, 3), name="Rohrbruch", created_at=NOW)
        add_tokens(make_client("Bea", email="bea@example.org", blocked=True))
    items = [{"service": str(day.cut.pk), "staff": str(day.anna.pk) if named else None}]
    for client in (SARAH, {"first_name": "Bea", "email": "bea@example.org"}):
        refused = _book(site, day, 409, starts_at=starts_at.isoformat(), items=items, client=client)
        assert (refused["code"], refused["reason"], refused["detail"]) == ("slot_taken", reason, detail)
        assert starts_at.isoformat() not in {slot["starts_at"] for slot in refused["alternatives"]}


def test_a_blocked_client_is_told_of_the_time_that_is_free_for_others_that_it_is_taken(
    site: Caller, day: SalonDay, sonnenschein: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        add_tokens(make_client("Bea", email="bea@example.org", blocked=True))
    refused = _book(site, day, 409, client={"first_name": "Bea", "email": "bea@example.org"})
    assert (refused["code"], refused["reason"], refused["detail"]) == ("slot_taken", "taken", "This time is taken.")


def test_a_booking_is_not_given_to_who_does_not_do_it(till: Caller, day: SalonDay, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        cora = make_staff("Cora", [day.brows], position=3)
    booking = _book(till, day, items=[{"service": str(day.cut.pk), "staff": str(day.anna.pk)}])
    body = {"starts_at": at(15).isoformat(), "staff": str(cora.pk)}
    refused = till.post(f"bookings/{booking['id']}/reschedule", body)
    assert refused.status_code == 400
    assert [(one["field"], one["code"]) for one in refused.json()["errors"]] == [("staff", "not_performed")]
    assert till.get(f"bookings/{booking['id']}").json() == booking


@pytest.mark.parametrize(
    "starts_at", ["2026-02-30T10:00:00+01:00", "9999-12-31T23:59:00+00:00", "0001-01-01T00:00:00+14:00"]
)
def test_instants_that_no_salon_has(till: Caller, day: SalonDay, starts_at: str) -> None:
    assert _book(till, day, 400, starts_at=starts_at)["errors"][0]["field"] == "starts_at"
    booking = _book(till, day)
    moved = till.post(f"bookings/{booking['id']}/reschedule", {"starts_at": starts_at})
    assert (moved.status_code, moved.json()["errors"][0]["field"]) == (400, "starts_at")


@pytest.mark.parametrize("query", ["from=0001-01-01", "to=9999-12-31", "from=0001-01-01&to=9999-12-31"])
def test_days_at_the_edge_of_the_calendar(till: Caller, day: SalonDay, query: str) -> None:
    assert till.get(f"bookings?{query}").status_code in {200, 400}
    assert till.get(f"availability?service={day.cut.pk}&{query}").status_code in {200, 400}


def test_the_list_is_narrowed(till: Caller, site: Caller, day: SalonDay, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        first = make_appointment((day.cut, day.anna), starts_at=at(10), client=day.lena)
        second = make_appointment((day.cut, day.bora), starts_at=at(12) + timedelta(days=1))

    def ids(query: str) -> list[str]:
        return [one["id"] for one in till.get(f"bookings?{query}").json()["results"]]

    both = [str(second.pk), str(first.pk)]
    assert ids("") == both
    assert ids("from=2026-11-24&to=2026-11-24") == both[1:]
    assert ids("from=2026-11-25") == both[:1]
    assert ids("state=BOOKED") == both
    assert ids("state=CANCELLED") == []
    assert ids(f"client={day.lena.pk}") == both[1:]
    assert ids(f"staff={day.bora.pk}") == both[:1]
    assert till.get("bookings?from=2026-11-25&to=2026-11-24").json()["errors"][0]["field"] == "to"
    assert till.get("bookings?when=now").json()["errors"][0]["code"] == "unknown_field"
    assert site.get(f"bookings?client={day.lena.pk}").json()["code"] == "missing_scope"


def test_another_salons_booking_is_not_there(
    outsider: object, dom: Salon, api_key: IssueKey, till: Caller, day: SalonDay
) -> None:
    booking = _book(till, day)
    stranger = Caller(api_key(dom))
    assert stranger.get(f"bookings/{booking['id']}").status_code == 404
    assert stranger.post(f"bookings/{booking['id']}/cancel", {}).status_code == 404


@pytest.mark.parametrize("many", [2, 20])
def test_a_page_of_bookings_takes_as_many_statements_for_any_number(
    till: Caller, day: SalonDay, sonnenschein: Salon, many: int, django_assert_num_queries: Any
) -> None:
    with salon_scope(sonnenschein.pk):
        for index in range(many):
            make_appointment((day.brows, day.anna), starts_at=at(9) + timedelta(minutes=15 * index), client=day.lena)
    till.get("bookings")
    with django_assert_num_queries(10):
        assert len(till.get("bookings").json()["results"]) == many
