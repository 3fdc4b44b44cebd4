"""*Einstellungen » Postausgang*: owners read what their clients were mailed, and whether it went out."""

from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from salon.identity.models import User
from salon.mail.letters import Draft, Letter
from salon.mail.models import ClientMail
from salon.mail.outbox import send_client_mail
from salon.mail.sending import refused
from salon.mail.web.framing import framed
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
STATEMENTS = 8


def write(facts: Mapping[str, Any]) -> Letter:
    """Put the mails of these tests into words."""
    text = f"Guten Tag <b>{facts['subject']}</b>\nhttps://salon.example/x\n"
    return Letter(facts["subject"], text, facts.get("html", ""))


@pytest.fixture(autouse=True)
def _writers(settings: Settings) -> None:
    settings.CLIENT_LETTERS = {
        "test": "tests.mail.test_outgoing_page.write",
        "consent": "tests.mail.test_outgoing_page.write",
    }


def _mail(salon: Salon, subject: str, *, writer: str = "test", html: str = "") -> ClientMail:
    with salon_scope(salon.pk):
        return send_client_mail(
            client_id=uuid4(),
            about_id=uuid4(),
            tells="x",
            recipient="lena@x.example",
            reply_to="post@salon.example",
            draft=Draft(writer, {"subject": subject, "html": html}),
            due_at=NOW,
            expires_at=NOW,
            now=NOW,
        )


def _get(browser: Browser, salon: Salon, *path: object, **query: str) -> str:
    response = browser.get(reverse("mail" if path else "mails", args=[salon.slug, *path]), query)
    assert response.status_code == 200
    return response.content.decode()


def test_the_newest_stands_first_with_what_became_of_it(
    sonnenschein: Salon, dom: Salon, owner: User, browser_of: Callable[[User], Browser]
) -> None:
    _mail(sonnenschein, "Erste")
    second = _mail(sonnenschein, "Zweite")
    _mail(dom, "Fremde")
    with salon_scope(sonnenschein.pk):
        refused(ClientMail.objects.get(pk=second.pk), "SMTPRecipientsRefused")
    page = _get(browser_of(owner), sonnenschein)
    assert page.index("Zweite") < page.index("Erste")
    assert "Fremde" not in page
    assert "vom Mailserver abgelehnt" in page
    assert "SMTPRecipientsRefused" in page


def test_there_is_a_way_to_the_older_ones(
    sonnenschein: Salon, owner: User, browser_of: Callable[[User], Browser]
) -> None:
    for number in range(31):
        _mail(sonnenschein, f"Brief {number:02}")
    browser = browser_of(owner)
    response = browser.get(reverse("mails", args=[sonnenschein.slug]))
    assert "Brief 00" not in response.content.decode()
    assert "Brief 00" in browser.get(response.context["next_url"]).content.decode()


def test_many_cost_no_more_statements_than_two(
    sonnenschein: Salon,
    owner: User,
    browser_of: Callable[[User], Browser],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    browser = browser_of(owner)
    # Who comes in for the first time has this salon remembered.
    _get(browser, sonnenschein)
    for more in (2, 18):
        for number in range(more):
            _mail(sonnenschein, f"Brief {number}")
        # Session, user, membership, scope and its end; and the page.
        with django_assert_num_queries(STATEMENTS):
            _get(browser, sonnenschein)


def test_one_is_read_as_text_and_never_as_markup(
    sonnenschein: Salon, owner: User, browser_of: Callable[[User], Browser]
) -> None:
    page = _get(browser_of(owner), sonnenschein, _mail(sonnenschein, "Ihr <i>Termin</i>").pk)
    assert "Ihr &lt;i&gt;Termin" in page
    assert "&lt;b&gt;" in page
    assert '<a href="https://salon.example/x"' in page


def test_it_says_where_the_mails_of_campaigns_are_read(
    sonnenschein: Salon, owner: User, browser_of: Callable[[User], Browser]
) -> None:
    page = browser_of(owner).get(reverse("mails", args=[sonnenschein.slug])).text
    assert f'Die E-Mails von <a href="{reverse("campaigns", args=[sonnenschein.slug])}">Kampagnen</a> stehen' in page


def test_a_link_that_is_hers_alone_stays_hers(
    sonnenschein: Salon, owner: User, browser_of: Callable[[User], Browser], settings: Settings
) -> None:
    mail = _mail(sonnenschein, "Bitte bestätigen", writer="consent")
    settings.MAILS_STAY = False
    assert "salon.example/x" not in _get(browser_of(owner), sonnenschein, mail.pk)
    # Where no mail leaves the machine there is no other place to read it.
    settings.MAILS_STAY = True
    assert "salon.example/x" in _get(browser_of(owner), sonnenschein, mail.pk)


def test_one_in_html_is_shown_as_it_is_in_a_frame_that_runs_and_loads_nothing(
    sonnenschein: Salon, dom: Salon, owner: User, browser_of: Callable[[User], Browser], settings: Settings
) -> None:
    hostile = (
        "<html><body><script>top.x = 1</script><img src='https://evil.example/x.png'><p>Guten Tag</p></body></html>"
    )
    browser, mail = browser_of(owner), _mail(sonnenschein, "Ihr Termin", html=hostile)
    url = reverse("mail_shown", args=[sonnenschein.slug, mail.pk])
    page = browser.get(reverse("mail", args=[sonnenschein.slug, mail.pk]))
    text = page.content.decode()
    assert f'src="{url}"' in text
    assert 'sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"' in text
    assert "evil.example" not in text
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    # It waits: nobody has got it yet.
    assert "Sie ist nicht hinausgegangen" in text
    shown = browser.get(url)
    policy = shown["Content-Security-Policy"]
    assert all(one in policy for one in ("default-src 'none'", "sandbox", "form-action 'none'", "base-uri 'none'"))
    assert "allow-scripts" not in policy
    assert shown["X-Frame-Options"] == "SAMEORIGIN"
    assert hostile in shown.content.decode()
    assert "&lt;b&gt;Ihr Termin" in browser.get(url, {"part": "text"}).content.decode()
    # Nobody else's, and nothing that holds a link of hers.
    assert browser.get(reverse("mail_shown", args=[sonnenschein.slug, _mail(dom, "x").pk])).status_code == 404
    settings.MAILS_STAY = False
    secret = _mail(sonnenschein, "Bitte bestätigen", writer="consent", html=hostile)
    assert browser.get(reverse("mail_shown", args=[sonnenschein.slug, secret.pk])).status_code == 404


class _FirstAims(HTMLParser):
    """Where the links, areas and forms of a page lead, as a browser reads it: the first of two attributes alike."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what it leads to."""
        first: dict[str, str] = {}
        for name, value in attrs:
            first.setdefault(name, value or "")
        if tag in {"a", "area", "form"}:
            self.found.append((first.get("href", ""), first.get("target", ""), first.get("rel", "")))


@pytest.mark.parametrize(
    "html",
    [
        '<a href="x" target="_self">x</a>',
        "<A\nTARGET=_top HREF=x rel=opener>x</A>",
        "<a/target='_parent'/href='x'>x</a>",
        '<map><area href="x" target="frame"></map>',
        "<a href=x>x</a>",
        '<svg><a target="_self" href="x"><text>x</text></a></svg>',
    ],
)
def test_whatever_a_link_aims_at_it_opens_beside_the_page(html: str) -> None:
    page = _FirstAims()
    page.feed(framed(Letter("Betreff", "Text", html), None).content.decode())
    assert page.found == [("x", "_blank", "noopener")]


def test_a_form_aims_beside_the_page_too_and_other_words_stay_as_they_are() -> None:
    html = '<form target="_self"></form><abbr title="<a href=y>">x</abbr><article>&lt;a href=z&gt;</article>'
    page = _FirstAims()
    shown = framed(Letter("Betreff", "Text", html), None).content.decode()
    page.feed(shown)
    assert page.found == [("", "_blank", "noopener")]
    assert '">x</abbr><article>&lt;a href=z&gt;</article>' in shown
