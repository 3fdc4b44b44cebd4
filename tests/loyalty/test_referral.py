"""Points for whoever brought a new client along (domain.md §7)."""

import pytest

from clients.models import CardState, Client
from loyalty.models import LoyaltyRules
from loyalty.referral import thank_referrer
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_client
from tests.conftest import NOW
from tests.points.world import MANAGER, balance, holder, ledger


def _rules(points: int | None) -> None:
    LoyaltyRules.objects.create(version=3, referral_points=points, actor_kind="USER", actor_name="Anna", created_at=NOW)


def _thank(client: Client) -> int | None:
    entry = thank_referrer(actor=MANAGER, client=client, now=NOW)
    return entry.points if entry else None


def test_whoever_referred_a_client_is_thanked_once(in_sonnenschein: Salon) -> None:
    _rules(50)
    petra, other = holder("Petra"), holder("Olga")
    client = make_client(referred_by=petra)
    assert _thank(client) == 50
    assert _thank(client) is None
    # Not even if another one is named later.
    client.referred_by = other
    assert _thank(client) is None
    assert (ledger(petra), ledger(other)) == ([("REFERRAL", 50, 50)], [])


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
