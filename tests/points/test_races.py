"""Many hands on one card's points at the same moment (domain.md §7.2, quality.md §2)."""

import os
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import pytest

from clients import points
from clients.cards import get_client
from clients.models import Cause, Client
from clients.points import AlreadyPosted, post
from loyalty import redemption
from loyalty.models import Matrix, Redemption, Returned, Reward
from loyalty.redemption import NotEnoughPoints, give_back, redeem
from salon.catalogue.models import ItemKind
from salon.desk.merging import merge_cards, undo_merge
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.bookings.salonday import make_service
from tests.concurrency.hands import at_once
from tests.conftest import NOW
from tests.points.world import MANAGER, balance, holder

pytestmark = pytest.mark.django_db(transaction=True)
# A pool of the tests' Postgres has room for so many connections beside those of other workers.
SOAK = bool(os.environ.get("SOAK"))
HANDS, ROUNDS = (100, 10) if SOAK else (25, 1)
PRICE, SUCCEED = 100, 10


def _together(salon: Salon, act: Callable[[int], object], hands: int = HANDS) -> list[object]:
    def in_salon(index: int) -> object:
        with salon_scope(salon.pk):
            return act(index)

    return at_once(in_salon, hands, refusals=(NotEnoughPoints, AlreadyPosted))


def _reward() -> Reward:
    service = make_service("Nassrasur", 30, price="25.00")
    return Reward.objects.create(
        kind=ItemKind.SERVICE,
        service=service,
        points=PRICE,
        matrix=Matrix.ANYTIME,
        list_price=Decimal(25),
        created_at=NOW,
    )


def _honest() -> None:
    assert points.drifted(after=None, limit=1000).numbers == []


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_of_many_redemptions_as_many_succeed_as_there_are_points_for(sonnenschein: Salon, turn: int) -> None:
    with salon_scope(sonnenschein.pk):
        frank, reward = holder("Frank", points=SUCCEED * PRICE), _reward()

    def one(_index: int) -> str:
        redeem(actor=MANAGER, client=frank, reward=reward, had=False, now=NOW)
        return "redeemed"

    outcomes = Counter(_together(sonnenschein, one))
    assert outcomes == {"redeemed": SUCCEED, NotEnoughPoints: HANDS - SUCCEED}
    with salon_scope(sonnenschein.pk):
        assert (balance(frank), Redemption.objects.count()) == (0, SUCCEED)
        _honest()


def test_without_the_lock_more_is_given_than_there_is(sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: everybody looks at the balance before anybody has written."""

    def look_only(client_id: object) -> Client:
        card = get_client(client_id)  # type: ignore[arg-type]
        time.sleep(0.5)
        return card

    monkeypatch.setattr(redemption, "lock_client", look_only)
    with salon_scope(sonnenschein.pk):
        frank, reward = holder("Frank", points=PRICE), _reward()

    def one(_index: int) -> str:
        redeem(actor=MANAGER, client=frank, reward=reward, had=False, now=NOW)
        return "redeemed"

    assert Counter(_together(sonnenschein, one, 4))["redeemed"] > 1
    with salon_scope(sonnenschein.pk):
        # Even so the ledger itself lost nothing: it posts behind a lock of its own.
        assert balance(frank) < 0
        _honest()


def test_one_cause_posted_by_many_is_posted_once(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        frank, sale = holder("Frank"), new_id()

    def one(_index: int) -> str:
        client = get_client(frank.pk)
        post(client=client, points=200, cause=Cause.EARNED, cause_id=sale, actor=MANAGER, now=NOW)
        return "posted"

    assert Counter(_together(sonnenschein, one)) == {"posted": 1, AlreadyPosted: HANDS - 1}
    with salon_scope(sonnenschein.pk):
        assert balance(frank) == 200


def test_what_many_give_back_comes_back_once(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        frank, reward = holder("Frank", points=PRICE), _reward()
        redeemed = redeem(actor=MANAGER, client=frank, reward=reward, had=False, now=NOW)

    def one(_index: int) -> bool:
        mine = Redemption.objects.get(pk=redeemed.pk)
        return give_back(actor=MANAGER, redemption=mine, why=Returned.REMOVED, now=NOW) is not None

    assert Counter(_together(sonnenschein, one)) == {True: 1, False: HANDS - 1}
    with salon_scope(sonnenschein.pk):
        assert balance(frank) == PRICE


def test_no_point_is_lost_between_two_cards_that_are_merged_and_taken_apart(sonnenschein: Salon) -> None:
    """Some earn and are refunded while others merge both cards and undo it: nobody waits for each other for ever."""
    with salon_scope(sonnenschein.pk):
        anna, double = holder("Anna", points=1000), holder("Anne", points=500)

    def one(index: int) -> int:
        if index == 0:
            for _ in range(5):
                merge = merge_cards(
                    actor=MANAGER, salon=sonnenschein, survivor_id=anna.pk, duplicate_id=double.pk, now=NOW
                )
                undo_merge(actor=MANAGER, salon=sonnenschein, merge_id=merge.pk, now=NOW)
            return 0
        client = get_client(anna.pk)
        entry = post(client=client, points=index, cause=Cause.EARNED, cause_id=new_id(), actor=MANAGER, now=NOW)
        return entry.points if entry else 0

    earned = sum(int(str(one)) for one in _together(sonnenschein, one, 12))
    with salon_scope(sonnenschein.pk):
        assert (balance(anna), balance(double)) == (1000 + earned, 500)
        assert earned == sum(range(12))
        _honest()
