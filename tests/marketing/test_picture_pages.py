"""Pictures in the editor, on their own page, and the logo among the rules (ui.md §2.7)."""

import json
import re
from collections.abc import Callable
from io import BytesIO

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser

from marketing.models import Automation, Campaign, Occasion, Picture
from marketing.pictures import as_written
from marketing.rules import rules_now
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.campaign_desk import HTMX, LIST
from tests.marketing.uploads import a_file

MARKETING = "/s/sonnenschein/marketing/"
PICTURES, CHOOSE = f"{MARKETING}pictures/", f"{MARKETING}pictures/choose/"


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


def _upload(content: BytesIO | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile("IMG_1234.HEIC", (content or a_file()).getvalue(), "text/html")


def _only(salon: Salon) -> Picture:
    with salon_scope(salon.pk):
        return Picture.objects.get()


def test_one_uploads_a_picture_and_it_is_written_into_the_text(browser: Browser, sonnenschein: Salon) -> None:
    assert "Bild einfügen" in browser.get(CHOOSE, headers=HTMX).content.decode()
    answer = browser.post(CHOOSE, {"file": _upload(), "shows": "Herbst"}, headers=HTMX)
    assert answer.status_code == 204
    picture = _only(sonnenschein)
    chosen = {"picture-chosen": {"text": as_written(picture)}}
    assert json.loads(answer["HX-Trigger"]) == chosen
    # Another time it is there to be chosen.
    assert f"/pictures/{sonnenschein.pk}/{picture.name}" in browser.get(CHOOSE, headers=HTMX).content.decode()
    again = browser.post(CHOOSE, {"picture": picture.pk}, headers=HTMX)
    assert json.loads(again["HX-Trigger"]) == chosen


@pytest.mark.parametrize(
    ("entered", "words"),
    [
        ({"shows": "Herbst"}, "Wählen Sie ein Bild aus."),
        ({"file": b"%PDF-1.7", "shows": "Herbst"}, "Dieses Bild lässt sich nicht lesen."),
        ({"file": bytes(12 * 1024 * 1024 + 1), "shows": "Herbst"}, "höchstens 12 MB"),
        ({"file": bytes(26 * 1024 * 1024), "shows": "Herbst"}, "höchstens 12 MB"),
        ({"file": a_file().getvalue()}, "Sagen Sie, was es zeigt"),
    ],
)
def test_what_is_wrong_is_said_in_the_dialog(
    browser: Browser, sonnenschein: Salon, entered: dict[str, object], words: str
) -> None:
    if isinstance(content := entered.get("file"), bytes):
        entered = entered | {"file": _upload(BytesIO(content))}
    answer = browser.post(CHOOSE, entered, headers=HTMX)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    with salon_scope(sonnenschein.pk):
        assert not Picture.objects.exists()


def test_the_mail_beside_the_text_shows_it(browser: Browser, campaign: Campaign, sonnenschein: Salon) -> None:
    browser.post(PICTURES, {"file": _upload(), "shows": "Herbst"})
    picture = _only(sonnenschein)
    with salon_scope(sonnenschein.pk):
        Campaign.objects.update(body=as_written(picture))
    mail = browser.get(f"{LIST}{campaign.pk}/preview/")
    assert f'/pictures/{sonnenschein.pk}/{picture.name}" alt="Herbst"' in mail.content.decode()
    # Nothing else of this installation, which a mail of somebody else might ask for in this person's name.
    assert f"img-src {settings.BASE_URL}/pictures/;" in mail["Content-Security-Policy"] + ";"


def test_a_deleted_picture_is_asked_for_first(browser: Browser, campaign: Campaign, sonnenschein: Salon) -> None:
    page = browser.post(PICTURES, {"file": _upload(), "shows": "Herbst"}, follow=True).content.decode()
    delete_url = re.findall(r'href="([^"]+/delete/)"', page)[0]
    with salon_scope(sonnenschein.pk):
        Campaign.objects.update(body=as_written(Picture.objects.get()))
        words = as_written(Picture.objects.get())
        Automation.objects.create(occasion=Occasion.BIRTHDAY, subject="Glück", body=words, days=7, updated_at=NOW)
    asked = browser.get(delete_url).content.decode()
    assert "wird noch gebraucht" in asked
    assert f'<a href="{LIST}{campaign.pk}/">{campaign.name}</a>' in asked
    assert '/marketing/automations/birthday/">Automation „Geburtstag“</a>' in asked
    assert "wird noch gebraucht" in browser.post(delete_url, follow=True).content.decode()
    with salon_scope(sonnenschein.pk):
        Campaign.objects.update(body="")
        Automation.objects.update(body="")
    assert "Endgültig löschen" in browser.get(delete_url).content.decode()
    browser.post(delete_url)
    with salon_scope(sonnenschein.pk):
        assert not Picture.objects.exists()


def test_a_draft_says_that_a_picture_is_gone(browser: Browser, campaign: Campaign, sonnenschein: Salon) -> None:
    browser.post(CHOOSE, {"file": _upload(), "shows": "Herbst"}, headers=HTMX)
    picture, gone = _only(sonnenschein), "Das Bild „Herbst“ gibt es nicht (mehr)."
    with salon_scope(sonnenschein.pk):
        Campaign.objects.update(body=as_written(picture))
    pages = (f"{LIST}{campaign.pk}/edit/", f"{LIST}audience/?campaign={campaign.pk}")
    assert not any(gone in browser.get(page).text for page in pages)
    with salon_scope(sonnenschein.pk):
        Picture.objects.all().delete()
    assert all(gone in browser.get(page).text for page in pages)


def test_the_logo_is_put_and_taken_among_the_rules(browser: Browser, sonnenschein: Salon) -> None:
    logo = f"{MARKETING}rules/logo/"
    assert (
        "Dieses Bild lässt sich nicht lesen"
        in browser.post(logo, {"file": _upload(BytesIO(b"<svg/>"))}, follow=True).content.decode()
    )
    page = browser.post(logo, {"file": _upload(a_file(kind="PNG", size=(900, 300)))}, follow=True).content.decode()
    with salon_scope(sonnenschein.pk):
        assert rules_now().logo.endswith("-480x160.png")
        assert f"/pictures/{sonnenschein.pk}/{rules_now().logo}" in page
    page = browser.post(logo, {"act": "away"}, follow=True).content.decode()
    assert "Logo hochladen" in page
    with salon_scope(sonnenschein.pk):
        assert rules_now().logo == ""


def test_who_only_reads_marketing_uploads_nothing(browser_of: Callable[[User], Browser], stylist: User) -> None:
    for path in (PICTURES, CHOOSE, f"{MARKETING}rules/logo/"):
        assert browser_of(stylist).post(path, {"file": _upload(), "shows": "x"}).status_code == 403
