"""`/api/v1/clients/{id}/duplicates`, `…/merge`, `merges/{id}/undo`: two cards of one person, and back."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clients.api.serializers import ClientBody, listed
from clients.cards import get_client
from clients.duplicates import duplicates_of
from clients.models import Likeness, Merge
from salon.api.endpoint import Endpoint
from salon.api.idempotency import Idempotency, idempotent
from salon.api.scopes import Scope
from salon.api.serializers import Body
from salon.desk.merging import merge_cards, undo_merge
from salon.errors import FieldError, InvalidInput, NotFound


class DuplicateBody(Body):
    """A card that may be the same person's, and why."""

    client = ClientBody(read_only=True)
    likenesses = serializers.ListField(
        child=serializers.ChoiceField(Likeness.choices), read_only=True, help_text="The strongest reason first."
    )


class DuplicatesBody(Body):
    """All cards that may be the same person's."""

    results = DuplicateBody(many=True, read_only=True)


class MergeBody(Body):
    """One card that went into another."""

    example = {
        "id": "019aa5f2-9e40-7c11-8d02-6a1f4b7c3d20",
        "survivor": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4a11",
        "duplicate": "019aa5f2-8b33-7f02-a1c4-2e9d6b1f0c55",
        "merged_at": "2026-11-24T17:42:09+01:00",
        "undone_at": None,
    }

    id = serializers.UUIDField(read_only=True)
    survivor = serializers.UUIDField(source="survivor_id", read_only=True, help_text="The card that stays.")
    duplicate = serializers.UUIDField(
        source="duplicate_id", help_text="The card that goes into it; from then on it answers 404 `client_merged`."
    )
    merged_at = serializers.DateTimeField(read_only=True)
    undone_at = serializers.DateTimeField(read_only=True, allow_null=True)


class DuplicatesEndpoint(Endpoint):
    """Cards that may be the same person's."""

    scopes = {"GET": Scope.CLIENTS_READ}

    @extend_schema(responses={200: DuplicatesBody}, operation_id="clients_duplicates_retrieve")
    def get(self, request: Request, client_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """List cards that may be the same person's.

        They share phone number or e-mail address, or have a similar name and the same birthday; at most twenty, oldest
        first. Pairs that somebody has called two people are left out.
        """
        twins = duplicates_of(get_client(client_id))
        found = zip(listed([twin.client for twin in twins]), twins, strict=True)
        return Response({"results": [{"client": one, "likenesses": twin.likenesses} for one, twin in found]})


class MergeEndpoint(Endpoint):
    """Merging two cards."""

    scopes = {"POST": Scope.CLIENTS_ERASE}

    @extend_schema(request=MergeBody, responses={200: MergeBody}, operation_id="clients_merge")
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request, client_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Let another card go into this one.

        Everything on the duplicate moves over; fields of this card stay where they say something and are filled where
        they are empty. It can be undone until either card is erased.
        """
        duplicate_id = self.entered(MergeBody)["duplicate_id"]
        survivor = get_client(client_id)
        try:
            duplicate = get_client(duplicate_id)
        except NotFound as error:
            # A body that names what is not there is wrong; only an address is not found.
            raise InvalidInput([FieldError("duplicate", "not_found", error.message)]) from error
        made = merge_cards(
            actor=self.actor, salon=self.salon, survivor_id=survivor.pk, duplicate_id=duplicate.pk, now=self.now
        )
        return Response(_shown(made))


class MergeUndoEndpoint(Endpoint):
    """Undoing a merge."""

    scopes = {"POST": Scope.CLIENTS_ERASE}

    @extend_schema(request=None, responses={200: MergeBody}, operation_id="merges_undo")
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request, merge_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Take two merged cards apart again.

        Each gets back what it had; what was changed since the merge stays changed. Refused with `merge_undone`,
        `merge_not_newest` (the card was merged again later), `merge_erased`.
        """
        undone = undo_merge(actor=self.actor, salon=self.salon, merge_id=merge_id, now=self.now)
        return Response(_shown(undone))


def _shown(merge: Merge) -> dict[str, Any]:
    return dict(MergeBody(merge).data)
