"""Points for whoever brought a new client along (domain.md §7)."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from clients.models import CardState, Client
from loyalty.models import LoyaltyRules
from loyalty.referral import take_thanks_back, thank_again, thank_referrer, thanked_for
from salon.desk.merging import merge_cards
from salon.tenancy.models import Salon, new_id
from tests.bookings.salonday import make_client
from tests.conftest import NOW
from tests.points.world import MANAGER, balance, holder, ledger


def _rules(points: int | None) -> None:
    LoyaltyRules.objects.create(version=3, referral_points=points, actor_kind="USER", actor_name="Anna", created_at=NOW)


def _thank(client: Client, sale: UUID | None = None, *, first: bool = True, causes: Sequence[UUID] = ()) -> int | None:
    sale = sale or new_id()
    entry = thank_referrer(actor=MANAGER, client=client, sale_id=sale, causes=[sale, *causes], first=first, now=NOW)
    return entry.points if entry else None


def test_whoever_referred_a_client_is_thanked_once(in_sonnenschein: Salon) -> None:
    _rules(50)
    petra, other = holder("Petra"), holder("Olga")
    client, sale = make_client(referred_by=petra), new_id()
    assert _thank(client, sale) == 50
    assert _thank(client, causes=[sale]) is None
    # Not even if another one is named later.
    client.referred_by = other
    assert _thank(client, causes=[sale]) is None
    assert (ledger(petra), ledger(other)) == ([("REFERRAL", 50, 50)], [])


def test_not_for_what_is_paid_later(in_sonnenschein: Salon) -> None:
    _rules(50)
    assert _thank(make_client(referred_by=holder("Petra")), first=False) is None


def test_what_goes_back_comes_again_with_the_next_sale_by_the_rules_of_that_day(in_sonnenschein: Salon) -> None:
    _rules(50)
    petra = holder("Petra")
    client, sale, refund, second = make_client(referred_by=petra), new_id(), new_id(), new_id()
    _thank(client, sale)
    take_thanks_back(actor=MANAGER, causes=[sale, refund], refund_id=refund, now=NOW)
    LoyaltyRules.objects.create(version=4, referral_points=80, actor_kind="USER", actor_name="Anna", created_at=NOW)
    assert _thank(client, second, first=False, causes=[sale, refund]) == 80
    # The refund was taken back: she was thanked meanwhile.
    thank_again(actor=MANAGER, causes=[sale, refund, second], refund_id=refund, now=NOW)
    assert ledger(petra) == [("REFERRAL", 50, 50), ("REFERRAL", -50, 0), ("REFERRAL", 80, 80)]


def test_points_that_went_into_another_card_are_taken_from_that(in_sonnenschein: Salon) -> None:
    _rules(50)
    petra, anna = holder("Petra"), holder("Anna", points=20)
    client, sale, refund = make_client(referred_by=petra), new_id(), new_id()
    _thank(client, sale)
    merge_cards(actor=MANAGER, salon=in_sonnenschein, survivor_id=anna.pk, duplicate_id=petra.pk, now=NOW)
    assert thanked_for([sale]) == {anna.pk}
    take_thanks_back(actor=MANAGER, causes=[sale, refund], refund_id=refund, now=NOW)
    take_thanks_back(actor=MANAGER, causes=[sale, refund], refund_id=new_id(), now=NOW)
    assert (balance(anna), balance(petra)) == (20, 0)


def test_off_by_default(in_sonnenschein: Salon) -> None:
    client = make_client(referred_by=holder("Petra"))
    assert _thank(client) is None
    _rules(None)
    assert _thank(client) is None


@pytest.mark.parametrize("change", [{"treatcard_number": ""}, {"state": CardState.ERASED}])
def test_without_a_treatcard_nobody_earns(in_sonnenschein: Salon, change: dict[str, str]) -> None:
    _rules(50)
    petra = holder("Petra")
    client = make_client(referred_by=petra)
    Client.objects.filter(pk=petra.pk).update(**change)
    assert _thank(client) is None
    assert balance(petra) == 0


def test_nobody_referred_her(in_sonnenschein: Salon) -> None:
    _rules(50)
    assert _thank(make_client()) is None
