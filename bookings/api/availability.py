"""`GET /api/v1/availability`: free times for one or several services in sequence (api.md; domain.md §5)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.forms import Field, Form
from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet, UUIDFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from bookings.appointments import get_appointment
from bookings.bounds import Bounds
from bookings.settling import wishes_of as wishes_as_booked
from bookings.slots import Slot, Wish, find_slots
from salon.api.authentication import MissingScope
from salon.api.endpoint import Endpoint
from salon.api.parameters import IdsFilter, IsoDayFilter
from salon.api.scopes import Scope
from salon.api.serializers import Body
from salon.catalogue.models import Service
from salon.errors import FieldError, InvalidInput, NotFound
from salon.tenancy.models import Salon

MOST_DAYS = 62
MOST_SERVICES = 20


class AvailabilityForm(Form):
    """The parameters together: something must be asked for."""

    def clean(self) -> dict[str, Any]:
        """Require services where no booking is named."""
        asked = super().clean() or self.cleaned_data
        if not (asked.get("service") or asked.get("booking") or {"service", "booking"} & self.errors.keys()):
            self.add_error("service", ValidationError(Field.default_error_messages["required"], code="required"))
        return asked


# As a dict, because `from` cannot name an attribute.
AvailabilityFilters = type(
    "AvailabilityFilters",
    (FilterSet,),
    {
        "Meta": type("Meta", (), {"form": AvailabilityForm}),
        "service": IdsFilter(
            most=MOST_SERVICES,
            help_text="Repeated for several services, which follow each other in this order; required unless `booking` "
            "is given.",
        ),
        "staff": IdsFilter(
            most=MOST_SERVICES,
            help_text="Who is to do it: one for all services, or one for each in the same order; anybody who can when "
            "left out, with `booking` whoever does it now.",
        ),
        "booking": UUIDFilter(
            help_text="When could this booking be moved? Its services as they are, and its own time counts as free; in "
            "place of `service`. Needs `bookings:read`.",
        ),
        "from": IsoDayFilter(required=True, help_text="The first day in the salon, `YYYY-MM-DD`."),
        "to": IsoDayFilter(
            required=True, help_text=f"The last day, `YYYY-MM-DD`; {MOST_DAYS} days at most, both included."
        ),
    },
)


class SlotItemBody(Body):
    """What one staff member would do, and when."""

    id = serializers.UUIDField(
        read_only=True, required=False, help_text="Of `booking`: which of its items; as `reschedule` takes it."
    )
    service = serializers.UUIDField(read_only=True)
    staff = serializers.UUIDField(read_only=True)
    starts_at = serializers.DateTimeField(read_only=True)
    ends_at = serializers.DateTimeField(read_only=True)


class SlotBody(Body):
    """A time at which everything can be done, and by whom. Others may take it before it is booked."""

    starts_at = serializers.DateTimeField(read_only=True)
    ends_at = serializers.DateTimeField(read_only=True, help_text="When the client can go; without buffers.")
    items = SlotItemBody(many=True, read_only=True)


class AvailabilityBody(Body):
    """Free times, in order."""

    slots = SlotBody(many=True, read_only=True)


class AvailabilityEndpoint(Endpoint):
    """Free times."""

    scopes = {"GET": Scope.CATALOGUE_READ}
    filters = AvailabilityFilters

    @extend_schema(responses={200: AvailabilityBody}, filters=False)
    def get(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """List free times.

        What can be booked from outside: services with the online flag, within hours, lead time and horizon, on the
        salon's slots. Where no staff member is given, each service goes to whoever makes the sequence possible, among
        them to whoever has the fewest booked minutes that day.
        """
        asked = self.narrowed(Service.objects.none()).form.cleaned_data
        first, last = asked["from"], asked["to"]
        if not 0 <= (last - first).days < MOST_DAYS:
            message = _("Ask for 1 to %(most)d days.") % {"most": MOST_DAYS}
            raise InvalidInput([FieldError("to", "out_of_range", message)])
        booking_id: UUID | None = asked["booking"]
        wishes, item_ids = self._wishes(booking_id, asked["service"], asked["staff"])
        try:
            found = find_slots(
                salon=self.salon,
                wishes=wishes,
                first=first,
                last=last,
                now=self.now,
                bounds=Bounds.ONLINE,
                besides=booking_id,
            )
        except InvalidInput as refusal:
            raise InvalidInput(
                [_renamed(error, one_for_all=len(asked["staff"]) == 1) for error in refusal.errors]
            ) from refusal
        return Response({"slots": shown(found, self.salon, item_ids)})

    def _wishes(
        self, booking_id: UUID | None, services: Sequence[UUID], staff: Sequence[UUID]
    ) -> tuple[list[Wish], list[UUID]]:
        """Return what is wished for, and of a booking which of its items each is.

        Raises: MissingScope, InvalidInput.
        """
        if booking_id is None:
            return wishes_of(services, staff), []
        if Scope.BOOKINGS_READ not in self.admission.scopes:
            raise MissingScope(Scope.BOOKINGS_READ)
        if services:
            raise InvalidInput([FieldError("service", "not_combinable", _("Give either booking or service."))])
        try:
            items = list(get_appointment(booking_id).items.all())
        except NotFound as missing:
            raise InvalidInput([FieldError("booking", "not_found", missing.message)]) from missing
        given = wishes_of([item.service_id for item in items], staff) if staff else wishes_as_booked(items)
        by = [one.staff_id for one in given]
        wishes = [replace(one, staff_id=who) for one, who in zip(wishes_as_booked(items), by, strict=True)]
        return wishes, [item.pk for item in items]


def wishes_of(services: Sequence[UUID], staff: Sequence[UUID]) -> list[Wish]:
    """Return what the parameters wish for.

    Raises: InvalidInput naming `service` and `staff`.
    """
    if len(services) > MOST_SERVICES:
        message = _("These are too many services for one appointment.")
        raise InvalidInput([FieldError("service", "too_many", message)])
    if len(staff) not in {0, 1, len(services)}:
        raise InvalidInput([FieldError("staff", "count", _("Name one person for all services, or one for each."))])
    by = staff if len(staff) == len(services) else [*staff, None][:1] * len(services)
    return [Wish(service, somebody) for service, somebody in zip(services, by, strict=True)]


def _renamed(error: FieldError, *, one_for_all: bool) -> FieldError:
    """Return what is wrong with `items.2.service` under the name of the parameter: `service.2`."""
    _items, place, name = error.field.split(".")
    return FieldError(f"{name}.{0 if name == 'staff' and one_for_all else place}", error.code, error.message)


def shown(slots: Sequence[Slot], salon: Salon, item_ids: Sequence[UUID] = ()) -> list[dict[str, Any]]:
    """Return free times as the contract has them, in the salon's time, with the items of a booking that they would be;
    by hand, as there may be thousands."""
    zone = ZoneInfo(salon.timezone)
    moments = {moment for slot in slots for item in slot.items for moment in (item.starts_at, item.ends_at)}
    texts = {moment: moment.astimezone(zone).isoformat() for moment in moments}
    ids = {one: str(one) for slot in slots for item in slot.items for one in (item.service_id, item.staff_id)}
    named = [{"id": str(one)} for one in item_ids] or [{}] * MOST_SERVICES
    return [
        {
            "starts_at": texts[slot.starts_at],
            "ends_at": texts[slot.ends_at],
            "items": [
                {
                    **whose,
                    "service": ids[item.service_id],
                    "staff": ids[item.staff_id],
                    "starts_at": texts[item.starts_at],
                    "ends_at": texts[item.ends_at],
                }
                for whose, item in zip(named, slot.items, strict=False)
            ],
        }
        for slot in slots
    ]
