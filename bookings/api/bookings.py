"""`/api/v1/bookings`: appointments made and changed by the operations that the browser uses (api.md)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, FilterSet, UUIDFilter
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from bookings.api import availability
from bookings.api.bodies import (
    BookingBody,
    CancelBody,
    ItemWishBody,
    NewBookingBody,
    NoteBody,
    RescheduleBody,
    StateBody,
    shown,
    whom,
    wish_of,
)
from bookings.appointments import Wanted, get_appointment, list_appointments
from bookings.bounds import Bounds
from bookings.models import Appointment
from bookings.online import Booker, book_for_card, book_online
from bookings.scheduling import SlotTaken, add_item, cancel, change_note, move, remove_item, set_state
from bookings.states import State
from salon import keyset
from salon.api.authentication import MissingScope
from salon.api.endpoint import Endpoint
from salon.api.idempotency import Idempotency, idempotent
from salon.api.pagination import KeysetPages, invalid_cursor, page_answer, page_asked
from salon.api.parameters import IsoDayFilter
from salon.api.scopes import Scope
from salon.api.versions import expected_version, versioned
from salon.errors import FieldError, InvalidInput, NotFound
from salon.tenancy.models import Salon
from salon.years import LATEST

ONE_DAY = timedelta(days=1)


def _unchanged(rows: QuerySet[Appointment], name: str, value: object) -> QuerySet[Appointment]:  # noqa: ARG001 - theirs
    return rows


# As a dict, because `from` cannot name an attribute. `Wanted` says what they mean, for a page to be found by.
BookingFilters = type(
    "BookingFilters",
    (FilterSet,),
    {
        "from": IsoDayFilter(method=_unchanged, help_text="Bookings that begin on this day in the salon or later."),
        "to": IsoDayFilter(method=_unchanged, help_text="Bookings that begin on this day or earlier."),
        "state": ChoiceFilter(choices=State.choices, method=_unchanged),
        "client": UUIDFilter(method=_unchanged, help_text="Needs `clients:read`."),
        "staff": UUIDFilter(method=_unchanged, help_text="Bookings with an item of this staff member."),
    },
)


class BookingEndpoint(Endpoint):
    """What all calls about bookings have in common."""

    @property
    def reads_clients(self) -> bool:
        """Whether the key may see whose card a booking stands on."""
        return Scope.CLIENTS_READ in self.admission.scopes

    def require_clients(self) -> None:
        """Refuse a key that may not read cards.

        Raises: MissingScope.
        """
        if not self.reads_clients:
            raise MissingScope(Scope.CLIENTS_READ)

    def body(self, appointment: Appointment) -> dict[str, Any]:
        """Return a booking that was read whole, as this key sees it."""
        return shown(appointment, list(appointment.items.all()), with_client=self.reads_clients)

    def answer(self, booking_id: UUID) -> Response:
        """Return a booking as it is now."""
        found = get_appointment(booking_id)
        return versioned(Response(self.body(found)), found.version)

    @contextmanager
    def naming_alternatives(self) -> Iterator[None]:
        """Let the refusal of a taken time name those that are free, and nothing about whom it meets."""
        try:
            yield
        except SlotTaken as refusal:
            refusal.members = {**refusal.members, "alternatives": availability.shown(refusal.alternatives, self.salon)}
            raise


class BookingsEndpoint(BookingEndpoint):
    """All bookings of the salon."""

    scopes = {"GET": Scope.BOOKINGS_READ, "POST": Scope.BOOKINGS_WRITE}
    filters = BookingFilters
    pagination_class = KeysetPages

    @extend_schema(responses={200: BookingBody(many=True)}, filters=False)
    def get(self, request: Request) -> Response:
        """List bookings.

        What was booked last comes first, whenever it takes place.
        """
        asked = page_asked(request)
        given = self.narrowed(Appointment.objects.none()).form.cleaned_data
        if given["client"]:
            self.require_clients()
        try:
            page = list_appointments(_wanted(given, self.salon), limit=asked.limit, cursor=asked.cursor)
        except keyset.InvalidCursor as error:
            raise invalid_cursor() from error
        found = [self.body(appointment) for appointment in page.rows]
        return page_answer(request, found, next=page.next, previous=page.previous)

    @extend_schema(request=NewBookingBody, responses={201: BookingBody})
    @idempotent(Idempotency.REQUIRED)
    def post(self, request: Request) -> Response:
        """Book.

        Within hours, lead time and horizon, services with the online flag. `client` is recognised by e-mail, phone and
        first name, or gets a card; `slot_taken` says its `reason` and names up to three free times instead.
        A client may have two services at once, but not begin with one that she has then: `repeated_booking` names the
        `booking` that has it.
        """
        entered = self.entered(NewBookingBody)
        booker = whom(entered)
        asked = {
            "actor": self.actor,
            "salon": self.salon,
            "starts_at": entered["starts_at"],
            "items": [wish_of(item) for item in entered["items"]],
            "note": entered.get("note", ""),
            "now": self.now,
        }
        with self.naming_alternatives():
            if isinstance(booker, Booker):
                booked = book_online(**asked, booker=booker)
            else:
                self.require_clients()
                with _called({"client": "client_id"}):
                    booked = book_for_card(**asked, client_id=booker)
        made = booked.appointment
        location = request.build_absolute_uri(reverse("api_booking", args=[made.pk]))
        body = shown(made, booked.items, with_client=self.reads_clients)
        return versioned(Response(body, 201, headers={"Location": location}), made.version)


class OneBookingEndpoint(BookingEndpoint):
    """One booking."""

    scopes = {"GET": Scope.BOOKINGS_READ, "PATCH": Scope.BOOKINGS_WRITE}

    @extend_schema(responses={200: BookingBody})
    def get(self, request: Request, booking_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Read a booking."""
        return self.answer(booking_id)

    @extend_schema(request=NoteBody, responses={200: BookingBody})
    def patch(self, request: Request, booking_id: UUID) -> Response:
        """Change the note on a booking."""
        version = expected_version(request)
        entered = self.entered(NoteBody, partial=True)
        if "note" in entered:
            change_note(
                actor=self.actor,
                salon=self.salon,
                appointment_id=booking_id,
                note=entered["note"],
                version=version,
                now=self.now,
            )
        return self.answer(booking_id)


class BookingItemsEndpoint(BookingEndpoint):
    """The services of one booking."""

    scopes = {"POST": Scope.BOOKINGS_WRITE}

    @extend_schema(request=ItemWishBody, responses={201: BookingBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request, booking_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Add a service to a booking.

        It follows the others; when nobody is free then, the answer is `slot_taken`.
        """
        wish = wish_of(self.entered(ItemWishBody))
        with self.naming_alternatives(), _called({"items.0.": ""}):
            add_item(
                actor=self.actor,
                salon=self.salon,
                appointment_id=booking_id,
                item=wish,
                bounds=Bounds.ONLINE,
                now=self.now,
            )
        response = self.answer(booking_id)
        response.status_code = 201
        return response


class BookingItemEndpoint(BookingEndpoint):
    """One service of one booking."""

    scopes = {"DELETE": Scope.BOOKINGS_WRITE}

    @extend_schema(responses={200: BookingBody})
    def delete(self, request: Request, booking_id: UUID, item_id: UUID) -> Response:
        """Take a service off a booking.

        The others stay where they are; the last one cannot be taken off. A reward gives its points back; where only
        rewards would be left, the booking is cancelled, and theirs go back.
        """
        version = expected_version(request)
        if all(item.pk != item_id for item in get_appointment(booking_id).items.all()):
            raise NotFound
        remove_item(actor=self.actor, salon=self.salon, item_id=item_id, version=version, now=self.now)
        return self.answer(booking_id)


class CancelEndpoint(BookingEndpoint):
    """The end of a booking that does not take place."""

    scopes = {"POST": Scope.BOOKINGS_WRITE}

    @extend_schema(request=CancelBody, responses={200: BookingBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request, booking_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Cancel a booking.

        Its time is free for others at once.
        """
        entered = self.entered(CancelBody)
        cancel(
            actor=self.actor,
            salon=self.salon,
            appointment_id=booking_id,
            reason=entered.get("reason", ""),
            now=self.now,
        )
        return self.answer(booking_id)


class RescheduleEndpoint(BookingEndpoint):
    """Another time for a booking."""

    scopes = {"POST": Scope.BOOKINGS_WRITE}

    @extend_schema(request=RescheduleBody, responses={200: BookingBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request, booking_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Move a booking.

        All its services keep their distance from each other; hours, lead time and horizon hold.
        """
        entered = self.entered(RescheduleBody)
        staff = _by_whom(get_appointment(booking_id), entered)
        with self.naming_alternatives():
            move(
                actor=self.actor,
                salon=self.salon,
                appointment_id=booking_id,
                starts_at=entered["starts_at"],
                staff=staff,
                bounds=Bounds.ONLINE,
                now=self.now,
            )
        return self.answer(booking_id)


class StateEndpoint(BookingEndpoint):
    """How far a booking is."""

    scopes = {"POST": Scope.BOOKINGS_WRITE}

    @extend_schema(request=StateBody, responses={200: BookingBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request, booking_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Set the state of a booking.

        `BOOKED` → `ARRIVED`, `COMPLETED`, `NO_SHOW`, `CANCELLED`; `ARRIVED` → the last three; `COMPLETED` ↔ `NO_SHOW`;
        `CANCELLED` → `BOOKED`, if the time is still free. `COMPLETED` and `NO_SHOW` before the day of the booking are
        `too_early`.
        """
        state = State(self.entered(StateBody)["state"])
        with self.naming_alternatives():
            set_state(actor=self.actor, salon=self.salon, appointment_id=booking_id, state=state, now=self.now)
        return self.answer(booking_id)


def _by_whom(appointment: Appointment, entered: dict[str, Any]) -> dict[UUID, UUID]:
    """Return who is to do which item from now on.

    Raises: InvalidInput.
    """
    everything: UUID | None = entered.get("staff")
    items: list[dict[str, UUID]] = entered.get("items", [])
    own = [item.pk for item in appointment.items.all()]
    if everything and items:
        raise InvalidInput([FieldError("items", "not_combinable", _("Give either staff or items."))])
    strangers = [place for place, one in enumerate(items) if one["id"] not in own]
    if strangers:
        raise InvalidInput(
            [FieldError(f"items.{place}.id", "not_found", _("This is no item of this booking.")) for place in strangers]
        )
    return dict.fromkeys(own, everything) if everything else {one["id"]: one["staff"] for one in items}


def _wanted(given: dict[str, Any], salon: Salon) -> Wanted:
    zone = ZoneInfo(salon.timezone)
    first, last = given["from"], given["to"]
    if first and last and first > last:
        raise InvalidInput([FieldError("to", "out_of_range", _("The last day lies before the first."))])
    return Wanted(
        starts_from=datetime.combine(first, datetime.min.time(), zone) if first else None,
        starts_before=datetime.combine(last + ONE_DAY, datetime.min.time(), zone) if last and last < LATEST else None,
        state=State(given["state"]) if given["state"] else None,
        client_id=given["client"],
        staff_id=given["staff"],
    )


@contextmanager
def _called(names: dict[str, str]) -> Iterator[None]:
    """Name fields as this body does: what begins with a key of `names` begins with its value instead."""
    try:
        yield
    except InvalidInput as refusal:
        raise InvalidInput(
            [FieldError(_renamed(one.field, names), one.code, one.message) for one in refusal.errors]
        ) from refusal


def _renamed(field: str, names: dict[str, str]) -> str:
    for old, new in names.items():
        if field.startswith(old):
            return new + field.removeprefix(old)
    return field
