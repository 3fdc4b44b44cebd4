"""The rules of the Treatcard: versions that hold one after the other, none of them ever changed (domain.md §7)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from loyalty.models import LoyaltyRules
from loyalty.rules import Details, details_of, rates_now, rates_of, rules_history, rules_now, save_rules
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.concurrency.hands import at_once
from tests.conftest import NOW

SPRING = Details(points_per_euro_services=Decimal("1.5"), points_per_euro_products=Decimal(3), referral_points=100)


def test_what_holds_where_nothing_was_decided(in_sonnenschein: Salon) -> None:
    holding = rules_now()
    assert details_of(holding) == Details()
    assert (holding.version, LoyaltyRules.objects.count(), rules_history()) == (0, 0, [])
    rates = rates_now()
    assert (rates.services, rates.products, rates.version) == (Decimal("1.00"), Decimal("2.00"), 0)


def test_what_is_decided_holds_as_a_version_and_is_recorded(in_sonnenschein: Salon, carla: Actor) -> None:
    first = save_rules(actor=carla, details=SPRING, now=NOW)
    assert (first.version, first.actor_name, first.created_at) == (1, "Carla Neumann", NOW)
    second = save_rules(actor=carla, details=replace(SPRING, no_show_returns=False), now=NOW, version=1)
    assert (second.version, rules_now().version) == (2, 2)
    assert [one.version for one in rules_history()] == [2, 1]
    rates = rates_now()
    assert (rates.services, rates.products, rates.version) == (Decimal("1.50"), Decimal("3.00"), 2)
    told = list(AuditEntry.objects.order_by("id"))
    assert [entry.action for entry in told] == ["loyalty_rules.changed"] * 2
    assert told[0].changes == [
        {"field": "points_per_euro_services", "old": "1.00", "new": "1.5"},
        {"field": "points_per_euro_products", "old": "2.00", "new": "3"},
        {"field": "referral_points", "old": None, "new": "100"},
    ]
    assert told[1].changes == [{"field": "no_show_returns", "old": "yes", "new": "no"}]


def test_what_changes_nothing_makes_no_version(in_sonnenschein: Salon, carla: Actor) -> None:
    assert save_rules(actor=carla, details=Details(points_per_euro_services=Decimal(1)), now=NOW).version == 0
    save_rules(actor=carla, details=SPRING, now=NOW)
    assert save_rules(actor=carla, details=SPRING, now=NOW).version == 1
    assert (LoyaltyRules.objects.count(), AuditEntry.objects.count()) == (1, 1)


def test_the_rates_of_every_version_are_known_for_good(in_sonnenschein: Salon, carla: Actor) -> None:
    save_rules(actor=carla, details=SPRING, now=NOW)
    save_rules(actor=carla, details=Details(points_per_euro_services=Decimal(0)), now=NOW)
    found = [rates_of(version) for version in (0, 1, 2)]
    assert [(one.services, one.products, one.version) for one in found] == [
        (Decimal("1.00"), Decimal("2.00"), 0),
        (Decimal("1.50"), Decimal("3.00"), 1),
        (Decimal("0.00"), Decimal("2.00"), 2),
    ]
    with pytest.raises(NotFound):
        rates_of(3)


def test_a_version_is_never_changed(in_sonnenschein: Salon, carla: Actor) -> None:
    save_rules(actor=carla, details=SPRING, now=NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        LoyaltyRules.objects.update(points_per_euro_services=9)
    with pytest.raises(DatabaseError), transaction.atomic():
        LoyaltyRules.objects.all().delete()
    assert rates_now().services == Decimal("1.50")


def test_rules_that_somebody_else_has_changed(in_sonnenschein: Salon, carla: Actor) -> None:
    save_rules(actor=carla, details=SPRING, now=NOW, version=0)
    with pytest.raises(VersionConflict):
        save_rules(actor=carla, details=Details(), now=NOW, version=0)
    assert details_of(rules_now()) == SPRING


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [
        ({"points_per_euro_services": Decimal("-0.01")}, "points_per_euro_services", "range"),
        ({"points_per_euro_services": Decimal("1000.01")}, "points_per_euro_services", "range"),
        ({"points_per_euro_products": Decimal("NaN")}, "points_per_euro_products", "range"),
        ({"points_per_euro_products": Decimal("Infinity")}, "points_per_euro_products", "range"),
        ({"points_per_euro_products": Decimal("1.005")}, "points_per_euro_products", "decimal_places"),
        ({"expire_after_months": 0}, "expire_after_months", "range"),
        ({"expire_after_months": 121}, "expire_after_months", "range"),
        ({"referral_points": 0}, "referral_points", "range"),
        ({"referral_points": 100_001}, "referral_points", "range"),
    ],
)
def test_what_cannot_hold_is_refused(
    in_sonnenschein: Salon, carla: Actor, wrong: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        save_rules(actor=carla, details=replace(Details(), **wrong), now=NOW)
    assert [(error.field, error.code) for error in refused.value.errors] == [(field, code)]
    assert LoyaltyRules.objects.count() == 0


@pytest.mark.parametrize(
    "edge",
    [
        {"points_per_euro_services": Decimal(0), "points_per_euro_products": Decimal(0)},
        {"points_per_euro_services": Decimal(1000), "points_per_euro_products": Decimal("0.01")},
        {"expire_after_months": 1, "referral_points": 1},
        {"expire_after_months": 120, "referral_points": 100_000},
    ],
)
def test_what_just_holds(in_sonnenschein: Salon, carla: Actor, edge: dict[str, Any]) -> None:
    wanted = replace(Details(), **edge)
    assert details_of(save_rules(actor=carla, details=wanted, now=NOW)) == wanted


def test_staff_decide_nothing(in_sonnenschein: Salon, front_desk: Actor) -> None:
    with pytest.raises(NotAllowed):
        save_rules(actor=front_desk, details=SPRING, now=NOW)
    assert rules_now().version == 0


def test_another_salon_has_rules_of_its_own(sonnenschein: Salon, dom: Salon, carla: Actor) -> None:
    with salon_scope(sonnenschein.pk):
        save_rules(actor=carla, details=SPRING, now=NOW)
    with salon_scope(dom.pk):
        assert rules_now().version == 0


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_save_at_once_each_makes_a_version(sonnenschein: Salon, carla: Actor) -> None:
    def save(index: int) -> int:
        with salon_scope(sonnenschein.pk):
            details = replace(Details(), points_per_euro_services=Decimal(10 + index))
            return save_rules(actor=carla, details=details, now=NOW).version

    assert sorted(at_once(save, 8)) == [1, 2, 3, 4, 5, 6, 7, 8]  # type: ignore[type-var]


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_have_read_the_same_version_one_saves(sonnenschein: Salon, carla: Actor) -> None:
    def save(index: int) -> int:
        with salon_scope(sonnenschein.pk):
            details = replace(Details(), points_per_euro_services=Decimal(10 + index))
            return save_rules(actor=carla, details=details, now=NOW, version=0).version

    done = at_once(save, 8, refusals=(VersionConflict,))
    assert (done.count(1), done.count(VersionConflict)) == (1, 7)
