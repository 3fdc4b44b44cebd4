"""What of an answer is new (domain.md §9.4): rather a quotation too much than an answer that nobody sees."""

from time import monotonic

import pytest

from marketing.quoting import Parts, parts_of, text_of

NEW = "Ja, gern!\n\nLena"

QUOTED = [
    "Am 21.11.2026 um 10:02 schrieb Salon Sonnenschein <antwort+abc@x.example>:\n\n> Passt Ihnen Dienstag?\n>\n> Anna",
    "Am Sa., 21. Nov. 2026 um 10:02 Uhr schrieb Salon Sonnenschein <\nantwort+abc@x.example>:\n> Passt Ihnen Dienstag?",
    "On Sat, Nov 21, 2026 at 10:02 AM Salon Sonnenschein <a@x.example> wrote:\n> Passt Ihnen Dienstag?",
    "-----Ursprüngliche Nachricht-----\nVon: Salon\nGesendet: Samstag\nPasst Ihnen Dienstag?",
    "----- Original Message -----\nFrom: Salon\nPasst Ihnen Dienstag?",
    "________________________________\nVon: Salon <a@x.example>\nGesendet: Samstag\nAn: Lena\n\nPasst es?",
    "Von: Salon <a@x.example>\nDatum: Samstag\nAn: Lena\n\nPasst es?",
    "> Passt Ihnen Dienstag?\n> Anna",
    "-- \nLena Vogel\nBerlin",
    "Von meinem iPhone gesendet",
    "Gesendet von Outlook für iOS",
    "Sent from my Galaxy",
    "Von meinem iPhone gesendet\n\nAm 21.11.2026 um 10:02 schrieb Salon <a@x.example>:\n\n> Passt es?",
]


@pytest.mark.parametrize("rest", QUOTED, ids=range(len(QUOTED)))
def test_a_quotation_and_a_signature_stand_apart(rest: str) -> None:
    assert parts_of(f"{NEW}\n\n{rest}\n") == Parts(NEW, rest)


@pytest.mark.parametrize(
    "text",
    [
        "Ja, gern!",
        "Am Dienstag kann ich nicht, am Mittwoch schon:\num zehn?",
        "Von: mir aus gern.",
        # Answered below the question, and in between.
        "Am 21.11.2026 schrieb Salon <a@x.example>:\n> Passt Ihnen Dienstag?\n\nJa, gern!",
        "> Dienstag?\nJa.\n> Um zehn?\nLieber elf.",
        # Nothing but a quotation: then that is what she sent.
        "> Passt Ihnen Dienstag?",
        "-- \nLena",
        "",
    ],
)
def test_where_it_is_not_clear_all_of_it_is_new(text: str) -> None:
    assert parts_of(text) == Parts(text.strip(), "")


def test_nothing_is_lost() -> None:
    for rest in QUOTED:
        whole = f"{NEW}\n\n{rest}"
        found = parts_of(whole)
        assert f"{found.new}\n\n{found.rest}" == whole


def test_html_reads_as_text() -> None:
    html = (
        "<html><head><title>x</title><style>p {color: red}</style></head><body><p>Ja,&nbsp;<b>gern</b>!<br>Lena</p>"
        "<script>alert(1)</script><div>Am 21.11.2026 schrieb Salon:</div>"
        "<blockquote><p>Passt <i>Ihnen</i></p><p>Dienstag?</p></blockquote></body></html>"
    )
    assert text_of(html) == "Ja, gern!\nLena\nAm 21.11.2026 schrieb Salon:\n\n> Passt Ihnen\n\n> Dienstag?"
    assert parts_of(text_of(html)).new == "Ja, gern!\nLena"
    assert text_of("a &lt;b&gt; <unknown>c") == "a <b> c"


def test_a_head_that_is_never_closed_hides_nothing() -> None:
    assert text_of("<html><head><title>Betreff</title><body>Ja</body>") == "Ja"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Ja<!-- <p>nein</p> --> gern", "Ja gern"),
        ("Ja <!-- nein", "Ja"),
        ("Ja<!--> gern", "Ja gern"),
        ("<!DOCTYPE html><?xml version='1.0'?><BODY CLASS=\"a > b\">Ja</BODY>", "Ja"),
        ("I <3 you, 3 < 5 & <b>du</b>", "I <3 you, 3 < 5 & du"),
        ("Ja <i und mehr <b>gern</b>", "Ja <i und mehr gern"),
        ("<a title='x>Ja</a>", "Ja"),
        ("&amp;lt; &euro;", "&lt; €"),
        ("", ""),
    ],
)
def test_html_that_is_none_loses_no_word(html: str, text: str) -> None:
    assert text_of(html) == text


@pytest.mark.parametrize(
    "again", ["<!--", "<!-- --!", "<", "<!", "<?", "</", "<a ", "<a b='", "<script></script", "<b>a"]
)
def test_a_mail_that_is_made_to_be_slow_is_read_at_once(again: str) -> None:
    started = monotonic()
    text_of(again * (400_000 // len(again)))
    assert monotonic() - started < 5


def test_the_longest_mail_is_read_at_once() -> None:
    started = monotonic()
    for line in ("> x", "Am x", "Von: x", "-- x", "__________ x"):
        parts_of("\n".join([line] * (50_000 // (len(line) + 1))) + "\nJa")
    text_of("<blockquote>x" * 60_000)
    assert monotonic() - started < 5
