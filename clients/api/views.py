"""`/api/v1/clients`: the same cards, by the same operations as in the browser."""

from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from clients.api.filters import ClientFilters
from clients.api.serializers import ClientBody, NewClientBody, details_in, listed, shown
from clients.cards import create_client, get_client, update_client
from clients.cursors import cursor_of, hit_at
from clients.details import ClientDetails
from clients.listing import Sort, list_clients, search_clients
from clients.models import Client, CreatedVia
from salon import keyset
from salon.api.endpoint import Endpoint
from salon.api.idempotency import Idempotency, idempotent
from salon.api.pagination import KeysetPages, invalid_cursor, page_answer, page_asked
from salon.api.scopes import Scope
from salon.api.versions import expected_version, versioned


class ClientsEndpoint(Endpoint):
    """All client cards of the salon."""

    scopes = {"GET": Scope.CLIENTS_READ, "POST": Scope.CLIENTS_WRITE}
    filters = ClientFilters
    pagination_class = KeysetPages

    @extend_schema(responses={200: ClientBody(many=True)})
    def get(self, request: Request) -> Response:
        """List clients.

        Ordered by client number; with `search` the best matches come first.
        """
        asked = page_asked(request)
        narrowed = self.narrowed(Client.objects.listed())
        among = narrowed.qs
        try:
            if typed := narrowed.form.cleaned_data["search"]:
                after = hit_at(asked.cursor) if asked.cursor else None
                found, more = search_clients(typed, limit=asked.limit, after=after)
                following = cursor_of(more) if more else None
                return page_answer(request, listed(found), next=following, previous=None)
            page = list_clients(sort=Sort.NUMBER, cursor=asked.cursor, limit=asked.limit, among=among)
        except keyset.InvalidCursor as error:
            raise invalid_cursor() from error
        return page_answer(request, listed(page.rows), next=page.next, previous=page.previous)

    @extend_schema(request=NewClientBody, responses={201: ClientBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request) -> Response:
        """Make a client card.

        It gets the salon's next client number. At least one of the two names is required.
        """
        entered = self.entered(NewClientBody)
        saved = create_client(
            actor=self.actor,
            salon=self.salon,
            details=ClientDetails(**details_in(entered)),
            created_via=CreatedVia(entered["created_via"]),
            now=self.now,
        )
        location = request.build_absolute_uri(reverse("api_client", args=[saved.client.pk]))
        answer = Response(shown(saved.client), 201, headers={"Location": location})
        return versioned(answer, saved.client.version)


class ClientEndpoint(Endpoint):
    """One client card."""

    scopes = {"GET": Scope.CLIENTS_READ, "PATCH": Scope.CLIENTS_WRITE}

    @extend_schema(responses={200: ClientBody})
    def get(self, request: Request, client_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Read a client card."""
        client = get_client(client_id)
        return versioned(Response(shown(client)), client.version)

    @extend_schema(request=ClientBody, responses={200: ClientBody})
    def patch(self, request: Request, client_id: UUID) -> Response:
        """Change some fields of a client card.

        What is left out stays as it is; `null` empties a field.
        """
        version = expected_version(request)
        changes = details_in(self.entered(ClientBody, partial=True))
        saved = update_client(
            actor=self.actor, salon=self.salon, client_id=client_id, changes=changes, version=version, now=self.now
        )
        return versioned(Response(shown(saved.client)), saved.client.version)
