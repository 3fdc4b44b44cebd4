"""The inbox is searched by client and by words of what was written (domain.md §9.4, ui.md §2.7)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from clients.models import Client
from marketing.message_search import parse_search, passage
from marketing.models import Direction, Message
from salon.identity.models import User
from salon.identity.roles import ActorKind
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.letterbox import LENA, a_card

pytestmark = pytest.mark.django_db
LIST = "/s/sonnenschein/marketing/messages/"


def _says(client: Client, text: str, *, minute: int = 0, read: bool = True, subject: str = "") -> Message:
    return Message.objects.create(
        client_id=client.pk,
        direction=Direction.IN,
        subject=subject,
        text=text,
        address=LENA,
        read_at=NOW if read else None,
        actor_kind=ActorKind.SYSTEM,
        created_at=NOW + timedelta(minutes=minute),
    )


@pytest.fixture
def desk(browser_of: Callable[[User], Browser], stylist: User) -> Browser:
    """Return the browser of somebody with the role STAFF."""
    return browser_of(stylist)


@pytest.fixture
def cards(sonnenschein: Salon) -> tuple[Client, Client]:
    """Let two clients have written: Lena of a colour, Jürgen of nothing in particular."""
    with salon_scope(sonnenschein.pk):
        lena, jurgen = a_card(sonnenschein), a_card(sonnenschein, "Jürgen", "jk@x.example")
        _says(lena, "Geht die Haarfärbung am Dienstag?", subject="Frage", read=False)
        _says(lena, "Danke schön!", minute=1)
        _says(jurgen, "Bis Freitag, viele Grüße aus der Straße", minute=2)
    return lena, jurgen


def _names(desk: Browser, **asked: str) -> list[str]:
    return [row.name for row in desk.get(LIST, asked).context["found"]]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("lena", ["Lena Vogel"]),
        ("vogel", ["Jürgen Vogel", "Lena Vogel"]),
        ("jk@x.example", ["Jürgen Vogel"]),
        ("farbung", ["Lena Vogel"]),
        ("HAARFAERBUNG dienstag", ["Lena Vogel"]),
        ("strasse gruesse", ["Jürgen Vogel"]),
        ("frage", ["Lena Vogel"]),
        # Who and what together; both of one message.
        ("lena dienstag", ["Lena Vogel"]),
        ("jürgen dienstag", []),
        ("dienstag danke", []),
        ("50%", []),
        (r"\d.*(", []),
    ],
)
def test_who_and_what(cards: tuple[Client, Client], desk: Browser, typed: str, found: list[str]) -> None:
    assert _names(desk, q=typed) == found


def test_what_was_found_is_shown(sonnenschein: Salon, cards: tuple[Client, Client], desk: Browser) -> None:
    with salon_scope(sonnenschein.pk):
        asked = Message.objects.get(subject="Frage")
    [row] = desk.get(LIST, {"q": "haarfarbung"}).context["found"]
    assert (row.excerpt, row.unread) == ("Geht die Haarfärbung am Dienstag?", 1)
    assert row.url == f"{LIST}{cards[0].pk}/?q=haarfarbung#message-{asked.pk}"
    nothing = desk.get(LIST, {"q": "<Bart>"}).text
    assert "Keine Nachrichten zu „&lt;Bart&gt;“ gefunden." in nothing


def test_only_unread(cards: tuple[Client, Client], desk: Browser) -> None:
    assert _names(desk, filter="unread") == ["Lena Vogel"]
    assert _names(desk, filter="unread", q="vogel") == ["Lena Vogel"]
    assert _names(desk, filter="unread", q="freitag") == []
    assert 'href="/s/sonnenschein/marketing/messages/?q=freitag"' in desk.get(LIST, {"q": "freitag"}).text


def test_of_a_long_text_the_passage(in_sonnenschein: Salon) -> None:
    search = parse_search("Färbung")
    text = f"{'Wort ' * 100}eine faerbung {'und so ' * 100}"
    shown = passage(search, text, longest=60)
    assert "faerbung" in shown
    assert (shown[0], shown[-1]) == ("…", "…")
    assert passage(None, "Kurz.", longest=60) == "Kurz."
    assert parse_search(" \x00 ") is None


def test_another_salon_is_not_searched(sonnenschein: Salon, dom: Salon, desk: Browser) -> None:
    with salon_scope(dom.pk):
        _says(a_card(dom), "Geht die Haarfärbung am Dienstag?")
    assert _names(desk, q="dienstag") == []
    assert _names(desk, q="lena") == []


def test_page_by_page_with_as_many_statements(sonnenschein: Salon, desk: Browser) -> None:
    def statements() -> int:
        desk.get(LIST, {"q": "bart"})
        with CaptureQueriesContext(connection) as asked:
            assert desk.get(LIST, {"q": "bart"}).status_code == 200
        return len(asked)

    with salon_scope(sonnenschein.pk):
        _says(a_card(sonnenschein, "Gast0", "g0@x.example"), "Der Bart")
    few = statements()
    with salon_scope(sonnenschein.pk):
        for number in range(1, 32):
            _says(a_card(sonnenschein, f"Gast{number}", f"g{number}@x.example"), "Der Bart", minute=number)
    # Where few have it, it is looked for among all: one statement more.
    assert statements() <= few <= 16
    first = desk.get(LIST, {"q": "bart"})
    assert [row.name for row in first.context["found"]] == [f"Gast{number} Vogel" for number in range(31, 1, -1)]
    second = desk.get(first.context["next_url"])
    assert [row.name for row in second.context["found"]] == ["Gast1 Vogel", "Gast0 Vogel"]
    assert second.context["typed"] == "bart"
    assert desk.get(LIST, {"q": "bart", "page": "nonsense"}).status_code == 302


def test_the_way_back_from_a_hit_leads_to_the_search(desk: Browser, cards: tuple[Client, Client]) -> None:
    for asked, query in (
        ({"q": "Haarfärbung Dienstag"}, "q=Haarf%C3%A4rbung+Dienstag"),
        ({"filter": "unread"}, "filter=unread"),
    ):
        [row] = desk.get(LIST, asked).context["found"]
        opened = desk.get(row.url.partition("#")[0])
        assert opened.context["inbox_url"] == f"{LIST}?{query}"
        answer = {"subject": "Re: Frage", "text": "Gern."}
        assert desk.post(opened.context["here"], answer).headers["Location"] == f"{LIST}{cards[0].pk}/?{query}"
    assert desk.get(f"{LIST}{cards[0].pk}/").context["inbox_url"] == LIST
