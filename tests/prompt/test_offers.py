"""Which rewards are offered, in which order, and what counts as had (domain.md §7.1, §7.2)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.models import LineKind, Sale, SaleLine, SaleState
from bookings.prompting import Booking
from bookings.rewarding import append_reward, booking_of, had_by, offers_for, rewards_for
from bookings.scheduling import cancel, remove_item
from bookings.states import State
from clients.models import CarriedService
from loyalty.eligibility import Matrix, Refusal
from loyalty.models import Returned, Reward
from loyalty.prior_use import note_prior_use
from loyalty.redemption import give_back
from salon.catalogue.models import ItemKind, StaffService
from tests.bookings.salonday import DAY, at, make_absence, make_appointment, make_service
from tests.conftest import NOW
from tests.loyalty.shelf import make_product, make_reward
from tests.prompt.frank import Treat

LONG_AGO = at(9, day=DAY - timedelta(days=60))


def _offered(treat: Treat, **given: Any) -> list[tuple[str, str]]:
    """Return names and waits of what is offered with a Facial from ten to eleven."""
    booking = Booking(frozenset({treat.facial.pk}), at(11), treat.carla.pk)
    treat.frank.refresh_from_db()
    found = offers_for(client=treat.frank, booking=booking, salon=treat.salon, **given)
    return [(one.name, str(one.place.wait) if one.place else "no room") for one in found]


def test_exactly_what_can_be_redeemed(treat: Treat) -> None:
    assert _offered(treat) == [("Nassrasur", "0"), ("Brauen zupfen", "0")]
    treat.give(-1)
    assert _offered(treat) == [("Brauen zupfen", "0")]
    assert _offered(treat, spent=182) == []
    Reward.objects.update(archived_at=NOW)
    assert _offered(treat) == []


def test_products_are_for_the_till(treat: Treat) -> None:
    make_reward(make_product(price="10.00"))
    assert "Haaröl" not in dict(_offered(treat))
    every = rewards_for(client=treat.frank, booking=None, salon=treat.salon)
    assert [(one.name, one.refusals) for one in every] == [("Nassrasur", ()), ("Brauen zupfen", ()), ("Haaröl", ())]


def test_new_before_at_once_before_valuable(treat: Treat) -> None:
    treat.give(5000)
    names = {"Wert 30": "30.00", "Wert 40": "40.00", "Kennt er": "99.00", "Später": "80.00", "Nie": "90.00"}
    made = {name: make_service(name, 30, price=price) for name, price in names.items()}
    for name, service in made.items():
        make_reward(service, matrix=Matrix.ANYTIME)
        StaffService.objects.create(staff=treat.emre if name != "Später" else treat.carla, service=service)
    StaffService.objects.filter(service=made["Nie"]).delete()
    make_absence(treat.carla, at(11), at(11, 30))
    note_prior_use(
        actor=treat.actor, client_id=treat.frank.pk, kind=ItemKind.SERVICE, item_id=made["Kennt er"].pk, now=NOW
    )
    assert _offered(treat) == [
        ("Wert 40", "0"),
        ("Wert 30", "0"),
        ("Nassrasur", "0"),
        ("Brauen zupfen", "0"),
        ("Später", "30"),
        ("Kennt er", "0"),
        ("Nie", "no room"),
    ]


def test_whoever_did_the_last_service_goes_on_if_she_can(treat: Treat) -> None:
    StaffService.objects.create(staff=treat.carla, service=treat.shave)
    booking = Booking(frozenset({treat.facial.pk}), at(11), treat.carla.pk)
    (first, *_rest) = offers_for(client=treat.frank, booking=booking, salon=treat.salon)
    assert first.place
    assert first.place.staff_id == treat.carla.pk
    make_absence(treat.carla, at(11), at(12))
    (first, *_rest) = offers_for(client=treat.frank, booking=booking, salon=treat.salon)
    assert first.place
    assert (first.place.staff_id, first.place.starts_at) == (treat.emre.pk, at(11))


def test_its_own_appointment_is_in_nobodys_way(treat: Treat) -> None:
    StaffService.objects.create(staff=treat.carla, service=treat.shave)
    treat.facial.buffer_minutes = 30
    treat.facial.save()
    make_absence(treat.emre, at(9), at(18))
    booked = treat.book()
    booking = booking_of(booked.appointment, booked.items)
    (one, _without_room) = offers_for(client=treat.frank, booking=booking, salon=treat.salon)
    assert one.place
    # The buffer gives way where the same person goes on with the same client.
    assert one.place.starts_at == at(11)
    append_reward(**treat.given, appointment_id=booked.appointment.pk, reward_id=treat.shave_reward.pk)


@pytest.mark.parametrize("rewards", [2, 20])
def test_statements_are_as_many_for_many_rewards(treat: Treat, rewards: int) -> None:
    treat.give(100_000)
    for number in range(rewards):
        service = make_service(f"Nr{number}", 15)
        StaffService.objects.create(staff=treat.emre, service=service)
        make_reward(service)
    booking = Booking(frozenset({treat.facial.pk}), at(11), treat.carla.pk)
    with CaptureQueriesContext(connection) as queries:
        found = offers_for(client=treat.frank, booking=booking, salon=treat.salon)
    assert (len(found), len(queries)) == (rewards + 2, 5)


def test_every_reason_is_named(treat: Treat) -> None:
    make_appointment((treat.shave, treat.emre), starts_at=LONG_AGO, client=treat.frank, state=State.COMPLETED)
    treat.give(-350)
    treat.frank.treatcard_number = ""
    (shave, _brows) = sorted(
        rewards_for(client=treat.frank, booking=None, salon=treat.salon), key=lambda one: -one.reward.points
    )
    assert shave.refusals == (Refusal.NO_TREATCARD, Refusal.ALREADY_HAD, Refusal.NOT_ENOUGH_POINTS)


def _sold(treat: Treat, state: SaleState, *, quantity: int = 1, refunded: int = 0, **what: Any) -> None:
    paid = {} if state in {SaleState.OPEN, SaleState.VOID} else {"paid_at": NOW, "paid_on": NOW.date(), "number": 1}
    void = {"voided_at": NOW} if state == SaleState.VOID else {}
    price = treat.shave.price
    sale = Sale.objects.create(
        client=treat.frank, state=state, total=price * quantity, paid=price * quantity if paid else price * 0,
        opened_by_name="Anna", created_at=NOW, **paid, **void,
    )  # fmt: skip
    SaleLine.objects.create(
        sale=sale,
        position=0,
        kind=LineKind.SERVICE,
        service=treat.shave,
        name="Nassrasur",
        quantity=quantity,
        list_price=price,
        unit_price=price,
        final_price=price * quantity,
        vat_rate=19,
        refunded=refunded,
        **what,
    )


def _appointed(state: State) -> Callable[[Treat], None]:
    def made(treat: Treat) -> None:
        make_appointment((treat.shave, treat.emre), starts_at=LONG_AGO, client=treat.frank, state=state)

    return made


def _redeemed_and(why: Returned | None) -> Callable[[Treat], None]:
    def made(treat: Treat) -> None:
        booked = treat.with_shave()
        if why == Returned.CANCELLED:
            cancel(**treat.given, appointment_id=booked.appointment.pk)
        elif why == Returned.REMOVED:
            remove_item(**treat.given, item_id=booked.items[1].pk)
        elif why:
            redemption = booked.items[1].redemption
            assert redemption
            give_back(actor=treat.actor, redemption=redemption, why=why, now=NOW)

    return made


def _carried(name: str) -> Callable[[Treat], None]:
    def made(treat: Treat) -> None:
        CarriedService.objects.create(client=treat.frank, name=name)

    return made


def _sale(state: SaleState, **what: int) -> Callable[[Treat], None]:
    return lambda treat: _sold(treat, state, **what)


EVERY_WAY: list[tuple[str, Callable[[Treat], None], bool]] = [
    ("booked", _appointed(State.BOOKED), True),
    ("arrived", _appointed(State.ARRIVED), True),
    ("completed", _appointed(State.COMPLETED), True),
    ("cancelled", _appointed(State.CANCELLED), False),
    ("missed", _appointed(State.NO_SHOW), False),
    ("bought", _sale(SaleState.PAID), True),
    ("being bought", _sale(SaleState.OPEN), False),
    ("bought and void", _sale(SaleState.VOID), False),
    ("one of two given back", _sale(SaleState.PARTLY_REFUNDED, quantity=2, refunded=1), True),
    ("that line given back, not the sale", _sale(SaleState.PARTLY_REFUNDED, quantity=2, refunded=2), False),
    ("all given back", _sale(SaleState.REFUNDED, refunded=1), False),
    ("redeemed", _redeemed_and(None), True),
    ("redeemed and removed", _redeemed_and(Returned.REMOVED), False),
    ("redeemed and cancelled", _redeemed_and(Returned.CANCELLED), False),
    ("redeemed and refunded", _redeemed_and(Returned.REFUNDED), False),
    ("by an import", _carried("NASSRASUR"), True),
    ("something else by an import", _carried("Maniküre"), False),
    ("nothing", lambda _treat: None, False),
]


@pytest.mark.parametrize(("happened", "counts"), [one[1:] for one in EVERY_WAY], ids=[one[0] for one in EVERY_WAY])
def test_what_counts_as_had(treat: Treat, happened: Callable[[Treat], None], counts: bool) -> None:
    happened(treat)
    assert (treat.shave.pk in had_by(treat.frank.pk)) is counts


def test_paid_and_given_back_with_its_appointment_is_not_had(treat: Treat) -> None:
    made = make_appointment((treat.shave, treat.emre), starts_at=LONG_AGO, client=treat.frank, state=State.COMPLETED)
    _sold(treat, SaleState.REFUNDED, refunded=1, item=made.items.get())
    assert treat.shave.pk not in had_by(treat.frank.pk)


def test_somebody_elses_do_not_count(treat: Treat) -> None:
    make_appointment((treat.shave, treat.emre), starts_at=LONG_AGO)
    assert treat.shave.pk not in had_by(treat.frank.pk)
