"""`/api/v1/campaigns`: the operations that the browser uses (api.md)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketing.campaigns import (
    ChangedCampaign,
    campaign_with_id,
    create_campaign,
    delete_campaign,
    list_campaigns,
    update_campaign,
)
from marketing.launching import require_ready, schedule, send_now, unschedule
from marketing.marked_group import MARKED
from marketing.models import Basis, Campaign, CampaignState
from marketing.placeholders import PLACEHOLDERS
from marketing.results import results_of
from marketing.segments import EVERYONE, READY_MADE, deleted_groups, group_name
from salon import keyset
from salon.api.endpoint import Endpoint
from salon.api.idempotency import Idempotency, idempotent
from salon.api.pagination import KeysetPages, invalid_cursor, page_answer, page_asked
from salon.api.scopes import Scope
from salon.api.serializers import Body, FieldProblem, Instant, Text
from salon.api.versions import expected_version, versioned
from salon.errors import FieldError, InvalidInput

_PLACEHOLDERS = (
    "Placeholders are filled in for each client: "
    + ", ".join(f"`{{{{{name}}}}}`" for name in PLACEHOLDERS)
    + ". Behind a `|` stands what is written where there is nothing to fill in, as in `{{first_name|dear client}}`. "
    "One that does not exist is stored, told in `lacks`, and not sent (`unknown_placeholder`)."
)
_KEYS = ", ".join(f"`{key}`" for key in READY_MADE)


class ResultBody(Body):
    """What became of a campaign so far, in clients."""

    waiting = serializers.IntegerField(read_only=True, help_text="Still to be written to.")
    sent = serializers.IntegerField(read_only=True)
    failed = serializers.IntegerField(read_only=True)
    excluded = serializers.IntegerField(read_only=True, help_text="Left out: no consent, no address, blocked …")
    unsubscribed = serializers.IntegerField(read_only=True, help_text="By this very mail.")
    answered = serializers.IntegerField(
        read_only=True, help_text="Answered their mail; what a program answers does not count."
    )
    booked = serializers.IntegerField(
        read_only=True, help_text="Made an appointment within 14 days after their mail, and did not cancel it."
    )
    appointments = serializers.IntegerField(read_only=True, help_text="How many those are.")
    revenue = serializers.DecimalField(
        max_digits=14,
        decimal_places=2,
        read_only=True,
        help_text="Of their paid sales, for services and products, less what was given back.",
    )
    due = serializers.DecimalField(
        max_digits=14,
        decimal_places=2,
        read_only=True,
        help_text="What the others are to cost that nobody has paid yet; of whoever did not come, nothing.",
    )


class CampaignBody(Body):
    """One mail to a group of clients."""

    example = {
        "id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4c11",
        "name": "Frühling",
        "subject": "Neues für {{first_name}}",
        "body": "Hallo {{first_name}},\n\nes gibt **Neues**.",
        "segment": "lapsing",
        "segment_name": "Kurz vor dem Ablauf",
        "segment_deleted": False,
        "rule": {
            "match": "ALL",
            "negated": False,
            "parts": [{"field": "lapsing", "operator": "within_next", "values": [30]}],
        },
        "basis": "CONSENT",
        "state": "SENT",
        "scheduled_at": None,
        "started_at": "2026-11-21T11:00:00+01:00",
        "finished_at": "2026-11-21T11:02:00+01:00",
        "result": {
            "waiting": 0,
            "sent": 48,
            "failed": 1,
            "excluded": 12,
            "unsubscribed": 1,
            "answered": 3,
            "booked": 5,
            "appointments": 5,
            "revenue": "395.00",
            "due": "59.00",
        },
        "version": 3,
        "created_at": "2026-11-21T10:00:00+01:00",
        "updated_at": "2026-11-21T11:02:00+01:00",
    }

    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)
    subject = Text(read_only=True)
    body = Text(read_only=True, help_text="Markdown with placeholders.")
    segment = serializers.SerializerMethodField(
        help_text="The segment that was chosen, as it is given; `null`: none yet, or clients marked one by one."
    )
    segment_name = serializers.SerializerMethodField(
        help_text="What its group is called (once it has begun: was called then), a ready-made one in the language of "
        "the call; `null`: none yet."
    )
    segment_deleted = serializers.BooleanField(
        read_only=True,
        help_text="Whether its segment was deleted before it has begun: it keeps the rule.",
    )
    rule = serializers.SerializerMethodField(
        help_text="Whom it means, as it was when it was chosen: the rule of a segment, or (`client` `in` ids) those "
        "who were marked in the client list."
    )
    basis = serializers.ChoiceField(Basis.choices, read_only=True)
    state = serializers.ChoiceField(CampaignState.choices, read_only=True)
    scheduled_at = Instant(read_only=True, allow_null=True)
    started_at = Instant(read_only=True, allow_null=True)
    finished_at = Instant(read_only=True, allow_null=True)
    result = ResultBody(read_only=True, allow_null=True, help_text="`null` until it has begun.")
    version = serializers.IntegerField(read_only=True, help_text="Counts changes; also the ETag.")
    created_at = Instant(read_only=True)
    updated_at = Instant(read_only=True)

    def get_segment(self, campaign: Campaign) -> str | None:
        """Return which segment was chosen, whatever became of it since."""
        return campaign.segment_key or None

    def get_segment_name(self, campaign: Campaign) -> str | None:
        """Return what its group is called, None where nobody was chosen."""
        return group_name(campaign) or None

    @extend_schema_field({"type": ["object", "null"], "additionalProperties": True})
    def get_rule(self, campaign: Campaign) -> dict[str, Any] | None:
        """Return whom it means, None where nobody was chosen."""
        return campaign.rule or None


class CheckedCampaignBody(CampaignBody):
    """A campaign with what it lacks to be sent."""

    example = {
        **CampaignBody.example,
        "state": "DRAFT",
        "started_at": None,
        "finished_at": None,
        "result": None,
        "lacks": [{"field": "imprint", "code": "required", "detail": "Every mail says who writes, and where."}],
    }

    lacks = FieldProblem(
        many=True,
        read_only=True,
        help_text="Of a draft: what sending it would be refused for, as `errors` would name it. Whether anybody is in "
        "its group, sending asks.",
    )


class ChangedCampaignBody(Body):
    """What of a draft can be changed."""

    example = {"name": "Frühling", "subject": "Neues für {{first_name}}"}

    name = Text(allow_null=False, help_text="At most 80 characters; no client sees it.")
    subject = Text(help_text="At most 150 characters; may have placeholders, as `body`.")
    body = Text(help_text=f"Markdown with placeholders, at most 20,000 characters. {_PLACEHOLDERS}")
    segment = Text(
        help_text=f"The key of a ready-made segment ({_KEYS}), the id of one of the salon's own, or `{EVERYONE}`: all "
        f"clients. Its rule is taken as it is now. `{MARKED}` are those who were marked in the client list when it was "
        "begun. `null` chooses nobody."
    )
    basis = serializers.ChoiceField(
        Basis.choices,
        required=False,
        help_text="`EXISTING_CUSTOMER` also writes to existing customers (§ 7 (3) UWG), where the owner decided so; "
        "elsewhere it is refused with `not_allowed`.",
    )


class NewCampaignBody(ChangedCampaignBody):
    """A campaign to be drafted."""

    example = {
        "name": "Frühling",
        "subject": "Neues für {{first_name}}",
        "body": "Hallo {{first_name}},\n\nes gibt **Neues**.",
        "segment": "lapsing",
    }

    name = Text(required=True, allow_null=False, help_text="At most 80 characters; no client sees it.")


class SendBody(Body):
    """When to send."""

    example = {"scheduled_at": None, "at": None}
    optional = True

    scheduled_at = Instant(
        required=False, allow_null=True, help_text="Within the next year; left out or `null`: as soon as possible."
    )
    at = Instant(required=False, allow_null=True, help_text="The same by its former name; not both.")


class CampaignFilters(FilterSet):  # type: ignore[misc]
    """Which campaigns."""

    state = ChoiceFilter(choices=CampaignState.choices)


class CampaignCalls(Endpoint):
    """What all calls about campaigns have in common."""

    def bodies(self, campaigns: Sequence[Campaign]) -> list[dict[str, Any]]:
        """Return campaigns with what became of those that have begun, in one statement for all of them."""
        begun = [one.pk for one in campaigns if one.started_at is not None]
        results = results_of(begun, now=self.now) if begun else {}
        deleted = deleted_groups(campaigns)
        for one in campaigns:
            one.result = results.get(one.pk)  # type: ignore[attr-defined]
            one.segment_deleted = one.segment_key in deleted  # type: ignore[attr-defined]
        return [dict(CampaignBody(one).data) for one in campaigns]

    def answer(self, campaign: Campaign, status: int = 200, **headers: str) -> Response:
        """Return one campaign, and what it lacks."""
        [body] = self.bodies([campaign])
        lacks = [{"field": one.field, "code": one.code, "detail": str(one.message)} for one in _lacks(campaign)]
        return versioned(Response({**body, "lacks": lacks}, status, headers=headers), campaign.version)


def _lacks(campaign: Campaign) -> list[FieldError]:
    if campaign.state != CampaignState.DRAFT:
        return []
    try:
        require_ready(campaign)
    except InvalidInput as refusal:
        return refusal.errors
    return []


class CampaignsEndpoint(CampaignCalls):
    """All campaigns of the salon."""

    scopes = {"GET": Scope.MARKETING_READ, "POST": Scope.MARKETING_WRITE}
    filters = CampaignFilters
    pagination_class = KeysetPages

    @extend_schema(responses={200: CampaignBody(many=True)})
    def get(self, request: Request) -> Response:
        """List campaigns.

        The newest first; deleted ones are left out.
        """
        asked = page_asked(request)
        state = self.narrowed(Campaign.objects.none()).form.cleaned_data["state"]
        try:
            page = list_campaigns(limit=asked.limit, cursor=asked.cursor, state=CampaignState(state) if state else None)
        except keyset.InvalidCursor as error:
            raise invalid_cursor() from error
        return page_answer(request, self.bodies(page.rows), next=page.next, previous=page.previous)

    @extend_schema(request=NewCampaignBody, responses={201: CheckedCampaignBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request) -> Response:
        """Draft a campaign.

        Nothing goes out before it is sent; until then only its name is needed. `lacks` says what else it needs.
        """
        details = cast(ChangedCampaign, self.entered(NewCampaignBody))
        campaign = create_campaign(actor=self.actor, details=details, now=self.now)
        location = request.build_absolute_uri(reverse("api_campaign", args=[campaign.pk]))
        return self.answer(campaign, 201, Location=location)


class CampaignEndpoint(CampaignCalls):
    """One campaign."""

    scopes = {"GET": Scope.MARKETING_READ, "PATCH": Scope.MARKETING_WRITE, "DELETE": Scope.MARKETING_WRITE}

    @extend_schema(responses={200: CheckedCampaignBody})
    def get(self, request: Request, campaign_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Read a campaign."""
        return self.answer(campaign_with_id(campaign_id))

    @extend_schema(request=ChangedCampaignBody, responses={200: CheckedCampaignBody})
    def patch(self, request: Request, campaign_id: UUID) -> Response:
        """Change a draft.

        What is left out stays as it is. What is scheduled, being sent or sent is refused with `not_a_draft`.
        """
        version = expected_version(request)
        changes = cast(ChangedCampaign, self.entered(ChangedCampaignBody, partial=True))
        return self.answer(
            update_campaign(actor=self.actor, campaign_id=campaign_id, changes=changes, version=version, now=self.now)
        )

    @extend_schema(responses={204: None})
    def delete(self, request: Request, campaign_id: UUID) -> Response:
        """Delete a draft.

        It can be restored in the browser. What is scheduled is refused with `still_going_out` (`unschedule` takes it
        back); what has begun to go out stays for good, with its results, and is refused with `already_begun`.
        """
        version = expected_version(request)
        delete_campaign(actor=self.actor, campaign_id=campaign_id, version=version, now=self.now)
        return Response(status=204)


class CampaignSendEndpoint(CampaignCalls):
    """Sending a campaign."""

    scopes = {"POST": Scope.MARKETING_WRITE}

    @extend_schema(request=SendBody, responses={200: CheckedCampaignBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request, campaign_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Send a draft, now or at a time.

        Who is in its group is asked when it begins, and everybody's consent once more at the moment of sending. All
        that is missing is named at once: `subject`, `body`, `segment`, `imprint` (entered in the browser), `basis`.
        To nobody (`nobody` at `segment`) nothing is sent now.
        """
        given = self.entered(SendBody)
        times = [name for name in ("scheduled_at", "at") if given.get(name)]
        if len(times) > 1:
            message = _("Give it by one of its two names.")
            raise InvalidInput([FieldError("at", "not_combinable", message)])
        if not times:
            return self.answer(send_now(actor=self.actor, campaign_id=campaign_id, now=self.now))
        return self.answer(self._schedule(campaign_id, times[0], given[times[0]]))

    def _schedule(self, campaign_id: UUID, name: str, at: datetime) -> Campaign:
        """Let a draft begin at a time that was given by this name.

        Raises: as `schedule`, what is wrong with the time at its name.
        """
        try:
            return schedule(actor=self.actor, campaign_id=campaign_id, at=at, now=self.now)
        except InvalidInput as refusal:
            errors = [replace(one, field=name) if one.field == "at" else one for one in refusal.errors]
            raise InvalidInput(errors) from refusal


class CampaignUnscheduleEndpoint(CampaignCalls):
    """Taking a campaign back before its time."""

    scopes = {"POST": Scope.MARKETING_WRITE}

    @extend_schema(request=None, responses={200: CheckedCampaignBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request, campaign_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Make a draft again of what is scheduled.

        What is not, or has begun by now, is refused with `not_scheduled`.
        """
        return self.answer(unschedule(actor=self.actor, campaign_id=campaign_id, now=self.now))
