"""*Einstellungen » Kasse*: rules and page (domain.md §6)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client as Browser

from bookings.checkout.till_rules import TillRules, change_till_rules, till_rules
from bookings.models import DepositRule, SalesRules, TillMode
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed
from salon.identity.models import User
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Country, Salon
from tests.checkout.till import MANAGER
from tests.conftest import NOW

PAGE = "/s/sonnenschein/settings/till/"
SENT = {"deposit_rule": "REFUND_UNTIL", "deposit_hours": "48", "receipt_head": "Salon\r\nMarkt 1", "receipt_foot": ""}


def _change(salon: Salon, rules: TillRules, actor: Actor = MANAGER) -> bool:
    return change_till_rules(actor=actor, salon=salon, rules=rules, now=NOW)


def test_the_defaults_hold_until_something_is_decided(in_sonnenschein: Salon) -> None:
    assert till_rules() == TillRules(till_mode="", deposit_rule="REFUND", deposit_hours=24)
    wanted = TillRules(deposit_rule="KEEP", receipt_head="  Salon \n Markt 1 \n", receipt_foot="Danke")
    assert _change(in_sonnenschein, wanted)
    assert till_rules() == replace(wanted, receipt_head="Salon\nMarkt 1")
    assert not _change(in_sonnenschein, wanted)
    (entry,) = AuditEntry.objects.filter(action="sales_rules.changed")
    assert [(one["field"], one["old"], one["new"]) for one in entry.changes] == [
        ("deposit_rule", "REFUND", "KEEP"),
        ("receipt_head", None, "Salon\nMarkt 1"),
        ("receipt_foot", None, "Danke"),
    ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"deposit_rule": "SOMETIMES"}, "deposit_rule"),
        ({"deposit_hours": 337}, "deposit_hours"),
        ({"deposit_hours": -1}, "deposit_hours"),
        ({"receipt_head": "x" * 401}, "receipt_head"),
        ({"receipt_foot": "a\x00b"}, "receipt_foot"),
        ({"till_mode": "CASHBOX"}, "till_mode"),
        # In Germany whatever records cash needs a certified device.
        ({"till_mode": TillMode.OWN_TILL.value}, "till_mode"),
    ],
)
def test_what_cannot_be_decided(in_sonnenschein: Salon, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        _change(in_sonnenschein, replace(TillRules(), **wrong))
    assert [error.field for error in refused.value.errors] == [field]
    assert not SalesRules.objects.exists()


def test_elsewhere_cash_may_be_recorded(in_sonnenschein: Salon) -> None:
    in_sonnenschein.country = Country.AT
    assert _change(in_sonnenschein, TillRules(till_mode=TillMode.OWN_TILL.value))
    assert _change(in_sonnenschein, TillRules(till_mode=TillMode.EXTERNAL_TILL.value))


def test_only_whoever_may_decide(in_sonnenschein: Salon, front_desk: Actor) -> None:
    with pytest.raises(NotAllowed):
        _change(in_sonnenschein, TillRules(deposit_rule="KEEP"), actor=front_desk)
    assert not SalesRules.objects.exists()


def test_the_page(manager: User, browser_of: Callable[[User], Browser], sonnenschein: Salon) -> None:
    browser = browser_of(manager)
    page = browser.get(PAGE).text
    assert "zertifizierte Sicherheitseinrichtung (TSE)" in page
    assert 'name="till_mode"' not in page
    answer = browser.post(PAGE, SENT)
    assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
    with salon_scope(sonnenschein.pk):
        assert till_rules() == TillRules(
            deposit_rule=DepositRule.REFUND_UNTIL.value, deposit_hours=48, receipt_head="Salon\nMarkt 1"
        )
    refused = browser.post(PAGE, {**SENT, "deposit_hours": "1000", "receipt_foot": "Bis bald"})
    assert refused.status_code == 422
    assert "höchstens 336 Stunden" in refused.text
    assert "Bis bald" in refused.text


def test_the_page_of_a_salon_elsewhere(
    manager: User, browser_of: Callable[[User], Browser], sonnenschein: Salon
) -> None:
    Salon.objects.filter(pk=sonnenschein.pk).update(country=Country.AT)
    browser = browser_of(manager)
    page = browser.get(PAGE).text
    assert 'value="OWN_TILL"' in page
    browser.post(PAGE, {**SENT, "till_mode": "EXTERNAL_TILL"})
    with salon_scope(sonnenschein.pk):
        assert till_rules().till_mode == TillMode.EXTERNAL_TILL
