"""A draft of the Treatcard that is adopted: all of it or nothing, and not behind anybody's back (domain.md §7.3)."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser

from loyalty.eligibility import Matrix
from loyalty.models import LoyaltyRules, Reward
from loyalty.rewards import change_reward
from loyalty.rules import Details, details_of, rules_now, save_rules
from salon.audit.models import AuditEntry
from salon.catalogue.models import Product, Service
from salon.desk.adopting import DraftOutdated, adopt
from salon.desk.models import Simulation
from salon.desk.simulation import Draft, keep_simulation
from salon.errors import NotAllowed, NotFound
from salon.identity.models import User
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import new_id
from tests.checkout.till import AFTER, Till, make_reward, product
from tests.simulating.test_simulation import card, sold, wish

pytestmark = pytest.mark.django_db
LATER = AFTER + timedelta(minutes=5)
START = "/s/sonnenschein/marketing/treatcard/"


def _kept(till: Till, actor: Actor, **given: Any) -> Simulation:
    return keep_simulation(actor=actor, salon=till.salon, draft=Draft(**given), now=AFTER)


def _rewards() -> list[tuple[str, int, str, bool]]:
    rows = Reward.objects.select_related("service", "product").order_by("created_at", "id")
    return [(str((one.service or one.product).name), one.points, one.matrix, one.archived_at is None) for one in rows]  # type: ignore[union-attr]


def _done() -> list[str]:
    acts = AuditEntry.objects.filter(at=LATER).order_by("id").values_list("action", flat=True)
    return list(acts)


def test_a_draft_becomes_what_holds(till: Till, carla: Actor) -> None:
    save_rules(actor=carla, details=Details(expire_after_months=24, no_show_returns=False), now=AFTER)
    make_reward(till.day.cut, 800)
    make_reward(till.oil, 385)
    make_reward(till.day.brows, 168)
    kept = _kept(
        till,
        carla,
        services=Decimal("1.5"),
        rewards=[wish(till.day.cut, 750, Matrix.ANYTIME), wish(till.oil, 385), wish(till.shampoo)],
    )
    told = adopt(actor=carla, simulation_id=kept.pk, now=LATER)
    assert told.services == (Decimal("1.00"), Decimal("1.50"))
    assert told.products is None
    assert [one.name for one in told.added] == ["Shampoo"]
    assert [(before.points, after.points) for before, after in told.changed] == [(800, 750)]
    assert [one.name for one in told.archived] == ["Brauen zupfen"]
    rules = rules_now()
    # What the draft does not speak of stays.
    assert (rules.version, details_of(rules)) == (
        2,
        Details(points_per_euro_services=Decimal("1.50"), expire_after_months=24, no_show_returns=False),
    )
    assert _rewards() == [
        ("Schneiden", 750, Matrix.ANYTIME, True),
        ("Haaröl", 385, Matrix.FIRST_TIME, True),
        ("Brauen zupfen", 168, Matrix.FIRST_TIME, False),
        ("Shampoo", 279, Matrix.FIRST_TIME, True),
    ]
    assert _done() == ["loyalty_rules.changed", "reward.archived", "reward.changed", "reward.added"]
    # Pressed twice is pressed once.
    assert adopt(actor=carla, simulation_id=kept.pk, now=LATER).is_none
    assert (rules_now().version, len(_done())) == (2, 4)


def _other_rates(till: Till, carla: Actor) -> None:
    save_rules(actor=carla, details=Details(points_per_euro_products=Decimal(3)), now=AFTER)


def _another_reward(till: Till, _carla: Actor) -> None:
    make_reward(till.day.colour)


def _dearer(_till: Till, carla: Actor) -> None:
    change_reward(actor=carla, reward_id=Reward.objects.get().pk, changes={"points": 801}, now=AFTER)


def _item_gone(till: Till, _carla: Actor) -> None:
    Product.objects.filter(pk=till.shampoo.pk).update(archived_at=AFTER)


def _rewarded_item_gone(till: Till, _carla: Actor) -> None:
    Service.objects.filter(pk=till.day.cut.pk).update(archived_at=AFTER)


@pytest.mark.parametrize("meanwhile", [_other_rates, _another_reward, _dearer, _item_gone, _rewarded_item_gone])
def test_what_changed_since_refuses_all_of_it(
    till: Till, carla: Actor, meanwhile: Callable[[Till, Actor], None]
) -> None:
    make_reward(till.day.cut, 800)
    kept = _kept(till, carla, services=Decimal(2), rewards=[wish(till.day.cut, 750), wish(till.shampoo, 300)])
    meanwhile(till, carla)
    before = _rewards(), list(LoyaltyRules.objects.values())
    with pytest.raises(DraftOutdated):
        adopt(actor=carla, simulation_id=kept.pk, now=LATER)
    assert ((_rewards(), list(LoyaltyRules.objects.values())), _done()) == (before, [])


def test_a_price_that_moved_is_no_other_rule(till: Till, carla: Actor) -> None:
    make_reward(till.day.cut, 800)
    kept = _kept(till, carla, products=Decimal(3))
    Service.objects.filter(pk=till.day.cut.pk).update(price=Decimal("65.00"), name="Haarschnitt")
    adopt(actor=carla, simulation_id=kept.pk, now=LATER)
    assert _done() == ["loyalty_rules.changed"]


def test_who_may_adopt(till: Till, carla: Actor) -> None:
    kept = _kept(till, carla, services=Decimal(2))
    with pytest.raises(NotAllowed):
        adopt(actor=till.actor, simulation_id=kept.pk, now=LATER)
    with pytest.raises(NotFound):
        adopt(actor=carla, simulation_id=new_id(), now=LATER)
    assert LoyaltyRules.objects.count() == 0


def test_the_page_says_why_nobody_gets_what_she_buys_anyway(
    till: Till, carla: Actor, manager: User, browser_of: Callable[[User], Browser]
) -> None:
    lena = card(till)
    sold(till, lena, product(till.oil))
    for matrix, told in ((Matrix.FIRST_TIME, True), (Matrix.ANYTIME, False)):
        kept = _kept(till, carla, rewards=[wish(till.shampoo, 10, matrix)])
        shown = browser_of(manager).get(f"{START}simulator/{kept.pk}/").content.decode()
        assert "Ohnehin gekauft" in shown
        assert ("Hier nichts davon: Alle Prämien gelten nur beim ersten Mal" in shown) is told


def test_one_click_in_the_browser(
    till: Till, carla: Actor, manager: User, stylist: User, browser_of: Callable[[User], Browser]
) -> None:
    make_reward(till.day.cut, 800)
    draft: dict[str, Any] = {"services": Decimal("1.5"), "rewards": [wish(till.day.cut, 750), wish(till.shampoo)]}
    kept = _kept(till, carla, **draft)
    page, press = f"{START}simulator/{kept.pk}/", f"{START}simulator/{kept.pk}/adopt/"
    browser = browser_of(manager)
    shown = browser.get(page).content.decode()
    assert "Diese Sätze übernehmen" in shown
    assert "Punkte für Dienstleistungen 1 → 1,5" in shown
    assert "Schneiden: 800 Punkte → 750 Punkte" in shown
    assert browser_of(stylist).post(press).status_code == 403
    assert browser.get(press).status_code == 405
    with salon_scope(till.salon.pk):
        assert LoyaltyRules.objects.count() == 0
    answer = browser.post(press)
    assert (answer.status_code, answer.url) == (302, START)  # type: ignore[attr-defined]
    (message,) = browser.get(START).context["messages"]
    assert str(message) == (
        "Übernommen: Punkte für Dienstleistungen 1 → 1,5; Schneiden: 800 Punkte → 750 Punkte; "
        "neu: Shampoo (279 Punkte)."
    )
    assert "Diese Sätze und Prämien gelten bereits." in browser.get(page).content.decode()
    # Somebody decides otherwise: what was tried out before is told to be old, and refused.
    with salon_scope(till.salon.pk):
        save_rules(actor=carla, details=Details(points_per_euro_services=Decimal(4)), now=AFTER)
    shown = browser.get(page).content.decode()
    assert "Diese Sätze übernehmen" not in shown
    answer = browser.post(press)
    assert answer.status_code == 422
    assert "seit dieser Berechnung geändert" in answer.content.decode()
    with salon_scope(till.salon.pk):
        assert rules_now().points_per_euro_services == Decimal("4.00")
