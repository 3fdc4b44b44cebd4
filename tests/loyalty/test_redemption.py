"""Points given for a reward, and given back (domain.md §7.1, §7.2)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from clients.models import Cause, Client, PointsEntry
from clients.points import NoTreatcard, post
from loyalty.eligibility import Holder, Matrix, Terms, refusals
from loyalty.models import Redemption, Returned, Reward
from loyalty.redemption import AlreadyHad, NotEnoughPoints, give_back, redeem
from loyalty.rewards import RewardArchived
from salon.audit.models import AuditEntry
from salon.catalogue.models import ItemKind
from salon.errors import DomainError
from salon.identity.roles import Actor
from salon.tenancy.models import Salon, new_id
from tests.bookings.salonday import make_client, make_service
from tests.conftest import NOW

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def frank(in_sonnenschein: Salon, front_desk: Actor) -> Client:
    """Frank has a Treatcard with 350 points."""
    client = make_client("Frank", "Hofmann", treatcard_number="TC-1")
    post(client=client, points=350, cause=Cause.EARNED, cause_id=new_id(), actor=front_desk, now=NOW)
    return client


@pytest.fixture
def shave(in_sonnenschein: Salon) -> Reward:
    """A wet shave for 350 points."""
    service = make_service("Nassrasur", 30, price="25.00")
    return Reward.objects.create(
        kind=ItemKind.SERVICE, service=service, points=350, list_price=service.price, created_at=NOW
    )


def _redeem(actor: Actor, client: Client, reward: Reward, had: bool = False, **more: Any) -> Redemption:
    return redeem(actor=actor, client=client, reward=reward, had=had, now=LATER, **more)


def _ledger(client: Client) -> list[tuple[str, int, int]]:
    rows = PointsEntry.objects.filter(client=client).order_by("number")
    return [(one.cause, one.points, one.balance_after) for one in rows]


def _balance(client: Client) -> int:
    return Client.objects.values_list("points", flat=True).get(pk=client.pk)


def test_the_points_are_taken_at_once(frank: Client, shave: Reward, front_desk: Actor) -> None:
    redemption = _redeem(front_desk, frank, shave)
    stored = Redemption.objects.get()
    assert (stored.pk, stored.points, stored.list_price, stored.first_time, stored.returned_at) == (
        redemption.pk,
        350,
        Decimal("25.00"),
        True,
        None,
    )
    assert _ledger(frank) == [("EARNED", 350, 350), ("REDEEMED", -350, 0)]
    entry = PointsEntry.objects.get(cause=Cause.REDEEMED)
    assert (entry.cause_id, entry.reason) == (redemption.pk, "Nassrasur")
    assert (frank.points, _balance(frank)) == (0, 0)


def test_one_point_too_few_is_too_few(frank: Client, shave: Reward, front_desk: Actor) -> None:
    Reward.objects.update(points=351)
    with pytest.raises(NotEnoughPoints) as refusal:
        _redeem(front_desk, frank, shave)
    assert refusal.value.members == {"points": 350, "needed": 351}
    assert (_balance(frank), Redemption.objects.count()) == (350, 0)


def test_without_a_treatcard_nothing_is_redeemed(frank: Client, shave: Reward, front_desk: Actor) -> None:
    Client.objects.update(treatcard_number="")
    with pytest.raises(NoTreatcard):
        _redeem(front_desk, frank, shave)


def test_what_somebody_archived_a_moment_ago_is_refused(frank: Client, shave: Reward, front_desk: Actor) -> None:
    Reward.objects.update(archived_at=NOW)
    assert shave.archived_at is None
    with pytest.raises(RewardArchived):
        _redeem(front_desk, frank, shave)


@pytest.mark.parametrize("had", [False, True])
@pytest.mark.parametrize("exempt", [False, True])
@pytest.mark.parametrize("matrix", Matrix.values)
def test_the_matrix(frank: Client, shave: Reward, front_desk: Actor, matrix: str, exempt: bool, had: bool) -> None:
    Reward.objects.update(matrix=matrix)
    Client.objects.update(matrix_exempt=exempt)
    if matrix == Matrix.FIRST_TIME and had and not exempt:
        with pytest.raises(AlreadyHad):
            _redeem(front_desk, frank, shave, had)
        assert _balance(frank) == 350
    else:
        assert _redeem(front_desk, frank, shave, had).first_time is not had
        assert _balance(frank) == 0


@pytest.mark.parametrize("had", [False, True])
@pytest.mark.parametrize("points", [349, 350])
@pytest.mark.parametrize("number", ["", "TC-1"])
@pytest.mark.parametrize("archived", [False, True])
def test_what_is_refused_is_what_the_rule_refuses_first(
    frank: Client, shave: Reward, front_desk: Actor, archived: bool, number: str, points: int, had: bool
) -> None:
    post(client=frank, points=points - 350, cause=Cause.ADJUSTED, cause_id=new_id(), actor=front_desk, now=NOW)
    Client.objects.update(treatcard_number=number)
    Reward.objects.update(archived_at=NOW if archived else None)
    terms = Terms(350, Matrix.FIRST_TIME, given=not archived)
    reasons = refusals(terms=terms, holder=Holder(bool(number), points), had=had)
    if reasons:
        with pytest.raises(DomainError) as refusal:
            _redeem(front_desk, frank, shave, had)
        assert refusal.value.code == reasons[0].lower()
    else:
        _redeem(front_desk, frank, shave, had)
    assert _balance(frank) == (points if reasons else 0)


def test_what_is_given_back_is_given_back_once(frank: Client, shave: Reward, front_desk: Actor) -> None:
    redemption = _redeem(front_desk, frank, shave)
    before = Redemption.objects.get()
    entry = give_back(actor=front_desk, redemption=redemption, why=Returned.CANCELLED, now=LATER)
    assert entry is not None
    assert (entry.cause, entry.points, entry.balance_after, entry.reason) == ("RETURNED", 350, 350, "Nassrasur")
    # Also by whoever has read it before.
    for one in (redemption, before):
        assert give_back(actor=front_desk, redemption=one, why=Returned.REMOVED, now=LATER) is None
    stored = Redemption.objects.get()
    assert (stored.returned_at, stored.return_reason) == (LATER, "CANCELLED")
    assert _balance(frank) == 350


def test_redeemed_again_it_is_another_redemption(frank: Client, shave: Reward, front_desk: Actor) -> None:
    first = _redeem(front_desk, frank, shave)
    give_back(actor=front_desk, redemption=first, why=Returned.CANCELLED, now=LATER)
    second = _redeem(front_desk, frank, shave)
    assert (first.pk != second.pk, _balance(frank)) == (True, 0)
    assert [one[0] for one in _ledger(frank)] == ["EARNED", "REDEEMED", "RETURNED", "REDEEMED"]


def test_the_price_of_the_appointment_is_kept(frank: Client, shave: Reward, front_desk: Actor) -> None:
    assert _redeem(front_desk, frank, shave, list_price=Decimal("29.00")).list_price == Decimal("29.00")


def test_the_history_names_the_reward(frank: Client, shave: Reward, front_desk: Actor) -> None:
    redemption = _redeem(front_desk, frank, shave)
    give_back(actor=front_desk, redemption=redemption, why=Returned.NO_SHOW, now=LATER)
    told = AuditEntry.objects.filter(client_id=frank.pk, action__in=["points.redeemed", "points.returned"])
    assert [(one.action, one.changes[-1]["new"]) for one in told.order_by("id")] == [
        ("points.redeemed", "Nassrasur"),
        ("points.returned", "Nassrasur"),
    ]
