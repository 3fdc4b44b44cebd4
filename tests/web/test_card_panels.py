"""Notes, health data and consent on the card in the browser (ui.md §2.4)."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from clients.models import Client, ConsentEntry, HealthRecord, Note
from salon.identity.models import User
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.operations.test_cards import make_client

HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], stylist: User) -> Browser:
    return browser_of(stylist)


@pytest.fixture
def client(sonnenschein: Salon, front_desk: Actor) -> Client:
    with salon_scope(sonnenschein.pk):
        return make_client(sonnenschein, front_desk)


def _url(client: Client, part: str) -> str:
    return f"/s/sonnenschein/clients/{client.pk}/{part}/"


def _note(sonnenschein: Salon) -> Note:
    with salon_scope(sonnenschein.pk):
        return Note.objects.get()


def test_a_note_is_written_pinned_and_stands_as_an_alert(browser: Browser, client: Client, sonnenschein: Salon) -> None:
    form = {"text": "Empfindliche Kopfhaut", "pinned": "on", "form_id": str(new_id())}
    for _twice in range(2):
        answer = browser.post(_url(client, "notes"), form, headers=HTMX)
        assert answer.status_code == 200
    html = answer.content.decode()
    assert answer["HX-Trigger"] == "card-changed"
    assert html.count("Empfindliche Kopfhaut") == 2
    assert 'id="alerts" class="alerts" hx-swap-oob="true"' in html
    assert _note(sonnenschein).author_name == "Bora Yıldız"
    card = browser.get(f"/s/sonnenschein/clients/{client.pk}/").content.decode()
    assert card.count("Empfindliche Kopfhaut") == 2


def test_without_a_script_the_card_follows(browser: Browser, client: Client, sonnenschein: Salon) -> None:
    answer = browser.post(_url(client, "notes"), {"text": "Ohne Milch"})
    assert (answer.status_code, answer["Location"]) == (302, f"/s/sonnenschein/clients/{client.pk}/#notes")
    note = _note(sonnenschein)
    page = browser.get(f"/s/sonnenschein/clients/notes/{note.pk}/")
    assert page.status_code == 200
    assert "<html" in page.content.decode()


@pytest.mark.parametrize("script", [True, False])
def test_an_empty_note_is_refused_beside_its_field(browser: Browser, client: Client, script: bool) -> None:
    answer = browser.post(_url(client, "notes"), {"text": " "}, headers=HTMX if script else {})
    assert answer.status_code == 422
    assert "Schreiben Sie etwas, oder brechen Sie ab." in answer.content.decode()


def test_of_two_who_rewrite_a_note_nobody_loses(browser: Browser, client: Client, sonnenschein: Salon) -> None:
    browser.post(_url(client, "notes"), {"text": "Tee"})
    url = f"/s/sonnenschein/clients/notes/{_note(sonnenschein).pk}/"
    assert browser.post(url, {"text": "Kaffee", "seen": "Tee"}, headers=HTMX).status_code == 200
    answer = browser.post(url, {"text": "Wasser", "seen": "Tee"}, headers=HTMX)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Wasser</textarea>" in html
    assert "Kaffee" in html
    assert _note(sonnenschein).text == "Kaffee"
    assert browser.post(url, {"text": "Wasser", "seen": "Tee", "confirm": "mine"}, headers=HTMX).status_code == 200
    assert _note(sonnenschein).text == "Wasser"


def test_a_deleted_note_can_be_taken_back(browser: Browser, client: Client, sonnenschein: Salon) -> None:
    browser.post(_url(client, "notes"), {"text": "Tee"})
    url = f"/s/sonnenschein/clients/notes/{_note(sonnenschein).pk}/"
    answer = browser.post(f"{url}delete/", headers=HTMX).content.decode()
    assert f'action="{url}restore/"' in answer
    assert "Tee" not in answer
    browser.post(f"{url}restore/")
    assert _note(sonnenschein).deleted_at is None
    browser.post(f"{url}pin/", {"pinned": "yes"}, headers=HTMX)
    assert _note(sonnenschein).pinned


def test_health_data_that_somebody_else_rewrote_are_not_lost(
    browser: Browser, client: Client, sonnenschein: Salon
) -> None:
    agreed = {"purpose": "HEALTH_DATA", "decision": "GRANTED", "wording": "Ja, bitte speichern."}
    browser.post(_url(client, "consent"), agreed, headers=HTMX)
    shown = browser.post(_url(client, "health"), {"text": "Nickel", "seen": ""}, headers=HTMX).content.decode()
    assert '<input type="hidden" name="seen" value="Nickel">' in shown
    told = browser.post(_url(client, "health"), {"text": "Latex", "seen": ""}, headers=HTMX)
    assert told.status_code == 422
    for part in ('<p class="note-text">Nickel</p>', "Latex</textarea>", 'name="seen" value=""', 'value="mine"'):
        assert part in told.content.decode()
    with salon_scope(sonnenschein.pk):
        assert HealthRecord.objects.get().text == "Nickel"
    mine = {"text": "Nickel, Latex", "seen": "", "confirm": "mine"}
    assert browser.post(_url(client, "health"), mine, headers=HTMX).status_code == 200
    with salon_scope(sonnenschein.pk):
        assert HealthRecord.objects.get().text == "Nickel, Latex"


def test_after_the_consent_to_health_data_they_can_be_written_at_once(browser: Browser, client: Client) -> None:
    agreed = {"purpose": "HEALTH_DATA", "decision": "GRANTED", "wording": "Ja, bitte speichern."}
    answer = browser.post(_url(client, "consent"), agreed, headers=HTMX).content.decode()
    health = answer.partition('id="health"')[2]
    assert '<details class="note-new" open>' in health
    assert health.count("autofocus") == 1
    # What is there already is not in anybody's way.
    browser.post(_url(client, "health"), {"text": "Nickel"}, headers=HTMX)
    again = browser.post(_url(client, "consent"), {**agreed, "wording": "Ja."}, headers=HTMX).content.decode()
    assert "autofocus" not in again.partition('id="health"')[2]
    assert browser.post(_url(client, "consent"), agreed)["Location"].endswith("/#health")


@pytest.mark.parametrize("part", ["notes", "health"])
def test_who_leaves_a_form_sees_the_panel_as_it_stands(browser: Browser, client: Client, part: str) -> None:
    panel = browser.get(_url(client, part), headers=HTMX)
    assert panel.status_code == 200
    assert f'id="{part}"' in panel.content.decode()
    assert "open>" not in panel.content.decode()
    assert "HX-Trigger" not in panel
    card = f"/s/sonnenschein/clients/{client.pk}/#{part}"
    assert browser.get(_url(client, part))["Location"] == card


def test_health_data_follow_consent(browser: Browser, client: Client, sonnenschein: Salon) -> None:
    refused = browser.post(_url(client, "health"), {"text": "Nickelallergie"}, headers=HTMX)
    assert refused.status_code == 422
    assert "Nickelallergie</textarea>" in refused.content.decode()
    agreed = {"purpose": "HEALTH_DATA", "decision": "GRANTED", "wording": "Ja, bitte speichern."}
    assert browser.post(_url(client, "consent"), agreed, headers=HTMX).status_code == 200
    assert browser.post(_url(client, "health"), {"text": "Nickelallergie"}, headers=HTMX).status_code == 200
    with salon_scope(sonnenschein.pk):
        assert HealthRecord.objects.get().text == "Nickelallergie"
    withdrawn = {"purpose": "HEALTH_DATA", "decision": "WITHDRAWN", "seen": "Nickelallergie"}
    gone = browser.post(_url(client, "consent"), withdrawn, headers=HTMX)
    assert "Nickelallergie" not in gone.content.decode()
    with salon_scope(sonnenschein.pk):
        assert not HealthRecord.objects.exists()
        assert list(ConsentEntry.objects.order_by("id").values_list("decision", "wording")) == [
            ("GRANTED", "Ja, bitte speichern."),
            ("WITHDRAWN", ""),
        ]


@pytest.mark.parametrize("seen", [{}, {"seen": "Nickel"}], ids=["not asked yet", "written anew meanwhile"])
def test_health_data_are_shown_before_a_withdrawal_deletes_them(
    browser: Browser, client: Client, sonnenschein: Salon, seen: dict[str, str]
) -> None:
    agreed = {"purpose": "HEALTH_DATA", "decision": "GRANTED", "wording": "Ja, bitte speichern."}
    browser.post(_url(client, "consent"), agreed, headers=HTMX)
    browser.post(_url(client, "health"), {"text": "PPD-Allergie"}, headers=HTMX)
    withdrawn = {"purpose": "HEALTH_DATA", "decision": "WITHDRAWN", **seen}
    for headers in (HTMX, {}):
        answer = browser.post(_url(client, "consent"), withdrawn, headers=headers)
        question = answer.content.decode()
        assert "HX-Trigger" not in answer
        assert '<p class="note-text">PPD-Allergie</p>' in question
        assert '<input type="hidden" name="seen" value="PPD-Allergie">' in question
        assert "Zurückziehen und löschen" in question
    with salon_scope(sonnenschein.pk):
        assert HealthRecord.objects.get().text == "PPD-Allergie"
        assert ConsentEntry.objects.get().decision == "GRANTED"
    kept = browser.get(_url(client, "consent"), headers=HTMX).content.decode()
    assert "eingewilligt</span>" in kept
    assert "Zurückziehen und löschen" not in kept
    assert browser.get(_url(client, "consent"))["Location"].endswith(f"/{client.pk}/#consent")


def test_a_consent_without_words_is_refused(browser: Browser, client: Client) -> None:
    answer = browser.post(
        _url(client, "consent"), {"purpose": "HEALTH_DATA", "decision": "GRANTED", "wording": ""}, headers=HTMX
    )
    assert answer.status_code == 422
    assert "aria-invalid" in answer.content.decode()
    assert browser.post(_url(client, "consent"), {"purpose": "X", "decision": "GRANTED"}).status_code == 422
