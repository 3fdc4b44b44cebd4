"""Letters of marketing: what placeholders may do, and what a letter looks like, to the letter."""

import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing.letters import LONGEST_BODY, PLACEHOLDERS, Frame, Person, check, written
from salon.errors import InvalidInput
from salon.mail.letters import Letter

GOLDEN = Path(__file__).parent / "golden"
FRAME = Frame(
    salon="Salon Sonnenschein",
    sender="Anna Krüger, Salon Sonnenschein",
    imprint="Lindenallee 12\n10999 Berlin\nTel. 030 1234567",
    unsubscribe_url="https://salon.example/u/abc?x=1&y=2",
    language="de",
)
SUSANNE = Person(
    first_name="Susanne",
    last_name="Öztürk",
    gender="FEMALE",
    points=1250,
    visits=12,
    last_visit=date(2026, 9, 3),
    next_visit=date(2026, 12, 1),
    staff="Bora Yıldız",
    treatcard="TC-0815",
)
BODY = """# Zeit für Farbe

{{greeting}},
am {{last_visit}} waren Sie *zuletzt* bei {{staff|uns}}. Sie haben **{{points}} Punkte**.

- Farbe & Glanz ab 59 €
- Schnitt, siehe [Preise](https://salon.example/preise?a=1&b=2)

**[Termin buchen](https://salon.example/termin)**

## Bis bald

1. anrufen: [030 1234567](tel:+49301234567)
2. schreiben: <hallo@salon.example>
"""


class _Tags(HTMLParser):
    """What a mail program makes of a letter: its tags with attributes, and its words."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def _codes(subject: str, body: str, *, complete: bool = False) -> list[tuple[str, str]]:
    try:
        check(subject, body, complete=complete)
    except InvalidInput as refusal:
        return [(error.field, error.code) for error in refusal.errors]
    return []


def _text(body: str, person: Person = SUSANNE, language: str = "de") -> str:
    frame = Frame("Salon Sonnenschein", "", "", None, language)
    return written("Betreff", body, person, frame).text.rpartition("\n\n-- \n")[0]


@pytest.mark.parametrize("kind", ["html", "text"])
def test_a_letter_is_as_it_always_was(kind: str) -> None:
    """Changed on purpose: write the file anew and look at it in a mail program."""
    letter = written("{{first_name}}, Zeit für Farbe", BODY, SUSANNE, FRAME)
    assert letter.subject == "Susanne, Zeit für Farbe"
    assert getattr(letter, kind) == (GOLDEN / f"letter.{kind}").read_text(encoding="utf-8")


def test_everything_filled_in_in_german_and_in_english() -> None:
    body = " / ".join(f"{{{{{name}}}}}" for name in PLACEHOLDERS)
    assert _text(body) == (
        "Liebe Susanne / Susanne / Öztürk / Salon Sonnenschein / 3. September 2026 / 1. Dezember 2026 / 12 / 1.250 / "
        "Bora Yıldız / TC-0815"
    )
    assert _text(body, language="en") == (
        "Dear Susanne / Susanne / Öztürk / Salon Sonnenschein / 3 September 2026 / 1 December 2026 / 12 / 1,250 / "
        "Bora Yıldız / TC-0815"
    )


@pytest.mark.parametrize(
    ("gender", "first_name", "greeting"),
    [
        ("FEMALE", "Susanne", "Liebe Susanne"),
        ("MALE", "Max", "Lieber Max"),
        ("DIVERSE", "Kim", "Hallo Kim"),
        ("", "Kim", "Hallo Kim"),
        ("FEMALE", "", "Hallo"),
        ("FEMALE", "Dr. Susanne", "Liebe Susanne"),
        ("MALE", "Prof. Dr.", "Hallo"),
    ],
)
def test_the_greeting(gender: str, first_name: str, greeting: str) -> None:
    assert _text("{{greeting}},", Person(first_name=first_name, gender=gender)) == f"{greeting},"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{{first_name|Liebe Kundin}}, hallo", "Liebe Kundin, hallo"),
        ("{{ first_name | Liebe Kundin }}, hallo", "Liebe Kundin, hallo"),
        ("Hallo {{first_name}}, schön", "Hallo, schön"),
        ("Hallo {{first_name}} {{last_name}}, schön", "Hallo, schön"),
        ("Zuletzt {{last_visit|vor langer Zeit}}.", "Zuletzt vor langer Zeit."),
        # Who has no Treatcard collects none; on a new card there are none yet.
        ("Sie haben {{points|noch keine}} Punkte", "Sie haben noch keine Punkte"),
        ("{{first_name}}\n\nDanach", "Danach"),
        ("{{first_name|*Liebe* [a](b)}}", "*Liebe* [a](b)"),
    ],
)
def test_what_stands_where_there_is_nothing(body: str, said: str) -> None:
    assert _text(body, Person(points=5)) == said


def test_of_an_empty_treatcard_the_points_are_known() -> None:
    assert _text("{{points|keine}} Punkte", Person(treatcard="TC-1")) == "0 Punkte"


@pytest.mark.parametrize(
    ("subject", "body", "codes"),
    [
        ("Hallo {{first_name}}", BODY, []),
        (
            "{{vorname}}",
            "{{firstname|x}} {{firstname}}",
            [("subject", "unknown_placeholder"), ("body", "unknown_placeholder")],
        ),
        ("{{}}", "", [("subject", "unknown_placeholder")]),
        ("eins\nBcc: a@b.example", "", [("subject", "one_line")]),
        ("eins\rzwei", "", [("subject", "one_line")]),
        ("eins\u2028zwei", "", [("subject", "one_line")]),
        ("x" * 150, "x" * LONGEST_BODY, []),
        ("x" * 151, "x" * (LONGEST_BODY + 1), [("subject", "too_long"), ("body", "too_long")]),
        ("{{first_name}", "{first_name}}", [("subject", "broken_placeholder"), ("body", "broken_placeholder")]),
        ("{{{salon}}}", "{{{first_name|x}}}", [("subject", "broken_placeholder"), ("body", "broken_placeholder")]),
        ("{first_name}", "{{first_name|\nx}}", [("subject", "broken_placeholder"), ("body", "broken_placeholder")]),
        ("", "[x](https://a.example/{{first_name}})", [("body", "placeholder_in_address")]),
        ("", "[x](https://a.example/%7B%7Bfirst_name%7D%7D)", [("body", "placeholder_in_address")]),
        ("", "<https://a.example/{{first_name}}>", [("body", "placeholder_in_address")]),
        ("", "https://a.example/{{first_name}}", [("body", "placeholder_in_address")]),
        ("", "www.a.example/{{first_name}}", [("body", "placeholder_in_address")]),
        ("", "[x](javascript:alert(1))", [("body", "bad_address")]),
        ("", "[x](data:text/html;base64,AA)", [("body", "bad_address")]),
        ("", "[x](salon.example) [y](//salon.example) [z](https://)", [("body", "bad_address")] * 3),
        ("", "[{{first_name}}](https://a.example) {ein Wort} \\{\\{x", [("body", "broken_placeholder")]),
        ("", "{ein Wort} } {", []),
        ("{{x}} {salon}", "", [("subject", "unknown_placeholder"), ("subject", "broken_placeholder")]),
        ("", "{{x}} {salon}", [("body", "unknown_placeholder"), ("body", "broken_placeholder")]),
        ("", "![Bild](https://a.example/b.png)", [("body", "no_pictures")]),
        ("", "Schau! [Hier](https://a.example) steht es!", []),
    ],
)
def test_what_cannot_be_written_is_refused(subject: str, body: str, codes: list[tuple[str, str]]) -> None:
    assert _codes(subject, body) == codes


def test_a_draft_may_lack_words_what_goes_out_may_not() -> None:
    assert _codes("", " \n") == []
    assert _codes("", " \n", complete=True) == [("subject", "required"), ("body", "required")]


def test_an_unknown_placeholder_is_named() -> None:
    with pytest.raises(InvalidInput) as refusal:
        check("{{vorname}}", "")
    assert str(refusal.value.errors[0].message) == "Einen Platzhalter {{vorname}} gibt es nicht."


def test_a_link_without_an_address_lacks_it() -> None:
    with pytest.raises(InvalidInput) as refusal:
        check("", "**[Termin buchen](https://)**")
    assert str(refusal.value.errors[0].message) == "Hier fehlt die Adresse."


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("<b>x</b><script>y</script>", "&lt;b&gt;x&lt;/b&gt;&lt;script&gt;y&lt;/script&gt;"),
        ("&amp; &lt;", "&amp;amp; &amp;lt;"),
        ("`a` ~~b~~ | c", "`a` ~~b~~ | c"),
        ("![alt](https://a.example/x.png)", "!<a "),
        ("eins\nzwei", "eins<br>\nzwei"),
        ("\\*kein\\* Fett", "*kein* Fett"),
    ],
)
def test_nothing_else_is_markup(body: str, html: str) -> None:
    assert html in written("", body, SUSANNE, FRAME).html
    assert "<img" not in written("", body, SUSANNE, FRAME).html


def test_a_link_that_never_passed_the_check_is_words() -> None:
    letter = written("", "**[x](javascript:alert(1))**", SUSANNE, FRAME)
    assert "javascript" not in letter.html + letter.text


def test_nothing_is_loaded_and_all_can_be_read() -> None:
    tags = _Tags(written("x", BODY, SUSANNE, FRAME).html).tags
    assert {name for name, _ in tags}.isdisjoint({"img", "link", "script", "style", "iframe", "object", "form"})
    assert all("src" not in found and "url(" not in (found.get("style") or "") for _, found in tags)
    assert ("html", {"lang": "de"}) in tags
    for words, ground in [
        ("#1C1B1A", "#FFFFFF"),
        ("#8A2E5B", "#FFFFFF"),
        ("#8A2E5B", "#FAF9F7"),
        ("#5F5B55", "#FAF9F7"),
    ]:
        assert _contrast(words, ground) >= 4.5


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_why_she_gets_it_and_how_to_end_it() -> None:
    letter = written("", "Text", SUSANNE, FRAME)
    assert "weil Sie eingewilligt haben, dass Salon Sonnenschein Ihnen schreibt" in letter.text
    assert "Abmelden: https://salon.example/u/abc?x=1&y=2\n" in letter.text
    assert 'href="https://salon.example/u/abc?x=1&amp;y=2"' in letter.html
    others = Frame(FRAME.salon, FRAME.sender, FRAME.imprint, FRAME.unsubscribe_url, "de", agreed=False)
    assert "jederzeit widersprechen" in written("", "Text", SUSANNE, others).text
    alone = Frame(FRAME.salon, FRAME.sender, FRAME.imprint, None, "de")
    assert "Abmelden" not in written("", "Text", SUSANNE, alone).text
    assert "Lindenallee 12\n10999 Berlin" in written("", "Text", SUSANNE, alone).text


def test_an_imprint_that_begins_with_the_sender_says_so_once() -> None:
    frame = Frame("Salon Sonnenschein", "", "Salon Sonnenschein\nLindenallee 12", None, "de")
    letter = written("", "Text", SUSANNE, frame)
    assert letter.text.endswith("-- \nSalon Sonnenschein\nLindenallee 12\n")
    assert letter.html.count("Salon Sonnenschein") == 2


@pytest.mark.parametrize(
    ("body", "preheader"),
    [
        (
            "{{greeting}},\n\nSchön, dass es Sie gibt. Mehr Text.\n\nUnd noch mehr.",
            "Schön, dass es Sie gibt. Mehr Text.",
        ),
        (
            "{{greeting}},\n\nIhr letzter Besuch war am 16. November. Kommen Sie?",
            "Ihr letzter Besuch war am 16. November. Kommen Sie?",
        ),
        ("# Neu bei uns\n\nText.", "Neu bei uns"),
        # Whole words, as many as fit.
        ("Viel " * 60, f"{('Viel ' * 60)[:109]}…"),
        (f"{'x' * 100} Mehrwertsteuer", f"{'x' * 100}…"),
        (f"{'x' * 100}, Mehrwertsteuer", f"{'x' * 100}…"),
        ("x" * 200, f"{'x' * 109}…"),
        ("y" * 110, "y" * 110),
        ("", ""),
    ],
)
def test_what_the_inbox_shows_besides_the_subject(body: str, preheader: str) -> None:
    html = written("", body, SUSANNE, FRAME).html
    assert re.findall(r"mso-hide:all\">(.*?)</div>", html) == [preheader]


# What a name is in the worst case; also of a client who booked online and typed it in herself.
NAMES = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><a href="https://evil.example">x</a>',
    "' onmouseover='x",
    "</td></tr></table>",
    "<!-- x",
    "-->",
    "<![CDATA[x]]>",
    "&lt;b&gt;",
    "&#60;b&#62;",
    "{{points}}",
    "{{first_name}}",
    "{{last_name|x}}",
    "{{nope}}",
    "}}{{points",
    "{points}",
    "{% if x %}",
    "{{ settings.SECRET_KEY }}",
    "%(salon)s",
    "{0.__class__}",
    "$name",
    "**fett**",
    "_kursiv_",
    "# Überschrift",
    "- Punkt",
    "1. Punkt",
    "[x](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "<https://evil.example>",
    "https://evil.example",
    "http://evil.example/?a=1&b=2",
    "www.evil.example",
    "evil.example",
    "a@evil.example",
    "mailto:a@evil.example",
    "tel:+491234",
    "javascript:alert(1)",
    "evil。example",
    "Anna\r\nBcc: a@evil.example",
    "Anna\nBcc: x",
    "Anna\r",
    "Anna\u2028Bcc: x",
    "Anna\u0085Bcc: x",
    "Anna\x00\x1b[31m",
    "\u202eetarip\u202c",
    "\u2066x\u2069\u200f",
    "a\u200bb\ufeffc",
    "=?utf-8?q?Bcc?=",
    "\\",
    "A\ud800",
    "x" * 400,
    "`x`",
]


def _worst(letter: Letter) -> None:
    """Make sure that a letter has the tags, links and lines of the same letter to somebody called Anna."""
    harmless = written("{{first_name}}, hallo", _BODY_OF_NAMES, Person(first_name="Anna", last_name="Anna"), FRAME)
    found, expected = _Tags(letter.html), _Tags(harmless.html)
    assert found.tags == expected.tags
    assert len(letter.text.splitlines()) == len(harmless.text.splitlines())
    assert len(letter.subject.splitlines()) <= 1
    assert len(letter.subject) <= 150
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u2028-\u202e\u2066-\u2069]", letter.text + letter.html)
    letter.html.encode()


_BODY_OF_NAMES = "# {{first_name}}!\n\n{{first_name}} *{{last_name}}*\n\n- {{first_name}}\n\n**[zu {{first_name}}](https://a.example)**"


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_text_and_nothing_else(name: str) -> None:
    letter = written("{{first_name}}, hallo", _BODY_OF_NAMES, Person(first_name=name, last_name=name), FRAME)
    _worst(letter)
    told = letter.text.replace("https://a.example", "").replace(FRAME.unsubscribe_url or "", "")
    assert not re.search(r"https?://\w|www\.\w|\w@\w|evil[.。]example", told)
    assert "1.250" not in letter.text
    assert "Sonnenschein" not in letter.subject


@given(st.text(min_size=1, max_size=80).filter(lambda name: name.isprintable() and name.strip()))
def test_no_name_ever_yields_a_tag_a_link_or_a_line(name: str) -> None:
    letter = written(
        "{{first_name}}, hallo", _BODY_OF_NAMES, Person(first_name=f"A{name}", last_name=f"A{name}"), FRAME
    )
    _worst(letter)


WORDS = {"p", "br", "strong", "em", "a", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li"}
AROUND = {"html", "head", "meta", "title", "body", "div", "table", "tr", "td"}


@given(st.text(max_size=200), st.text(max_size=400))
def test_any_text_is_either_refused_or_written(subject: str, body: str) -> None:
    if not _codes(subject, body):
        letter = written(subject, body, SUSANNE, FRAME)
        assert len(letter.subject.splitlines()) <= 1
        assert {tag for tag, _ in _Tags(letter.html).tags} <= WORDS | AROUND


@pytest.mark.parametrize(
    "source", ["{" * 20_000, "{{a" * 6_000, "[" * 20_000, "*" * 20_000, "- " * 9_000, "<" * 20_000]
)
def test_what_is_long_and_strange_takes_no_time(source: str) -> None:
    _codes("", source)
    written("", source, SUSANNE, FRAME)
