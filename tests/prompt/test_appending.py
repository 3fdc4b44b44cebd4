"""A reward is appended to what is booked, for points that are taken at once (domain.md §7.2)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bookings.bounds import Bounds
from bookings.erasing import erase_bookings
from bookings.models import AppointmentItem
from bookings.redeemed import NeedsPaidService, RewardHasNoPrice, RewardsBooked
from bookings.rewarding import NoRoom, append_reward, book_with_rewards
from bookings.scheduling import (
    Booked,
    ItemWish,
    LastItem,
    add_item,
    cancel,
    change_client,
    change_price,
    exchange_item,
    move,
    move_item,
    remove_item,
    set_state,
    undo,
)
from bookings.states import Source, State
from clients.models import Client
from clients.points import NoTreatcard
from loyalty.eligibility import Matrix
from loyalty.models import LoyaltyRules, Redemption, Returned, Reward
from loyalty.redemption import AlreadyHad, NotEnoughPoints
from loyalty.rewards import RewardArchived
from salon.catalogue.models import StaffService
from salon.errors import InvalidInput
from salon.identity.roles import ActorKind
from salon.mail.letters import put_into_words
from salon.mail.models import ClientMail
from salon.tenancy.models import new_id
from salon.work.models import DueWork
from tests.bookings.salonday import DAY, at, make_absence, make_appointment, make_client, make_service
from tests.checkout.till import MANAGER
from tests.conftest import NOW
from tests.loyalty.shelf import make_product, make_reward
from tests.prompt.frank import Treat, stands

FACIAL = ("Facial", "Carla", "10:00", "69.00")
SHAVE = ("Nassrasur *", "Emre", "11:00", "0.00")


def _reward_item(booked: Booked) -> AppointmentItem:
    return next(item for item in booked.items if item.redemption_id)


def test_it_follows_the_services_and_takes_the_points(treat: Treat) -> None:
    booked = treat.with_shave()
    assert stands(booked.appointment) == [FACIAL, SHAVE]
    item = AppointmentItem.objects.get(appointment=booked.appointment, service=treat.shave)
    redemption = Redemption.objects.get()
    assert (item.list_price, item.redemption_id, redemption.points) == (Decimal("25.00"), redemption.pk, 350)
    assert treat.ledger() == [("ADJUSTED", 350, 350), ("REDEEMED", -350, 0)]
    booked.appointment.refresh_from_db()
    assert booked.appointment.ends_at == at(11, 30)


def test_nobody_free_right_then_is_the_next_start_of_the_day(treat: Treat) -> None:
    make_appointment((treat.shave, treat.emre), starts_at=at(11, 5))
    assert stands(treat.with_shave().appointment)[1] == ("Nassrasur *", "Emre", "11:45", "0.00")


def test_nobody_free_all_day_is_no_room_and_costs_nothing(treat: Treat) -> None:
    make_absence(treat.emre, at(11, 15), at(18))
    made = treat.book().appointment
    with pytest.raises(NoRoom):
        append_reward(**treat.given, appointment_id=made.pk, reward_id=treat.shave_reward.pk)
    assert (stands(made), treat.points(), Redemption.objects.count()) == ([FACIAL], 350, 0)


def test_it_is_never_put_outside_hours(treat: Treat) -> None:
    made = treat.book(at(17)).appointment
    with pytest.raises(NoRoom):
        append_reward(**treat.given, appointment_id=made.pk, reward_id=treat.shave_reward.pk)


@pytest.mark.parametrize("points", [349, 0, -20])
def test_too_few_points(treat: Treat, points: int) -> None:
    treat.give(points - 350)
    with pytest.raises(NotEnoughPoints):
        treat.with_shave()


def test_without_a_card_or_a_client(treat: Treat) -> None:
    for hour, client_id in ((10, None), (14, make_client("Ohne", "Karte").pk)):
        with pytest.raises(NoTreatcard):
            treat.with_shave(client_id=client_id, starts_at=at(hour))


def test_what_was_had_is_given_only_where_the_matrix_allows_it(treat: Treat) -> None:
    make_appointment((treat.shave, treat.emre), starts_at=at(9, day=DAY - timedelta(days=40)), client=treat.frank)
    with pytest.raises(AlreadyHad):
        treat.with_shave()
    Reward.objects.update(matrix=Matrix.ANYTIME)
    treat.with_shave(starts_at=at(14))
    assert (treat.points(), Redemption.objects.get().first_time) == (0, False)


def test_the_exempt_client_has_it_again(treat: Treat) -> None:
    make_appointment((treat.shave, treat.emre), starts_at=at(9, day=DAY - timedelta(days=40)), client=treat.frank)
    Client.objects.filter(pk=treat.frank.pk).update(matrix_exempt=True)
    treat.with_shave()
    assert treat.points() == 0


def test_not_the_service_being_booked_not_twice_not_archived(treat: Treat) -> None:
    treat.give(1000)
    Reward.objects.update(matrix=Matrix.ANYTIME)
    booked = treat.with_shave()
    with pytest.raises(AlreadyHad):
        append_reward(**treat.given, appointment_id=booked.appointment.pk, reward_id=treat.shave_reward.pk)
    Reward.objects.update(archived_at=NOW)
    with pytest.raises(RewardArchived):
        append_reward(**treat.given, appointment_id=booked.appointment.pk, reward_id=treat.brows_reward.pk)
    assert treat.points() == 1000


def test_an_unknown_reward_and_a_product(treat: Treat) -> None:
    made = treat.book().appointment
    product = make_reward(make_product())
    for reward_id, code in ((new_id(), "not_found"), (product.pk, "not_a_service")):
        with pytest.raises(InvalidInput) as refusal:
            append_reward(**treat.given, appointment_id=made.pk, reward_id=reward_id)
        assert [(one.field, one.code) for one in refusal.value.errors] == [("reward", code)]


def test_it_goes_with_a_service_that_is_paid_for(treat: Treat) -> None:
    booked = treat.book()
    change_price(**treat.given | {"actor": MANAGER}, item_id=booked.items[0].pk, price=Decimal("0.00"))
    with pytest.raises(NeedsPaidService):
        append_reward(**treat.given, appointment_id=booked.appointment.pk, reward_id=treat.shave_reward.pk)


def test_neither_it_nor_the_last_paid_service_changes_its_price(treat: Treat) -> None:
    booked = treat.with_shave()
    given = treat.given | {"actor": MANAGER}
    with pytest.raises(RewardHasNoPrice):
        change_price(**given, item_id=_reward_item(booked).pk, price=Decimal("5.00"))
    with pytest.raises(NeedsPaidService):
        change_price(**given, item_id=booked.items[0].pk, price=Decimal("0.00"))


def test_booking_and_reward_at_once_or_nothing(treat: Treat) -> None:
    given = {
        **treat.given,
        "starts_at": at(10),
        "items": [ItemWish(treat.facial.pk, treat.carla.pk)],
        "client_id": treat.frank.pk,
        "source": Source.STAFF,
        "bounds": Bounds.DESK,
    }
    booked = book_with_rewards(**given, rewards=[treat.shave_reward.pk])
    assert stands(booked.appointment) == [FACIAL, SHAVE]
    with pytest.raises(NotEnoughPoints):
        book_with_rewards(**given | {"starts_at": at(14)}, rewards=[treat.brows_reward.pk])
    assert AppointmentItem.objects.count() == 2


def test_removing_it_returns_the_points(treat: Treat) -> None:
    booked = treat.with_shave()
    remove_item(**treat.given, item_id=_reward_item(booked).pk)
    assert stands(booked.appointment) == [FACIAL]
    assert treat.ledger()[-1] == ("RETURNED", 350, 350)
    assert Redemption.objects.get().return_reason == Returned.REMOVED
    # It was never had.
    append_reward(**treat.given, appointment_id=booked.appointment.pk, reward_id=treat.shave_reward.pk)
    assert treat.points() == 0


def test_without_its_last_paid_service_it_goes_too(treat: Treat) -> None:
    booked = treat.with_shave()
    gone = remove_item(**treat.given, item_id=booked.items[0].pk)
    assert (gone.appointment.state, treat.points()) == (State.CANCELLED, 350)
    back = undo(**treat.given, appointment_id=gone.appointment.pk, version=gone.appointment.version)
    assert (back.appointment.state, treat.points(), stands(back.appointment)) == (State.BOOKED, 0, [FACIAL, SHAVE])


def test_what_costs_nothing_stays_when_the_reward_goes(treat: Treat) -> None:
    advice = make_service("Beratung", 15, price="0.00", position=9)
    StaffService.objects.create(staff=treat.carla, service=advice)
    booked = treat.with_shave()
    add_item(**treat.given, appointment_id=booked.appointment.pk, item=ItemWish(advice.pk, treat.carla.pk))
    left = remove_item(**treat.given, item_id=booked.items[0].pk)
    assert (left.appointment.state, treat.points()) == (State.BOOKED, 350)
    assert [name for name, *_rest in stands(left.appointment)] == ["Beratung"]
    assert Redemption.objects.get().return_reason == Returned.REMOVED


def test_another_paid_service_keeps_it(treat: Treat) -> None:
    booked = treat.with_shave()
    more = add_item(**treat.given, appointment_id=booked.appointment.pk, item=ItemWish(treat.facial.pk, treat.carla.pk))
    remove_item(**treat.given, item_id=more.items[0].pk)
    assert [name for name, *_rest in stands(booked.appointment)] == ["Nassrasur *", "Facial"]
    assert treat.points() == 0


def test_the_last_of_all_still_cannot_be_removed(treat: Treat) -> None:
    booked = treat.book()
    with pytest.raises(LastItem):
        remove_item(**treat.given, item_id=booked.items[0].pk)


def test_a_cancelled_appointment_gives_back_and_takes_again(treat: Treat) -> None:
    made = treat.with_shave().appointment
    cancelled = cancel(**treat.given, appointment_id=made.pk)
    assert (treat.points(), Redemption.objects.get().return_reason) == (350, Returned.CANCELLED)
    undo(**treat.given, appointment_id=made.pk, version=cancelled.appointment.version)
    assert (treat.points(), stands(made)) == (0, [FACIAL, SHAVE])
    # The item names what stands now.
    item = AppointmentItem.objects.get(appointment=made, service=treat.shave)
    assert Redemption.objects.standing().get().pk == item.redemption_id
    cancel(**treat.given, appointment_id=made.pk)
    set_state(**treat.given, appointment_id=made.pk, state=State.BOOKED)
    assert [cause for cause, *_rest in treat.ledger()] == ["ADJUSTED", *("REDEEMED", "RETURNED") * 2, "REDEEMED"]


def test_points_that_are_gone_by_then_refuse_the_way_back(treat: Treat) -> None:
    made = treat.with_shave().appointment
    cancelled = cancel(**treat.given, appointment_id=made.pk)
    treat.give(-1)
    with pytest.raises(NotEnoughPoints):
        undo(**treat.given, appointment_id=made.pk, version=cancelled.appointment.version)
    with pytest.raises(NotEnoughPoints):
        set_state(**treat.given, appointment_id=made.pk, state=State.BOOKED)
    made.refresh_from_db()
    assert (made.state, treat.points(), made.items.filter(active=True).count()) == (State.CANCELLED, 349, 0)


@pytest.mark.parametrize(("returns", "points"), [(True, 350), (False, 0)])
def test_whoever_does_not_come_gets_them_back_as_the_salon_says(treat: Treat, returns: bool, points: int) -> None:
    LoyaltyRules.objects.create(
        version=1, no_show_returns=returns, actor_kind=ActorKind.USER, actor_name="Anna", created_at=NOW
    )
    made = treat.with_shave().appointment
    given = {**treat.given, "appointment_id": made.pk, "now": made.ends_at}
    set_state(**given, state=State.NO_SHOW)
    assert treat.points() == points
    set_state(**given, state=State.COMPLETED)
    assert treat.points() == 0


def test_it_moves_like_any_item(treat: Treat) -> None:
    booked = treat.with_shave()
    item = _reward_item(booked)
    given = {**treat.given, "item_id": item.pk, "staff_id": treat.emre.pk}
    assert move_item(**given, starts_at=at(12)).warnings == []


def test_the_whole_appointment_moves_without_a_word(treat: Treat) -> None:
    made = treat.with_shave().appointment
    moved = move(**treat.given, appointment_id=made.pk, starts_at=at(10, day=DAY + timedelta(days=2)))
    assert (moved.warnings, treat.points()) == ([], 0)


def test_somebody_elses_points_stay_hers(treat: Treat) -> None:
    made = treat.with_shave().appointment
    with pytest.raises(RewardsBooked):
        change_client(**treat.given, appointment_id=made.pk, client_id=make_client().pk)


def test_one_mail_tells_of_all_of_it(treat: Treat) -> None:
    Client.objects.filter(pk=treat.frank.pk).update(email="frank@example.com")
    book_with_rewards(
        **treat.given,
        starts_at=at(10),
        items=[ItemWish(treat.facial.pk, treat.carla.pk)],
        client_id=treat.frank.pk,
        source=Source.STAFF,
        bounds=Bounds.DESK,
        rewards=[treat.shave_reward.pk],
    )
    mail = ClientMail.objects.get()
    put_into_words(mail)
    assert "10:00  Facial bei Carla\n11:00  Nassrasur bei Emre (Prämie)\n" in mail.text
    assert DueWork.objects.filter(task="bookings.tasks.send_reminder").count() == 1


def test_of_an_erased_client_no_redemption_stands(treat: Treat) -> None:
    treat.with_shave()
    erase_bookings(actor=treat.actor, client_ids=[treat.frank.pk], now=NOW)
    assert Redemption.objects.get().return_reason == Returned.CANCELLED


def test_the_service_that_it_goes_with_is_exchanged_for_one_that_costs_money_itself_never(treat: Treat) -> None:
    advice = make_service("Beratung", 15, price="0.00", position=9)
    booked = treat.with_shave()
    with pytest.raises(NeedsPaidService):
        exchange_item(**treat.given, item_id=booked.items[0].pk, service_id=advice.pk)
    with pytest.raises(RewardHasNoPrice):
        exchange_item(**treat.given, item_id=_reward_item(booked).pk, service_id=advice.pk)
    assert treat.points() == 0
