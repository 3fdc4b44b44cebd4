"""Pictures that clients send: kept small and bare, for the team alone (domain.md §9.4)."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from zipfile import ZipFile

import pytest
from PIL import Image
from pytest_django import Settings

from clients.models import Client
from marketing import photos
from marketing.messages import write_message
from marketing.models import Message, MessagePicture
from marketing.receiving import receive
from salon.desk.erasure import erase_card
from salon.desk.personal_data import data_of_person
from salon.desk.web.archive import archive_of
from salon.identity.models import User
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.letterbox import DOMAIN, a_card, a_mail, read, reply_to
from tests.marketing.test_message_pages import BrowserOf
from tests.marketing.uploads import a_file

pytestmark = pytest.mark.django_db(transaction=True)
SOFTWARE = system_actor("test")
HERE = "/s/sonnenschein/marketing/messages/"


@pytest.fixture(autouse=True)
def _answers_come_in(settings: Settings) -> None:
    settings.INBOUND_DOMAIN = DOMAIN


@pytest.fixture
def lena(sonnenschein: Salon) -> Client:
    with salon_scope(sonnenschein.pk):
        card = a_card(sonnenschein)
        write_message(actor=SOFTWARE, client_id=card.pk, subject="Termin", text="Dienstag?", now=NOW)
    return card


def _phone_photo() -> bytes:
    exif = Image.Exif()
    exif[0x0110] = "Phone of Lena"
    return a_file(size=(3000, 2000), exif=exif).getvalue()


def _send(salon: Salon, client: Client, *files: tuple[bytes, str, str], **headers: str) -> None:
    with salon_scope(salon.pk):
        mail = a_mail(reply_to(client.pk), "So soll es aussehen", **headers)
    for content, subtype, name in files:
        maintype = "application" if subtype == "pdf" else "image"
        mail.add_attachment(content, maintype=maintype, subtype=subtype, filename=name)
    receive(read(mail), now=NOW)


def _kept(salon: Salon) -> tuple[list[str], list[list[str]]]:
    """Return the names of the pictures that are kept, and of each message the files that are not."""
    with salon_scope(salon.pk):
        names = MessagePicture.objects.order_by("message__created_at", "message_id", "number").values_list(
            "name", flat=True
        )
        return list(names), [one.attachments for one in Message.objects.filter(direction="IN").order_by("id")]


def test_a_picture_is_kept_small_and_without_what_a_phone_writes(sonnenschein: Salon, lena: Client) -> None:
    tiny = a_file(kind="PNG", size=(90, 300)).getvalue()
    photo = _phone_photo()
    _send(sonnenschein, lena, (photo, "jpeg", "Frisur.jpg"), (b"%PDF", "pdf", "a.pdf"), (tiny, "png", "logo.png"))
    assert _kept(sonnenschein) == (["Frisur.jpg"], [["a.pdf", "logo.png"]])
    with salon_scope(sonnenschein.pk):
        (kept,) = MessagePicture.objects.all()
    assert (kept.width, kept.height, kept.kind) == (1200, 800, "jpg")
    assert b"Phone of" in photo
    assert b"Phone of" not in bytes(kept.content)
    assert not Image.open(BytesIO(kept.content)).getexif()


def test_so_many_and_no_more(sonnenschein: Salon, lena: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "MOST_OF_MESSAGE", 2)
    monkeypatch.setattr(photos, "MOST_OF_CLIENT", 3)
    small = a_file(size=(200, 200)).getvalue()
    three = [(small, "jpeg", f"{number}.jpg") for number in range(3)]
    _send(sonnenschein, lena, *three, Message_ID="<1@x>")
    _send(sonnenschein, lena, *three, Message_ID="<2@x>")
    _send(sonnenschein, lena, *three, Message_ID="<3@x>", Auto_Submitted="auto-replied")
    assert _kept(sonnenschein) == (
        ["0.jpg", "1.jpg", "0.jpg"], [["2.jpg"], ["1.jpg", "2.jpg"], ["0.jpg", "1.jpg", "2.jpg"]]
    )  # fmt: skip


def test_the_team_sees_it_in_the_thread_and_on_the_card_and_nobody_else(
    sonnenschein: Salon, lena: Client, stylist: User, browser_of: BrowserOf
) -> None:
    _send(sonnenschein, lena, (_phone_photo(), "jpeg", "Frisur <1>.jpg"))
    with salon_scope(sonnenschein.pk):
        kept = MessagePicture.objects.get()
    desk, url = browser_of(stylist), f"{HERE}photos/{kept.pk}/"
    for page in (f"{HERE}{lena.pk}/", f"/s/sonnenschein/clients/{lena.pk}/"):
        text = desk.get(page).text
        assert f'<img src="{url}" width="1200" height="800"' in text
        assert "Bild Frisur &lt;1&gt;.jpg: in voller Größe öffnen" in text
    answer = desk.get(url)
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert answer.content == bytes(kept.content)
    assert "no-store" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]
    desk.logout()
    assert desk.get(url).status_code == 302


def test_she_gets_them_with_her_data_and_erasure_takes_them(sonnenschein: Salon, lena: Client) -> None:
    _send(sonnenschein, lena, (_phone_photo(), "jpeg", "Frisur.jpg"))
    with salon_scope(sonnenschein.pk):
        content = bytes(MessagePicture.objects.get().content)
        found = data_of_person(actor=SOFTWARE, client_id=lena.pk, now=NOW)
        with ZipFile(BytesIO(archive_of(found, "lena", sonnenschein))) as archive:
            assert archive.read("001.jpg") == content
        told = found.sections["messages"][-1]["pictures"]
        assert told == [{"file": "001.jpg", "name": "Frisur.jpg", "content": b64encode(content).decode()}]
        erase_card(actor=SOFTWARE, salon=sonnenschein, client_id=lena.pk, now=NOW)
        assert not MessagePicture.objects.exists()
