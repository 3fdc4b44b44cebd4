"""Answers of clients (domain.md §9.4): they find their card, once, and nobody else's."""

from __future__ import annotations

import io
import sys
from datetime import timedelta
from email.message import EmailMessage
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from marketing import receiving
from marketing.messages import write_message
from marketing.models import Message
from marketing.receiving import Outcome, receive
from salon.audit.models import AuditEntry
from salon.desk.erasure import erase_card
from salon.desk.merging import merge_cards, undo_merge
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import ReplyAddress, Salon
from tests.concurrency.hands import at_once
from tests.conftest import NOW
from tests.marketing.letterbox import DOMAIN, LENA, a_card, a_mail, read, reply_to

pytestmark = pytest.mark.django_db(transaction=True)
SOFTWARE = system_actor("test")
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _answers_come_in(settings: Settings) -> None:
    settings.INBOUND_DOMAIN = DOMAIN


def _written_to(salon: Salon, first: str = "Lena", email: str = LENA) -> tuple[UUID, str]:
    """Return a card that was written to, and where the answer goes."""
    with salon_scope(salon.pk):
        client = a_card(salon, first, email)
        write_message(actor=SOFTWARE, client_id=client.pk, subject="Termin", text="Dienstag?", now=NOW)
        return client.pk, reply_to(client.pk)


def _received(salon: Salon) -> list[Message]:
    with salon_scope(salon.pk):
        return list(Message.objects.filter(direction="IN").order_by("created_at", "id"))


def test_an_answer_stands_on_the_card_and_is_unread(sonnenschein: Salon, dom: Salon) -> None:
    client_id, address = _written_to(sonnenschein)
    outcome = receive(read(a_mail(address, "Ja, gern!\n\n> Dienstag?")), now=LATER)
    assert outcome is Outcome.KEPT
    (message,) = _received(sonnenschein)
    assert (message.client_id, message.address, message.subject) == (client_id, LENA, "Re: Termin")
    assert message.text == "Ja, gern!\n\n> Dienstag?"
    assert (message.read_at, message.automatic, message.other_address) == (None, False, False)
    assert (message.created_at, message.attachments, message.mail_id) == (LATER, [], None)
    with salon_scope(sonnenschein.pk):
        entry = AuditEntry.objects.get(action="message.received")
        assert (entry.client_id, entry.subject_id, entry.actor_kind) == (client_id, message.pk, "SYSTEM")
    assert _received(dom) == []


@pytest.mark.parametrize(
    "header", ["To", "Cc", "Delivered_To", "X_Original_To"], ids=["to", "copy", "delivered", "original"]
)
def test_the_address_counts_wherever_it_stands(sonnenschein: Salon, header: str) -> None:
    _client, address = _written_to(sonnenschein)
    mail = a_mail("salon@x.example")
    if header == "To":
        mail.replace_header("To", f"salon@x.example, Salon <{address.upper()}>")
    else:
        mail[header.replace("_", "-")] = address
    assert receive(read(mail), now=LATER) is Outcome.KEPT


def test_what_leads_to_nobody_is_dropped(sonnenschein: Salon) -> None:
    _client, address = _written_to(sonnenschein)
    local, _at, _domain = address.partition("@")
    wrong = [
        f"antwort+{'a' * 32}@{DOMAIN}",
        f"{local[:-1]}@{DOMAIN}",
        f"{local}@other.example",
        f"{local}@{DOMAIN}.other.example",
        f"antwort@{DOMAIN}",
        "salon@x.example",
        "",
    ]
    assert {receive(read(a_mail(one)), now=LATER) for one in wrong} == {Outcome.NOBODY}
    assert _received(sonnenschein) == []
    assert receive(read(a_mail(address)), now=LATER) is Outcome.KEPT


def test_the_same_mail_comes_in_once(sonnenschein: Salon) -> None:
    _client, address = _written_to(sonnenschein)
    mail = a_mail(address)
    assert [receive(read(mail), now=LATER) for _ in range(2)] == [Outcome.KEPT, Outcome.KNOWN]
    # Without a name of its own, what it says tells it.
    del mail["Message-ID"]
    assert [receive(read(mail), now=LATER) for _ in range(2)] == [Outcome.KEPT, Outcome.KNOWN]
    other = a_mail(address, "Doch nicht")
    del other["Message-ID"]
    assert receive(read(other), now=LATER) is Outcome.KEPT
    assert len(_received(sonnenschein)) == 3
    with salon_scope(sonnenschein.pk):
        assert AuditEntry.objects.filter(action="message.received").count() == 3


def test_brought_twice_at_the_same_moment(sonnenschein: Salon) -> None:
    _client, address = _written_to(sonnenschein)
    incoming = read(a_mail(address))
    outcomes = at_once(lambda _index: receive(incoming, now=LATER), 4)
    assert sorted(outcomes) == [Outcome.KEPT, *[Outcome.KNOWN] * 3]  # type: ignore[type-var]
    assert len(_received(sonnenschein)) == 1


def test_others_at_the_same_moment_all_come_in(sonnenschein: Salon) -> None:
    """The negative control: what differs in nothing but its Message-ID is kept each time."""
    _client, address = _written_to(sonnenschein)
    mails = [read(a_mail(address, Message_ID=f"<{number}@mail.example>")) for number in range(4)]
    outcomes = at_once(lambda index: receive(mails[index], now=LATER), 4)
    assert outcomes == [Outcome.KEPT] * 4
    assert len(_received(sonnenschein)) == 4


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; owner-email=x"},
        {"Precedence": "bulk"},
        {"Precedence": "auto_reply"},
        {"X_Autoreply": "yes"},
    ],
)
def test_what_a_program_answered_waits_for_nobody(sonnenschein: Salon, headers: dict[str, str]) -> None:
    _client, address = _written_to(sonnenschein)
    receive(read(a_mail(address, "Ich bin im Urlaub", **headers)), now=LATER)
    (message,) = _received(sonnenschein)
    assert (message.automatic, message.read_at) == (True, LATER)


def test_a_person_says_so(sonnenschein: Salon) -> None:
    _client, address = _written_to(sonnenschein)
    receive(read(a_mail(address, Auto_Submitted="no")), now=LATER)
    assert not _received(sonnenschein)[0].automatic


def test_another_address_than_the_cards_is_marked(sonnenschein: Salon) -> None:
    _client, address = _written_to(sonnenschein)
    receive(read(a_mail(address, sender="Böser <boese@x.example>")), now=LATER)
    receive(read(a_mail(address, sender="LENA@X.example", Message_ID="<2@mail.example>")), now=LATER)
    assert [(one.address, one.other_address) for one in _received(sonnenschein)] == [
        ("boese@x.example", True),
        ("LENA@X.example", False),
    ]


def test_a_merged_card_gives_it_to_the_one_that_is_left(sonnenschein: Salon) -> None:
    old, address = _written_to(sonnenschein, "Alt", "alt@x.example")
    with salon_scope(sonnenschein.pk):
        left = a_card(sonnenschein)
        merge = merge_cards(actor=SOFTWARE, salon=sonnenschein, survivor_id=left.pk, duplicate_id=old, now=NOW)
        assert [one.client_id for one in Message.objects.all()] == [left.pk]
    assert receive(read(a_mail(address)), now=LATER) is Outcome.KEPT
    assert [one.client_id for one in _received(sonnenschein)] == [left.pk]
    with salon_scope(sonnenschein.pk):
        undo_merge(actor=SOFTWARE, salon=sonnenschein, merge_id=merge.pk, now=LATER)
        # What was written before goes back, what came since stays, and what comes now finds her own card.
        assert dict(Message.objects.values_list("direction", "client_id")) == {"OUT": old, "IN": left.pk}
    receive(read(a_mail(address, Message_ID="<2@mail.example>")), now=LATER)
    assert [one.client_id for one in _received(sonnenschein)] == [left.pk, old]


def test_two_cards_with_the_same_mail_become_one_and_two_again(sonnenschein: Salon) -> None:
    old, first = _written_to(sonnenschein, "Alt", "alt@x.example")
    left, second = _written_to(sonnenschein)
    for address in (first, second):
        receive(read(a_mail(address)), now=LATER)
    with salon_scope(sonnenschein.pk):
        merge = merge_cards(actor=SOFTWARE, salon=sonnenschein, survivor_id=left, duplicate_id=old, now=LATER)
        received = Message.objects.filter(direction="IN")
        assert dict(received.values_list("client_id", "read_at")) == {left: None, old: LATER}
        undo_merge(actor=SOFTWARE, salon=sonnenschein, merge_id=merge.pk, now=LATER + timedelta(hours=1))
        assert set(received.values_list("client_id", flat=True)) == {left, old}


def test_of_an_erased_client_nothing_is_kept(sonnenschein: Salon) -> None:
    client_id, address = _written_to(sonnenschein)
    other, still = _written_to(sonnenschein, "Anna", "a@x.example")
    receive(read(a_mail(address)), now=LATER)
    row = ReplyAddress.objects.get(client_id=client_id)
    with salon_scope(sonnenschein.pk):
        erase_card(actor=SOFTWARE, salon=sonnenschein, client_id=client_id, now=LATER)
        assert set(Message.objects.values_list("client_id", flat=True)) == {other}
    assert set(ReplyAddress.objects.values_list("client_id", flat=True)) == {other}
    assert receive(read(a_mail(address)), now=LATER) is Outcome.NOBODY
    # As if it had been looked up just before.
    row.save(force_insert=True)
    assert receive(read(a_mail(address)), now=LATER) is Outcome.GONE
    assert _received(sonnenschein) == []
    assert receive(read(a_mail(still)), now=LATER) is Outcome.KEPT


def test_the_names_of_files_are_kept_and_nothing_else_of_them(sonnenschein: Salon) -> None:
    _client, address = _written_to(sonnenschein)
    mail = a_mail(address, "Anbei ein Foto")
    mail.add_attachment(b"\xff\xd8 kanari", maintype="image", subtype="jpeg", filename="Meine\tHaare.jpg")
    mail.add_attachment("BEGIN", subtype="calendar", disposition="inline", filename="termin.ics")
    receive(read(mail), now=LATER)
    assert _received(sonnenschein)[0].attachments == ["Meine Haare.jpg", "termin.ics"]
    with salon_scope(sonnenschein.pk), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM marketing_message one WHERE one::text ILIKE '%kanari%'")
        assert cursor.fetchone() == (0,)


def test_html_alone_is_read_as_text(sonnenschein: Salon) -> None:
    _client, address = _written_to(sonnenschein)
    mail = a_mail(address)
    mail.set_content("<p>Ja, <b>gern</b>!</p><blockquote>Dienstag?</blockquote>", subtype="html")
    receive(read(mail), now=LATER)
    assert _received(sonnenschein)[0].text == "Ja, gern!\n> Dienstag?"


def test_nothing_is_too_much_or_too_odd(sonnenschein: Salon) -> None:
    _client, address = _written_to(sonnenschein)
    long = a_mail(address, "a" * 60_000 + "\x00", Message_ID=f"<{'x' * 900}@mail.example>")
    long.replace_header("Subject", "s" * 400)
    for number in range(30):
        long.add_attachment(b"x", maintype="image", subtype="png", filename=f"{number}{'y' * 200}.png")
    receive(read(long), now=LATER)
    (message,) = _received(sonnenschein)
    assert (len(message.text), len(message.subject), len(message.attachments)) == (50_000, 200, 20)
    assert {len(name) for name in message.attachments} == {120}
    assert message.message_id.startswith("sha256:")
    head = f"From: {LENA}\r\nTo: {address}\r\nSubject: =?nonsense?q?x?=\r\nContent-Type: text/plain; charset="
    for number, (charset, body) in enumerate((("nonsense", b"Gr\xfc\xdfe"), ("utf-8", b"Gr\xfc\x00\xdfe"))):
        raw = f"{head}{charset}\r\nMessage-ID: <odd{number}>\r\n\r\n".encode() + body
        assert receive(read(raw), now=LATER) is Outcome.KEPT
    assert [one.text for one in _received(sonnenschein)[1:]] == ["Gr��e", "Gr��e"]


@pytest.mark.parametrize("depth", [10, 90, 3_000])
def test_a_mail_server_may_pipe_parts_in_parts(
    sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch, depth: int
) -> None:
    _client, address = _written_to(sonnenschein)
    parts = "".join(f'Content-Type: multipart/mixed; boundary="b{at}"\r\n\r\n--b{at}\r\n' for at in range(depth))
    raw = f"From: {LENA}\r\nTo: {address}\r\n{parts}Content-Type: text/plain\r\n\r\nJa, gern!\r\n"
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(raw.encode())))
    call_command("receive_mail", stdout=io.StringIO())
    (message,) = _received(sonnenschein)
    assert message.address == LENA
    assert message.text == ("Ja, gern!" if depth <= 90 else "")


def test_a_mail_without_words_still_says_that_it_came(sonnenschein: Salon) -> None:
    _client, address = _written_to(sonnenschein)
    receive(read(f"From: {LENA}\r\nTo: {address}\r\n\r\n".encode()), now=LATER)
    message = _received(sonnenschein)[0]
    assert (message.text, message.subject, message.address) == ("", "", LENA)


def test_a_mail_server_may_pipe_it(
    sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _client, address = _written_to(sonnenschein)

    def pipe(mail: EmailMessage, *options: str) -> str:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(bytes(mail))))
        call_command("receive_mail", *options)
        return capsys.readouterr().out.strip()

    assert pipe(a_mail(address)) == "kept"
    assert pipe(a_mail(address)) == "known already"
    assert pipe(a_mail("liste@x.example", Message_ID="<2@x>")) == "for nobody"
    # A copy that nobody else sees: only the mail server knows for whom it is.
    assert pipe(a_mail("liste@x.example", Message_ID="<2@x>"), "--recipient", address) == "kept"
    assert len(_received(sonnenschein)) == 2


def test_nothing_that_a_mail_says_is_logged(sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(receiving, "log", SimpleNamespace(info=lambda *words, **more: told.append((words, more))))
    receive(read(a_mail("nobody@x.example")), now=LATER)
    assert told == [(("mail_received",), {"outcome": "NOBODY"})]
