"""Every condition has words, and what a segment means is one sentence in the language of the screen (ui.md §2.7)."""

import re

from django.utils import translation

from marketing.rule import Condition, Group, Match
from marketing.vocabulary import FIELDS
from marketing.web.builder import _MENU, ICONS
from marketing.web.rule_words import _PHRASES, sentence_of


def test_whatever_can_be_asked_is_offered_and_has_words() -> None:
    assert sorted(name for _label, names in _MENU for name in names) == sorted(FIELDS)
    assert set(ICONS) == set(FIELDS)
    assert set(_PHRASES) == {(one.name, operator) for one in FIELDS.values() for operator in one.operators}
    for (name, operator), phrase in _PHRASES.items():
        said = FIELDS[name].operators[operator]
        told = {"first", "second"} if len(said.takes) == 2 else {"first"} if said.takes else set()
        assert set(re.findall(r"%\((\w+)\)s", str(phrase))) == told | ({"many"} if said.many else set()), (
            name,
            operator,
        )


def test_a_sentence_says_it_in_the_language_of_the_screen() -> None:
    meant = Group(
        Match.ALL,
        (
            Condition("spent", "at_least_within", ("99.90", 6)),
            Group(Match.ANY, (Condition("points", "at_least", (1500,)), Condition("blocked", "no"))),
            Group(Match.ANY, (Condition("weekday", "in", ("MON", "TUE", "WED")),), negated=True),
        ),
    )
    women = Group(Match.ALL, (Condition("gender", "in", ("FEMALE",)), Condition("age", "between", (18, 30))))
    with translation.override("de"):
        assert sentence_of(women, {}, "EUR").replace("\N{NO-BREAK SPACE}", " ") == (
            "Alle Kundinnen und Kunden, deren Geschlecht „weiblich“ ist und die 18 bis 30 Jahre alt sind."
        )
        today = Group(
            Match.ANY, (Condition("last_visit", "within_last", (0,)), Condition("listed", "longer_ago", (0,)))
        )
        assert sentence_of(today, {}, "EUR") == (
            "Alle Kundinnen und Kunden, die heute da waren oder die schon vor heute Kunden waren."
        )
        assert sentence_of(meant, {}, "EUR").replace("\N{NO-BREAK SPACE}", " ") == (
            "Alle Kundinnen und Kunden, die innerhalb der letzten 6 Monate mindestens 99,90 € ausgegeben haben und"
            " (die mindestens 1.500 Punkte haben oder die nicht gesperrt sind) und auf die Folgendes nicht zutrifft:"
            " (die meist am Montag, Dienstag oder Mittwoch kommen)."
        )
        lapsing = Group(
            Match.ANY, (Condition("lapsing", "within_next", (30,)), Condition("lapsing", "within_next", (0,)))
        )
        assert sentence_of(lapsing, {}, "EUR") == (
            "Alle Kundinnen und Kunden, die ohne gebuchten Termin innerhalb der nächsten 30 Tage wieder als neu gelten"
            " würden oder die ohne gebuchten Termin heute wieder als neu gelten würden."
        )
        deep = Group(Match.ALL, (today, Condition("blocked", "yes")), negated=True)
        assert sentence_of(Group(Match.ANY, (deep, Condition("treatcard", "yes")), negated=True), {}, "EUR") == (
            "Alle Kundinnen und Kunden, auf die Folgendes nicht zutrifft: (auf die nicht alles davon zutrifft:"
            " ((die heute da waren oder die schon vor heute Kunden waren) und die gesperrt sind) oder die eine"
            " Treatcard haben)."
        )
        second = Group(
            Match.ALL,
            (
                Condition("campaign", "got", ("spring",)),
                Condition("written_to", "not_within_last", (7,)),
                Condition("no_shows", "at_most", (1,)),
                Condition("no_shows", "at_least", (3,)),
            ),
        )
        assert sentence_of(second, {"spring": "Frühling"}, "EUR") == (
            "Alle Kundinnen und Kunden, die die Kampagne Frühling bekommen haben und die innerhalb der letzten 7 Tage"
            " von keiner Kampagne oder Automation angeschrieben wurden und die höchstens einmal nicht erschienen sind"
            " und die mindestens 3-mal nicht erschienen sind."
        )
        assert sentence_of(Group(Match.ALL), {}, "EUR") == "Alle Kundinnen und Kunden."
        assert sentence_of(Group(Match.ALL, negated=True), {}, "EUR") == "Niemand."
