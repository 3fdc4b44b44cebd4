"""`/api/v1/clients/{id}/treatcard` and `…/points`: a client's card, her balance, and every change of it."""

from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clients.card_numbers import LONGEST, SHORTEST
from clients.cards import get_client
from clients.models import Cause, Client
from clients.points import adjust, entries_of
from clients.treatcard import FIELD, set_treatcard
from salon import keyset
from salon.api.endpoint import Endpoint
from salon.api.idempotency import Idempotency, idempotent
from salon.api.pagination import KeysetPages, invalid_cursor, page_answer, page_asked
from salon.api.scopes import Scope
from salon.api.serializers import Body, Text, Whole
from salon.errors import FieldError, InvalidInput


class TreatcardBody(Body):
    """The Treatcard of a client."""

    example = {"number": "TC-00318", "points": 350}

    number = Text(
        source=FIELD,
        help_text=f"{SHORTEST} to {LONGEST} letters A to Z, digits, and hyphens between them; spaces are left out, and "
        "letters become capitals. Left out or `null`, one is generated.",
    )
    points = serializers.IntegerField(read_only=True, help_text="The balance; below zero only after a refund.")


class PointsBody(Body):
    """What a client has on her Treatcard."""

    example = {
        "treatcard_number": "TC-00318",
        "points": 350,
        "entries": "https://salon.example/api/v1/clients/019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4a11/points/entries",
    }

    treatcard_number = Text(read_only=True, help_text="Without one nobody earns or redeems.")
    points = serializers.IntegerField(read_only=True, help_text="The balance: the sum of all entries.")
    entries = serializers.URLField(read_only=True, help_text="Where its changes are listed.")


class EntryBody(Body):
    """One change of a balance; it never changes itself."""

    example = {
        "id": "019aa5f2-9e40-7c11-8d02-6a1f4b7c3d20",
        "points": 50,
        "balance_after": 400,
        "cause": "ADJUSTED",
        "reason": "Entschuldigung für gestern",
        "actor": "Carla Neumann",
        "created_at": "2026-11-24T17:42:09+01:00",
    }

    id = serializers.UUIDField(read_only=True)
    points = Whole(help_text="What came; below zero: what went.")
    balance_after = serializers.IntegerField(read_only=True, help_text="The balance with this change.")
    cause = serializers.ChoiceField(Cause.choices, read_only=True, help_text="What it came of.")
    reason = Text(required=True, help_text="Why, of an adjustment; of a redemption the reward; of the rest often none.")
    actor = serializers.CharField(source="actor_name", read_only=True, help_text="Who did it, by name.")
    created_at = serializers.DateTimeField(read_only=True)


class TreatcardEndpoint(Endpoint):
    """The Treatcard of one client."""

    scopes = {"POST": Scope.CLIENTS_WRITE}

    @extend_schema(request=TreatcardBody, responses={200: TreatcardBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request, client_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Give a client a Treatcard.

        The number is the salon's alone: one that another client has is refused. A card lost is replaced the same way;
        the points stay. Without a number one is generated, never the lost one.
        """
        number = self.entered(TreatcardBody).get(FIELD) or None
        try:
            client = set_treatcard(actor=self.actor, client_id=client_id, number=number, now=self.now)
        except InvalidInput as refusal:
            raise InvalidInput([FieldError("number", one.code, one.message) for one in refusal.errors]) from refusal
        return Response(TreatcardBody(client).data)


class PointsEndpoint(Endpoint):
    """The points of one client."""

    scopes = {"GET": Scope.LOYALTY_READ}

    @extend_schema(responses={200: PointsBody})
    def get(self, request: Request, client_id: UUID) -> Response:
        """Read a client's points."""
        client: Client = get_client(client_id)
        entries = request.build_absolute_uri(reverse("api_points_entries", args=[client.pk]))
        told = {"treatcard_number": client.treatcard_number, "points": client.points, "entries": entries}
        return Response(PointsBody(told).data)


class EntriesEndpoint(Endpoint):
    """Every change of one client's points."""

    scopes = {"GET": Scope.LOYALTY_READ}
    pagination_class = KeysetPages

    @extend_schema(responses={200: EntryBody(many=True)}, operation_id="clients_points_entries_list")
    def get(self, request: Request, client_id: UUID) -> Response:
        """List the changes of a client's points.

        Newest first. Nothing is ever taken out of it or changed in it: a mistake is one more entry.
        """
        asked = page_asked(request)
        client = get_client(client_id)
        try:
            page = entries_of(client.pk, limit=asked.limit, cursor=asked.cursor)
        except keyset.InvalidCursor as error:
            raise invalid_cursor() from error
        results = list(EntryBody(page.rows, many=True).data)
        return page_answer(request, results, next=page.next, previous=page.previous)


class AdjustmentsEndpoint(Endpoint):
    """Points given or taken by hand."""

    scopes = {"POST": Scope.LOYALTY_WRITE}

    @extend_schema(request=EntryBody, responses={201: EntryBody})
    @idempotent(Idempotency.REQUIRED)
    def post(self, request: Request, client_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Adjust a client's points.

        The reason stands on her statement. Without a Treatcard it is refused (`no_treatcard`).
        """
        entered = self.entered(EntryBody)
        entry = adjust(
            actor=self.actor,
            client_id=client_id,
            points=entered["points"],
            reason=entered["reason"],
            now=self.now,
        )
        return Response(EntryBody(entry).data, 201)
