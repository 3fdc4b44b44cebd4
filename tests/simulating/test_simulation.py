"""The simulator: small worlds, counted by hand (domain.md §7.3)."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bookings.checkout.refunding import refund
from bookings.checkout.voiding import void
from bookings.had import had_by
from bookings.models import Method, Sale
from bookings.states import State
from clients.models import CarriedService, Client, PointsEntry
from loyalty.eligibility import Matrix
from loyalty.models import LoyaltyRules, Redemption, Returned, Reward
from loyalty.prior_use import note_prior_use
from loyalty.redemption import give_back, redeem
from loyalty.rules import Details, save_rules
from salon.catalogue.models import ItemKind, Product, Service
from salon.desk.models import Simulation
from salon.desk.months import year_until
from salon.desk.replay import Holders, Month, Outcome
from salon.desk.simulation import (
    KEPT,
    MOST_REWARDS,
    Draft,
    RewardWish,
    Simulated,
    get_simulation,
    keep_simulation,
    simulate,
    simulated,
)
from salon.errors import InvalidInput, NotAllowed
from salon.identity.roles import Actor
from tests.bookings.salonday import at, make_client, make_service
from tests.checkout.till import (
    AFTER,
    Till,
    give_treatcard,
    make_product,
    make_reward,
    money,
    product,
    service,
    tip,
    voucher,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


def card(till: Till, first_name: str = "", **given: Any) -> Client:
    """Return a client with a Treatcard and no points: Lena, if nobody is named."""
    client = make_client(first_name, **given) if first_name else till.day.lena
    return give_treatcard(client)


def on(day: date) -> datetime:
    """Return an hour of a day at which something is sold."""
    return at(14, day=day)


def sold(till: Till, client: Client | None, *lines: Any, day: date = TODAY) -> Sale:
    """Sell something to somebody on a day, paid by card."""
    now = on(day)
    return till.pay(till.open(*lines, client_id=client.pk if client else None, now=now), now=now)


def tried(till: Till, actor: Actor, *rewards: RewardWish, **given: Any) -> Simulated:
    """Try a draft out with these rewards, and those that there are if none is given."""
    draft = Draft(**{**({"rewards": rewards} if rewards else {}), **given})
    return simulate(actor=actor, salon=till.salon, draft=draft, now=AFTER)


def wish(item: Service | Product, points: int | None = None, matrix: Matrix = Matrix.FIRST_TIME) -> RewardWish:
    kind = ItemKind.SERVICE if isinstance(item, Service) else ItemKind.PRODUCT
    return RewardWish(kind=kind, item_id=item.pk, points=points, matrix=matrix)


def points(found: Simulated) -> tuple[int, int]:
    return found.outcome.old.points, found.outcome.new.points


def test_the_seed_s_figure_against_a_draft(till: Till, carla: Actor) -> None:
    """100 € of services and 50 € of products: 200 points today, 100 × 1.5 + 50 × 3 = 300 under the draft."""
    lena = card(till)
    sold(till, lena, service(make_service("Facial", price="100.00")), product(make_product("Serum", "50.00")))
    found = tried(till, carla, services=Decimal("1.5"), products=Decimal(3))
    assert points(found) == (200, 300)
    outcome = found.outcome
    assert (outcome.sales, outcome.clients, outcome.revenue) == (1, 1, money("150.00"))
    assert (found.since, found.until) == (date(2025, 11, 25), TODAY)


def test_each_sale_is_rounded_down_once(till: Till, carla: Actor) -> None:
    """0.33 × 3.50 + 0.33 × 5.50 = 2.97: 2 points a sale, never 1 + 1 of its lines; three sales 6, never 8 of all."""
    lena = card(till)
    comb = make_product("Kamm", "5.50")
    fringe = make_service("Pony", price="3.50")
    for _ in range(3):
        sold(till, lena, service(fringe), product(comb))
    third = Decimal("0.33")
    assert points(tried(till, carla, services=third, products=third)) == (3 * 14, 6)


def test_flat_points_take_a_line_out_of_the_rates(till: Till, carla: Actor) -> None:
    """Colour gives 25 flat, shampoo none: 2 × 25 + 59 × 1 of today, and 59 × 2 of the draft; shampoo never any."""
    lena = card(till)
    Service.objects.filter(pk=till.day.colour.pk).update(points_override=25)
    Product.objects.filter(pk=till.shampoo.pk).update(points_override=0)
    sold(till, lena, service(till.day.colour, 2), service(till.day.cut), product(till.shampoo, 3))
    assert points(tried(till, carla, services=Decimal(2))) == (50 + 59, 50 + 118)


def test_what_earns_nothing(till: Till, carla: Actor) -> None:
    """Tips, vouchers, what is open, void, given back, somebody's without a card, and what is older than a year."""
    lena = card(till)
    sold(till, lena, service(till.day.cut), tip("5.00"), voucher("20.00"))
    till.open(service(till.day.cut), client_id=lena.pk)
    sold(till, None, service(till.day.cut))
    sold(till, make_client("Ohne"), service(till.day.cut))
    gone = sold(till, lena, service(till.day.cut))
    void(actor=carla, salon=till.salon, sale_id=gone.pk, reason="Irrtum", now=AFTER)
    back = sold(till, lena, service(till.day.cut), product(till.oil, 2))
    oil = back.lines.get(product=till.oil)
    refund(actor=carla, salon=till.salon, sale_id=back.pk, method=Method.CARD, lines={oil.pk: 1}, reason="", now=AFTER)
    sold(till, lena, service(till.day.cut), day=date(2025, 11, 24))
    found = tried(till, carla, products=Decimal(0))
    # 59 and 59 + 27.50 × 2, as far as they were kept.
    assert points(found) == (59 + 59 + 55, 59 + 59)
    assert (found.outcome.sales, found.outcome.revenue) == (2, money("145.50"))
    assert found.outcome.old.points == Client.objects.get(pk=lena.pk).points - 59, "the oldest sale alone is not in it"


def test_months_are_those_of_the_year(till: Till, carla: Actor) -> None:
    lena = card(till)
    for day in (date(2025, 11, 24), date(2025, 11, 25), date(2026, 2, 1), date(2026, 2, 28), TODAY):
        sold(till, lena, product(till.oil), day=day)
    found = tried(till, carla, products=Decimal(1)).outcome.months
    assert [one.month for one in found] == [date(2025, 11, 1), date(2025, 12, 1)] + [
        date(2026, month, 1) for month in range(1, 12)
    ]
    assert [one for one in found if one.old] == [
        Month(date(2025, 11, 1), 55, 27),
        Month(date(2026, 2, 1), 110, 54),
        Month(date(2026, 11, 1), 55, 27),
    ]


@pytest.mark.parametrize(
    ("today", "since"),
    [
        (date(2026, 11, 24), date(2025, 11, 25)),
        (date(2028, 2, 29), date(2027, 3, 1)),
        (date(2029, 2, 28), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2026, 1, 1)),
        (date(2027, 1, 1), date(2026, 1, 2)),
    ],
)
def test_a_year_has_twelve_months(today: date, since: date) -> None:
    assert year_until(today) == since


def test_everybody_counts_where_nobody_has_a_card_yet(till: Till, carla: Actor) -> None:
    ohne = make_client("Ohne")
    sold(till, ohne, service(till.day.cut))
    found = tried(till, carla)
    assert (found.holders, points(found)) == (Holders.EVERYBODY, (59, 59))
    sold(till, card(till), product(till.oil))
    found = tried(till, carla)
    assert (found.holders, points(found)) == (Holders.TREATCARD, (55, 55))
    assert points(tried(till, carla, holders=Holders.EVERYBODY)) == (114, 114)


def test_who_could_have_what_and_what_it_costs(till: Till, carla: Actor) -> None:
    """Three clients, three rewards, counted on paper.

    | points of the year | shave 25.00 for 50 | brows 12.00 for 60 | oil 27.50 for 100, any time |
    |---|---|---|---|
    | Lena 177           | yes                | yes                | yes, and she buys it         |
    | Mia 118            | yes                | has had it         | yes                          |
    | Ada 59             | has booked it      | no                 | no                           |

    Lena takes shave and brows (110), then has 67: no oil. Mia takes the shave (50), has 68: no oil. Ada nothing.
    """
    shave, brows = make_service("Nassrasur", price="25.00"), make_service("Brauen", price="12.00")
    lena, mia, ada = card(till), card(till, "Mia"), card(till, "Ada")
    sold(till, lena, service(till.day.cut, 2))
    sold(till, lena, product(make_product("Bürste", "2.00")), product(till.oil), day=date(2026, 5, 1))
    sold(till, mia, service(till.day.cut, 2))
    sold(till, ada, service(till.day.cut))
    note_prior_use(actor=till.actor, client_id=mia.pk, kind=ItemKind.SERVICE, item_id=brows.pk, now=AFTER)
    till.visit(shave, client=ada, state=State.BOOKED, starts_at=AFTER + timedelta(days=3))
    rewards = (wish(shave, 50), wish(brows, 60), wish(till.oil, 100, Matrix.ANYTIME))
    found = tried(till, carla, *rewards).outcome
    assert found.new.points == 177 + 118 + 59
    assert [(one.reward.name, one.clients, one.regulars) for one in found.new_reach] == [
        ("Nassrasur", 2, 0),
        ("Brauen", 1, 0),
        ("Haaröl", 2, 1),
    ]
    assert found.new == Outcome(
        points=354, clients=2, redemptions=3, redeemed_points=160, cost=money("62.00"), anyway=money("0.00")
    )
    assert (found.old, found.old_reach) == (Outcome(points=354), ())


def test_what_is_left_goes_into_the_cheapest_at_any_time(till: Till, carla: Actor) -> None:
    """Lena's 590 points: the shave once (50), oil (100) and shampoo (120) once each; 320 are left: oil three times.

    Of 25.00 + 4 × 27.50 + 19.90 = 154.90 the oil, 110.00, is what she buys anyway.
    """
    lena = card(till)
    shave = make_service("Nassrasur", price="25.00")
    sold(till, lena, service(till.day.cut, 9), service(make_service("Bart", price="4.00")), product(till.oil))
    rewards = (wish(shave, 50), wish(till.shampoo, 120, Matrix.ANYTIME), wish(till.oil, 100, Matrix.ANYTIME))
    found = tried(till, carla, *rewards).outcome
    assert found.new == Outcome(
        points=590, clients=1, redemptions=6, redeemed_points=570, cost=money("154.90"), anyway=money("110.00")
    )


def test_the_matrix_does_not_hold_for_whoever_is_exempt(till: Till, carla: Actor) -> None:
    """She buys the cut, and could have it for points all the same: the whole cost is what she pays for anyway."""
    lena = card(till)
    sold(till, lena, service(till.day.cut))
    assert tried(till, carla, wish(till.day.cut, 59)).outcome.new.redemptions == 0
    Client.objects.filter(pk=lena.pk).update(matrix_exempt=True)
    found = tried(till, carla, wish(till.day.cut, 59)).outcome
    assert found.new == Outcome(59, 1, 1, 59, money("59.00"), money("59.00"))
    assert tried(till, carla, wish(till.day.cut, 60)).outcome.new.redemptions == 0


def test_the_old_side_is_what_holds_today(till: Till, carla: Actor) -> None:
    lena = card(till)
    sold(till, lena, service(till.day.cut))
    save_rules(actor=carla, details=Details(points_per_euro_services=Decimal("0.5")), now=AFTER)
    make_reward(till.oil, 29)
    make_reward(till.shampoo, 30)
    archived = make_reward(till.day.colour, 1)
    Reward.objects.filter(pk=archived.pk).update(archived_at=AFTER)
    found = tried(till, carla, services=Decimal(1))
    assert points(found) == (29, 59)
    assert [(one.reward.name, one.reward.points, one.clients) for one in found.outcome.old_reach] == [
        ("Haaröl", 29, 1),
        ("Shampoo", 30, 0),
    ]
    # Rates alone are tried out: the rewards stay as they are.
    assert [(one.reward.name, one.clients) for one in found.outcome.new_reach] == [("Haaröl", 1), ("Shampoo", 1)]
    assert (found.outcome.old.cost, found.outcome.new.cost) == (money("27.50"), money("47.40"))


def test_who_has_had_what_is_as_the_matrix_has_it(till: Till, carla: Actor) -> None:
    """Whoever `had_by` says has had something cannot have it here, nobody else cannot."""
    item = till.day.colour
    every = [card(till, f"Kundin {number}") for number in range(14)]
    for one in every:
        sold(till, one, product(till.oil, 4))
    (
        booked,
        missed,
        cancelled,
        done,
        bought,
        returned,
        kept,
        redeemed,
        given,
        noted,
        carried,
        spelled,
        voided,
        _nothing,
    ) = every
    for client, state in ((booked, State.BOOKED), (missed, State.NO_SHOW), (cancelled, State.CANCELLED)):
        till.visit(item, client=client, state=state, starts_at=AFTER + timedelta(days=2 + every.index(client)))
    till.visit(item, client=done, state=State.COMPLETED, starts_at=AFTER - timedelta(days=800))
    sold(till, bought, service(item), day=date(2024, 1, 5))
    for client, quantity in ((returned, 2), (kept, 1)):
        sale = sold(till, client, service(item, 2))
        lines = {sale.lines.get().pk: quantity}
        refund(actor=carla, salon=till.salon, sale_id=sale.pk, method=Method.CARD, lines=lines, reason="", now=AFTER)
    reward = make_reward(item, 100)
    for client in (redeemed, given):
        made = redeem(actor=till.actor, client=client, reward=reward, had=False, now=AFTER)
        if client is given:
            give_back(actor=till.actor, redemption=made, why=Returned.REMOVED, now=AFTER)
    note_prior_use(actor=till.actor, client_id=noted.pk, kind=ItemKind.SERVICE, item_id=item.pk, now=AFTER)
    CarriedService.objects.create(client=carried, name=item.name)
    CarriedService.objects.create(client=spelled, name=item.name.upper())
    lost = sold(till, voided, service(item))
    void(actor=carla, salon=till.salon, sale_id=lost.pk, reason="Irrtum", now=AFTER)
    had = [client for client in every if item.pk in had_by(client.pk)]
    assert {one.pk for one in had} == {
        one.pk for one in (booked, done, bought, kept, redeemed, noted, carried, spelled)
    }
    found = tried(till, carla, wish(item, 1)).outcome
    assert found.new_reach[0].clients == len(every) - len(had)


def test_another_salon_is_none_of_ours(till: Till, carla: Actor) -> None:
    found = tried(till, carla, wish(till.oil, 1)).outcome
    assert (found.sales, found.clients, found.revenue) == (0, 0, money("0.00"))
    assert found.old == Outcome()
    assert found.new_reach[0].clients == 0


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"services": Decimal(-1)}, [("points_per_euro_services", "range")]),
        ({"products": Decimal("1000.01")}, [("points_per_euro_products", "range")]),
        ({"products": Decimal("0.333")}, [("points_per_euro_products", "decimal_places")]),
        ({"services": Decimal("NaN")}, [("points_per_euro_services", "range")]),
    ],
)
def test_rates_are_checked_as_if_they_were_saved(
    till: Till, carla: Actor, given: dict[str, Decimal], errors: list[tuple[str, str]]
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        tried(till, carla, **given)
    assert [(one.field, one.code) for one in refusal.value.errors] == errors


def test_rewards_are_checked_as_if_they_were_saved(till: Till, carla: Actor) -> None:
    Product.objects.filter(pk=till.shampoo.pk).update(archived_at=AFTER)
    free = make_service("Beratung", price="0.00")
    wishes = (
        wish(till.oil, 0),
        wish(till.shampoo),
        wish(till.day.cut),
        wish(till.day.cut, 7),
        wish(free),
        wish(till.oil),
    )
    with pytest.raises(InvalidInput) as refusal:
        tried(till, carla, *wishes, replace(wish(till.day.cut), kind=ItemKind.PRODUCT))
    assert [(one.field, one.code) for one in refusal.value.errors] == [
        ("rewards.0.points", "range"),
        ("rewards.1.item", "not_found"),
        ("rewards.3.item", "duplicate_reward"),
        ("rewards.4.points", "range"),
        ("rewards.5.item", "duplicate_reward"),
        ("rewards.6.item", "not_found"),
    ]
    with pytest.raises(InvalidInput) as refusal:
        tried(till, carla, *[wish(till.oil)] * (MOST_REWARDS + 1))
    assert [(one.field, one.code) for one in refusal.value.errors] == [("rewards", "max_length")]


def test_the_standard_goes_without_saying(till: Till, carla: Actor) -> None:
    found = tried(till, carla, wish(till.oil)).new
    assert [(one.name, one.points) for one in found.rewards] == [("Haaröl", 385)]
    assert tried(till, carla, rewards=()).new.rewards == ()


def test_it_is_for_whoever_may_set_the_rules(till: Till) -> None:
    with pytest.raises(NotAllowed):
        tried(till, till.actor)


def test_trying_touches_nothing_and_what_was_tried_is_kept(till: Till, carla: Actor) -> None:
    lena = card(till)
    sold(till, lena, service(till.day.cut), product(till.oil))
    make_reward(till.oil, 29)

    def everything() -> list[Any]:
        return [
            list(model.objects.order_by("pk").values())
            for model in (Client, PointsEntry, Reward, Redemption, LoyaltyRules, Sale)
        ]

    before = everything()
    draft = Draft(services=Decimal("1.75"), rewards=[wish(till.day.colour)], holders=Holders.EVERYBODY)
    kept = keep_simulation(actor=carla, salon=till.salon, draft=draft, now=AFTER)
    assert everything() == before
    found = simulate(actor=carla, salon=till.salon, draft=draft, now=AFTER)
    assert simulated(get_simulation(kept.pk)) == found
    later = AFTER + KEPT
    again = keep_simulation(actor=carla, salon=till.salon, draft=draft, now=later)
    assert set(Simulation.objects.values_list("pk", flat=True)) == {kept.pk, again.pk}
    last = keep_simulation(actor=carla, salon=till.salon, draft=draft, now=later + timedelta(seconds=1))
    assert set(Simulation.objects.values_list("pk", flat=True)) == {again.pk, last.pk}
