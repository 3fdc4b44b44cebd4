"""`/api/v1/clients`: the same cards, by the same operations as in the browser."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from clients.api.filters import ClientFilters
from clients.api.handed_in import HANDED_IN
from clients.api.serializers import ClientBody, Entered, NewClientBody, listed, read, shown
from clients.cards import get_client
from clients.consent import record_wish
from clients.cursors import cursor_of, hit_at
from clients.details import ClientDetails
from clients.editing import create_client, update_client
from clients.listing import Sort, list_clients, search_clients
from clients.models import Client, CreatedVia
from salon import keyset
from salon.api.authentication import MissingScope
from salon.api.endpoint import Endpoint
from salon.api.idempotency import Idempotency, idempotent
from salon.api.pagination import KeysetPages, invalid_cursor, page_answer, page_asked
from salon.api.scopes import Scope
from salon.api.versions import expected_version, versioned
from salon.errors import FieldError, InvalidInput, NotFound


class CardEndpoint(Endpoint):
    """What making and changing a card have in common."""

    def said(self, entered: dict[str, Any]) -> Entered:
        """Return what a body says.

        Raises: MissingScope for the matrix, which is a matter of points.
        """
        if "matrix_exempt" in entered and Scope.LOYALTY_WRITE not in self.admission.scopes:
            raise MissingScope(Scope.LOYALTY_WRITE)
        return read(entered)

    def with_consent(self, client: Client, said: Entered, *, held: bool) -> Client:
        """Write a decision about news into the ledger, and return the card as it is then.

        `held`: whether a consent did so far. A site that sends back the `false` it has read says nothing by it.
        """
        if said.marketing_consent is None or not (said.marketing_consent or held):
            return client
        record_wish(actor=self.actor, client_id=client.pk, wanted=said.marketing_consent, now=self.now)
        return get_client(client.pk)


class ClientsEndpoint(CardEndpoint):
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
        among, meeting = narrowed.qs, self._meeting(narrowed)
        try:
            if typed := narrowed.form.cleaned_data["search"]:
                after = hit_at(asked.cursor) if asked.cursor else None
                found, more = search_clients(
                    typed, limit=asked.limit, after=after, meeting=meeting.all if meeting else None
                )
                following = cursor_of(more) if more else None
                return page_answer(request, listed(found), next=following, previous=None)
            page = list_clients(sort=Sort.NUMBER, cursor=asked.cursor, limit=asked.limit, among=among, meeting=meeting)
        except keyset.InvalidCursor as error:
            raise invalid_cursor() from error
        return page_answer(request, listed(page.rows), next=page.next, previous=page.previous)

    def _meeting(self, narrowed: ClientFilters) -> keyset.Meeting | None:
        """Return what a card must meet to be listed.

        Raises: MissingScope, InvalidInput (`not_found` at `segment`).
        """
        key = narrowed.form.cleaned_data["segment"]
        if not key or not HANDED_IN.segment:
            return narrowed.meeting
        if Scope.MARKETING_READ not in self.admission.scopes:
            raise MissingScope(Scope.MARKETING_READ)
        try:
            within = HANDED_IN.segment(self.salon, key, self.now)
        except NotFound as gone:
            raise InvalidInput([FieldError("segment", "not_found", gone.message)]) from gone
        # A segment may compare a card with all others: it is asked of them at once.
        return keyset.Meeting(within & (narrowed.condition or Q()), None)

    @extend_schema(request=NewClientBody, responses={201: ClientBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request) -> Response:
        """Make a client card.

        It gets the salon's next client number. At least one of the two names is required.
        """
        entered = self.entered(NewClientBody)
        said = self.said(entered)
        saved = create_client(
            actor=self.actor,
            salon=self.salon,
            details=ClientDetails(**said.details),
            created_via=CreatedVia(entered["created_via"]),
            now=self.now,
        )
        client = self.with_consent(saved.client, said, held=False)
        location = request.build_absolute_uri(reverse("api_client", args=[client.pk]))
        return versioned(Response(shown(client), 201, headers={"Location": location}), client.version)


class ClientEndpoint(CardEndpoint):
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
        said = self.said(self.entered(ClientBody, partial=True))
        held = said.marketing_consent is False and get_client(client_id).email_consent
        saved = update_client(
            actor=self.actor, salon=self.salon, client_id=client_id, changes=said.details, version=version, now=self.now
        )
        client = self.with_consent(saved.client, said, held=held)
        return versioned(Response(shown(client)), client.version)
