"""The rule of a segment: read from JSON, written to it, bounded (domain.md §9.1)."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing.rule import DEEPEST, EVERYBODY, MOST_CONDITIONS, Condition, Group, Match, Value, as_json, parse, referred
from marketing.vocabulary import FIELDS, Kind
from salon.errors import InvalidInput

ID = "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4a77"
OTHER = "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4a78"
_FIRST_TWO = ("rule.parts.0.values.0", "rule.parts.0.values.1")
BLOCKED = {"field": "blocked", "operator": "yes", "values": []}


def said(field: str, operator: str, *values: object) -> dict[str, object]:
    """Return a condition as JSON has it."""
    return {"field": field, "operator": operator, "values": list(values)}


def rule(*parts: object, **given: object) -> dict[str, object]:
    """Return a group as JSON has it."""
    return {"match": "ALL", "parts": list(parts), **given}


def wrong(entered: object) -> dict[str, str]:
    """Return what is refused of a rule, by place."""
    with pytest.raises(InvalidInput) as refused:
        parse(entered)
    assert all(str(error.message) for error in refused.value.errors)
    return {error.field: error.code for error in refused.value.errors}


def test_nothing_asked_is_everybody() -> None:
    assert parse({"match": "ALL", "parts": []}) == EVERYBODY
    assert as_json(EVERYBODY) == {"match": "ALL", "negated": False, "parts": []}


def test_values_are_of_their_kinds() -> None:
    parts = [
        said("category", "in", ID, OTHER, ID),
        said("spent", "at_least_within", "1.234,50", "6"),
        said("last_visit", "between", "2026-01-31", "2026-02-01"),
        said("points", "at_least", -5),
        said("service", "bought_within", 3, ID),
        {"field": "blocked", "operator": "no"},
        rule(said("weekday", "in", "MON", "SAT"), match="ANY", negated=True),
    ]
    found = parse(rule(*parts))
    assert found == Group(
        Match.ALL,
        (
            Condition("category", "in", (UUID(ID), UUID(OTHER))),
            Condition("spent", "at_least_within", (Decimal("1234.50"), 6)),
            Condition("last_visit", "between", (date(2026, 1, 31), date(2026, 2, 1))),
            Condition("points", "at_least", (-5,)),
            Condition("service", "bought_within", (3, UUID(ID))),
            Condition("blocked", "no"),
            Group(Match.ANY, (Condition("weekday", "in", ("MON", "SAT")),), negated=True),
        ),
    )
    written = as_json(found)
    assert [part.get("values") for part in written["parts"]] == [
        [ID, OTHER],
        ["1234.50", 6],
        ["2026-01-31", "2026-02-01"],
        [-5],
        [3, ID],
        [],
        None,
    ]
    assert len(list(found.conditions())) == 7
    assert referred(found, Kind.SERVICE) == {"rule.parts.4.values.1": UUID(ID)}
    assert list(referred(found, Kind.CATEGORY)) == ["rule.parts.0.values.0", "rule.parts.0.values.1"]


@pytest.mark.parametrize(
    ("entered", "expected"),
    [
        (None, {"rule": "invalid"}),
        ([], {"rule": "invalid"}),
        ({}, {"rule.match": "required", "rule.parts": "required"}),
        ({"match": "NONE", "parts": {}}, {"rule.match": "invalid_choice", "rule.parts": "invalid"}),
        ({"match": ["ALL"], "parts": []}, {"rule.match": "invalid_choice"}),
        (rule(negated=1), {"rule.negated": "invalid"}),
        (rule(negated=None), {"rule.negated": "invalid"}),
        (rule(colour="red"), {"rule.colour": "unknown_field"}),
        (rule("blocked"), {"rule.parts.0": "invalid"}),
        (rule({}), {"rule.parts.0.field": "required"}),
        (rule({"field": "shoes"}), {"rule.parts.0.field": "invalid_choice"}),
        (rule({"field": "points"}), {"rule.parts.0.operator": "required"}),
        (rule(said("points", "in", 3)), {"rule.parts.0.operator": "invalid_choice"}),
        (rule({**BLOCKED, "values": None}), {"rule.parts.0.values": "required"}),
        (rule({**BLOCKED, "values": "x"}), {"rule.parts.0.values": "invalid"}),
        (rule({**BLOCKED, "not": True}), {"rule.parts.0.not": "unknown_field"}),
        (rule(said("blocked", "yes", 1)), {"rule.parts.0.values.0": "max_length"}),
        (rule(said("points", "at_least")), {"rule.parts.0.values.0": "required"}),
        (rule(said("points", "at_least", 1, 2)), {"rule.parts.0.values.1": "max_length"}),
        (rule(said("points", "at_least", 1.5)), {"rule.parts.0.values.0": "invalid"}),
        (rule(said("points", "at_least", True)), {"rule.parts.0.values.0": "invalid"}),
        (rule(said("points", "at_least", "1e3")), {"rule.parts.0.values.0": "invalid"}),
        (rule(said("points", "at_least", 10**10)), {"rule.parts.0.values.0": "range"}),
        (rule(said("points", "at_least", "99999999999")), {"rule.parts.0.values.0": "range"}),
        (rule(said("visits", "at_least", -1)), {"rule.parts.0.values.0": "range"}),
        (rule(said("last_visit", "within_last", 36_501)), {"rule.parts.0.values.0": "range"}),
        (rule(said("top_spenders", "top_percent", 0)), {"rule.parts.0.values.0": "range"}),
        (rule(said("birthday", "in_month", 13)), {"rule.parts.0.values.0": "range"}),
        (rule(said("spent", "at_least", 5)), {"rule.parts.0.values.0": "invalid"}),
        (rule(said("spent", "at_least", "-5")), {"rule.parts.0.values.0": "invalid"}),
        (rule(said("spent", "at_least_within", "5")), {"rule.parts.0.values.1": "required"}),
        (
            rule(said("last_visit", "between", "20260101", "2026-02-30")),
            {
                "rule.parts.0.values.0": "invalid",
                "rule.parts.0.values.1": "invalid",
            },
        ),
        (rule(said("last_visit", "between", "2026-02-02", "2026-02-01")), {"rule.parts.0.values.1": "range"}),
        (rule(said("age", "at_least", 121)), {"rule.parts.0.values.0": "range"}),
        (rule(said("age", "between", 30, 29)), {"rule.parts.0.values.1": "range"}),
        (rule(said("age", "between", 30)), {"rule.parts.0.values.1": "required"}),
        (rule(said("postal_code", "begins")), {"rule.parts.0.values": "required"}),
        (rule(said("postal_code", "begins", 80)), {"rule.parts.0.values.0": "invalid"}),
        (rule(said("postal_code", "begins", " ")), {"rule.parts.0.values.0": "required"}),
        (rule(said("postal_code", "begins", "80", "8" * 13)), {"rule.parts.0.values.1": "max_length"}),
        (rule(said("town", "in", "x" * 81)), {"rule.parts.0.values.0": "max_length"}),
        (rule(said("town", "in", "K\x00ln", "K\ud800ln")), dict.fromkeys(_FIRST_TWO, "invalid")),
        (rule(said("town", "in")), {"rule.parts.0.values": "required"}),
        (rule(said("category", "in")), {"rule.parts.0.values": "required"}),
        (rule(said("category", "in", "x")), {"rule.parts.0.values.0": "invalid"}),
        (rule(said("category", "in", 5)), {"rule.parts.0.values.0": "invalid"}),
        (rule(said("category", "in", *[ID] * 52)), {"rule.parts.0.values": "max_length"}),
        (rule(said("service", "bought_within", 3)), {"rule.parts.0.values.1": "required"}),
        (rule(said("status", "in", "OLD")), {"rule.parts.0.values.0": "invalid_choice"}),
        (rule(said("reason", "in", "NOT_LISTED")), {"rule.parts.0.values.0": "invalid_choice"}),
        (rule(rule()), {"rule.parts.0.parts": "required"}),
        (
            rule(said("points", "at_least", "x"), rule(said("visits", "at_least"))),
            {
                "rule.parts.0.values.0": "invalid",
                "rule.parts.1.parts.0.values.0": "required",
            },
        ),
        (rule(*[BLOCKED] * 41), {"rule.parts": "max_length"}),
        (rule(*[rule(*[BLOCKED] * 21)] * 2), {"rule": "max_length"}),
    ],
)
def test_refused(entered: object, expected: dict[str, str]) -> None:
    assert wrong(entered) == expected


def _nested(depth: int) -> dict[str, Any]:
    return rule(_nested(depth - 1) if depth > 1 else BLOCKED)


def test_texts_are_tidied_and_said_once() -> None:
    found = parse(rule(said("town", "in", " Bad  Tölz ", "Bad Tölz"), said("postal_code", "begins", "80 ", "81")))
    assert [one.values for one in found.conditions()] == [("Bad Tölz",), ("80", "81")]


def test_it_is_bounded() -> None:
    assert len(list(parse(rule(*[rule(*[BLOCKED] * 20)] * 2)).conditions())) == MOST_CONDITIONS
    assert len(list(parse(_nested(DEEPEST)).conditions())) == 1
    assert wrong(_nested(DEEPEST + 1)) == {"rule.parts.0.parts.0.parts.0.parts.0": "too_deep"}
    assert wrong(_nested(400)) == {"rule.parts.0.parts.0.parts.0.parts.0": "too_deep"}


def test_every_reading_begins_where_it_is_told() -> None:
    with pytest.raises(InvalidInput) as refused:
        parse({}, at="condition")
    assert [error.field for error in refused.value.errors] == ["condition.match", "condition.parts"]


VALUES: dict[Kind, st.SearchStrategy[Value]] = {
    Kind.DAYS: st.integers(0, 36_500),
    Kind.MONTHS: st.integers(1, 1_200),
    Kind.VISITS: st.integers(0, 100_000),
    Kind.TIMES: st.integers(0, 100_000),
    Kind.POINTS: st.integers(-(10**9), 10**9),
    Kind.PERCENT: st.integers(1, 100),
    Kind.MONTH: st.integers(1, 12),
    Kind.MONEY: st.integers(0, 10**9 - 1).map(lambda cents: Decimal(cents).scaleb(-2)),
    Kind.DATE: st.just(date(2026, 11, 21)),
    Kind.YEARS: st.just(30),
    Kind.POSTCODE: st.text("0123456789AZ", min_size=1, max_size=12),
    Kind.TOWN: st.text("aöZ-", min_size=1, max_size=80),
    **dict.fromkeys((Kind.CATEGORY, Kind.SERVICE, Kind.PRODUCT, Kind.STAFF, Kind.CAMPAIGN), st.uuids()),
}


@st.composite
def any_condition(draw: st.DrawFn) -> Condition:
    """Any condition there can be."""
    field = FIELDS[draw(st.sampled_from(list(FIELDS)))]
    operator = field.operators[draw(st.sampled_from(list(field.operators)))]
    choice = st.sampled_from([name for name, _label in field.choices]) if field.choices else st.nothing()
    drawn = {**VALUES, Kind.CHOICE: choice}
    values = [draw(drawn[kind]) for kind in operator.takes]
    if operator.many:
        values += draw(st.lists(drawn[operator.many], min_size=1, max_size=3, unique=True))
    return Condition(field.name, operator.name, tuple(values))


def any_group(depth: int = 3) -> st.SearchStrategy[Group]:
    """Any group, its groups none of them empty."""
    part = st.one_of(any_condition(), any_group(depth - 1)) if depth > 1 else any_condition()
    parts = st.lists(part, min_size=1, max_size=3).map(tuple)
    return st.builds(Group, st.sampled_from(Match), parts, st.booleans())


@given(any_group())
def test_what_is_written_is_read_again(group: Group) -> None:
    assert parse(as_json(group)) == group


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["ALL", "blocked", "yes", ID]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["match", "parts", "field", "operator", "values", "x"]), inner, max_size=5)
    ),
)


@given(JSON)
def test_anything_is_read_or_refused(given: object) -> None:
    try:
        found = parse(given)
    except InvalidInput:
        return
    assert parse(as_json(found)) == found
