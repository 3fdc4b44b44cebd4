"""The client card as integrations see it (api.md, client)."""

import re
from dataclasses import dataclass, fields
from typing import Any, cast

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clients.categories import categories_of
from clients.classification import Reason, Status
from clients.details import YES, ChangedDetails, ClientDetails, Gender
from clients.models import Client, CreatedVia
from salon.api.serializers import Body, Flag, OneOf, Text

_BIRTHDAY = re.compile(r"(?:\d{4}|-)-\d{2}-\d{2}", re.ASCII)
_DETAILS = [field.name for field in fields(ClientDetails)]


class BirthdayText(Text):
    """A birthday, with or without its year; only as the contract writes days: 03/05 is two days of the year."""

    default_error_messages = {"writing": _("Give a day as YYYY-MM-DD, or as --MM-DD without the year.")}

    def to_internal_value(self, data: Any) -> str:
        """Return the birthday as it came.

        Raises: ValidationError for another writing.
        """
        text = super().to_internal_value(data)
        if text.strip() and not _BIRTHDAY.fullmatch(text.strip()):
            raise serializers.ValidationError(self.error_messages["writing"], "invalid")
        return text

    def get_attribute(self, instance: Any) -> str:
        """Return the birthday on the card in ISO, empty when there is none."""
        birthday = instance.birthday
        return birthday.iso if birthday else ""


class CategoryNames(serializers.Serializer[Any]):
    """A category as the client card names it."""

    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)


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
        "preferred_staff": None,
        "referred_by": None,
        "categories": [{"id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4a77", "name": "Farbkundin"}],
        "treatcard_number": "TC00318",
        "points": 350,
        "matrix_exempt": False,
        "status": "RETURNING",
        "status_reason": "RECENT_VISIT",
        "listed_on": "2026-11-21",
        "created_via": "ONLINE_BOOKING",
        "blocked": False,
        "blocked_reason": None,
        "marketing_consent": True,
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
    preferred_staff = Text(source="preferred_staff_id", help_text="Id of the staff member whom the client prefers.")
    referred_by = Text(source="referred_by_id", help_text="Id of the client who recommended the salon.")
    categories = serializers.SerializerMethodField(help_text="In order of their names.")
    treatcard_number = Text(read_only=True)
    points = serializers.IntegerField(read_only=True)
    matrix_exempt = Flag(
        required=False, help_text="May redeem FIRST_TIME rewards again; setting it also needs `loyalty:write`."
    )
    status = serializers.ChoiceField(Status.choices, read_only=True, help_text="Whether the client is new today.")
    status_reason = serializers.ChoiceField(Reason.choices, read_only=True)
    listed_on = serializers.DateField(read_only=True, help_text="On file since.")
    created_via = serializers.ChoiceField(CreatedVia.choices, read_only=True, help_text="How the card came to be.")
    blocked = Flag(required=False, help_text="Cannot book online.")
    blocked_reason = Text(help_text="Required with `blocked`; at most 200 characters.")
    marketing_consent = Flag(
        required=False,
        source="email_consent",
        help_text="To news by e-mail. What is sent is written into the ledger of consent, with the name of the key. "
        "After `true` the client gets a mail with a link; it reads `true` once she has confirmed by that. No address "
        "is asked twice within a day, for whichever card: the mail follows by itself when that is over. The consent "
        "holds for that `email`: at another one it reads `false` until she has confirmed there, by a mail that the "
        "salon sends from the card. "
        "`false` takes back a consent that reads `true`; sent where it reads `false` it changes nothing.",
    )
    version = serializers.IntegerField(read_only=True, help_text="Counts changes; also the ETag.")
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)

    @extend_schema_field(CategoryNames(many=True))
    def get_categories(self, client: Client) -> list[Any]:
        """Return the categories of a card, which whoever shows cards has read for all of them at once."""
        return list(CategoryNames(self.context["categories"].get(client.pk, []), many=True).data)


class NewClientBody(ClientBody):
    """A card to be made."""

    created_via = serializers.ChoiceField(
        [CreatedVia.IMPORT.value, CreatedVia.ONLINE_BOOKING.value],
        default=CreatedVia.IMPORT.value,
        help_text="`ONLINE_BOOKING` for a site that lists a person before she books.",
    )


def shown(client: Client) -> dict[str, Any]:
    """Return a card as GET gives it."""
    return dict(listed([client])[0])


def listed(clients: list[Client]) -> list[Any]:
    """Return cards as a list gives them, each as GET does; the categories of all in one query."""
    categories = categories_of([client.pk for client in clients])
    return list(ClientBody(clients, many=True, context={"categories": categories}).data)


@dataclass(frozen=True, slots=True)
class Entered:
    """What a parsed body says: of the master data, and of consent to news (None: nothing)."""

    details: ChangedDetails
    marketing_consent: bool | None


def read(entered: dict[str, Any]) -> Entered:
    """Return what a parsed body says, in the form that operations take."""
    details = {name: entered[name] for name in _DETAILS if name in entered}
    for name in ("preferred_staff", "referred_by"):
        if f"{name}_id" in entered:
            details[name] = entered[f"{name}_id"]
    for name in ("blocked", "matrix_exempt"):
        if name in details:
            details[name] = YES if details[name] else ""
    return Entered(cast(ChangedDetails, details), entered.get("email_consent"))
