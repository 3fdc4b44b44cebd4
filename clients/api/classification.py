"""Whether a client is new, asked by programs (api.md; domain.md §4)."""

from typing import Any
from uuid import UUID

from django_filters import FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clients.cards import get_client
from clients.classification import CreatedVia, Reason, Status, Verdict, classify
from clients.models import Client
from clients.recognition import verdict_of_booking
from salon.api.endpoint import Endpoint
from salon.api.idempotency import Idempotency, idempotent
from salon.api.parameters import IsoDayFilter
from salon.api.scopes import Scope
from salon.api.serializers import Body, Text


class ClassificationFilters(FilterSet):  # type: ignore[misc]
    """What `GET clients/{id}/classification` takes."""

    on = IsoDayFilter(method="on_day", help_text="The day asked about, `YYYY-MM-DD`; today in the salon when left out.")

    def on_day(self, clients: Any, name: str, value: Any) -> Any:  # noqa: ARG002 - theirs
        """Return the clients as they are: a day narrows nothing."""
        return clients


class BookingVerdictBody(Body):
    """What a booking would be told."""

    status = serializers.ChoiceField(Status.choices, read_only=True)
    reason = serializers.ChoiceField(
        Reason.choices,
        read_only=True,
        help_text="Without a card, the nearest miss: `EMAIL_DIFFERS`, `NAME_AND_PHONE_DIFFER` or `NOT_LISTED`.",
    )


class BookingPersonBody(Body):
    """Who would book."""

    example = {"first_name": "Sarah", "email": "sarahsmith@gmail.com", "phone": "0171 5550318"}

    first_name = Text(required=True, allow_blank=False, allow_null=False, help_text="At most 80 characters.")
    email = Text(help_text="At most 254 characters.")
    phone = Text(help_text="Any writing that libphonenumber calls possible; national for the country of the salon.")


class EvidenceBody(Body):
    """The facts behind a verdict, as far as they were known on the day; all `null` before there was a card."""

    listed_on = serializers.DateField(read_only=True, allow_null=True)
    created_via = serializers.ChoiceField(CreatedVia.choices, read_only=True, allow_null=True)
    last_success_on = serializers.DateField(read_only=True, allow_null=True, help_text="The last successful visit.")


class ClassificationBody(Body):
    """Whether a client is new on a day, why, and until when."""

    example = {
        "status": "RETURNING",
        "reason": "RECENT_VISIT",
        "evidence": {"listed_on": "2023-01-14", "created_via": "ONLINE_BOOKING", "last_success_on": "2026-05-03"},
        "changes_on": "2027-05-04",
    }

    status = serializers.ChoiceField(Status.choices, read_only=True)
    reason = serializers.ChoiceField(Reason.choices, read_only=True)
    evidence = EvidenceBody(read_only=True)
    changes_on = serializers.DateField(
        read_only=True,
        allow_null=True,
        help_text="The first day on which time alone gives another status or another reason.",
    )


class ClassifyEndpoint(Endpoint):
    """What somebody who is about to book would be told."""

    scopes = {"POST": Scope.CLIENTS_READ}

    @extend_schema(request=BookingPersonBody, responses={200: BookingVerdictBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Say whether whoever books is new.

        Looks for the card of a person as a booking would, and says what it would freeze; nothing else of the card is
        told, and nothing is changed. Never show the answer on a public page: it tells whose data is on file.
        """
        entered = self.entered(BookingPersonBody)
        verdict = verdict_of_booking(
            actor=self.actor,
            salon=self.salon,
            first_name=entered["first_name"],
            email=entered.get("email", ""),
            phone=entered.get("phone", ""),
            today=self.salon.date_at(self.now),
        )
        return Response(BookingVerdictBody(verdict).data)


class ClassificationEndpoint(Endpoint):
    """Whether one client is new."""

    scopes = {"GET": Scope.CLIENTS_READ}
    filters = ClassificationFilters

    @extend_schema(responses={200: ClassificationBody}, filters=False)
    def get(self, request: Request, client_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Say whether a client is new.

        On a day in the past only what was known then counts.
        """
        on = self.narrowed(Client.objects.none()).form.cleaned_data["on"] or self.salon.date_at(self.now)
        return Response(_shown(classify(get_client(client_id).facts, on)))


def _shown(verdict: Verdict) -> dict[str, Any]:
    evidence = verdict.evidence
    return dict(
        ClassificationBody(
            {
                "status": verdict.status,
                "reason": verdict.reason,
                "evidence": evidence or dict.fromkeys(("listed_on", "created_via", "last_success_on")),
                "changes_on": verdict.changes_on,
            }
        ).data
    )
