"""`/api/v1/bookings/{id}/rewards` and `clients/{id}/rewards`: what somebody gets for her points (domain.md §7.2)."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet, UUIDFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from bookings.api.bodies import BookingBody
from bookings.api.bookings import BookingEndpoint
from bookings.appointments import get_appointment
from bookings.prompting import Booking, Offer
from bookings.redeemed import is_paid_for
from bookings.rewarding import append_reward, booking_of, rewards_for
from bookings.states import CHANGEABLE
from clients.cards import get_client
from loyalty.eligibility import Refusal
from loyalty.models import Reward
from salon.api.endpoint import Endpoint
from salon.api.idempotency import Idempotency, idempotent
from salon.api.scopes import Scope
from salon.api.serializers import Body
from salon.errors import FieldError, InvalidInput, NotFound


class RewardWishBody(Body):
    """The reward that is to go with a booking."""

    reward = serializers.UUIDField(help_text="One for a service; products for points are given in a sale.")


class ClientRewardBody(Body):
    """One reward as it is for one client now."""

    example = {
        "reward": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4d01",
        "name": "Nassrasur",
        "points": 350,
        "redeemable": True,
        "refusals": [],
        "starts_at": "2026-11-24T11:00:00+01:00",
        "staff": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4e02",
    }

    reward = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)
    points = serializers.IntegerField(read_only=True)
    redeemable = serializers.BooleanField(
        read_only=True, help_text="With the booking that was asked about: also whether there is room for it."
    )
    refusals = serializers.ListField(
        child=serializers.ChoiceField([one for one in Refusal.choices if one[0] != Refusal.REWARD_ARCHIVED]),
        read_only=True,
        help_text="Every reason why it cannot be redeemed.",
    )
    starts_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="With `booking`: when it would start; `null` where there is no room."
    )
    staff = serializers.UUIDField(read_only=True, allow_null=True, help_text="With `booking`: who would do it.")


class ClientRewardsBody(Body):
    """All rewards that are not archived, those that can be redeemed first, the best of them first."""

    results = ClientRewardBody(many=True, read_only=True)


class RewardFilters(FilterSet):  # type: ignore[misc]
    """What a reward would go with."""

    booking = UUIDFilter(
        method="unchanged",
        help_text="A booking of this client: each reward then says when it would start, and by whom.",
    )

    def unchanged(self, rows: QuerySet[Reward], name: str, value: UUID) -> QuerySet[Reward]:  # noqa: ARG002 - theirs
        """It narrows nothing."""
        return rows


class BookingRewardsEndpoint(BookingEndpoint):
    """The rewards of one booking."""

    scopes = {"POST": Scope.BOOKINGS_WRITE}

    @extend_schema(request=RewardWishBody, responses={201: BookingBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request, booking_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Add a reward to a booking.

        It follows the services at once, or at the next start of the day, and takes its points; removing it or
        cancelling the booking gives them back. `no_room`, `not_enough_points`, `already_had`, `no_treatcard`,
        `reward_archived` and `needs_paid_service` say why not.
        """
        append_reward(
            actor=self.actor,
            salon=self.salon,
            appointment_id=booking_id,
            reward_id=self.entered(RewardWishBody)["reward"],
            now=self.now,
        )
        response = self.answer(booking_id)
        response.status_code = 201
        return response


class ClientRewardsEndpoint(Endpoint):
    """The rewards of the salon as they are for one client."""

    scopes = {"GET": Scope.LOYALTY_READ}
    filters = RewardFilters

    @extend_schema(responses={200: ClientRewardsBody}, operation_id="clients_rewards_retrieve", filters=False)
    def get(self, request: Request, client_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """List what a client can redeem, and what not.

        Every reward that is not archived; with `booking`, where in it each would go.
        """
        client = get_client(client_id)
        asked = self.narrowed(Reward.objects.none()).form.cleaned_data["booking"]
        booking = _booking(asked, client_id) if asked else None
        offers = rewards_for(client=client, booking=booking, salon=self.salon)
        return Response(ClientRewardsBody({"results": [_shown(one, booking) for one in offers]}).data)


def _booking(booking_id: UUID, client_id: UUID) -> Booking:
    """Return a booking of this client.

    Raises: InvalidInput.
    """
    try:
        found = get_appointment(booking_id)
    except NotFound as gone:
        raise InvalidInput([FieldError("booking", "not_found", _("There is no such booking."))]) from gone
    if found.client_id != client_id:
        raise InvalidInput([FieldError("booking", "another_client", _("This appointment is for another client."))])
    items = list(found.items.all())
    booking = booking_of(found, items)
    takes_rewards = found.state in CHANGEABLE and any(is_paid_for(item) for item in items)
    return booking if takes_rewards else replace(booking, ends_at=None)


def _shown(one: Offer, booking: Booking | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "reward": one.reward.pk,
        "name": one.name,
        "points": one.reward.points,
        "redeemable": not one.refusals,
        "refusals": [str(refusal) for refusal in one.refusals],
        "starts_at": one.place.starts_at if one.place else None,
        "staff": one.place.staff_id if one.place else None,
    }
    if booking and one.reward.service_id:
        told["redeemable"] = one.place is not None
    return told
