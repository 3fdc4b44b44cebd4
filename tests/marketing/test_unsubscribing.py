"""The pages for clients: confirming, and the way out (domain.md §9.3, RFC 8058)."""

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import Settings

from clients.cards import get_client
from clients.consent import ledger_of
from clients.details import ClientDetails
from clients.links import link_to
from clients.models import Client, ConsentEntry, ConsentPurpose, ConsentSource, Decision
from marketing.models import Campaign, CampaignState, Recipient, RecipientReason, RecipientState
from marketing.unsubscribing import NOBODY, read_way, unsubscribe_url
from salon.audit.models import AuditEntry
from salon.desk.erasure import erase_card
from salon.desk.merging import merge_cards
from salon.errors import NotFound
from salon.identity.roles import Actor, system_actor
from salon.mail.letters import put_into_words
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.consenting import decide, mails_of, secret_in
from tests.operations.test_cards import make_client

BOSS = system_actor("Anna Krüger")
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def anybody() -> Browser:
    """A browser without a sign-in, whose CSRF protection is that of earnest."""
    return Browser(headers={"Accept-Language": "de"}, enforce_csrf_checks=True)


@pytest.fixture
def sarah(sonnenschein: Salon, front_desk: Actor) -> Client:
    with salon_scope(sonnenschein.pk):
        card = make_client(sonnenschein, front_desk, ClientDetails("Sarah", "Smith", email="sarah@gmail.com"))
        decide(BOSS, card, Decision.GRANTED, source=ConsentSource.IMPORT, wording="Ja.", now=NOW)
        return card


@pytest.fixture
def mail(sonnenschein: Salon, sarah: Client) -> Recipient:
    """A mail of a campaign that she got."""
    with salon_scope(sonnenschein.pk):
        campaign = Campaign.objects.create(
            name="Herbst",
            state=CampaignState.SENDING,
            started_at=NOW,
            actor_kind="USER",
            actor_name="Anna",
            created_at=NOW,
            updated_at=NOW,
        )
        return Recipient.objects.create(
            campaign=campaign,
            client=sarah,
            address="sarah@gmail.com",
            state=RecipientState.SENT,
            reason=RecipientReason.CONSENT,
            sent_at=NOW,
            created_at=NOW,
        )


def _path(mail: Recipient) -> str:
    assert mail.salon_id
    return urlsplit(unsubscribe_url(mail.pk, mail.client_id, mail.salon_id)).path


def _ledger(salon: Salon, client: Client) -> list[tuple[str, str]]:
    with salon_scope(salon.pk):
        return [(one.decision, one.source) for one in ledger_of(client.pk)]


def test_looking_changes_nothing(anybody: Browser, sonnenschein: Salon, sarah: Client, mail: Recipient) -> None:
    page = anybody.get(_path(mail))
    text = page.content.decode()
    assert "Salon Sonnenschein" in text
    assert "s•••@gmail.com" in text
    assert "sarah" not in text.lower()
    assert text.count("<button") == 1
    assert page["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page["Cache-Control"]
    assert not anybody.cookies
    assert anybody.head(_path(mail)).status_code == 200
    assert _ledger(sonnenschein, sarah) == [("GRANTED", "IMPORT")]


@pytest.mark.parametrize("body", [{"wanted": "none"}, ONE_CLICK])
def test_one_post_is_enough_and_a_second_changes_nothing(
    anybody: Browser, sonnenschein: Salon, sarah: Client, mail: Recipient, body: dict[str, str]
) -> None:
    with salon_scope(sonnenschein.pk):
        ConsentEntry.objects.create(
            client=sarah,
            purpose=ConsentPurpose.HEALTH_DATA,
            decision=Decision.GRANTED,
            source=ConsentSource.SALON,
            at=NOW,
            actor_kind="USER",
        )
    for _twice in range(2):
        assert anybody.post(_path(mail), body).status_code == 200
        with salon_scope(sonnenschein.pk):
            stored = Recipient.objects.get(pk=mail.pk)
            first = stored.unsubscribed_at
            assert first is not None
    assert not anybody.cookies
    assert _ledger(sonnenschein, sarah) == [("WITHDRAWN", "UNSUBSCRIBE"), ("GRANTED", "SALON"), ("GRANTED", "IMPORT")]
    with salon_scope(sonnenschein.pk):
        assert not get_client(sarah.pk).email_consent
        told = AuditEntry.objects.filter(subject_id=sarah.pk, action="client.unsubscribed")
        assert [one.actor_name for one in told] == [""]
        assert Recipient.objects.get(pk=mail.pk).unsubscribed_at == first


def test_a_mail_programs_button_is_answered_without_a_page(
    anybody: Browser, sonnenschein: Salon, sarah: Client, mail: Recipient
) -> None:
    body = b"List-Unsubscribe=One-Click"
    assert anybody.generic("POST", _path(mail), body, content_type=FORM).content == b""
    assert _ledger(sonnenschein, sarah)[0] == ("WITHDRAWN", "UNSUBSCRIBE")


def test_who_was_never_asked_objects(anybody: Browser, sonnenschein: Salon, front_desk: Actor) -> None:
    with salon_scope(sonnenschein.pk):
        card = make_client(sonnenschein, front_desk, ClientDetails("Tom", email="tom@web.de"))
    path = urlsplit(unsubscribe_url(uuid4(), card.pk, sonnenschein.pk)).path
    assert "t•••@web.de" in anybody.get(path).content.decode()
    assert anybody.post(path).status_code == 200
    assert _ledger(sonnenschein, card) == [("WITHDRAWN", "UNSUBSCRIBE")]


def test_the_link_of_a_preview_claims_nothing(anybody: Browser, sonnenschein: Salon) -> None:
    path = urlsplit(unsubscribe_url(NOBODY, NOBODY, sonnenschein.pk)).path
    for page in (anybody.get(path), *(anybody.post(path, {"wanted": wanted}) for wanted in ("none", "again"))):
        assert page.status_code == 200
        assert "Es wurde nichts geändert" in page.text
        assert "<button" not in page.text
        for claim in ("Sie sind abgemeldet", "Noch ein Schritt", "Sie erhalten Neuigkeiten"):
            assert claim not in page.text


def test_everybody_with_that_address_is_off(
    anybody: Browser, sonnenschein: Salon, sarah: Client, mail: Recipient, front_desk: Actor
) -> None:
    with salon_scope(sonnenschein.pk):
        twin = make_client(sonnenschein, front_desk, ClientDetails("Tom", email="Sarah@gmail.com"))
        other = make_client(sonnenschein, front_desk, ClientDetails("Eva", email="xsarah@gmail.com"))
    anybody.post(_path(mail), ONE_CLICK)
    assert [len(_ledger(sonnenschein, one)) for one in (sarah, twin, other)] == [2, 1, 0]


def test_a_merged_card_takes_off_the_one_that_is_left(
    anybody: Browser, sonnenschein: Salon, sarah: Client, mail: Recipient, front_desk: Actor
) -> None:
    with salon_scope(sonnenschein.pk):
        left = make_client(sonnenschein, front_desk, ClientDetails("Sarah"))
        merge_cards(actor=BOSS, salon=sonnenschein, survivor_id=left.pk, duplicate_id=sarah.pk, now=NOW)
        assert get_client(left.pk).email_consent
    assert anybody.post(_path(mail), ONE_CLICK).status_code == 200
    assert _ledger(sonnenschein, left)[0] == ("WITHDRAWN", "UNSUBSCRIBE")


def test_an_erased_card_tells_nothing(anybody: Browser, sonnenschein: Salon, sarah: Client, mail: Recipient) -> None:
    with salon_scope(sonnenschein.pk):
        erase_card(actor=BOSS, salon=sonnenschein, client_id=sarah.pk, confirmation=None, version=None, now=NOW)
    for page in (
        anybody.get(_path(mail)),
        anybody.post(_path(mail), {"wanted": "none"}),
        anybody.post(_path(mail), {"wanted": "again"}),
        anybody.get(_path(mail)),
    ):
        assert page.status_code == 410
        text = page.content.decode()
        assert "Es ist nichts mehr gespeichert" in text
        assert "Salon Sonnenschein" in text
        assert ("gmail" in text, "<button" in text, "Neuigkeiten von" in text) == (False, False, False)
    # A mail program shows no page, and would try again.
    assert anybody.post(_path(mail), ONE_CLICK).status_code == 200
    assert _ledger(sonnenschein, sarah) == [("GRANTED", "IMPORT")]


def test_the_link_to_confirm_of_an_erased_card_says_the_same(
    anybody: Browser, sonnenschein: Salon, front_desk: Actor
) -> None:
    with salon_scope(sonnenschein.pk):
        card = make_client(sonnenschein, front_desk, ClientDetails("Ida", email="ida@gmail.com"))
        decide(front_desk, card, Decision.GRANTED, now=timezone.now(), wording="Ja, gern.")
        [asking] = mails_of(card.pk)
        path = f"/consent/{secret_in(asking)}/"
        erase_card(actor=BOSS, salon=sonnenschein, client_id=card.pk, confirmation=None, version=None, now=NOW)
    for page in (anybody.get(path), anybody.post(path)):
        assert page.status_code == 410
        text = page.content.decode()
        assert "Es ist nichts mehr gespeichert" in text
        assert "<button" not in text
    assert _ledger(sonnenschein, card) == [("REQUESTED", "SALON")]


def test_who_is_unsubscribed_reads_so_and_finds_the_way_back(
    anybody: Browser, sonnenschein: Salon, sarah: Client, mail: Recipient
) -> None:
    assert "Sie erhalten Neuigkeiten von Salon Sonnenschein" in anybody.get(_path(mail)).content.decode()
    anybody.post(_path(mail), {"wanted": "none"})
    page = anybody.get(_path(mail)).content.decode()
    assert "Sie bekommen keine Neuigkeiten mehr von Salon Sonnenschein" in page
    assert 'value="again"' in page
    assert 'value="none"' not in page


def test_wanting_news_after_all_asks_anew(
    anybody: Browser, sonnenschein: Salon, sarah: Client, mail: Recipient
) -> None:
    anybody.post(_path(mail), {"wanted": "none"})
    for _twice in range(2):
        assert "Noch ein Schritt" in anybody.post(_path(mail), {"wanted": "again"}).content.decode()
    assert "Noch ein Schritt" in anybody.get(_path(mail)).content.decode()
    assert _ledger(sonnenschein, sarah)[:2] == [("REQUESTED", "UNSUBSCRIBE"), ("WITHDRAWN", "UNSUBSCRIBE")]
    with salon_scope(sonnenschein.pk):
        assert not get_client(sarah.pk).email_consent
        [asking] = mails_of(sarah.pk)
    confirmed = anybody.post(f"/consent/{secret_in(asking)}/", follow=True)
    assert "Vielen Dank!" in confirmed.content.decode()
    assert _ledger(sonnenschein, sarah)[0] == ("GRANTED", "CONFIRMATION")


def test_a_damaged_link_says_what_helps(anybody: Browser, sonnenschein: Salon, dom: Salon, mail: Recipient) -> None:
    path = _path(mail)
    for wrong in ("/unsubscribe/x/", f"{path[:-2]}/", "/consent/x/", path.replace("unsubscribe", "consent")):
        assert anybody.post(wrong, ONE_CLICK).status_code == 404
        page = anybody.get(wrong)
        text = page.content.decode()
        assert page.status_code == 404
        assert "Dieser Link ist unvollständig" in text
        assert "antworten Sie einfach auf die E\N{NON-BREAKING HYPHEN}Mail" in text
        # It leads nowhere: neither to the team's pages, nor to a salon.
        for word in ("Zur Startseite", "Sonnenschein", "<button", 'href="/"'):
            assert word not in text
        assert (page["Referrer-Policy"], page["X-Robots-Tag"]) == ("no-referrer", "noindex")
        assert not anybody.cookies


def test_a_whole_link_to_what_is_gone_says_so(anybody: Browser, sonnenschein: Salon) -> None:
    path = f"/consent/{link_to(sonnenschein.pk, uuid4(), 'sarah@gmail.com', NOW)}/"
    for answer in (anybody.get(path), anybody.post(path)):
        assert (answer.status_code, "Es ist nichts mehr gespeichert" in answer.text) == (410, True)


def test_the_page_says_who_the_salon_is(anybody: Browser, sonnenschein: Salon, mail: Recipient) -> None:
    path = _path(mail)
    assert "<address><strong>Salon Sonnenschein</strong><br>Berlin</address>" in anybody.get(path).text
    sonnenschein.street, sonnenschein.postal_code = "Sonnenscheingasse 5", "10999"
    sonnenschein.phone, sonnenschein.website = "+493023125001", "https://sonnenschein.example/"
    sonnenschein.save()
    text = anybody.get(path).text
    assert "<br>Sonnenscheingasse 5<br>10999 Berlin<br>Telefon 030 23125001<br>" in text
    assert '<a href="https://sonnenschein.example/" rel="noopener">sonnenschein.example</a>' in text


def test_a_secret_of_one_salon_opens_nothing_of_another(
    anybody: Browser, sonnenschein: Salon, dom: Salon, sarah: Client, mail: Recipient
) -> None:
    path = urlsplit(unsubscribe_url(mail.pk, sarah.pk, dom.pk)).path
    page = anybody.get(path).content.decode()
    assert "Barbier am Dom" in page
    assert "gmail" not in page
    anybody.post(path, ONE_CLICK)
    assert _ledger(sonnenschein, sarah) == [("GRANTED", "IMPORT")]
    with salon_scope(dom.pk):
        assert not ConsentEntry.objects.exists()


def test_the_confirm_page_agrees_by_its_button_only(anybody: Browser, sonnenschein: Salon, front_desk: Actor) -> None:
    now = timezone.now()
    with salon_scope(sonnenschein.pk):
        card = make_client(sonnenschein, front_desk, ClientDetails("Tom", "Test", email="tom@web.de"))
        decide(front_desk, card, Decision.GRANTED, wording="Ja, <b>gern</b>.", now=now)
        path = f"/consent/{secret_in(mails_of(card.pk)[0])}/"
    for _twice in range(2):
        page = anybody.get(path)
        text = page.content.decode()
        assert "Ja, &lt;b&gt;gern&lt;/b&gt;." in text
        assert "Salon Sonnenschein" in text
        assert "Tom" not in text
        assert page["Referrer-Policy"] == "no-referrer"
    assert len(_ledger(sonnenschein, card)) == 1
    assert not anybody.cookies
    answer = anybody.post(path)
    assert (answer.status_code, answer["Location"]) == (302, path)
    assert "Vielen Dank!" in anybody.get(path).content.decode()
    with salon_scope(sonnenschein.pk):
        assert get_client(card.pk).email_consent
        decide(front_desk, card, Decision.WITHDRAWN, now=now + timedelta(minutes=1))
    gone = anybody.get(path)
    assert (gone.status_code, "gilt nicht mehr" in gone.content.decode()) == (410, True)
    assert anybody.post(path).status_code == 410


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_pages_speak_the_language_of_the_mails(
    sonnenschein: Salon, sarah: Client, mail: Recipient, settings: Settings, language: str
) -> None:
    """Whatever the browser asks for: what she agrees to, and the mail that leads here, are in the salon's language."""
    settings.LANGUAGE_CODE = language
    elsewhere = Browser(headers={"Accept-Language": "en" if language == "de" else "de"})
    with salon_scope(sonnenschein.pk):
        decide(BOSS, sarah, Decision.WITHDRAWN, now=NOW)
        decide(BOSS, sarah, Decision.GRANTED, wording="Ja.", now=timezone.now())
        [asking] = mails_of(sarah.pk)
        put_into_words(asking)
    out = urlsplit(unsubscribe_url(mail.pk, sarah.pk, sonnenschein.pk)).path
    words = {
        "de": ("Bitte bestätigen: Neuigkeiten", "Ja, ich bestätige", "Vielen Dank!", "Sie sind abgemeldet"),
        "en": ("Please confirm: news", "Yes, I confirm", "Thank you!", "You are unsubscribed"),
    }[language]
    assert words[0] in asking.subject
    confirming = urlsplit(asking.facts["url"]).path
    pages = [elsewhere.get(confirming), elsewhere.post(confirming, follow=True), elsewhere.post(out)]
    for page, said in zip(pages, words[1:], strict=True):
        assert said in page.text
        assert f'<html lang="{language}">' in page.text
        assert page.headers["Content-Language"] == language


def test_what_is_no_way_is_refused(sonnenschein: Salon, sarah: Client, mail: Recipient) -> None:
    secret = _path(mail).split("/")[2]
    way = read_way(secret)
    assert (way.salon_id, way.client_id, way.recipient_id) == (sonnenschein.pk, sarah.pk, mail.pk)
    for wrong in ("", "x", secret[1:], secret[:-1] + ("a" if secret[-1] != "a" else "b")):
        with pytest.raises(NotFound):
            read_way(wrong)


def test_no_secret_gets_into_the_log(anybody: Browser, mail: Recipient, caplog: pytest.LogCaptureFixture) -> None:
    secret = _path(mail).split("/")[2]
    for path in (_path(mail), "/ical/geheim-123.ics", "/invitation/geheim-123/"):
        anybody.get(path)
    told = str([record.msg for record in caplog.records])
    assert "/unsubscribe/…/" in told
    assert secret not in told
    assert "geheim" not in told
