"""Messages to one client (domain.md §9.4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pytest_django import Settings

from bookings.models import BookingRules
from clients.cards import MergedAway
from clients.models import Client, ConsentEntry
from marketing.messages import (
    NoAddress,
    count_unread,
    inbox,
    mark_read,
    mark_unread,
    thread_of,
    write_message,
)
from marketing.models import Direction, MarketingRules, Message
from salon.audit.models import AuditEntry
from salon.desk.merging import merge_cards
from salon.errors import InvalidInput, NotAllowed, NotFound
from salon.identity.roles import Actor, ActorKind, Permission, system_actor
from salon.mail.letters import put_into_words
from salon.mail.models import ClientMail
from salon.tenancy.models import ReplyAddress, Salon, new_id
from tests.conftest import NOW
from tests.marketing.letterbox import DOMAIN, LENA, a_card

pytestmark = pytest.mark.django_db(transaction=True)
READER = Actor(ActorKind.USER, None, "Azubi", frozenset({Permission.CLIENTS_READ}))


@pytest.fixture(autouse=True)
def _answers_come_in(settings: Settings) -> None:
    settings.INBOUND_DOMAIN = DOMAIN


def _received(client_id: UUID, *, minutes: int = 0, **more: Any) -> Message:
    values: dict[str, Any] = {
        "direction": Direction.IN,
        "text": "Ja",
        "address": LENA,
        "actor_kind": ActorKind.SYSTEM,
        **more,
    }
    return Message.objects.create(client_id=client_id, created_at=NOW + timedelta(minutes=minutes), **values)


def test_it_goes_out_as_it_was_written(in_sonnenschein: Salon, front_desk: Actor) -> None:
    lena = a_card(in_sonnenschein)
    message = write_message(
        actor=front_desk,
        client_id=lena.pk,
        subject=" Termin \n am Dienstag",
        text="Passt Ihnen\r\n10 < 11 Uhr?\n",
        now=NOW,
    )
    assert (message.direction, message.subject, message.text) == (
        "OUT",
        "Termin am Dienstag",
        "Passt Ihnen\n10 < 11 Uhr?",
    )
    assert (message.address, message.actor_name, message.created_at) == (LENA, "Empfang", NOW)
    mail = ClientMail.objects.get()
    assert (mail.pk, mail.about_id, mail.recipient, mail.writer) == (message.mail_id, message.pk, LENA, "message")
    put_into_words(mail)
    assert mail.subject == "Termin am Dienstag"
    assert mail.text == "Passt Ihnen\n10 < 11 Uhr?\n\n-- \nEmpfang\nSalon Sonnenschein\n"
    assert "Passt Ihnen<br>10 &lt; 11 Uhr?" in mail.html
    assert "abmelden" not in (mail.text + mail.html).lower()
    entry = AuditEntry.objects.get(action="message.written")
    assert (entry.client_id, entry.subject_id, entry.actor_name) == (lena.pk, message.pk, "Empfang")
    assert entry.changes == [{"field": "subject", "old": None, "new": "Termin am Dienstag"}]
    # Nobody has agreed to anything.
    assert ConsentEntry.objects.count() == 0


def test_each_client_has_an_address_for_answers_that_stays(
    in_sonnenschein: Salon, front_desk: Actor, settings: Settings
) -> None:
    lena, anna = a_card(in_sonnenschein), a_card(in_sonnenschein, "Anna", "a@x.example")
    for client in (lena, lena, anna):
        write_message(actor=front_desk, client_id=client.pk, subject="Termin", text="Gut", now=NOW)
    first, second, other = ClientMail.objects.order_by("id").values_list("reply_to", flat=True)
    assert first == second != other
    local, _at, domain = first.partition("@")
    assert (local[:8], len(local), domain) == ("antwort+", 40, DOMAIN)
    assert local.lower() == local
    assert set(ReplyAddress.objects.values_list("client_id", flat=True)) == {lena.pk, anna.pk}
    assert all(local.encode() not in bytes(row.token_hash) for row in ReplyAddress.objects.all())
    settings.SECRET_KEY = "another installation's"
    write_message(actor=front_desk, client_id=lena.pk, subject="Termin", text="Gut", now=NOW)
    assert ClientMail.objects.order_by("-id")[0].reply_to not in {first, other}
    # What was given out before still leads to her.
    assert ReplyAddress.objects.filter(client_id=lena.pk).count() == 2


def test_without_a_domain_answers_go_to_the_salon(
    in_sonnenschein: Salon, front_desk: Actor, settings: Settings
) -> None:
    settings.INBOUND_DOMAIN = ""
    lena = a_card(in_sonnenschein)

    def asked() -> str:
        write_message(actor=front_desk, client_id=lena.pk, subject="Termin", text="Gut", now=NOW)
        return ClientMail.objects.order_by("-id")[0].reply_to

    assert asked() == ""
    BookingRules.objects.create(reply_to="termine@salon.example")
    assert asked() == "termine@salon.example"
    MarketingRules.objects.create(reply_to="post@salon.example")
    assert asked() == "post@salon.example"
    assert ReplyAddress.objects.count() == 0


def test_a_form_sent_twice_writes_once(in_sonnenschein: Salon, front_desk: Actor) -> None:
    lena, own_id = a_card(in_sonnenschein), new_id()
    given = {"actor": front_desk, "client_id": lena.pk, "subject": "Termin", "text": "Gut", "now": NOW}
    first, second = (write_message(**given, message_id=own_id) for _ in range(2))  # type: ignore[arg-type]
    assert first.pk == second.pk == own_id
    assert (Message.objects.count(), ClientMail.objects.count()) == (1, 1)
    write_message(**given)  # type: ignore[arg-type]
    assert Message.objects.count() == 2


@pytest.mark.parametrize(
    ("subject", "text", "wrong"),
    [
        ("", "Gut", [("subject", "required")]),
        ("Termin", " \n ", [("text", "required")]),
        ("", "", [("subject", "required"), ("text", "required")]),
        ("x" * 151, "Gut", [("subject", "too_long")]),
        ("Termin", "x" * 10_001, [("text", "too_long")]),
        ("Termin", "Hallo {{firstname}}!", [("text", "unknown_placeholder")]),
        ("Termin {{first_name}", "Gut", [("subject", "broken_placeholder")]),
        # What nobody knows of her is no hole in a mail.
        (
            "{{last_visit}}",
            "Am {{ last_visit }}, {{treatcard}}",
            [(f, "placeholder") for f in ("subject", "text", "text")],
        ),
        ("x" * 140 + "{{salon}}", "Gut", [("subject", "too_long")]),
    ],
)
def test_what_cannot_go_out(
    in_sonnenschein: Salon, front_desk: Actor, subject: str, text: str, wrong: list[tuple[str, str]]
) -> None:
    lena = a_card(in_sonnenschein)
    with pytest.raises(InvalidInput) as refused:
        write_message(actor=front_desk, client_id=lena.pk, subject=subject, text=text, now=NOW)
    assert [(one.field, one.code) for one in refused.value.errors] == wrong
    assert (Message.objects.count(), ClientMail.objects.count()) == (0, 0)


def test_what_is_known_of_her_is_filled_in(in_sonnenschein: Salon, front_desk: Actor) -> None:
    lena = a_card(in_sonnenschein)
    Client.objects.filter(pk=lena.pk).update(treatcard_number="TC-1")
    message = write_message(
        actor=front_desk,
        client_id=lena.pk,
        subject="Für {{ first_name }}, {{points}} Punkte",
        text="{{greeting}},\n\nwann: {{next_visit|wie besprochen}}?\n{{salon}}",
        now=NOW,
    )
    assert message.subject == "Für Lena, 0 Punkte"
    assert message.text == "Hallo Lena,\n\nwann: wie besprochen?\nSalon Sonnenschein"
    mail = ClientMail.objects.get()
    put_into_words(mail)
    assert "wie besprochen?" in mail.text
    assert "{{" not in mail.subject + mail.text + mail.html


def test_to_whom_nothing_goes(in_sonnenschein: Salon, front_desk: Actor) -> None:
    lena, none = a_card(in_sonnenschein), a_card(in_sonnenschein, "Ohne", "")
    old = a_card(in_sonnenschein, "Alt", "alt@x.example")
    merge_cards(actor=system_actor("x"), salon=in_sonnenschein, survivor_id=lena.pk, duplicate_id=old.pk, now=NOW)
    for refusal, client_id, actor in (
        (NoAddress, none.pk, front_desk),
        (MergedAway, old.pk, front_desk),
        (NotFound, uuid4(), front_desk),
        (NotAllowed, lena.pk, READER),
    ):
        with pytest.raises(refusal):
            write_message(actor=actor, client_id=client_id, subject="Termin", text="Gut", now=NOW)
    assert (Message.objects.count(), ClientMail.objects.count(), ReplyAddress.objects.count()) == (0, 0, 0)


def test_the_inbox_has_what_is_unread_first(in_sonnenschein: Salon, front_desk: Actor) -> None:
    lena, anna, bea, cleo = (
        a_card(in_sonnenschein, name, f"{name}@x.example") for name in ("Lena", "Anna", "Bea", "Cleo")
    )
    for client, minutes, read in ((lena, 1, None), (lena, 2, None), (anna, 0, None), (bea, 3, NOW), (cleo, 4, NOW)):
        _received(client.pk, minutes=minutes, read_at=read, done_at=read)
    write_message(actor=front_desk, client_id=anna.pk, subject="T", text="Gut", now=NOW + timedelta(minutes=9))
    found = inbox()
    assert [(one.last.client_id, one.last.direction, one.unread) for one in found.unread] == [
        (lena.pk, "IN", 2),
        (anna.pk, "OUT", 1),
    ]
    assert [one.client_id for one in found.others.rows] == [cleo.pk, bea.pk]
    assert count_unread() == 3
    first = inbox(limit=1)
    assert [one.client_id for one in first.others.rows] == [cleo.pk]
    second = inbox(limit=1, cursor=first.others.next)
    assert ([one.client_id for one in second.others.rows], second.unread) == ([bea.pk], [])
    assert second.others.next is None


def test_read_and_unread(in_sonnenschein: Salon, front_desk: Actor) -> None:
    lena, anna = a_card(in_sonnenschein), a_card(in_sonnenschein, "Anna", "a@x.example")
    seen, late, other = (_received(one.pk, minutes=n) for n, one in enumerate((lena, lena, anna)))
    later = NOW + timedelta(hours=1)
    # What came in while she was reading is not read.
    assert mark_read(actor=READER, client_id=lena.pk, upto=seen.pk, now=later) == 1
    assert mark_read(actor=READER, client_id=lena.pk, upto=seen.pk, now=later) == 0
    assert dict(Message.objects.values_list("pk", "read_at")) == {seen.pk: later, late.pk: None, other.pk: None}
    assert mark_read(actor=READER, client_id=lena.pk, upto=late.pk, now=later) == 1
    assert mark_unread(actor=READER, client_id=lena.pk)
    assert dict(Message.objects.values_list("pk", "read_at")) == {seen.pk: later, late.pk: None, other.pk: None}
    nobody = Actor(ActorKind.USER, None, "Niemand", frozenset())
    with pytest.raises(NotAllowed):
        mark_read(actor=nobody, client_id=lena.pk, upto=late.pk, now=later)
    with pytest.raises(NotAllowed):
        mark_unread(actor=nobody, client_id=lena.pk)
    empty = a_card(in_sonnenschein, "Cleo", "c@x.example")
    write_message(actor=front_desk, client_id=empty.pk, subject="T", text="Gut", now=NOW)
    _received(empty.pk, automatic=True, read_at=NOW)
    # Neither what went out nor what a program answered waits for anybody.
    assert not mark_unread(actor=READER, client_id=empty.pk)


def test_a_thread_is_read_page_by_page(in_sonnenschein: Salon) -> None:
    lena, anna = a_card(in_sonnenschein), a_card(in_sonnenschein, "Anna", "a@x.example")
    sent = [_received(lena.pk, minutes=minute).pk for minute in range(5)]
    _received(anna.pk)
    first = thread_of(lena.pk, limit=3)
    assert [one.pk for one in first.rows] == sent[:1:-1]
    second = thread_of(lena.pk, limit=3, cursor=first.next)
    assert ([one.pk for one in second.rows], second.next) == (sent[1::-1], None)
