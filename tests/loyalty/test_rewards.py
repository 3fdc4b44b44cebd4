"""Rewards: added, changed, archived and restored; one of each item can be redeemed (domain.md §7.1)."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.eligibility import Matrix
from loyalty.models import Reward
from loyalty.rewards import (
    ItemArchived,
    NoSuchReward,
    RewardArchived,
    RewardExists,
    add_reward,
    archive_rewards,
    change_reward,
    is_given,
    items_without_reward,
    live_rewards,
    price_has_moved,
    restore_rewards,
    reward_with_id,
    rewards_of,
    standard_points,
)
from salon.audit.models import AuditEntry
from salon.catalogue.models import CatalogueGroup, ItemKind, Product, Service
from salon.errors import InvalidInput, NotAllowed, VersionConflict
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_service
from tests.concurrency.hands import at_once
from tests.conftest import NOW
from tests.loyalty.shelf import make_product, make_reward

LATER = NOW + timedelta(hours=1)
SERVICE, PRODUCT = ItemKind.SERVICE, ItemKind.PRODUCT


def refused_fields(refused: pytest.ExceptionInfo[InvalidInput]) -> list[tuple[str, str]]:
    return [(error.field, error.code) for error in refused.value.errors]


@pytest.mark.parametrize(
    ("price", "points"),
    [("25.00", 350), ("27.50", 385), ("19.00", 266), ("9.90", 139), ("0.01", 1), ("0.07", 1), ("0.08", 2), ("0", 0)],
)
def test_the_standard_is_fourteen_times_the_price_rounded_up(price: str, points: int) -> None:
    assert standard_points(Decimal(price)) == points


@given(cents=st.integers(min_value=0, max_value=10_000_000))
def test_the_standard_is_never_less_and_never_a_whole_point_more(cents: int) -> None:
    assert 0 <= 100 * standard_points(Decimal(cents).scaleb(-2)) - 14 * cents < 100


def test_a_service_and_a_product_for_points(in_sonnenschein: Salon, carla: Actor) -> None:
    shave, oil = make_service("Nassrasur", 30, price="25.00"), make_product()
    first = add_reward(actor=carla, kind=SERVICE, item_id=shave.pk, points=None, now=NOW)
    second = add_reward(actor=carla, kind=PRODUCT, item_id=oil.pk, points=400, matrix=Matrix.ANYTIME, now=NOW)
    stored = Reward.objects.in_bulk([first.pk, second.pk])
    one, two = stored[first.pk], stored[second.pk]
    assert (one.service_id, one.product_id, one.points, one.list_price) == (shave.pk, None, 350, Decimal("25.00"))
    assert (one.matrix, one.archived_at, one.version) == (Matrix.FIRST_TIME, None, 1)
    assert (two.service_id, two.product_id, two.points, two.matrix) == (None, oil.pk, 400, Matrix.ANYTIME)
    told = AuditEntry.objects.get(subject_id=first.pk)
    assert (told.action, told.subject_kind) == ("reward.added", "reward")
    assert told.changes == [
        {"field": "item", "old": None, "new": "Nassrasur"},
        {"field": "points", "old": None, "new": "350"},
        {"field": "list_price", "old": None, "new": "25.00"},
        {"field": "matrix", "old": None, "new": "FIRST_TIME"},
    ]


@pytest.mark.parametrize("points", [0, -1, 1_000_001])
def test_points_that_nothing_costs(in_sonnenschein: Salon, carla: Actor, points: int) -> None:
    shave = make_service()
    with pytest.raises(InvalidInput) as refused:
        add_reward(actor=carla, kind=SERVICE, item_id=shave.pk, points=points, now=NOW)
    assert refused_fields(refused) == [("points", "range")]


def test_what_costs_nothing_has_no_standard(in_sonnenschein: Salon, carla: Actor) -> None:
    advice = make_service("Beratung", 15, price="0.00")
    with pytest.raises(InvalidInput) as refused:
        add_reward(actor=carla, kind=SERVICE, item_id=advice.pk, points=None, now=NOW)
    assert refused_fields(refused) == [("points", "range")]
    assert add_reward(actor=carla, kind=SERVICE, item_id=advice.pk, points=20, now=NOW).points == 20


def test_what_is_not_in_the_catalogue_is_no_reward(in_sonnenschein: Salon, carla: Actor) -> None:
    gone, oil = make_service("Dauerwelle", archived_at=NOW), make_product()
    for kind, item_id in ((SERVICE, gone.pk), (SERVICE, oil.pk), (PRODUCT, gone.pk), (SERVICE, uuid4())):
        with pytest.raises(InvalidInput) as refused:
            add_reward(actor=carla, kind=kind, item_id=item_id, points=10, now=NOW)
        assert refused_fields(refused) == [("item", "not_found")]
    assert Reward.objects.count() == 0


def test_of_one_item_there_is_one_reward_that_can_be_redeemed(in_sonnenschein: Salon, carla: Actor) -> None:
    shave = make_service("Nassrasur", 30, price="25.00")
    first = add_reward(actor=carla, kind=SERVICE, item_id=shave.pk, points=None, now=NOW)
    with pytest.raises(InvalidInput) as refused:
        add_reward(actor=carla, kind=SERVICE, item_id=shave.pk, points=100, now=NOW)
    assert refused_fields(refused) == [("item", "duplicate_reward")]
    archive_rewards(actor=carla, reward_ids=[first.pk], now=NOW)
    second = add_reward(actor=carla, kind=SERVICE, item_id=shave.pk, points=100, now=NOW)
    with pytest.raises(RewardExists):
        restore_rewards(actor=carla, reward_ids=[first.pk], now=NOW)
    archive_rewards(actor=carla, reward_ids=[second.pk], now=NOW)
    with pytest.raises(RewardExists):
        restore_rewards(actor=carla, reward_ids=[first.pk, second.pk], now=NOW)
    assert live_rewards() == []
    assert [one.pk for one in restore_rewards(actor=carla, reward_ids=[first.pk], now=NOW)] == [first.pk]
    assert [one.pk for one in live_rewards()] == [first.pk]


def test_points_and_matrix_are_changed(in_sonnenschein: Salon, carla: Actor) -> None:
    reward = make_reward(make_service("Nassrasur", 30, price="25.00"))
    changed = change_reward(
        actor=carla, reward_id=reward.pk, changes={"points": 300, "matrix": Matrix.ANYTIME}, now=NOW, version=1
    )
    assert (changed.points, changed.matrix, changed.version) == (300, Matrix.ANYTIME, 2)
    with pytest.raises(VersionConflict):
        change_reward(actor=carla, reward_id=reward.pk, changes={"points": 200}, now=NOW, version=1)
    with pytest.raises(NoSuchReward):
        change_reward(actor=carla, reward_id=uuid4(), changes={"points": 200}, now=NOW)
    with pytest.raises(InvalidInput) as refused:
        change_reward(actor=carla, reward_id=reward.pk, changes={"matrix": "SOMETIMES"}, now=NOW)  # type: ignore[typeddict-item]
    assert refused_fields(refused) == [("matrix", "invalid_choice")]
    [told] = AuditEntry.objects.filter(action="reward.changed")
    assert told.changes == [
        {"field": "points", "old": "350", "new": "300"},
        {"field": "matrix", "old": "FIRST_TIME", "new": "ANYTIME"},
        {"field": "item", "old": None, "new": "Nassrasur"},
    ]


def test_what_changes_nothing_leaves_no_trace(in_sonnenschein: Salon, carla: Actor) -> None:
    reward = make_reward(make_service())
    same = change_reward(
        actor=carla, reward_id=reward.pk, changes={"points": reward.points, "matrix": Matrix.FIRST_TIME}, now=NOW
    )
    assert (same.version, AuditEntry.objects.count()) == (1, 0)


def test_a_price_that_moves_is_told_until_the_points_are_set_again(in_sonnenschein: Salon, carla: Actor) -> None:
    shave = make_service("Nassrasur", 30, price="25.00")
    reward = make_reward(shave)
    assert not price_has_moved(reward_with_id(reward.pk))
    Service.objects.filter(pk=shave.pk).update(price=Decimal("29.00"))
    assert price_has_moved(reward_with_id(reward.pk))
    # The matrix has nothing to do with it.
    change_reward(actor=carla, reward_id=reward.pk, changes={"matrix": Matrix.ANYTIME}, now=NOW)
    assert price_has_moved(reward_with_id(reward.pk))
    changed = change_reward(actor=carla, reward_id=reward.pk, changes={"points": None}, now=NOW)
    assert (changed.points, changed.list_price) == (406, Decimal("29.00"))
    assert not price_has_moved(reward_with_id(reward.pk))
    Service.objects.filter(pk=shave.pk).update(price=Decimal("30.00"))
    kept = change_reward(actor=carla, reward_id=reward.pk, changes={"points": 406}, now=NOW)
    assert (kept.points, kept.list_price, price_has_moved(reward_with_id(reward.pk))) == (406, Decimal("30.00"), False)


def test_several_are_archived_at_once_and_come_back(in_sonnenschein: Salon, carla: Actor) -> None:
    shave, oil = make_reward(make_service("Nassrasur")), make_reward(make_product())
    brows = make_reward(make_service("Brauen zupfen"), archived_at=NOW)
    done = archive_rewards(actor=carla, reward_ids=[shave.pk, oil.pk, brows.pk], now=LATER)
    assert {one.pk for one in done} == {shave.pk, oil.pk}
    assert dict(Reward.objects.values_list("pk", "archived_at")) == {shave.pk: LATER, oil.pk: LATER, brows.pk: NOW}
    assert AuditEntry.objects.filter(action="reward.archived").count() == 2
    with pytest.raises(RewardArchived):
        change_reward(actor=carla, reward_id=shave.pk, changes={"points": 5}, now=LATER)
    assert [one.pk for one in rewards_of(SERVICE, archived=True)] == [shave.pk, brows.pk]
    restored = restore_rewards(actor=carla, reward_ids=[shave.pk, oil.pk], now=LATER)
    assert {one.pk for one in restored} == {shave.pk, oil.pk}
    assert {one.pk for one in live_rewards()} == {shave.pk, oil.pk}
    assert restore_rewards(actor=carla, reward_ids=[shave.pk], now=LATER) == []


def test_an_unknown_one_among_them_changes_nothing(in_sonnenschein: Salon, carla: Actor) -> None:
    shave = make_reward(make_service())
    with pytest.raises(InvalidInput) as refused:
        archive_rewards(actor=carla, reward_ids=[shave.pk, uuid4()], now=NOW)
    assert refused_fields(refused) == [("rewards.1", "not_found")]
    assert Reward.objects.get().archived_at is None


def test_a_reward_of_what_is_archived_is_not_given(in_sonnenschein: Salon, carla: Actor) -> None:
    shave = make_service("Nassrasur")
    reward = make_reward(shave)
    Service.objects.filter(pk=shave.pk).update(archived_at=NOW)
    assert live_rewards() == []
    assert not is_given(reward_with_id(reward.pk))
    assert [one.pk for one in rewards_of(SERVICE)] == [reward.pk]
    archive_rewards(actor=carla, reward_ids=[reward.pk], now=NOW)
    with pytest.raises(ItemArchived):
        restore_rewards(actor=carla, reward_ids=[reward.pk], now=NOW)
    assert Reward.objects.get().archived_at == NOW


def test_rewards_stand_as_the_catalogue_does(in_sonnenschein: Salon) -> None:
    group = CatalogueGroup.objects.create(kind=SERVICE, name="Herren", name_key="herren", position=1)
    other = CatalogueGroup.objects.create(kind=SERVICE, name="Farbe", name_key="farbe", position=0)
    shave = make_reward(make_service("Nassrasur", group=group, position=2))
    beard = make_reward(make_service("Bart", group=group, position=1))
    gloss = make_reward(make_service("Glossing", group=other))
    loose = make_reward(make_service("Facial"))
    oil = make_reward(make_product())
    assert [one.pk for one in live_rewards()] == [gloss.pk, beard.pk, shave.pk, loose.pk, oil.pk]


def test_what_can_become_a_reward(in_sonnenschein: Salon) -> None:
    shave, facial = make_service("Nassrasur"), make_service("Facial")
    make_service("Dauerwelle", archived_at=NOW)
    make_reward(shave)
    make_reward(facial, archived_at=NOW)
    oil = make_product()
    assert items_without_reward(SERVICE) == [facial]
    assert items_without_reward(PRODUCT) == [oil]


def test_staff_change_no_rewards(in_sonnenschein: Salon, front_desk: Actor) -> None:
    shave = make_service()
    with pytest.raises(NotAllowed):
        add_reward(actor=front_desk, kind=SERVICE, item_id=shave.pk, points=None, now=NOW)
    reward = make_reward(shave)
    with pytest.raises(NotAllowed):
        change_reward(actor=front_desk, reward_id=reward.pk, changes={"points": 1}, now=NOW)
    with pytest.raises(NotAllowed):
        archive_rewards(actor=front_desk, reward_ids=[reward.pk], now=NOW)
    with pytest.raises(NotAllowed):
        restore_rewards(actor=front_desk, reward_ids=[reward.pk], now=NOW)
    assert Reward.objects.get().version == 1


def test_rewards_of_another_salon_are_unknown(sonnenschein: Salon, dom: Salon, carla: Actor) -> None:
    with salon_scope(dom.pk):
        theirs = make_reward(make_service())
    with salon_scope(sonnenschein.pk):
        with pytest.raises(NoSuchReward):
            change_reward(actor=carla, reward_id=theirs.pk, changes={"points": 1}, now=NOW)
        with pytest.raises(InvalidInput):
            archive_rewards(actor=carla, reward_ids=[theirs.pk], now=NOW)


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_add_the_same_at_once_one_does(sonnenschein: Salon, carla: Actor) -> None:
    with salon_scope(sonnenschein.pk):
        shave = make_service("Nassrasur")

    def add(index: int) -> UUID:
        with salon_scope(sonnenschein.pk):
            return add_reward(actor=carla, kind=SERVICE, item_id=shave.pk, points=10 + index, now=NOW).pk

    done = at_once(add, 8, refusals=(InvalidInput,))
    assert done.count(InvalidInput) == 7
    with salon_scope(sonnenschein.pk):
        assert Reward.objects.live().count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_twins_restored_at_once_one_comes_back(sonnenschein: Salon, carla: Actor) -> None:
    with salon_scope(sonnenschein.pk):
        oil = make_product()
        twins = [make_reward(oil, archived_at=NOW) for _ in range(2)]

    def restore(index: int) -> int:
        with salon_scope(sonnenschein.pk):
            return len(restore_rewards(actor=carla, reward_ids=[twins[index].pk], now=NOW))

    assert sorted(map(str, at_once(restore, 2, refusals=(RewardExists,)))) == sorted(map(str, (1, RewardExists)))
    with salon_scope(sonnenschein.pk):
        assert Reward.objects.live().count() == 1
        assert isinstance(Product.objects.get(), Product)
