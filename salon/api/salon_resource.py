"""The salon of the key."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from salon.api.endpoint import Endpoint
from salon.api.scopes import AnyKey
from salon.api.serializers import Body
from salon.tenancy.models import Country


class SalonBody(Body):
    """The salon that a key belongs to."""

    example = {
        "name": "Salon Sonnenschein",
        "slug": "sonnenschein",
        "timezone": "Europe/Berlin",
        "currency": "EUR",
        "country": "DE",
    }

    name = serializers.CharField(read_only=True)
    slug = serializers.CharField(read_only=True)
    timezone = serializers.CharField(read_only=True, help_text="As in the IANA database; all instants are shown in it.")
    currency = serializers.CharField(read_only=True, help_text="ISO 4217, of all amounts.")
    country = serializers.ChoiceField(Country.choices, read_only=True)


class SalonEndpoint(Endpoint):
    """`/api/v1/salon`"""

    scopes = {"GET": AnyKey("names the salon that the key belongs to")}

    @extend_schema(responses={200: SalonBody})
    def get(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Name the salon of the key."""
        return Response(SalonBody(self.salon).data)
