"""A salon in which Frank Hofmann calls for a Facial (seed 004). To be called in a salon's scope."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bookings.bounds import Bounds
from bookings.models import Appointment, AppointmentItem
from bookings.rewarding import append_reward
from bookings.scheduling import Booked, ItemWish, book
from bookings.states import Source
from clients.models import Cause, Client, PointsEntry
from clients.points import post
from loyalty.models import Reward
from salon.catalogue.models import Service, StaffMember
from salon.identity.roles import Actor
from salon.tenancy.models import Salon, new_id
from tests.bookings.salonday import BERLIN, at, make_client, make_service, make_staff
from tests.conftest import NOW
from tests.loyalty.shelf import make_reward


@dataclass(frozen=True, slots=True)
class Treat:
    """Carla does faces, Emre shaves and brows; a Facial takes an hour, a wet shave half of one and 350 points, brows a
    quarter and 168."""

    salon: Salon
    actor: Actor
    frank: Client
    facial: Service
    shave: Service
    brows: Service
    carla: StaffMember
    emre: StaffMember
    shave_reward: Reward
    brows_reward: Reward

    @property
    def given(self) -> dict[str, Any]:
        """What every operation is given."""
        return {"actor": self.actor, "salon": self.salon, "now": NOW}

    def book(self, starts_at: datetime | None = None, **given: Any) -> Booked:
        """Book a Facial with Carla for Frank, at ten if not said otherwise."""
        return book(
            **{
                **self.given,
                "starts_at": starts_at or at(10),
                "items": [ItemWish(self.facial.pk, self.carla.pk)],
                "client_id": self.frank.pk,
                "source": Source.STAFF,
                "bounds": Bounds.DESK,
                **given,
            }
        )

    def with_shave(self, **given: Any) -> Booked:
        """Book a Facial and append the shave."""
        made = self.book(**given).appointment
        return append_reward(**self.given, appointment_id=made.pk, reward_id=self.shave_reward.pk)

    def points(self) -> int:
        """Return how many points Frank has."""
        return Client.objects.values_list("points", flat=True).get(pk=self.frank.pk)

    def ledger(self) -> list[tuple[str, int, int]]:
        """Return what was booked for Frank, oldest first."""
        rows = PointsEntry.objects.filter(client=self.frank).order_by("number")
        return [(one.cause, one.points, one.balance_after) for one in rows]

    def give(self, points: int) -> None:
        """Give Frank points, or take some."""
        post(client=self.frank, points=points, cause=Cause.ADJUSTED, cause_id=new_id(), actor=self.actor, now=NOW)


def stands(appointment: Appointment) -> list[tuple[str, str, str, str]]:
    """Return service, staff member, begin and price of each item as they are stored; a reward is marked."""
    items = AppointmentItem.objects.filter(appointment=appointment).select_related("service", "staff")
    return [
        (
            item.service.name + (" *" if item.redemption_id else ""),
            item.staff.name,
            f"{item.starts_at.astimezone(BERLIN):%H:%M}",
            str(item.price),
        )
        for item in items.order_by("position")
    ]


def a_treat(salon: Salon, actor: Actor) -> Treat:
    """Return the salon of seed 004 with an empty calendar."""
    facial = make_service("Facial", 60, price="69.00", position=1)
    shave = make_service("Nassrasur", 30, price="25.00", position=2)
    brows = make_service("Brauen zupfen", 15, price="12.00", position=3)
    frank = make_client("Frank", "Hofmann", treatcard_number="TC-00318")
    treat = Treat(
        salon=salon,
        actor=actor,
        frank=frank,
        facial=facial,
        shave=shave,
        brows=brows,
        carla=make_staff("Carla", [facial], position=1, colour=1),
        emre=make_staff("Emre", [shave, brows], position=2, colour=2),
        shave_reward=make_reward(shave),
        brows_reward=make_reward(brows),
    )
    treat.give(350)
    return treat
