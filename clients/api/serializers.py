"""The client card as integrations see it (api.md, client)."""

from typing import Any, cast

from rest_framework import serializers

from clients.details import ChangedDetails, Gender
from clients.models import Client, CreatedVia
from salon.api.serializers import Body, OneOf, Text


class BirthdayText(Text):
    """A birthday, with or without its year."""

    def get_attribute(self, instance: Any) -> str:
        """Return the birthday on the card in ISO, empty when there is none."""
        birthday = instance.birthday
        return birthday.iso if birthday else ""


class ClientBody(Body):
    """One client card. Only a name is required: one of the two."""

    example = {
        "id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4a11",
        "number": 1042,
        "first_name": "Sarah",
        "last_name": "Müller",
        "gender": "FEMALE",
        "birthday": "--11-21",
        "email": "sarah.mueller@example.com",
        "mobile": "+4915123456789",
        "landline": None,
        "street": "Kastanienallee 12",
        "postal_code": "10435",
        "city": "Berlin",
        "listed_on": "2026-11-21",
        "created_via": "ONLINE_BOOKING",
        "version": 3,
        "created_at": "2026-11-21T10:15:00+01:00",
        "updated_at": "2026-11-24T17:42:09+01:00",
    }

    id = serializers.UUIDField(read_only=True)
    number = serializers.IntegerField(read_only=True, help_text="Client number, ascending in each salon.")
    first_name = Text(help_text="At most 80 characters.")
    last_name = Text(help_text="At most 80 characters.")
    gender = OneOf(Gender.values)
    birthday = BirthdayText(help_text="`YYYY-MM-DD`, or `--MM-DD` without the year.")
    email = Text(help_text="At most 254 characters.")
    mobile = Text(help_text="Any writing that libphonenumber calls possible; kept and returned as E.164.")
    landline = Text(help_text="As `mobile`.")
    street = Text(help_text="At most 120 characters.")
    postal_code = Text(help_text="At most 12 characters.")
    city = Text(help_text="At most 80 characters.")
    listed_on = serializers.DateField(read_only=True, help_text="On file since.")
    created_via = serializers.ChoiceField(CreatedVia.choices, read_only=True, help_text="How the card came to be.")
    version = serializers.IntegerField(read_only=True, help_text="Counts changes; also the ETag.")
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


class NewClientBody(ClientBody):
    """A card to be made."""

    created_via = serializers.ChoiceField(
        [CreatedVia.IMPORT.value, CreatedVia.ONLINE_BOOKING.value],
        default=CreatedVia.IMPORT.value,
        help_text="`ONLINE_BOOKING` for a site that lists a person before she books.",
    )


def shown(client: Client) -> dict[str, Any]:
    """Return a card as GET gives it."""
    return dict(ClientBody(client).data)


def listed(clients: list[Client]) -> list[Any]:
    """Return cards as a list gives them, each as GET does."""
    return list(ClientBody(clients, many=True).data)


def details_in(entered: dict[str, Any]) -> ChangedDetails:
    """Return what a parsed body says of the master data."""
    return cast(ChangedDetails, {name: value for name, value in entered.items() if name != "created_via"})
