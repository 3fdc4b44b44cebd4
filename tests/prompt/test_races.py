"""The last points at once, and everybody who changes an appointment with a reward at one moment (quality.md §2)."""

import pytest

from bookings import rewarding
from bookings.bounds import Bounds
from bookings.models import Appointment, AppointmentItem
from bookings.rewarding import append_reward, book_with_rewards, had_by
from bookings.scheduling import ItemWish, cancel, remove_item, set_state
from bookings.states import Source, State
from clients.models import Client, PointsEntry
from loyalty.models import Redemption
from loyalty.redemption import AlreadyHad
from salon.catalogue.models import StaffService
from salon.errors import DomainError
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import at, make_staff
from tests.concurrency.hands import at_once
from tests.prompt.frank import Treat, a_treat

pytestmark = pytest.mark.django_db(transaction=True)
HANDS = 8


@pytest.fixture
def treat(sonnenschein: Salon, front_desk: Actor) -> Treat:
    with salon_scope(sonnenschein.pk):
        found = a_treat(sonnenschein, front_desk)
        for number in range(HANDS):
            carla = make_staff(f"Carla {number}", [found.facial, found.shave])
            StaffService.objects.get_or_create(staff=carla, service=found.brows)
    return found


def _books(treat: Treat) -> list[Appointment]:
    """Return appointments of Frank, one for each hand, with somebody else each."""
    with salon_scope(treat.salon.pk):
        carlas = StaffService.objects.filter(service=treat.facial).values_list("staff_id", flat=True)[:HANDS]
        return [treat.book(items=[ItemWish(treat.facial.pk, carla)]).appointment for carla in carlas]


def _sound(treat: Treat) -> None:
    """Check that the balance is the sum of the entries, and that every reward that stands is paid for, once."""
    with salon_scope(treat.salon.pk):
        frank = Client.objects.get(pk=treat.frank.pk)
        assert frank.points == sum(PointsEntry.objects.filter(client=frank).values_list("points", flat=True))
        standing = {one.pk: one.points for one in Redemption.objects.standing()}
        assert frank.points == 350 - sum(standing.values())
        items = AppointmentItem.objects.filter(active=True, redemption__isnull=False)
        assert sorted(items.values_list("redemption_id", flat=True)) == sorted(standing)


def test_the_last_points_go_to_one_of_them(treat: Treat) -> None:
    made = _books(treat)

    def append(index: int) -> str:
        with salon_scope(treat.salon.pk):
            append_reward(**treat.given, appointment_id=made[index].pk, reward_id=treat.shave_reward.pk)
        return "appended"

    found = at_once(append, HANDS, refusals=(DomainError,))
    assert found.count("appended") == 1
    _sound(treat)


def test_booking_with_a_reward_side_by_side_never_waits_for_each_other(treat: Treat) -> None:
    with salon_scope(treat.salon.pk):
        treat.give(350 * (HANDS - 1))
        Client.objects.filter(pk=treat.frank.pk).update(matrix_exempt=True)

    def book(index: int) -> str:
        with salon_scope(treat.salon.pk):
            book_with_rewards(
                **treat.given,
                starts_at=at(9 + index % 4),
                items=[ItemWish(treat.facial.pk)],
                client_id=treat.frank.pk,
                rewards=[treat.shave_reward.pk],
                source=Source.STAFF,
                bounds=Bounds.DESK,
            )
        return "booked"

    assert at_once(book, HANDS).count("booked") == HANDS
    with salon_scope(treat.salon.pk):
        assert treat.points() == 0


def test_removed_cancelled_missed_at_once_gives_back_once(treat: Treat) -> None:
    with salon_scope(treat.salon.pk):
        booked = treat.with_shave()
    made, shave = booked.appointment, booked.items[1]

    def undo_it(index: int) -> str:
        with salon_scope(treat.salon.pk):
            if index % 3 == 0:
                remove_item(**treat.given, item_id=shave.pk)
            elif index % 3 == 1:
                cancel(**treat.given, appointment_id=made.pk)
            else:
                given = {**treat.given, "now": made.ends_at}
                set_state(**given, appointment_id=made.pk, state=State.NO_SHOW)
        return "done"

    found = at_once(undo_it, HANDS, refusals=(DomainError,))
    assert "done" in found
    _sound(treat)
    with salon_scope(treat.salon.pk):
        assert (treat.points(), PointsEntry.objects.filter(cause="RETURNED").count()) == (350, 1)


def test_whoever_looked_before_the_lock_would_give_it_twice(treat: Treat, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: what she has had, read before her card is locked, is what everybody else has read, too."""
    made = _books(treat)
    with salon_scope(treat.salon.pk):
        treat.give(350 * (HANDS - 1))
        before = had_by(treat.frank.pk)
    monkeypatch.setattr(rewarding, "had_by", lambda *_args, **_given: before)

    def append(index: int) -> str:
        with salon_scope(treat.salon.pk):
            append_reward(**treat.given, appointment_id=made[index].pk, reward_id=treat.shave_reward.pk)
        return "appended"

    assert at_once(append, HANDS, refusals=(DomainError,)).count("appended") > 1


def test_a_first_time_is_one_time(treat: Treat) -> None:
    made = _books(treat)
    with salon_scope(treat.salon.pk):
        treat.give(350 * (HANDS - 1))

    def append(index: int) -> str:
        with salon_scope(treat.salon.pk):
            append_reward(**treat.given, appointment_id=made[index].pk, reward_id=treat.shave_reward.pk)
        return "appended"

    found = at_once(append, HANDS, refusals=(DomainError,))
    assert (found.count("appended"), found.count(AlreadyHad)) == (1, HANDS - 1)
