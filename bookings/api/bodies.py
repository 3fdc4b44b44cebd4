"""A booking as integrations see it (api.md, booking)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from bookings.models import Appointment, AppointmentItem
from bookings.online import Booker
from bookings.placing import MOST_ITEMS, ItemWish
from bookings.states import Source, State
from clients.classification import Reason, Status
from salon.api.serializers import Body, Flag, Instant, Text, amount, moment
from salon.errors import FieldError, InvalidInput


class NamedBody(Body):
    """Something by its id and its name."""

    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)


class ItemBody(Body):
    """One service of a booking: by whom, from when to when, for how much."""

    id = serializers.UUIDField(read_only=True)
    service = NamedBody(read_only=True)
    staff = NamedBody(read_only=True)
    starts_at = serializers.DateTimeField(read_only=True)
    ends_at = serializers.DateTimeField(read_only=True, help_text="Without buffers.")
    price = serializers.DecimalField(read_only=True, max_digits=12, decimal_places=2)
    list_price = serializers.DecimalField(read_only=True, max_digits=12, decimal_places=2)
    reward = serializers.UUIDField(read_only=True, allow_null=True, help_text="The reward it is, if it is one.")


class BookedClientBody(Body):
    """Whom a booking is for."""

    id = serializers.UUIDField(read_only=True, required=False, help_text="Only with `clients:read`.")
    first_name = Text(read_only=True)
    last_name = Text(read_only=True)


class BookingBody(Body):
    """One visit of one client: one or more services, one state.

    Without `clients:read`, `client` has the name that was submitted and nothing else, and `client_status` with its
    reason is left out.
    """

    example = {
        "id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4b01",
        "state": "BOOKED",
        "source": "ONLINE",
        "starts_at": "2026-11-24T10:00:00+01:00",
        "ends_at": "2026-11-24T11:00:00+01:00",
        "client": {"id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4a11", "first_name": "Sarah", "last_name": "Müller"},
        "client_status": "RETURNING",
        "client_status_reason": "RECENT_VISIT",
        "items": [
            {
                "id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4b02",
                "service": {"id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4c01", "name": "Waschen-Schneiden-Föhnen"},
                "staff": {"id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4d01", "name": "Anna"},
                "starts_at": "2026-11-24T10:00:00+01:00",
                "ends_at": "2026-11-24T11:00:00+01:00",
                "price": "59.00",
                "list_price": "59.00",
                "reward": None,
            }
        ],
        "note": None,
        "total": "59.00",
        "version": 1,
    }

    id = serializers.UUIDField(read_only=True)
    state = serializers.ChoiceField(State.choices, read_only=True)
    source = serializers.ChoiceField(Source.choices, read_only=True)  # type: ignore[assignment]
    starts_at = serializers.DateTimeField(read_only=True)
    ends_at = serializers.DateTimeField(read_only=True, help_text="When the client can go; without buffers.")
    client = BookedClientBody(read_only=True, allow_null=True, help_text="`null` for a walk-in.")
    client_status = serializers.ChoiceField(
        Status.choices,
        read_only=True,
        allow_null=True,
        required=False,
        help_text="Whether the client was new when this was booked.",
    )
    client_status_reason = serializers.ChoiceField(Reason.choices, read_only=True, allow_null=True, required=False)
    items = ItemBody(many=True, read_only=True)
    note = Text(help_text="At most 500 characters; never shown to the client.")
    total = serializers.DecimalField(
        read_only=True,
        max_digits=12,
        decimal_places=2,
        help_text="The prices of its items, before discounts of categories and special offers, which are settled when "
        "it is paid.",
    )
    version = serializers.IntegerField(read_only=True, help_text="Counts changes; also the ETag.")


class ItemWishBody(Body):
    """A service that is wished for."""

    service = serializers.UUIDField()
    staff = serializers.UUIDField(
        required=False, allow_null=True, help_text="Who is to do it; left out: whoever is free with the least to do."
    )


class BookerBody(Body):
    """Who books, as she has told it."""

    first_name = Text(required=True, allow_null=False, allow_blank=False, help_text="At most 80 characters.")
    last_name = Text(help_text="At most 80 characters.")
    email = Text(help_text="At most 254 characters.")
    phone = Text(help_text="Mobile or landline; national for the country of the salon.")
    marketing_consent = Flag(
        default=False,
        help_text="To news by e-mail; `true` is written into the ledger of consent, and a mail asks her to confirm it.",
    )


class NewBookingBody(Body):
    """A booking to be made, for a person (`client`) or for a card (`client_id`, which needs `clients:read`)."""

    example = {
        "starts_at": "2026-11-24T10:00:00+01:00",
        "items": [{"service": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4c01"}],
        "client": {"first_name": "Sarah", "last_name": "Müller", "email": "sarah.mueller@example.com"},
        "note": None,
    }

    starts_at = Instant(help_text="Need not lie on the salon's slots.")
    items = ItemWishBody(  # type: ignore[call-arg]
        many=True, min_length=1, max_length=MOST_ITEMS, help_text="One after the other, in this order."
    )
    client = BookerBody(required=False)
    client_id = serializers.UUIDField(required=False)
    note = Text(help_text="At most 500 characters.")


class NoteBody(Body):
    """What of a booking can be changed as it stands."""

    note = Text(help_text="At most 500 characters; `null` empties it.")


class CancelBody(Body):
    """Why a booking is cancelled."""

    optional = True

    reason = Text(help_text="At most 200 characters; for the salon.")


class ByWhomBody(Body):
    """An item of a booking, and who is to do it."""

    id = serializers.UUIDField(help_text="Of the item.")
    staff = serializers.UUIDField()


class RescheduleBody(Body):
    """When a booking is to begin instead, and by whom: `staff` for all of it, or `items`; both left out: as before."""

    starts_at = Instant()
    staff = serializers.UUIDField(
        required=False, allow_null=True, help_text="Who is to do all of it; left out: as before."
    )
    items = ByWhomBody(  # type: ignore[call-arg]
        many=True,
        required=False,
        max_length=MOST_ITEMS,
        help_text="Who is to do which of its items, as `GET availability?booking=` offers it; those left out: as "
        "before.",
    )


class StateBody(Body):
    """How far a booking is to be."""

    state = serializers.ChoiceField(State.choices)


def wish_of(entered: dict[str, Any]) -> ItemWish:
    """Return the wish that a parsed body has."""
    return ItemWish(entered["service"], entered.get("staff"))


def whom(entered: dict[str, Any]) -> Booker | UUID:
    """Return whom a parsed body books for: a person, or a card.

    Raises: InvalidInput unless it is one of the two.
    """
    person, card = entered.get("client"), entered.get("client_id")
    if (person is None) == (card is None):
        message = _("Give either client or client_id.")
        raise InvalidInput([FieldError("client", "required" if card is None else "not_combinable", message)])
    return Booker(**person) if person is not None else UUID(str(card))


def shown(appointment: Appointment, items: Sequence[AppointmentItem], *, with_client: bool) -> dict[str, Any]:
    """Return a booking as GET gives it, in the form of `BookingBody`; `with_client` for a key that may read cards.

    By hand: field by field, writing the answer took longer than most of what it tells of.
    """
    told: dict[str, Any] = {
        "id": str(appointment.pk),
        "state": appointment.state,
        "source": appointment.source,
        "starts_at": moment(appointment.starts_at),
        "ends_at": moment(appointment.ends_at),
        "client": _client(appointment, with_client=with_client),
    }
    if with_client:
        told["client_status"] = appointment.client_status or None
        told["client_status_reason"] = appointment.client_status_reason or None
    return told | {
        "items": [_item(item) for item in items],
        "note": appointment.note or None,
        "total": amount(sum((item.price for item in items), Decimal())),
        "version": appointment.version,
    }


def _item(item: AppointmentItem) -> dict[str, Any]:
    return {
        "id": str(item.pk),
        "service": {"id": str(item.service_id), "name": item.service.name},
        "staff": {"id": str(item.staff_id), "name": item.staff.name},
        "starts_at": moment(item.starts_at),
        "ends_at": moment(item.ends_at),
        "price": amount(item.price),
        "list_price": amount(item.list_price),
        "reward": str(item.reward) if item.redemption_id else None,
    }


def _client(appointment: Appointment, *, with_client: bool) -> dict[str, Any] | None:
    client = appointment.client
    if client is None:
        return None
    if with_client:
        return {"id": str(client.pk), "first_name": client.first_name or None, "last_name": client.last_name or None}
    # Only what was submitted: the card may say more, or something else by now.
    return {name: appointment.booked_as.get(name) or None for name in ("first_name", "last_name")}
