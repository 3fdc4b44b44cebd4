"""Addresses of the web in plain words: in HTML a click away, in the text as they were typed."""

import re
from html import unescape

import pytest

from marketing.letters import Frame, Person, check, written
from salon.errors import InvalidInput

FRAME = Frame("Salon", "Anna", "Lindenallee 12", "https://salon.example/u/abc", "de")
ANNA = Person(first_name="Anna", last_name="Krüger")


@pytest.mark.parametrize(
    ("body", "links"),
    [
        ("Buchen: https://a.example/buchen.", [("https://a.example/buchen", "https://a.example/buchen")]),
        ("https://a.example/?a=1&b=2", [("https://a.example/?a=1&b=2", "https://a.example/?a=1&b=2")]),
        ("(siehe www.a.example/_x_y_)!", [("https://www.a.example/_x_y", "www.a.example/_x_y")]),
        ("https://a.example/w_(b), und", [("https://a.example/w_(b)", "https://a.example/w_(b)")]),
        ("„HTTP://A.example/a“ …", [("HTTP://A.example/a", "HTTP://A.example/a")]),
        ("**https://a.example** neu", [("https://a.example", "https://a.example")]),
        (
            "- https://a.example/a\n- www.b.example",
            [("https://a.example/a",) * 2, ("https://www.b.example", "www.b.example")],
        ),
        ("https://größe.example", [("https://xn--gre-6ka8i.example", "https://größe.example")]),
        ("[https://a.example](https://b.example)", [("https://b.example", "https://a.example")]),
        ("<https://a.example>", [("https://a.example", "https://a.example")]),
        ('https://a.example/"onclick="x', [("https://a.example/", "https://a.example/")]),
        ("https://a.example/<b>'x", [("https://a.example/", "https://a.example/")]),
        ("javascript:alert(1) xhttps://a.example awww.b.example", []),
        ("https:// www. ftp://www.a.example mailto:a@b.example", []),
    ],
)
def test_an_address_in_plain_words_is_a_link(body: str, links: list[tuple[str, str]]) -> None:
    """Written as it is typed, without the stops of its sentence; in the text it stands as ever."""
    letter = written("", body, ANNA, FRAME)
    found = re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', letter.html)
    assert [(unescape(href), unescape(words)) for href, words in found[:-1]] == links
    if body.startswith(("Buchen", "(siehe", "„")):
        assert body in letter.text


def test_a_placeholder_behind_an_address_is_refused_however_it_is_joined() -> None:
    for body in ("https://a.example/({{first_name}}", "https://a.example.{{first_name}}", "https://a.example{{salon}}"):
        with pytest.raises(InvalidInput) as refusal:
            check("", body)
        assert [error.code for error in refusal.value.errors] == ["placeholder_in_address"]
    check("", "https://a.example {{first_name}}")
