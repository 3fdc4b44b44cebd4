"""Mails to a client and her wishes on the waiting list, in her history (domain.md §2, ui.md §2.4)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.test import Client as Browser
from django.utils import translation
from pytest_django import Settings

from bookings.bounds import Bounds
from bookings.scheduling import ItemWish, book
from bookings.states import Source
from bookings.waiting import (
    Longing,
    add_waiting,
    book_waiting,
    change_waiting,
    remove_waiting,
    restore_waiting,
)
from clients.models import Client
from marketing.messages import write_message
from salon.audit.models import AuditEntry
from salon.desk.erasure import erase_card
from salon.desk.history import Kind, history_of
from salon.desk.merging import merge_cards, undo_merge
from salon.desk.personal_data import data_of_person
from salon.desk.web.history import Event, shown_history
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.mail.models import ClientMail, MailState
from salon.mail.sending import begin
from salon.mail.tasks import deliver_client_mail
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from salon.work.models import DueWork
from tests.bookings.salonday import DAY, SalonDay, a_salon_day, at, make_client
from tests.card.desk import add_client, card_of
from tests.conftest import NOW
from tests.mail.smtp import MailServer, mail_server

CARLA = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])
ADDRESS = "petra@x.example"


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False), translation.override("de"):
        yield


@pytest.fixture(autouse=True)
def _mails_go_out(settings: Settings) -> None:
    settings.MAILS_STAY = False


@pytest.fixture
def server(settings: Settings) -> Iterator[MailServer]:
    with mail_server() as running:
        settings.MAILERS = {
            "default": {
                "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "OPTIONS": {"host": "127.0.0.1", "port": running.port, "timeout": 2},
            }
        }
        yield running


def _deliver(
    salon: Salon, client: Client, subject: str = "Ihr Termin", *, lasts: timedelta = timedelta(hours=1), **given: Any
) -> None:
    """Let one mail to a client go its way."""
    with salon_scope(salon.pk):
        mail = ClientMail.objects.create(
            client_id=client.pk,
            about_id=new_id(),
            tells="booked",
            recipient=ADDRESS,
            subject=subject,
            text="Guten Tag",
            created_at=NOW,
            expires_at=NOW + lasts,
            **given,
        )
    work = DueWork.objects.create(
        task="salon.mail.tasks.deliver_client_mail", subject_id=mail.pk, due_at=NOW, salon_id=salon.pk
    )
    deliver_client_mail(str(work.pk))


def _only_mail(salon: Salon) -> ClientMail:
    with salon_scope(salon.pk):
        return ClientMail.objects.get()


def _told(event: Event) -> tuple[str, str, list[tuple[str, str, str]]]:
    changes = [(str(change.label), str(change.old), str(change.new)) for change in event.changes]
    return str(event.title), event.about, changes


def _history(salon: Salon, client_id: UUID, kind: Kind | None = None) -> list[Event]:
    with salon_scope(salon.pk):
        return shown_history(history_of(client_id, kind=kind).entries, salon)


class TestMails:
    @pytest.mark.usefixtures("server")
    def test_what_went_out_stands_in_the_history(self, sonnenschein: Salon, petra: Client) -> None:
        _deliver(sonnenschein, petra)
        [event] = _history(sonnenschein, petra.pk, Kind.MAILS)
        assert _told(event) == ("E-Mail gesendet", "Ihr Termin", [("An", "", ADDRESS)])
        assert (event.at, event.actor_name, event.icon) == (NOW, "", "mail")

    @pytest.mark.usefixtures("server")
    def test_without_a_mail_server_nothing_is_called_sent(
        self, sonnenschein: Salon, petra: Client, settings: Settings
    ) -> None:
        settings.MAILS_STAY = True
        _deliver(sonnenschein, petra)
        [event] = _history(sonnenschein, petra.pk, Kind.MAILS)
        title = "E-Mail geschrieben, nicht gesendet: Es ist kein Mailserver eingerichtet"
        assert (_told(event)[0], event.icon) == (title, "inbox")

    def test_what_the_server_refused_stands_there_as_such(
        self, sonnenschein: Salon, petra: Client, server: MailServer
    ) -> None:
        server.answers[b"RCPT"] = b"550 no such user"
        _deliver(sonnenschein, petra)
        [event] = _history(sonnenschein, petra.pk, Kind.MAILS)
        assert _told(event) == ("E-Mail nicht zugestellt", "Ihr Termin", [("An", "", ADDRESS)])
        assert event.icon == "triangle-alert"

    def test_what_is_tried_again_is_told_once(self, sonnenschein: Salon, petra: Client, server: MailServer) -> None:
        server.answers[b"RCPT"] = b"450 later"
        _deliver(sonnenschein, petra)
        assert _history(sonnenschein, petra.pk, Kind.MAILS) == []
        server.answers[b"RCPT"] = b"250 ok"
        with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
            deliver_client_mail(str(DueWork.objects.get().pk))
        assert [event.at for event in _history(sonnenschein, petra.pk, Kind.MAILS)] == [NOW + timedelta(minutes=5)]

    def test_what_was_of_no_more_use_before_it_went_out_stands_there_once(
        self, sonnenschein: Salon, petra: Client, server: MailServer
    ) -> None:
        server.answers[b"RCPT"] = b"450 later"
        _deliver(sonnenschein, petra)
        assert _history(sonnenschein, petra.pk, Kind.MAILS) == []
        late = NOW + timedelta(hours=1)
        with time_machine.travel(late, tick=False):
            for _time in range(2):
                deliver_client_mail(str(DueWork.objects.get().pk))
                DueWork.objects.get_or_create(
                    task="salon.mail.tasks.deliver_client_mail",
                    subject_id=_only_mail(sonnenschein).pk,
                    salon_id=sonnenschein.pk,
                    defaults={"due_at": late},
                )
        [event] = _history(sonnenschein, petra.pk, Kind.MAILS)
        assert _told(event) == ("E-Mail nicht rechtzeitig gesendet", "Ihr Termin", [("An", "", ADDRESS)])
        assert (event.at, event.icon) == (late, "triangle-alert")
        assert _only_mail(sonnenschein).state == MailState.DROPPED
        assert server.received == []

    @pytest.mark.usefixtures("server")
    def test_of_what_may_have_gone_out_it_does_not_say_that_it_did_not(
        self, sonnenschein: Salon, petra: Client
    ) -> None:
        _deliver(sonnenschein, petra, lasts=timedelta(), state=MailState.SENDING)
        assert _only_mail(sonnenschein).state == MailState.DROPPED
        assert _history(sonnenschein, petra.pk, Kind.MAILS) == []

    def test_a_reminder_that_came_too_late_is_told_in_its_words(
        self, in_sonnenschein: Salon, front_desk: Actor
    ) -> None:
        day = a_salon_day()
        Client.objects.filter(pk=day.lena.pk).update(email=ADDRESS)
        book(
            actor=front_desk,
            salon=in_sonnenschein,
            starts_at=at(10),
            items=[ItemWish(day.cut.pk, day.anna.pk)],
            client_id=day.lena.pk,
            source=Source.STAFF,
            bounds=Bounds.DESK,
            now=NOW,
        )
        with time_machine.travel(at(10), tick=False):
            assert begin(ClientMail.objects.get().pk, now=at(10)) is None
        [event] = _history(in_sonnenschein, day.lena.pk, Kind.MAILS)
        subject = "Ihr Termin am Dienstag, 24. November 2026, 10:00 Uhr · Salon Sonnenschein"
        assert _told(event) == ("E-Mail nicht rechtzeitig gesendet", subject, [("An", "", ADDRESS)])

    @pytest.mark.parametrize("refused", [False, True])
    def test_a_message_is_told_once_unless_it_did_not_arrive(
        self, sonnenschein: Salon, petra: Client, server: MailServer, *, refused: bool
    ) -> None:
        with salon_scope(sonnenschein.pk):
            Client.objects.filter(pk=petra.pk).update(email=ADDRESS)
            write_message(actor=CARLA, client_id=petra.pk, subject="Ihr Termin", text="Um zehn?", now=NOW)
        if refused:
            server.answers[b"RCPT"] = b"550 no such user"
        deliver_client_mail(str(DueWork.objects.get().pk))
        told = [event.title for event in _history(sonnenschein, petra.pk) if event.about == "Ihr Termin"]
        assert told == [*(["E-Mail nicht zugestellt"] if refused else []), "Nachricht geschrieben"]
        assert len(_history(sonnenschein, petra.pk, Kind.MAILS)) == refused
        with salon_scope(sonnenschein.pk):
            assert (Kind.MAILS in history_of(petra.pk).kinds) is refused

    @pytest.mark.usefixtures("server")
    def test_the_card_has_a_filter_for_them(self, browser: Browser, sonnenschein: Salon, petra: Client) -> None:
        assert "history=mails" not in browser.get(card_of(petra)).content.decode()
        _deliver(sonnenschein, petra)
        page = browser.get(card_of(petra)).content.decode()
        assert "history=mails" in page
        assert ">E-Mails</a>" in page
        narrowed = browser.get(card_of(petra), {"history": "mails"})
        assert [str(event.title) for event in narrowed.context["history"].events] == ["E-Mail gesendet"]

    @pytest.mark.usefixtures("server")
    def test_they_go_with_a_merge_and_come_back(self, sonnenschein: Salon, petra: Client) -> None:
        ida = add_client(sonnenschein, "Ida")
        _deliver(sonnenschein, ida)
        with salon_scope(sonnenschein.pk):
            merge = merge_cards(actor=CARLA, salon=sonnenschein, survivor_id=petra.pk, duplicate_id=ida.pk, now=NOW)
        assert len(_history(sonnenschein, petra.pk, Kind.MAILS)) == 1
        with salon_scope(sonnenschein.pk):
            undo_merge(actor=CARLA, salon=sonnenschein, merge_id=merge.pk, now=NOW)
        found = [len(_history(sonnenschein, one.pk, Kind.MAILS)) for one in (petra, ida)]
        assert found == [0, 1]

    @pytest.mark.usefixtures("server")
    def test_her_own_data_have_them_and_an_erased_card_no_address(self, sonnenschein: Salon, petra: Client) -> None:
        _deliver(sonnenschein, petra)
        with salon_scope(sonnenschein.pk):
            data = data_of_person(actor=CARLA, client_id=petra.pk, now=NOW)
            [entry] = [one for one in data.sections["history"] if one["action"] == "mail.sent"]
            assert ADDRESS in str(entry["changes"])
            erase_card(actor=CARLA, salon=sonnenschein, client_id=petra.pk, now=NOW)
            assert AuditEntry.objects.get(action="mail.sent").changes == []
        [event] = _history(sonnenschein, petra.pk, Kind.MAILS)
        assert _told(event) == ("E-Mail gesendet", "", [])


class TestWaiting:
    @pytest.fixture
    def day(self, in_sonnenschein: Salon) -> SalonDay:  # noqa: ARG002 - the scope
        return a_salon_day()

    def _longing(self, day: SalonDay) -> Longing:
        return Longing(service_ids=(day.cut.pk,), starts_on=DAY, ends_on=DAY + timedelta(days=2))

    def test_each_step_has_its_words(self, in_sonnenschein: Salon, day: SalonDay) -> None:
        given: dict[str, Any] = {"actor": CARLA, "now": NOW}
        longing = replace(self._longing(day), staff_id=day.anna.pk, from_minute=540, until_minute=720, note="gern früh")
        entry = add_waiting(salon=in_sonnenschein, client_id=day.lena.pk, longing=longing, **given)
        later = replace(longing, ends_on=date(2026, 11, 27), from_minute=0, until_minute=1440, note="")
        change_waiting(salon=in_sonnenschein, entry_id=entry.pk, longing=later, **given)
        remove_waiting(entry_id=entry.pk, **given)
        restore_waiting(entry_id=entry.pk, **given)
        book_waiting(
            salon=in_sonnenschein,
            entry_id=entry.pk,
            starts_at=at(10),
            items=[ItemWish(day.cut.pk, day.anna.pk)],
            client_id=day.lena.pk,
            **given,
        )
        events = _history(in_sonnenschein, day.lena.pk, Kind.APPOINTMENTS)
        told = [_told(event) for event in reversed(events) if "Warteliste" in str(event.title)]
        assert told == [
            (
                "Auf die Warteliste gesetzt",
                "Schneiden · 24.11.2026 – 26.11.2026",
                [("Bei", "", "Anna"), ("Notiz", "", "gern früh"), ("Uhrzeit", "", "09:00–12:00 Uhr")],
            ),
            (
                "Wunsch auf der Warteliste geändert",
                "",
                [
                    ("Tage", "24.11.2026 – 26.11.2026", "24.11.2026 – 27.11.2026"),
                    ("Notiz", "gern früh", ""),
                    ("Uhrzeit", "09:00–12:00 Uhr", ""),
                ],
            ),
            ("Von der Warteliste genommen", "Schneiden · 24.11.2026 – 27.11.2026", []),
            ("Wieder auf die Warteliste gesetzt", "Schneiden · 24.11.2026 – 27.11.2026", [("Bei", "", "Anna")]),
            ("Von der Warteliste gebucht", "Schneiden · 24.11.2026 – 27.11.2026", []),
        ]
        assert {event.actor_name for event in events} == {"Carla"}

    def test_a_single_day_is_one(self, in_sonnenschein: Salon, day: SalonDay) -> None:
        mia = make_client("Mia")
        longing = replace(self._longing(day), ends_on=DAY)
        add_waiting(actor=CARLA, salon=in_sonnenschein, client_id=mia.pk, longing=longing, now=NOW)
        [event] = _history(in_sonnenschein, mia.pk)
        assert event.about == "Schneiden · 24.11.2026"
