"""`/api/v1/loyalty/simulations`, and that the browser says the same (api.md, domain.md §7.3)."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from loyalty.models import LoyaltyRules, Reward
from salon.api.scopes import Scope
from salon.catalogue.models import Product
from salon.desk.models import Simulation
from salon.identity.models import User
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import NOBODY, Caller, IssueKey, problem, wrong
from tests.bookings.salonday import make_service
from tests.checkout.till import Till, a_till, give_treatcard, make_reward, product, service

SIMULATOR = "/s/sonnenschein/marketing/treatcard/simulator/"
PATH = "loyalty/simulations"


@pytest.fixture
def till(sonnenschein: Salon, front_desk: Actor) -> Till:
    """A till at which Lena, who has a Treatcard, has just paid for a cut (59.00) and oil (27.50)."""
    now = timezone.now()
    with salon_scope(sonnenschein.pk):
        till = a_till(front_desk, sonnenschein)
        give_treatcard(till.day.lena)
        till.pay(till.open(service(till.day.cut), product(till.oil), now=now), now=now)
        make_reward(till.oil, 100)
    return till


def test_a_draft_is_tried_out_and_read_again(api: Caller, till: Till) -> None:
    rewards = [{"product": str(till.oil.pk), "points": 80, "matrix": "ANYTIME"}, {"service": str(till.day.brows.pk)}]
    body = {"points_per_euro_services": "2.00", "points_per_euro_products": "0", "rewards": rewards}
    answer = api.post(PATH, body)
    assert answer.status_code == 202, answer.content
    told = answer.json()
    oil = {"service": None, "product": str(till.oil.pk), "name": "Haaröl", "list_price": "27.50"}
    brows = {"service": str(till.day.brows.pk), "product": None, "name": "Brauen zupfen", "list_price": "12.00"}
    assert (told["sales"], told["clients"], told["revenue"], told["holders"]) == (1, 1, "86.50", "TREATCARD")
    # She buys oil, and so never for the first time: 59 + 2 × 27.50 = 114 points and nothing to have for them.
    assert told["old"] == {
        "points_per_euro_services": "1.00",
        "points_per_euro_products": "2.00",
        "points": 114,
        "clients": 0,
        "redemptions": 0,
        "redeemed_points": 0,
        "cost": "0.00",
        "anyway": "0.00",
        "rewards": [{**oil, "points": 100, "matrix": "FIRST_TIME", "clients": 0, "regulars": 0}],
    }
    assert told["new"] == {
        "points_per_euro_services": "2.00",
        "points_per_euro_products": "0.00",
        "points": 118,
        "clients": 1,
        "redemptions": 1,
        "redeemed_points": 80,
        "cost": "27.50",
        "anyway": "27.50",
        "rewards": [
            {**oil, "points": 80, "matrix": "ANYTIME", "clients": 1, "regulars": 1},
            {**brows, "points": 168, "matrix": "FIRST_TIME", "clients": 0, "regulars": 0},
        ],
    }
    assert [(one["old"], one["new"]) for one in told["months"]][-1] == (114, 118)
    again = api.get(f"{PATH}/{told['id']}")
    assert (again.status_code, again.json()) == (200, told)
    assert answer["Location"].endswith(f"/api/v1/{PATH}/{told['id']}")


def test_what_is_left_out_is_as_it_is(api: Caller, till: Till, sonnenschein: Salon) -> None:
    told = api.post(PATH, {}).json()
    assert told["old"] == told["new"]
    everybody = api.post(PATH, {"holders": "EVERYBODY", "rewards": []}).json()
    assert (everybody["holders"], everybody["new"]["rewards"]) == ("EVERYBODY", [])
    with salon_scope(sonnenschein.pk):
        assert (Reward.objects.count(), LoyaltyRules.objects.count()) == (1, 0)


def test_bad_input_is_told_at_its_field(api: Caller, till: Till, sonnenschein: Salon) -> None:
    oil, cut = str(till.oil.pk), str(till.day.cut.pk)
    rewards = [{}, {"service": cut, "product": oil}]
    assert wrong(api.post(PATH, {"rewards": rewards})) == {
        "rewards.0.service": "required",
        "rewards.1.service": "not_combinable",
    }
    sent: dict[str, Any] = {
        "points_per_euro_services": "-1",
        "points_per_euro_products": "0.001",
        "rewards": [
            {"product": oil, "points": 0},
            {"product": NOBODY},
            {"service": NOBODY},
            {"service": cut},
            {"service": cut},
        ],
    }
    assert wrong(api.post(PATH, sent)) == {
        "points_per_euro_services": "range",
        "points_per_euro_products": "decimal_places",
        "rewards.0.points": "range",
        "rewards.1.product": "not_found",
        "rewards.2.service": "not_found",
        "rewards.4.service": "duplicate_reward",
    }
    assert wrong(api.post(PATH, {"rewards": [{"service": cut, "matrix": "TWICE"}], "holders": "NOBODY", "x": 1}))
    with salon_scope(sonnenschein.pk):
        assert Simulation.objects.count() == 0


def test_scopes_and_salons(api_key: IssueKey, api: Caller, api_dom: Caller, sonnenschein: Salon, till: Till) -> None:
    told = api.post(PATH, {}).json()
    assert api_dom.get(f"{PATH}/{told['id']}").status_code == 404
    reader = Caller(api_key(sonnenschein, Scope.LOYALTY_READ))
    assert reader.get(f"{PATH}/{told['id']}").status_code == 200
    problem(reader.post(PATH, {}), 403, "missing_scope")


@pytest.mark.parametrize("rewards", [1, 20])
def test_statements_do_not_grow_with_the_rewards(api: Caller, till: Till, sonnenschein: Salon, rewards: int) -> None:
    with salon_scope(sonnenschein.pk):
        for number in range(rewards):
            make_reward(make_service(f"Leistung {number}"), 10)
    api.post(PATH, {})
    drafted = [{"product": str(till.oil.pk)}, {"product": str(till.shampoo.pk)}][: 1 + rewards // 20]
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert api.post(PATH, {"rewards": drafted}).status_code == 202
    assert len(seen) == 20


def _said(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.replace("\N{NO-BREAK SPACE}", " ")))


def test_the_browser_says_the_same(
    api: Caller, till: Till, sonnenschein: Salon, manager: User, browser_of: Callable[[User], Browser]
) -> None:
    told = api.post(PATH, {"points_per_euro_services": "1.5", "rewards": [{"product": str(till.oil.pk), "points": 90}]})
    item = f"PRODUCT:{till.oil.pk}"
    sent = {
        "services": "1,5",
        "products": "2",
        "holders": "TREATCARD",
        "item": [item, ""],
        "points": ["90", ""],
        "matrix": ["FIRST_TIME", "FIRST_TIME"],
        "given": [item],
    }
    browser = browser_of(manager)
    answer = browser.post(SIMULATOR, sent)
    assert answer.status_code == 302
    with salon_scope(sonnenschein.pk):
        by_api, by_browser = Simulation.objects.order_by("created_at")
    assert by_api.figures == by_browser.figures
    assert str(by_api.pk) == told.json()["id"]
    page = _said(browser.get(answer.headers["Location"]).text)
    assert "Entwurf gegen heute" in page
    assert "heute 114" in page
    assert "143" in page
    assert "27,50 € · 100 → 90 Punkte · Nur beim ersten Mal" in page


def test_the_browser_leaves_out_adds_and_keeps_what_was_typed(
    till: Till, sonnenschein: Salon, manager: User, browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(manager)
    first = browser.get(SIMULATOR)
    assert first.status_code == 200
    assert "Nach den Regeln von heute" in first.text
    oil, brows = f"PRODUCT:{till.oil.pk}", f"SERVICE:{till.day.brows.pk}"
    sent: dict[str, Any] = {
        "services": "1",
        "products": "2",
        "holders": "EVERYBODY",
        "item": [oil, brows],
        "points": ["100", ""],
        "matrix": ["FIRST_TIME", "ANYTIME"],
        "given": [],
    }
    page = browser.get(browser.post(SIMULATOR, sent).headers["Location"])
    with salon_scope(sonnenschein.pk):
        kept = Simulation.objects.get()
        assert [(one["name"], one["points"]) for one in kept.figures["new"]["rewards"]] == [("Brauen zupfen", 168)]
    assert f'value="{oil}">' in page.text, "what is left out can be taken in again"
    assert f'value="{brows}" checked' in page.text
    for wrongly in (
        {"services": "viel"},
        {"points": ["100", "wenig"]},
        {"points": ["100", "0"]},
        {"item": [oil, "SERVICE:nix"]},
        {"holders": "NIEMAND"},
        {"matrix": ["FIRST_TIME", "NIE"]},
        {"item": [brows, brows], "given": [brows]},
    ):
        refused = browser.post(SIMULATOR, {**sent, **wrongly})
        assert refused.status_code == 422, wrongly
        assert 'aria-invalid="true"' in refused.text or "field-error" in refused.text, wrongly
    with salon_scope(sonnenschein.pk):
        Product.objects.filter(pk=till.oil.pk).update(archived_at=timezone.now())
        assert Simulation.objects.count() == 1
