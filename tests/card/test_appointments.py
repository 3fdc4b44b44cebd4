"""A client's appointments on her card, and in her history (domain.md §2, ui.md §2.4)."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from bookings.bounds import Bounds
from bookings.completing import complete_ended
from bookings.scheduling import ItemWish, book, cancel, change_client, change_note, change_price, move, set_state
from bookings.states import Source, State
from clients.models import CarriedService, Client
from clients.notes import write_note
from salon.desk.favourites import Favourite, favourites_of
from salon.desk.history import Kind, history_of
from salon.desk.merging import merge_cards, undo_merge
from salon.desk.web.history import Event, shown_history
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import DAY, SalonDay, a_salon_day, at, make_appointment, make_client
from tests.card.desk import card_of
from tests.conftest import NOW

CARLA = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])


@pytest.fixture
def day(in_sonnenschein: Salon) -> SalonDay:
    return a_salon_day()


def _told(event: Event) -> tuple[str, str, list[tuple[str, str, str]]]:
    def plain(text: object) -> str:
        return str(text).replace("\N{NO-BREAK SPACE}", " ")

    changes = [(plain(change.label), plain(change.old), plain(change.new)) for change in event.changes]
    return plain(event.title), plain(event.about), changes


def _history(salon: Salon, client: Client, kind: Kind | None = Kind.APPOINTMENTS) -> list[Event]:
    return shown_history(history_of(client.pk, kind=kind, limit=50).entries, salon)


def _book(salon: Salon, day: SalonDay, client: Client | None = None, minutes: int = 0) -> tuple[UUID, UUID]:
    booked = book(
        actor=CARLA,
        salon=salon,
        starts_at=at(10),
        items=[ItemWish(day.cut.pk, day.anna.pk), ItemWish(day.brows.pk, day.bora.pk)],
        client_id=(client or day.lena).pk,
        source=Source.STAFF,
        bounds=Bounds.DESK,
        now=NOW + timedelta(minutes=minutes),
        note="mit Hund",
    )
    return booked.appointment.pk, booked.items[0].pk


class TestHistory:
    """Everything that happened with her appointments, in words."""

    @pytest.fixture(autouse=True)
    def _german(self) -> Iterator[None]:
        with translation.override("de"):
            yield

    def test_a_life_of_an_appointment_is_told(self, in_sonnenschein: Salon, day: SalonDay) -> None:
        pk, item = _book(in_sonnenschein, day)
        known: dict[str, Any] = {"actor": CARLA, "salon": in_sonnenschein}
        one: dict[str, Any] = {**known, "appointment_id": pk}
        change_price(**known, item_id=item, price=Decimal("49.50"), now=NOW + timedelta(minutes=1))
        change_note(**one, note="ohne Hund", now=NOW + timedelta(minutes=2))
        move(**one, starts_at=at(14), staff=None, now=NOW + timedelta(minutes=3))
        set_state(**one, state=State.ARRIVED, now=NOW + timedelta(minutes=4))
        cancel(**one, reason="Grippe", now=NOW + timedelta(minutes=5))
        events = _history(in_sonnenschein, day.lena)
        now_about = "Di., 24. Nov. 2026, 14:00 Uhr · Schneiden, Brauen zupfen bei Anna, Bora"
        assert [_told(event) for event in events] == [
            ("Termin abgesagt", now_about, [("Grund", "", "Grippe")]),
            ("Ist da", now_about, []),
            (
                "Termin verschoben",
                now_about,
                [("Beginn", "Di., 24. Nov. 2026, 10:00 Uhr", "Di., 24. Nov. 2026, 14:00 Uhr")],
            ),
            ("Notiz zum Termin geändert", now_about, [("Notiz", "mit Hund", "ohne Hund")]),
            ("Preis im Termin geändert", now_about, [("Preis", "59,00 €", "49,50 €")]),
            (
                "Termin gebucht",
                "Di., 24. Nov. 2026, 10:00 Uhr · Schneiden, Brauen zupfen bei Anna, Bora",
                [("Notiz", "", "mit Hund")],
            ),
        ]
        assert {event.actor_name for event in events} == {"Carla"}
        assert {event.url for event in events} == {f"/s/sonnenschein/calendar/appointments/{pk}/"}

    def test_what_the_night_completed_is_told_without_a_name(self, in_sonnenschein: Salon, day: SalonDay) -> None:
        make_appointment((day.cut, day.anna), client=day.lena)
        tomorrow = DAY + timedelta(days=1)
        complete_ended(salon=in_sonnenschein, today=tomorrow, now=at(3, day=tomorrow), limit=10)
        [event] = _history(in_sonnenschein, day.lena)
        assert (event.actor_name, *_told(event)) == (
            "",
            "Termin von selbst abgeschlossen",
            "Di., 24. Nov. 2026, 10:00 Uhr · Schneiden bei Anna",
            [],
        )

    def test_it_stands_among_the_rest_newest_first(self, in_sonnenschein: Salon, day: SalonDay) -> None:
        _book(in_sonnenschein, day, minutes=1)
        found = history_of(day.lena.pk)
        assert [(entry.action, entry.subject_kind) for entry in found.entries] == [
            ("appointment.booked", "appointment")
        ]
        assert found.kinds == [Kind.APPOINTMENTS]
        assert history_of(day.lena.pk, kind=Kind.DETAILS).entries == []

    def test_pages_go_through_both_kinds_once(self, in_sonnenschein: Salon, day: SalonDay) -> None:
        pk, _item = _book(in_sonnenschein, day)
        for index in range(7):
            change_note(
                actor=CARLA,
                salon=in_sonnenschein,
                appointment_id=pk,
                note=f"Notiz {index}",
                now=NOW + timedelta(minutes=2 * index + 2),
            )
            write_note(
                actor=CARLA, client_id=day.lena.pk, text="x", pinned=False, now=NOW + timedelta(minutes=2 * index + 3)
            )
        whole = [entry.pk for entry in history_of(day.lena.pk, limit=50).entries]
        assert len(whole) == len(set(whole)) == 15
        seen, cursor, first = [], None, True
        while first or cursor:
            page = history_of(day.lena.pk, limit=4, cursor=cursor)
            seen += [entry.pk for entry in page.entries]
            back, cursor, first = page.previous, page.next, False
        assert seen == whole
        # And back again.
        assert back is not None
        before = history_of(day.lena.pk, limit=4, cursor=back)
        assert [entry.pk for entry in before.entries] == whole[8:12]

    def test_an_appointment_that_changed_hands_stands_in_both(self, in_sonnenschein: Salon, day: SalonDay) -> None:
        ida = make_client("Ida")
        pk, _item = _book(in_sonnenschein, day)
        change_client(
            actor=CARLA, salon=in_sonnenschein, appointment_id=pk, client_id=ida.pk, now=NOW + timedelta(minutes=1)
        )
        moved_to = ("Termin auf andere Karte gelegt", [("Kunden-Nr.", str(day.lena.number), str(ida.number))])
        hers, theirs = _history(in_sonnenschein, day.lena), _history(in_sonnenschein, ida)
        assert [(_told(event)[0], _told(event)[2]) for event in theirs] == [moved_to]
        assert [_told(event)[0] for event in hers] == [moved_to[0], "Termin gebucht"]

    def test_it_goes_with_a_merged_card_also_by_way_of_another_one(self, in_sonnenschein: Salon, day: SalonDay) -> None:
        ida, mia = make_client("Ida"), make_client("Mia")
        _book(in_sonnenschein, day)
        known: dict[str, Any] = {"actor": CARLA, "salon": in_sonnenschein}
        merge_cards(**known, survivor_id=ida.pk, duplicate_id=day.lena.pk, now=NOW + timedelta(minutes=1))
        second = merge_cards(**known, survivor_id=mia.pk, duplicate_id=ida.pk, now=NOW + timedelta(minutes=2))
        assert [_told(event)[0] for event in _history(in_sonnenschein, mia)] == ["Termin gebucht"]
        assert Kind.APPOINTMENTS in history_of(mia.pk).kinds
        undo_merge(**known, merge_id=second.pk, now=NOW + timedelta(minutes=3))
        assert _history(in_sonnenschein, mia) == []
        assert [_told(event)[0] for event in _history(in_sonnenschein, ida)] == ["Termin gebucht"]

    def test_it_is_one_statement(self, in_sonnenschein: Salon, day: SalonDay) -> None:
        _book(in_sonnenschein, day)
        with CaptureQueriesContext(connection) as asked:
            [event] = _history(in_sonnenschein, day.lena)
        assert event.about
        assert len(asked) == 1


def _visible(page: Any) -> str:
    return str(page.content.decode()).replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture
def noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.usefixtures("noon")
class TestPanel:
    """What is next, and what has been."""

    @pytest.fixture
    def day(self, sonnenschein: Salon) -> SalonDay:
        with salon_scope(sonnenschein.pk):
            return a_salon_day()

    def test_next_and_last_stand_in_the_head(self, browser: Browser, sonnenschein: Salon, day: SalonDay) -> None:
        before = browser.get(card_of(day.lena))
        assert "Nächster Termin" not in _visible(before)
        assert "Noch keine Termine." in _visible(before)
        with salon_scope(sonnenschein.pk):
            later = make_appointment(
                (day.cut, day.anna), client=day.lena, starts_at=at(10, day=DAY + timedelta(days=9))
            )
            soon = make_appointment((day.cut, day.anna), (day.brows, day.bora), client=day.lena)
            gone = make_appointment(
                (day.colour, day.bora), client=day.lena, starts_at=at(9, day=NOW.date() - timedelta(days=1))
            )
            off = make_appointment((day.cut, day.bora), client=day.lena, starts_at=at(12), state=State.CANCELLED)
            make_appointment((day.cut, day.bora), client=make_client("Ida"), starts_at=at(15))
        panel = browser.get(card_of(day.lena)).context["appointments"]
        assert panel.next_when.replace("\xa0", " ") == "Di., 24. Nov. 2026, 10:00 Uhr"
        assert panel.next_url == f"/s/sonnenschein/calendar/appointments/{soon.pk}/"
        assert [(line.when, line.what, str(line.state)) for line in panel.coming] == [
            ("Di., 24. Nov. 2026, 10:00 Uhr", "Schneiden, Brauen zupfen bei Anna, Bora", "gebucht"),
            ("Do., 3. Dez. 2026, 10:00 Uhr", "Schneiden bei Anna", "gebucht"),
        ]
        assert [(line.url.split("/")[-2], str(line.state)) for line in panel.past] == [
            (str(off.pk), "abgesagt"),
            (str(gone.pk), "gebucht"),
        ]
        assert panel.coming[1].url.split("/")[-2] == str(later.pk)
        assert (panel.more_coming, panel.more_past) == (False, False)

    def test_the_latest_five_stand_here_the_rest_in_the_history(
        self, browser: Browser, sonnenschein: Salon, day: SalonDay
    ) -> None:
        with salon_scope(sonnenschein.pk):
            for number in range(1, 8):
                for days in (-number, number):
                    make_appointment(
                        (day.cut, day.anna), client=day.lena, starts_at=at(10, day=NOW.date() + timedelta(days=days))
                    )
        page = browser.get(card_of(day.lena))
        panel = page.context["appointments"]
        assert [line.when[:11] for line in panel.coming] == [
            "So., 22. No",
            "Mo., 23. No",
            "Di., 24. No",
            "Mi., 25. No",
            "Do., 26. No",
        ]
        assert [line.when[:8] for line in panel.past] == ["Fr., 20.", "Do., 19.", "Mi., 18.", "Di., 17.", "Mo., 16."]
        assert (panel.more_coming, panel.more_past) == (True, True)
        assert "Alles im Verlauf" in _visible(page)

    def test_new_appointments_begin_with_her(self, browser: Browser, day: SalonDay) -> None:
        page = browser.get(card_of(day.lena))
        assert page.context["appointments"].new_url == f"/s/sonnenschein/calendar/new/?client={day.lena.pk}"
        assert _visible(page).count(f'?client={day.lena.pk}"') == 2

    def test_the_history_on_the_page_leads_to_the_appointment(
        self, browser: Browser, sonnenschein: Salon, day: SalonDay
    ) -> None:
        with salon_scope(sonnenschein.pk):
            pk, _item = _book(sonnenschein, day)
        page = browser.get(f"{card_of(day.lena)}?history=appointments")
        assert "Termin gebucht" in _visible(page)
        assert f'href="/s/sonnenschein/calendar/appointments/{pk}/"' in _visible(page)


def test_favourites_are_what_took_place_and_what_an_import_brought(in_sonnenschein: Salon, day: SalonDay) -> None:
    CarriedService.objects.create(client=day.lena, name="SCHNEIDEN", times=3)
    CarriedService.objects.create(client=day.lena, name="Rasur", times=2)
    for number, state in enumerate([*[State.COMPLETED] * 2, State.BOOKED, State.CANCELLED, State.NO_SHOW]):
        make_appointment(
            (day.cut, day.anna),
            (day.brows, day.anna),
            client=day.lena,
            state=state,
            starts_at=at(10, day=DAY + timedelta(days=number)),
        )
    make_appointment((day.colour, day.bora), client=make_client("Ida"), state=State.COMPLETED)
    assert favourites_of(day.lena.pk).services == [
        Favourite("Schneiden", 5),
        Favourite("Brauen zupfen", 2),
        Favourite("Rasur", 2),
    ]
