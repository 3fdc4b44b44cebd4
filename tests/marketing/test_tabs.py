"""One gets from every page of the section to every other (ui.md §2.6, §2.7)."""

import re
from collections.abc import Callable

import pytest
from django.test import Client as Browser
from django.urls import reverse

from marketing.web.tabs import _TABS
from salon.identity.models import User

NAMES = ["campaigns", "segments", "automations", "messages", "treatcard", "marketing_rules"]
WORDS = ["Kampagnen", "Zielgruppen", "Automationen", "Nachrichten", "Treatcard", "Regeln"]


def routes() -> dict[str, str]:
    """Return their addresses, by name."""
    return {name: reverse(name, args=["sonnenschein"]) for name in NAMES}


def tabs_on(page: str) -> list[tuple[str, bool, str]]:
    nav = re.search(r'<nav class="section-tabs".*?</nav>', page, re.DOTALL)
    assert nav is not None
    return [
        (url, bool(current), word)
        for url, current, word in re.findall(r'<a href="([^"]*)"( aria-current="page")?>([^<]*)<', nav[0])
    ]


def test_the_tabs_are_those_of_the_section() -> None:
    assert list(_TABS) == NAMES


@pytest.mark.parametrize("here", NAMES)
def test_every_page_leads_to_every_other(here: str, manager: User, browser_of: Callable[[User], Browser]) -> None:
    page = browser_of(manager).get(routes()[here]).text
    words = dict(zip(NAMES, WORDS, strict=True))
    assert tabs_on(page) == [(url, name == here, words[name]) for name, url in routes().items()]


@pytest.mark.parametrize("path", ["services/", "products/", "simulator/", "evaluation/"])
def test_the_treatcard_is_one_of_them(path: str, manager: User, browser_of: Callable[[User], Browser]) -> None:
    page = browser_of(manager).get(f"{routes()['treatcard']}{path}").text
    assert [word for _url, current, word in tabs_on(page) if current] == ["Treatcard"]


def test_marketing_begins_with_the_first(manager: User, browser_of: Callable[[User], Browser]) -> None:
    answer = browser_of(manager).get("/s/sonnenschein/marketing/")
    assert answer.headers["Location"] == next(iter(routes().values()))
