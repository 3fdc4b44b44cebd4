"""A rule while it is built: parts come, go and move, and the form says what there is."""

from typing import Any

import pytest
from django.http import QueryDict
from django.test import RequestFactory

from clients.details import LONGEST
from marketing.rule import MOST_CONDITIONS, MOST_VALUES, Condition, Group, Match, parse
from marketing.vocabulary import FIELDS
from marketing.web.builder import Builder, ShownCondition
from marketing.web.drafts import LONGEST_TYPED, DraftCondition, DraftGroup, change, draft_of, part_at, read_draft
from salon.errors import InvalidInput
from salon.tenancy.models import Salon

# a, (b, (c), d), e: each a condition of so many points.
NESTED = "a(b(c)d)e"


def built(text: str) -> DraftGroup:
    """Return a draft as a text shows it: letters are conditions, parentheses groups."""
    stack = [DraftGroup()]
    for letter in text:
        if letter == "(":
            stack.append(DraftGroup(Match.ANY))
            stack[-2].parts.append(stack[-1])
        elif letter == ")":
            stack.pop()
        else:
            stack[-1].parts.append(DraftCondition("points", "at_least", [letter]))
    return stack[0]


def shown(draft: DraftGroup) -> str:
    return "".join(f"({shown(part)})" if isinstance(part, DraftGroup) else part.takes[0] for part in draft.parts)


@pytest.mark.parametrize(
    ("asked", "after", "place"),
    [
        ("up:0", None, None),
        ("down:0", "(ab(c)d)e", (0, 0)),
        ("up:1", "(b(c)d)ae", (0,)),
        ("down:1", "ae(b(c)d)", (2,)),
        ("up:1.0", "ab((c)d)e", (1,)),
        ("down:1.0", "a((bc)d)e", (1, 0, 0)),
        ("up:1.1.0", "a(bc()d)e", (1, 1)),
        ("up:1.2", "a(b(cd))e", (1, 1, 1)),
        ("down:1.2", "a(b(c))de", (2,)),
        ("up:2", "a(b(c)de)", (1, 3)),
        ("down:2", None, None),
        ("remove:1", "ae", (1,)),
        ("remove:2", "a(b(c)d)", (1,)),
        ("remove:1.1.0", "a(b()d)e", (1, 1)),
        ("put:0:1.1:1", "(b(ca)d)e", (0, 1, 1)),
        ("put:2::0", "ea(b(c)d)", (0,)),
        ("put:0::3", "(b(c)d)ea", (2,)),
        ("put:1:1.1:0", None, None),
        ("put:1:1:0", None, None),
        ("put:7::0", None, None),
        ("up:", None, None),
        ("up:x", None, None),
        ("up", None, None),
        ("put:0:1", None, None),
        ("put:0::x", None, None),
        ("put:0:1:1:1", None, None),
        ("explode:0", None, None),
        ("add:0:points", None, None),
        ("add:1:nothing", None, None),
        ("add:1", None, None),
    ],
)
def test_what_a_button_does(asked: str, after: str | None, place: tuple[int, ...] | None) -> None:
    draft = built(NESTED)
    assert change(draft, asked) == place
    assert shown(draft) == (after or NESTED)


def test_whatever_moves_down_comes_back_up() -> None:
    for start in ("0", "1", "1.0", "1.1", "1.2"):
        draft = built(NESTED)
        there = change(draft, f"down:{start}")
        assert there is not None
        assert change(draft, f"up:{'.'.join(map(str, there))}") is not None
        assert shown(draft) == NESTED, start


def test_a_new_condition_asks_for_what_its_operator_takes() -> None:
    draft = built("a")
    assert change(draft, "add::spent") == (1,)
    assert draft.parts[1] == DraftCondition("spent", "at_least", [""])


def test_a_new_group_joins_the_other_way() -> None:
    draft = built("a")
    assert change(draft, "group:") == (1,)
    assert change(draft, "group:1") == (1, 0)
    assert [part.match for part in (draft.parts[1], draft.parts[1].parts[0])] == ["ANY", "ALL"]  # type: ignore[union-attr]


def test_groups_stand_no_deeper_than_a_rule_may() -> None:
    draft = built("((()))a")
    assert change(draft, "group:0.0.0") is None
    assert change(draft, "put:1:0.0.0:0") == (0, 0, 0, 0)
    assert change(built("((()))()"), "put:1:0.0.0:0") is None
    # Too deep to go in, it goes past.
    beside = built("((()))(())")
    assert change(beside, "up:1") == (0, 1)
    assert change(built("(((a)))((b))"), "put:1:0.0:0") is None


def test_no_more_conditions_than_a_rule_may_have() -> None:
    draft = built("a" * (MOST_CONDITIONS - 1))
    assert change(draft, "add::points") == (MOST_CONDITIONS - 1,)
    assert change(draft, "add::points") is None


RULE = Group(
    Match.ANY,
    (
        Condition("spent", "at_least_within", ("12.50", 3)),
        Group(Match.ALL, (Condition("weekday", "in", ("MON", "TUE")),), negated=True),
    ),
)


def test_a_rule_comes_back_from_its_form() -> None:
    rule = parse(draft_of(RULE).json)
    data = QueryDict(mutable=True)
    data.update({"ask:": "any", "field:0": "spent", "operator:0": "at_least_within", "value:0.0": " 12,50"})
    data.update({"value:0.1": "3", "ask:1": "not_all", "field:1.0": "weekday", "operator:1.0": "in"})
    data.setlist("many:1.0", ["MON", "TUE", "MON"])
    assert parse(read_draft(data).json) == rule


def test_postcodes_are_typed_with_commas() -> None:
    data = QueryDict("ask:=all&field:0=postal_code&operator:0=begins&many:0=80, 81;%2082 ,, 80")
    assert read_draft(data).parts == [DraftCondition("postal_code", "begins", [], ["80", "81", "82"])]
    begun = read_draft(QueryDict("ask:=all&field:0=postal_code&operator:0=begins&many:0="))
    assert begun.parts == [DraftCondition("postal_code", "begins", [], [])]
    codes = ",".join(map(str, range(MOST_VALUES + 1)))
    many = read_draft(QueryDict(f"ask:=all&field:0=postal_code&operator:0=begins&many:0={codes}"))
    # None of them is lost without a word: that they are too many is said.
    assert [len(part.many) for part in many.parts if isinstance(part, DraftCondition)] == [MOST_VALUES + 1]


def test_a_full_rule_of_postcodes_comes_back_from_its_form(rf: RequestFactory) -> None:
    codes = tuple(f"{number:0{LONGEST['postal_code']}}" for number in range(10_115, 10_115 + MOST_VALUES))
    rule = Group(Match.ALL, (Condition("postal_code", "begins", codes),))
    part = Builder(draft_of(rule), currency="EUR").shown().parts[0]
    assert isinstance(part, ShownCondition)
    (field,) = part.inputs
    # The browser lets no more be typed, and less neither.
    assert len(field.value) <= field.longest == LONGEST_TYPED
    sent = {"ask:": "all", "field:0": part.name, "operator:0": "begins", field.name: field.value}
    assert parse(read_draft(rf.post("/", sent).POST).json) == rule


@pytest.mark.parametrize(
    ("typed", "refused"),
    [
        # One too many, far too many, and one that is too long at the end of many: none of them is cut to fit.
        (", ".join(f"{number:012}" for number in range(MOST_VALUES + 1)), {"rule.parts.0.values.50": "max_length"}),
        (",".join(map(str, range(10_000, 11_000))), {"rule.parts.0.values": "max_length"}),
        (", ".join(["9" * 300, "1"]), {"rule.parts.0.values.0": "max_length"}),
        (",".join([*map(str, range(10_000, 10_049)), "1" * 1000]), {"rule.parts.0.values.49": "max_length"}),
    ],
)
def test_postcodes_beyond_what_a_rule_takes_are_refused(
    rf: RequestFactory, typed: str, refused: dict[str, str]
) -> None:
    sent = {"ask:": "all", "field:0": "postal_code", "operator:0": "begins", "many:0": typed}
    draft = read_draft(rf.post("/", sent).POST)
    with pytest.raises(InvalidInput) as refusal:
        parse(draft.json)
    assert {error.field: error.code for error in refusal.value.errors} == refused
    # What was typed stands there again, whole.
    part = Builder(draft, currency="EUR").shown().parts[0]
    assert isinstance(part, ShownCondition)
    assert part.inputs[0].value.replace(" ", "") == typed.replace(" ", "")


def test_a_town_may_have_a_comma() -> None:
    data = QueryDict("ask:=all&field:0=town&operator:0=in&many:0=Halle,%20Saale&many:0=Bonn")
    assert read_draft(data).parts == [DraftCondition("town", "in", [], ["Halle, Saale", "Bonn"])]


def test_what_no_form_sends_is_left_out() -> None:
    data = QueryDict("ask:=odd&field:0=nothing&field:1=points&operator:1=bought&many:1=x&ask:2=any&field:9=points")
    draft = read_draft(data)
    assert draft == DraftGroup(parts=[DraftCondition("points", "at_least", [""]), DraftGroup(Match.ANY)])
    assert read_draft(QueryDict("")) == DraftGroup()
    assert len(read_draft(QueryDict("&".join(f"field:{one}=points" for one in range(500)))).parts) < 100


def test_every_field_can_be_added() -> None:
    for name in FIELDS:
        draft = DraftGroup()
        assert change(draft, f"add::{name}") == (0,)
        part = part_at(draft, (0,))
        assert isinstance(part, DraftCondition)
        assert part.operator in FIELDS[name].operators


def test_days_months_and_percent_begin_with_a_number_and_stay_empty_when_emptied() -> None:
    draft = DraftGroup()
    for name in ("last_visit", "top_spenders", "spent"):
        change(draft, f"add::{name}")
    assert [part.takes for part in draft.parts if isinstance(part, DraftCondition)] == [["30"], ["10"], [""]]
    chosen = "ask:=all&field:0=spent&operator:0=at_least_within&value:0.0=50"
    assert read_draft(QueryDict(chosen)).parts == [DraftCondition("spent", "at_least_within", ["50", "12"])]
    emptied = read_draft(QueryDict(f"{chosen}&value:0.1="))
    assert emptied.parts == [DraftCondition("spent", "at_least_within", ["50", ""])]


def test_towns_are_read_once_for_any_number_of_conditions(
    in_sonnenschein: Salon, django_assert_num_queries: Any
) -> None:
    draft = DraftGroup(parts=[DraftCondition("town", "in", many=["Berlin"]) for _place in range(3)])
    with django_assert_num_queries(1):
        Builder(draft, currency="EUR")
