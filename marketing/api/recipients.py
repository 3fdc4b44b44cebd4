"""`/api/v1/campaigns/{id}/recipients`: who gets a campaign, who does not, and what came of it (api.md)."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django_filters import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketing.campaigns import campaign_with_id
from marketing.models import Recipient, RecipientReason, RecipientState
from marketing.recipient_list import LONGEST_TYPED, Effect, Wanted, list_recipients
from marketing.results import Booked, bookings_of
from salon import keyset
from salon.api.authentication import MissingScope
from salon.api.endpoint import Endpoint
from salon.api.pagination import KeysetPages, invalid_cursor, page_answer, page_asked
from salon.api.scopes import Scope
from salon.api.serializers import Body, Instant, Text

_NOTHING = Booked((), Decimal(0), Decimal(0))


class RecipientFilters(FilterSet):  # type: ignore[misc]
    """Which recipients."""

    state = ChoiceFilter(choices=RecipientState.choices)
    reason = ChoiceFilter(choices=RecipientReason.choices)
    effect = ChoiceFilter(
        choices=Effect.choices,
        help_text="What came of it, as in `result`: `ANSWERED` it, `BOOKED` within 14 days after the mail (of cards "
        "that have become one, one), `REVENUE` came of that, `UNSUBSCRIBED` by this very mail.",
    )
    search = CharFilter(
        max_length=LONGEST_TYPED,
        help_text="Beginnings of names, and any part of the address it was written to. Needs `clients:read`.",
    )


class BookedBody(Body):
    """An appointment that counts for a mail."""

    example = {"id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4b11", "starts_at": "2026-11-24T10:00:00+01:00"}

    id = serializers.UUIDField(read_only=True)
    starts_at = Instant(read_only=True)


class RecipientBody(Body):
    """One client of a campaign: why she gets it or not, and what became of it."""

    example = {
        "id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4d21",
        "client": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4a11",
        "address": "lena@example.com",
        "state": "SENT",
        "reason": "CONSENT",
        "sent_at": "2026-11-21T11:01:00+01:00",
        "unsubscribed_at": None,
        "answered_at": "2026-11-21T12:40:00+01:00",
        "bookings": [{"id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4b11", "starts_at": "2026-11-24T10:00:00+01:00"}],
        "revenue": "59.00",
        "due": "0.00",
    }

    id = serializers.UUIDField(read_only=True)
    client = serializers.UUIDField(
        source="client_id", read_only=True, allow_null=True, help_text="`null` without `clients:read`."
    )
    address = Text(read_only=True, help_text="`null` without `clients:read`, and where there is none.")
    state = serializers.ChoiceField(RecipientState.choices, read_only=True)
    reason = serializers.ChoiceField(RecipientReason.choices, read_only=True)
    sent_at = Instant(read_only=True, allow_null=True)
    unsubscribed_at = Instant(read_only=True, allow_null=True)
    answered_at = Instant(read_only=True, allow_null=True, help_text="When she first answered it, if she did.")
    bookings = BookedBody(
        many=True,
        read_only=True,
        allow_null=True,
        help_text="What she made of the mail, as `result` counts it, the earliest first; `null` without "
        "`bookings:read`.",
    )
    revenue = serializers.DecimalField(max_digits=14, decimal_places=2, read_only=True, help_text="What that brought.")
    due = serializers.DecimalField(
        max_digits=14, decimal_places=2, read_only=True, help_text="What of it nobody has paid yet."
    )


class CampaignRecipientsEndpoint(Endpoint):
    """Who gets a campaign and who does not."""

    scopes = {"GET": Scope.MARKETING_READ}
    filters = RecipientFilters
    pagination_class = KeysetPages

    @extend_schema(responses={200: RecipientBody(many=True)})
    def get(self, request: Request, campaign_id: UUID) -> Response:
        """List the recipients of a campaign.

        In the order in which they are written to; nobody before it has begun. `reason` says why somebody is written to,
        left out, or did not get it.
        """
        asked = page_asked(request)
        wanted = self._wanted(self.narrowed(Recipient.objects.none()).form.cleaned_data)
        campaign = campaign_with_id(campaign_id)
        bookings = bookings_of(campaign.pk, now=self.now)
        try:
            page = list_recipients(
                campaign.pk, limit=asked.limit, bookings=bookings, cursor=asked.cursor, wanted=wanted
            )
        except keyset.InvalidCursor as error:
            raise invalid_cursor() from error
        found = [self._shown(one, bookings.get(one.pk, _NOTHING)) for one in page.rows]
        return page_answer(request, found, next=page.next, previous=page.previous)

    def _wanted(self, given: dict[str, str]) -> Wanted:
        """Read the filters; whoever sees no names and addresses cannot guess them either.

        Raises: MissingScope.
        """
        if given["search"] and Scope.CLIENTS_READ not in self.admission.scopes:
            raise MissingScope(Scope.CLIENTS_READ)
        return Wanted(
            state=RecipientState(given["state"]) if given["state"] else None,
            reason=RecipientReason(given["reason"]) if given["reason"] else None,
            effect=Effect(given["effect"]) if given["effect"] else None,
            typed=given["search"],
        )

    def _shown(self, recipient: Recipient, booked: Booked) -> dict[str, Any]:
        recipient.bookings, recipient.revenue, recipient.due = booked.made, booked.revenue, booked.due  # type: ignore[attr-defined]
        body, scopes = dict(RecipientBody(recipient).data), self.admission.scopes
        if Scope.CLIENTS_READ not in scopes:
            body |= {"client": None, "address": None}
        return body if Scope.BOOKINGS_READ in scopes else {**body, "bookings": None}
