"""The filters of the client list, said as the rule of a segment (ui.md §2.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.utils.html import escape

from clients.filters import CardFilters
from clients.models import Client
from marketing.choosing import clients_in
from marketing.narrowed import rule_of
from marketing.rule import Condition, Group, Match, as_json, parse
from marketing.segments import READY_MADE
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.letterbox import a_card
from tests.marketing.segment_world import TODAY

LIST = "/s/sonnenschein/clients/"
ONE = uuid4()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"status": "NEW", "consent": "no"}, [("status", "in", ("NEW",)), ("email_consent", "no", ())]),
        ({"last_visit": "ago", "days": 90}, [("last_visit", "longer_ago", (90,))]),
        ({"last_visit": "never"}, [("last_visit", "never", ())]),
        ({"category": [ONE], "staff": ONE}, [("category", "in", (ONE,)), ("preferred_staff", "in", (ONE,))]),
        ({"birthday": "3", "points_from": 50}, [("birthday", "in_month", (3,)), ("points", "at_least", (50,))]),
        (
            {"first_from": date(2026, 1, 1), "first_to": date(2026, 2, 1)},
            [("first_visit", "between", (date(2026, 1, 1), date(2026, 2, 1)))],
        ),
        # What no condition asks.
        ({"listed_from": date(2026, 1, 1)}, None),
        ({"status": "NEW", "contact": "none"}, None),
        ({"via": "STAFF"}, None),
    ],
)
def test_filters_as_conditions(values: dict[str, Any], said: list[Any] | None) -> None:
    rule = rule_of(values)
    assert (rule and [(one.field, one.operator, one.values) for one in rule.conditions()]) == said
    assert rule is None or parse(as_json(rule)) == rule


def test_within_a_segment() -> None:
    has, lapsed = Condition("treatcard", "yes"), Condition("reason", "in", ("LAPSED",))
    either = Group(Match.ANY, (lapsed, has))
    assert rule_of({"treatcard": "yes"}, Group(Match.ALL, (lapsed,))) == Group(Match.ALL, (lapsed, has))
    assert rule_of({"treatcard": "yes"}, either) == Group(Match.ALL, (either, has))


@pytest.mark.django_db
def test_it_means_whom_the_list_shows(in_sonnenschein: Salon) -> None:
    for number, days in enumerate((0, 89, 90, 91, None)):
        card = a_card(in_sonnenschein, f"Gast{number}", f"g{number}@x.example")
        on = None if days is None else TODAY - timedelta(days=days)
        Client.objects.filter(pk=card.pk).update(first_visit_on=on, last_visit_on=on, points=number)
    for given in (
        {"last_visit": "within"}, {"last_visit": "ago"}, {"last_visit": "never"}, {"points_to": "2"}, {"consent": "no"},
    ):  # fmt: skip
        filters = CardFilters(given, today=TODAY)
        found = filters.meeting()
        rule = rule_of(filters.values)
        assert found
        assert rule
        listed = set(Client.objects.listed().filter(found.all).values_list("pk", flat=True))
        assert set(clients_in(rule, salon=in_sonnenschein, now=NOW).values_list("pk", flat=True)) == listed
        assert listed, given


@pytest.mark.django_db(transaction=True)
def test_from_the_list_to_the_builder(
    sonnenschein: Salon, owner: User, stylist: User, browser_of: Callable[[User], Browser]
) -> None:
    with salon_scope(sonnenschein.pk):
        a_card(sonnenschein)
    new = "/s/sonnenschein/marketing/segments/new/"
    address = f"{new}?{urlencode([('segment', 'vip'), ('status', 'NEW'), ('like', 'list')])}"
    filtered = f"{LIST}?segment=vip&status=NEW"
    desk = browser_of(owner)
    assert escape(address) in desk.get(filtered).text
    for other in (f"{LIST}?contact=none", f"{filtered}&q=lena", f"{LIST}?segment=vip"):
        assert new not in desk.get(other).text
    assert new not in browser_of(stylist).get(filtered).text
    page = desk.get(address)
    assert len(list(READY_MADE["vip"].rule.conditions())) == 1
    assert len(page.context["rule"].parts) == 2
