"""Services, products and staff as integrations see them (api.md)."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from salon.api.serializers import Body
from salon.catalogue.models import Service, StaffMember

_SERVICE = "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4b01"
_STAFF = "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4c01"


class _SoldBody(Body):
    """What services and products have in common."""

    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)
    group = serializers.CharField(read_only=True, source="group.name", default=None, allow_null=True)
    price = serializers.DecimalField(
        max_digits=9, decimal_places=2, read_only=True, help_text="With VAT; a special offer is not taken off."
    )
    points_override = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="Treatcard points a unit; `null`: by the salon's rate."
    )


class ServiceBody(_SoldBody):
    """Something that can be booked."""

    example = {
        "id": _SERVICE,
        "name": "Ansatzfarbe",
        "group": "Farbe",
        "duration_minutes": 90,
        "price": "62.00",
        "online": True,
        "points_override": None,
        "staff": [_STAFF],
        "version": 1,
    }

    duration_minutes = serializers.IntegerField(
        read_only=True, help_text="How long the client is there, processing included."
    )
    online = serializers.BooleanField(read_only=True, help_text="Whether it can be booked online.")
    staff = serializers.SerializerMethodField(help_text="Who does it, in the order of the calendar.")
    version = serializers.IntegerField(read_only=True, help_text="Counts changes; also the ETag.")

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_staff(self, service: Service) -> list[UUID]:
        """Return who does it, which whoever shows services has read for all of them at once."""
        staff: list[UUID] = self.context["staff"].get(service.pk, [])
        return staff


class ProductBody(_SoldBody):
    """Something that is sold over the counter."""

    example = {
        "id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4d01",
        "name": "Haaröl",
        "group": "Pflege",
        "price": "27.50",
        "points_override": None,
    }


class StaffBody(Body):
    """Somebody who can be booked."""

    example = {"id": _STAFF, "name": "Anna", "services": [_SERVICE]}

    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)
    services = serializers.SerializerMethodField(help_text="What she does, by name.")

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_services(self, member: StaffMember) -> list[UUID]:
        """Return what she does, which whoever shows staff has read for all of them at once."""
        services: list[UUID] = self.context["services"].get(member.pk, [])
        return services


def shown_services(services: list[Service], staff: dict[UUID, list[UUID]]) -> list[Any]:
    """Return services as a list gives them."""
    return list(ServiceBody(services, many=True, context={"staff": staff}).data)
