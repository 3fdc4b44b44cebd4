"""`/api/v1/clients/{id}`: a card with its erasure, and all data of its person."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clients.api.views import ClientEndpoint
from salon.api.endpoint import Endpoint
from salon.api.scopes import Scope
from salon.api.serializers import Body
from salon.api.versions import expected_version
from salon.desk.erasure import erase_card
from salon.desk.personal_data import data_of_person


def _section(told: str) -> serializers.ListField:
    return serializers.ListField(child=serializers.DictField(), read_only=True, help_text=told)


class PersonalDataBody(Body):
    """Everything that is stored of one client: lists of records, oldest first; more sections come with releases."""

    number = serializers.IntegerField(read_only=True)
    collected_at = serializers.DateTimeField(read_only=True)
    client = _section("The card, and cards that were merged into it.")
    categories = _section("Categories of the client.")
    notes = _section("Private notes about the client.")
    health = _section("Health data kept with consent.")
    consents = _section("What the client agreed to, and when.")
    services = _section("Services had before the salon came here.")
    points = _section("Treatcard points that came and went, and what of.")
    merges = _section("Cards that were merged.")
    possible_duplicates = _section("Cards that may be the same person's, by number.")
    imports = _section("Lines of imported files.")
    appointments = _section("Appointments, with what was done by whom and for how much.")
    waiting_list = _section("Times the client waits for.")
    sales = _section("Sales, with what was bought, paid and given back.")
    redemptions = _section("What the client got for points.")
    prior_uses = _section("Services and products the team knows the client had before.")
    mails = _section("Mails about appointments, sent or waiting.")
    messages = _section("Messages to the client, and answers.")
    mailings = _section("Campaigns and automatic mails the client was chosen for, and what became of each.")
    undeliverable = _section("Addresses of the client's from which mails came back, and what the mail server said.")
    history = _section("Every change, who made it and when.")


class PersonEndpoint(ClientEndpoint):
    """One client card."""

    scopes = {**ClientEndpoint.scopes, "DELETE": Scope.CLIENTS_ERASE}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, client_id: UUID) -> Response:
        """Erase a client for good (Art. 17 GDPR).

        The card, those merged into it, notes, consents' wording and what the history says of values are gone; the
        number and who changed it when stay. Exports made before hold the data until they expire.
        """
        version = expected_version(request)
        erase_card(actor=self.actor, salon=self.salon, client_id=client_id, version=version, now=self.now)
        return Response(status=204)


class PersonalDataEndpoint(Endpoint):
    """All data of one client."""

    scopes = {"GET": Scope.CLIENTS_ERASE}

    @extend_schema(responses={200: PersonalDataBody}, operation_id="clients_data_retrieve")
    def get(self, request: Request, client_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Read all data of a client (Art. 15 and 20 GDPR).

        That somebody read them is recorded.
        """
        found = data_of_person(actor=self.actor, client_id=client_id, now=self.now)
        told: dict[str, Any] = {"number": found.number, "collected_at": found.collected_at, **found.sections}
        return Response(PersonalDataBody(told).data)
