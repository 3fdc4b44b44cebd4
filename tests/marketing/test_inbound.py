"""The webhook that brings answers, as the services post them (domain.md §9.4)."""

from __future__ import annotations

import json
from base64 import b64encode
from time import process_time
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client as Browser
from pytest_django import Settings

from marketing.incoming import MOST_PARTS, read_mail
from marketing.messages import write_message
from marketing.models import Message, MessagePicture
from marketing.web import inbound
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.letterbox import DOMAIN, LENA, a_card, a_mail, reply_to
from tests.marketing.uploads import a_file

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "salon:geheim"


@pytest.fixture(autouse=True)
def _postmark(settings: Settings) -> None:
    settings.INBOUND_DOMAIN, settings.INBOUND_ESP, settings.INBOUND_SECRET = DOMAIN, "postmark", SECRET


@pytest.fixture
def address(sonnenschein: Salon) -> str:
    """Where Lena answers."""
    with salon_scope(sonnenschein.pk):
        lena = a_card(sonnenschein)
        write_message(actor=system_actor("x"), client_id=lena.pk, subject="Termin", text="Dienstag?", now=NOW)
        return reply_to(lena.pk)


def _post(body: Any, *, esp: str = "postmark", secret: str | None = SECRET) -> HttpResponse:
    headers = {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"} if secret else {}
    sent = body if isinstance(body, (bytes, str)) else json.dumps(body)
    # With the check that forms are protected by: no service knows a token.
    return Browser(enforce_csrf_checks=True).post(  # type: ignore[return-value]
        f"/mail/inbound/{esp}/", sent, content_type="application/json", headers=headers
    )


def _postmark_mail(to: str, **more: Any) -> dict[str, Any]:
    """Return what Postmark posts (after the sample in django-anymail's own tests)."""
    return {
        "FromName": "Lena Vogel",
        "From": LENA,
        "FromFull": {"Email": LENA, "Name": "Lena Vogel", "MailboxHash": ""},
        "To": to,
        "ToFull": [{"Email": to, "Name": "", "MailboxHash": ""}],
        "Cc": "",
        "CcFull": [],
        "Bcc": "",
        "BccFull": [],
        "OriginalRecipient": to,
        "ReplyTo": "",
        "Subject": "Re: Termin",
        "MessageID": "22c74902-a0c1-4511-804f2-341342852c90",
        "Date": "Sat, 21 Nov 2026 12:00:00 +0100",
        "MailboxHash": to[8:40],
        "TextBody": "Ja, gern!\r\n\r\n> Dienstag?",
        "HtmlBody": "<p>Ja, gern!</p>",
        "StrippedTextReply": "Ja, gern!",
        "Tag": "",
        "Headers": [
            {"Name": "Return-Path", "Value": f"<{LENA}>"},
            {"Name": "Received", "Value": "from mail.example by inbound.postmarkapp.com"},
            {"Name": "Message-ID", "Value": "<1@mail.example>"},
        ],
        "Attachments": [],
        **more,
    }


def _mailjet_mail(to: str) -> dict[str, Any]:
    """Return what Mailjet posts (after the sample in django-anymail's own tests)."""
    return {
        "Sender": LENA,
        "Recipient": to,
        "Date": "20261121T110000",
        "From": f"Lena Vogel <{LENA}>",
        "Subject": "Re: Termin",
        "Headers": {
            "Return-Path": [f"<{LENA}>"],
            "Received": ["from mail.example by parse.mailjet.com"],
            "MIME-Version": ["1.0"],
            "From": f"Lena Vogel <{LENA}>",
            "To": f"Salon <{to}>",
            "Date": "Sat, 21 Nov 2026 12:00:00 +0100",
            "Message-ID": "<1@mail.example>",
            "Subject": "Re: Termin",
            "Content-Type": 'multipart/mixed; boundary="frontier"',
        },
        "Parts": [
            {"Headers": {"Content-Type": 'text/plain; charset="UTF-8"'}, "ContentRef": "Text-part"},
            {
                "Headers": {
                    "Content-Type": 'image/jpeg; name="Haare.jpg"',
                    "Content-Disposition": 'attachment; filename="Haare.jpg"',
                },
                "ContentRef": "Attachment1",
            },
        ],
        "Text-part": "Ja, gern!\n\n> Dienstag?",
        "Attachment1": b64encode(b"jpeg").decode(),
        "SpamAssassinScore": "1.7",
    }


def _sparkpost_mail(to: str) -> list[dict[str, Any]]:
    """Return what SparkPost posts (after the sample in django-anymail's own tests)."""
    content = {
        "email_rfc822": bytes(a_mail(to, "Ja, gern!\n\n> Dienstag?")).decode(),
        "email_rfc822_is_base64": False,
        "subject": "Re: Termin",
        "text": "Ja, gern!",
        "to": [to],
        "headers": [],
    }
    event = {
        "content": content,
        "customer_id": "1337",
        "friendly_from": LENA,
        "msg_from": LENA,
        "protocol": "smtp",
        "rcpt_to": to,
        "webhook_id": "4839201967643219",
    }
    return [{"msys": {"relay_message": event}}]


def _received(salon: Salon) -> list[Message]:
    with salon_scope(salon.pk):
        return list(Message.objects.filter(direction="IN").order_by("id"))


@pytest.mark.parametrize(
    ("esp", "mail"), [("postmark", _postmark_mail), ("mailjet", _mailjet_mail), ("sparkpost", _sparkpost_mail)]
)
def test_every_service_that_is_offered(
    sonnenschein: Salon, address: str, settings: Settings, esp: str, mail: Any
) -> None:
    settings.INBOUND_ESP = esp
    assert set(inbound.SERVICES) == {"postmark", "mailjet", "sparkpost"}
    # A service that gets no answer brings it again.
    assert [_post(mail(address), esp=esp).status_code for _ in range(2)] == [200, 200]
    (message,) = _received(sonnenschein)
    assert (message.subject, message.text, message.address) == ("Re: Termin", "Ja, gern!\n\n> Dienstag?", LENA)
    assert (message.message_id, message.other_address) == ("<1@mail.example>", False)
    assert message.attachments == (["Haare.jpg"] if esp == "mailjet" else [])


def test_a_photo_may_be_larger_than_any_form(sonnenschein: Salon, address: str, settings: Settings) -> None:
    photo = {"Name": "Haare.jpg", "Content": b64encode(b"x" * 3_000_000).decode(), "ContentType": "image/jpeg"}
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE < 3_000_000
    assert _post(_postmark_mail(address, Attachments=[{**photo, "ContentLength": 3_000_000}])).status_code == 200
    assert _received(sonnenschein)[0].attachments == ["Haare.jpg"]


@pytest.mark.parametrize("esp", ["postmark", "mailjet"])
def test_pictures_are_brought_along(sonnenschein: Salon, address: str, settings: Settings, esp: str) -> None:
    settings.INBOUND_ESP = esp
    content = b64encode(a_file(size=(300, 200)).getvalue()).decode()
    photo = {"Name": "Haare.jpg", "Content": content, "ContentType": "image/jpeg", "ContentLength": len(content)}
    of_mailjet = {**_mailjet_mail(address), "Attachment1": content}
    assert (
        _post(of_mailjet if esp == "mailjet" else _postmark_mail(address, Attachments=[photo]), esp=esp).status_code
        == 200
    )
    with salon_scope(sonnenschein.pk):
        assert [one.name for one in MessagePicture.objects.all()] == ["Haare.jpg"]


def test_but_not_without_end(sonnenschein: Salon, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = _postmark_mail(address)
    monkeypatch.setattr(inbound, "MOST_BYTES", len(json.dumps(mail)) - 1)
    assert _post(mail).status_code == 400
    assert _received(sonnenschein) == []
    monkeypatch.setattr(inbound, "MOST_BYTES", len(json.dumps(mail)))
    assert _post(mail).status_code == 200


@pytest.mark.parametrize("secret", [None, "salon:falsch", "geheim", ":", "salon:geheim "])
def test_without_the_secret_nothing_comes_in(sonnenschein: Salon, address: str, secret: str | None) -> None:
    assert _post(_postmark_mail(address), secret=secret).status_code == 400
    assert _received(sonnenschein) == []


@pytest.mark.parametrize(("chosen", "asked"), [("", "postmark"), ("mailjet", "postmark"), ("nobody", "nobody")])
def test_only_the_service_that_was_chosen_has_a_door(
    sonnenschein: Salon, address: str, settings: Settings, chosen: str, asked: str
) -> None:
    settings.INBOUND_ESP = chosen
    assert _post(_postmark_mail(address), esp=asked).status_code == 404
    assert _received(sonnenschein) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"no json", b"[]", b'"text"', b"null", b"{}", b'{"RecordType": "Bounce"}', b'{"FromFull": 7}', b"\xff\xfe"],
)
def test_what_is_no_mail_is_the_senders_mistake(sonnenschein: Salon, body: bytes) -> None:
    # Postmark's empty object is an empty mail: for nobody.
    assert _post(body).status_code == (200 if body == b"{}" else 400)
    assert _received(sonnenschein) == []


def test_a_mail_for_nobody_is_taken_in_all_the_same(sonnenschein: Salon) -> None:
    """Else the service would bring it for days; and whoever makes addresses up learns nothing."""
    assert _post(_postmark_mail(f"antwort+{'a' * 32}@{DOMAIN}")).status_code == 200
    assert _received(sonnenschein) == []


def test_only_posts_bring_anything(sonnenschein: Salon) -> None:
    headers = {"Authorization": f"Basic {b64encode(SECRET.encode()).decode()}"}
    assert Browser().get("/mail/inbound/postmark/", headers=headers).status_code == 405


def test_ids_that_are_unique_to_one_salon_stay_in_it(sonnenschein: Salon, dom: Salon, address: str) -> None:
    with salon_scope(dom.pk):
        other = a_card(dom)
        write_message(actor=system_actor("x"), client_id=other.pk, subject="Termin", text="Mittwoch?", now=NOW)
        there = reply_to(other.pk)
    mail = _postmark_mail(address)
    for one in (address, there):
        assert _post({**mail, "OriginalRecipient": one, "ToFull": [{"Email": one}]}).status_code == 200
    assert [len(_received(salon)) for salon in (sonnenschein, dom)] == [1, 1]
    assert isinstance(_received(dom)[0].client_id, UUID)


@pytest.mark.parametrize("esp", ["mailjet", "postmark", "sparkpost"])
def test_a_mail_in_mails_in_mails_is_read_as_far_as_its_first_parts(
    sonnenschein: Salon, settings: Settings, address: str, esp: str
) -> None:
    """However many there are: reading them all would take seconds, or more memory than there is."""
    settings.INBOUND_ESP = esp
    began = process_time()
    for kind in (_in_parts, _in_mails, _beside_each_other):
        for many in (10, 1_000):
            head = f"From: {LENA}\r\nTo: {address}\r\nMessage-ID: <{kind.__name__}{many}@x>\r\n"
            assert _post(_MADE_OF[esp](address, head + kind(many)), esp=esp).status_code == 200
    assert process_time() - began < 2
    said = {message.message_id: message.text for message in _received(sonnenschein)}
    if esp == "sparkpost":
        assert said["<_in_parts10@x>"] == said["<_in_mails10@x>"] == said["<_beside_each_other1000@x>"] == "Ja, gern!"
        assert (said["<_in_parts1000@x>"], said["<_in_mails1000@x>"]) == ("", "")
    else:
        assert said == {"<1@mail.example>": "Ja, gern!\n\n> Dienstag?"}


@pytest.mark.parametrize("kind", ["_in_parts", "_in_mails", "_beside_each_other"])
def test_no_more_parts_are_made_than_are_read(kind: str) -> None:
    mail = read_mail((_KINDS[kind](100_000)).encode())
    assert MOST_PARTS < sum(1 for _part in mail.walk()) < MOST_PARTS + 300


def test_json_in_json_in_json_is_refused_at_once(address: str) -> None:
    began = process_time()
    assert _post("[" * 100_000).status_code == 400
    assert process_time() - began < 1


def _in_parts(depth: int) -> str:
    opened = "".join(f'Content-Type: multipart/mixed; boundary="b{at}"\r\n\r\n--b{at}\r\n' for at in range(depth))
    closed = "".join(f"\r\n--b{at}--\r\n" for at in reversed(range(depth)))
    return f"{opened}Content-Type: text/plain\r\n\r\nJa, gern!{closed}"


def _in_mails(depth: int) -> str:
    return "Content-Type: message/rfc822\r\n\r\n" * depth + "Content-Type: text/plain\r\n\r\nJa, gern!"


def _beside_each_other(many: int) -> str:
    return (
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nJa, gern!\r\n' + "--b\r\n\r\n" * many + "--b--"
    )


_KINDS = {one.__name__: one for one in (_in_parts, _in_mails, _beside_each_other)}


def _relayed(to: str, sent: str) -> Any:
    [posted] = _sparkpost_mail(to)
    posted["msys"]["relay_message"]["content"] = {"email_rfc822": sent, "email_rfc822_is_base64": False}
    return [posted]


def _attached(to: str, sent: str) -> Any:
    file = {"Name": "Mail.eml", "Content": b64encode(sent.encode()).decode(), "ContentType": "message/rfc822"}
    return _postmark_mail(to, Attachments=[file], RawEmail=sent)


def _referred(to: str, sent: str) -> Any:
    mail = _mailjet_mail(to)
    mail["Parts"][1]["Headers"] = {"Content-Type": "message/rfc822"}
    return {**mail, "Attachment1": b64encode(sent.encode()).decode()}


_MADE_OF = {"mailjet": _referred, "postmark": _attached, "sparkpost": _relayed}
