"""`/api/v1/clients/{id}/history`: what happened with a client, as the card tells it."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clients.cards import get_client
from salon import keyset
from salon.api.endpoint import Endpoint
from salon.api.pagination import KeysetPages, invalid_cursor, page_answer, page_asked
from salon.api.scopes import Scope
from salon.api.serializers import Body, Text
from salon.audit.models import AuditEntry
from salon.desk.history import Kind, history_of, kind_of

# What is private to the team: only that it changed is told.
_PRIVATE = {"note"}


class ChangeBody(Body):
    """One field before and after."""

    field = serializers.CharField(read_only=True)
    old = serializers.CharField(read_only=True, allow_null=True)
    new = serializers.CharField(read_only=True, allow_null=True)


class HistoryEntryBody(Body):
    """One thing that happened with a client."""

    example = {
        "id": "019aa5f2-9e40-7c11-8d02-6a1f4b7c3d20",
        "at": "2026-11-24T17:42:09+01:00",
        "kind": "DETAILS",
        "action": "client.updated",
        "actor": "Anna Krüger",
        "changes": [{"field": "city", "old": None, "new": "Berlin"}],
    }

    id = serializers.UUIDField(read_only=True)
    at = serializers.DateTimeField(read_only=True)
    kind = serializers.ChoiceField(Kind.choices, read_only=True, help_text="What it is about.")
    action = serializers.CharField(read_only=True, help_text="What was done; more actions come with releases.")
    actor = Text(source="actor_name", read_only=True, help_text="Who did it, by name; null for the software itself.")
    changes = ChangeBody(many=True, read_only=True)


class HistoryEndpoint(Endpoint):
    """What happened with one client."""

    scopes = {"GET": Scope.CLIENTS_READ}
    pagination_class = KeysetPages

    @extend_schema(responses={200: HistoryEntryBody(many=True)}, operation_id="clients_history_list")
    def get(self, request: Request, client_id: UUID) -> Response:
        """List what happened with a client.

        Newest first: appointments, mails, changes of the card, notes (that they were written, not what they say),
        categories, consent.
        """
        asked = page_asked(request)
        client = get_client(client_id)
        try:
            page = history_of(client.pk, limit=asked.limit, cursor=asked.cursor)
        except keyset.InvalidCursor as error:
            raise invalid_cursor() from error
        entries = [_told(entry) for entry in page.entries]
        results = list(HistoryEntryBody(entries, many=True).data)
        return page_answer(request, results, next=page.next, previous=page.previous)


def _told(entry: AuditEntry) -> AuditEntry:
    entry.kind = kind_of(entry.action)  # type: ignore[attr-defined]
    entry.changes = [change for change in entry.changes if change["field"] not in _PRIVATE]
    return entry
