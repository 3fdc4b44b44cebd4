"""`/api/v1/segments`: the operations that the browser uses (api.md)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketing.choosing import count_of, meeting
from marketing.models import Segment
from marketing.rule import DEEPEST, MOST_CONDITIONS, Match, as_json
from marketing.segments import (
    READY_MADE,
    ReadyMade,
    chosen_rule,
    create_segment,
    delete_segment,
    get_segment,
    rule_of,
    segments_page,
    update_segment,
)
from marketing.vocabulary import FIELDS, REFERENCES, Field, Kind, Operator
from salon import keyset
from salon.api.endpoint import Endpoint
from salon.api.idempotency import Idempotency, idempotent
from salon.api.pagination import KeysetPages, invalid_cursor, page_answer, page_asked
from salon.api.scopes import Scope
from salon.api.serializers import Body, Instant, Text
from salon.api.versions import expected_version, versioned
from salon.tenancy.models import Salon

_WRITTEN = {
    Kind.CHOICE: "value",
    Kind.MONEY: '"0.00"',
    Kind.DATE: "YYYY-MM-DD",
    Kind.POSTCODE: '"80"',
    Kind.TOWN: '"Berlin"',
    **{one: f"{one.lower()} id" for one in REFERENCES},
}


def _told(operator: Operator) -> str:
    values = [_WRITTEN.get(kind, kind.lower()) for kind in operator.takes]
    if operator.many:
        values.append(f"{_WRITTEN[operator.many]} …")
    return f"`{operator.name}` [{', '.join(values)}]"


def _line(field: Field) -> str:
    choices = f" (values: {', '.join(f'`{value}`' for value, _label in field.choices)})" if field.choices else ""
    return f"- `{field.name}`{choices}: {', '.join(_told(one) for one in field.operators.values())}"


_SHAPE = (
    "Whom it means: a group of conditions and groups that a client must meet `ALL` of, or `ANY`; `negated` turns it "
    f"round. Without parts it means everybody. Groups stand in each other at most {DEEPEST} deep, with at most "
    f'{MOST_CONDITIONS} conditions in all. A condition is `{{"field", "operator", "values"}}`; its values, by field '
    "and operator:"
)
_HELP = "\n".join([_SHAPE, "", *map(_line, FIELDS.values())])


@extend_schema_field(
    {
        "type": "object",
        "required": ["match", "parts"],
        "properties": {
            "match": {"type": "string", "enum": Match.values},
            "negated": {"type": "boolean", "default": False},
            "parts": {"type": "array", "items": {"type": "object"}, "maxItems": MOST_CONDITIONS},
        },
        "additionalProperties": False,
    }
)
class RuleField(serializers.JSONField):
    """A rule; the operation says what of it is wrong."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the JSON as it came."""
        return data


class SegmentBody(Body):
    """A group of clients by rule; who is in it is asked anew each time."""

    example = {
        "id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4c01",
        "name": "Farbe, lange nicht da",
        "rule": {
            "match": "ALL",
            "negated": False,
            "parts": [
                {"field": "visits", "operator": "at_least", "values": [3]},
                {"field": "last_visit", "operator": "longer_ago", "values": [90]},
            ],
        },
        "version": 1,
        "created_at": "2026-11-21T10:00:00+01:00",
        "updated_at": "2026-11-21T10:00:00+01:00",
    }

    id = serializers.UUIDField(read_only=True)
    name = Text(allow_null=False, help_text="At most 80 characters; once in a salon, whatever its case and accents.")
    rule = RuleField(required=False, help_text=_HELP)
    version = serializers.IntegerField(read_only=True, help_text="Counts changes; also the ETag.")
    created_at = Instant(read_only=True)
    updated_at = Instant(read_only=True)


class NewSegmentBody(SegmentBody):
    """A segment to be made."""

    example = {name: SegmentBody.example[name] for name in ("name", "rule")}

    name = Text(required=True, allow_null=False, help_text="At most 80 characters; once in a salon.")
    rule = RuleField(help_text=_HELP)


class CountedSegmentBody(SegmentBody):
    """A segment with how many clients it means."""

    example = {**SegmentBody.example, "count": 48}

    count = serializers.IntegerField(read_only=True, help_text="How many clients it means now.")


class ReadyMadeBody(Body):
    """A segment that every salon has; a campaign chooses it by its key."""

    example = {
        "key": "lapsing",
        "name": "About to lapse",
        "description": "Their last visit is soon 365 days ago, and they have no appointment: within 30 days they would "
        "count as new again.",
        "rule": {
            "match": "ALL",
            "negated": False,
            "parts": [{"field": "lapsing", "operator": "within_next", "values": [30]}],
        },
    }

    key = serializers.ChoiceField([(key, key) for key in READY_MADE], read_only=True)
    name = serializers.CharField(read_only=True, help_text="In the language of the call.")
    description = serializers.CharField(read_only=True)
    rule = RuleField(read_only=True)


class ReadyMadesBody(Body):
    """All segments that every salon has."""

    results = ReadyMadeBody(many=True, read_only=True)


def _ready_made(ready: ReadyMade) -> dict[str, Any]:
    return {
        "key": ready.key,
        "name": str(ready.name),
        "description": str(ready.description),
        "rule": as_json(ready.rule),
    }


def clients_of_segment(salon: Salon, key: str, now: datetime) -> Q:
    """Return what a card must meet to be in a segment, which is named as campaigns name it.

    Raises: SegmentGone.
    """
    _name, rule = chosen_rule(key)
    return meeting(rule, salon=salon, now=now)


class _SegmentEndpoint(Endpoint):
    """What answers with one segment."""

    scopes = {}

    def shown(self, segment: Segment) -> dict[str, Any]:
        """Return a segment and how many it means."""
        count = count_of(rule_of(segment), salon=self.salon, now=self.now)
        return {**SegmentBody(segment).data, "count": count}


class SegmentsEndpoint(_SegmentEndpoint):
    """All segments of the salon's own."""

    scopes = {"GET": Scope.MARKETING_READ, "POST": Scope.MARKETING_WRITE}
    pagination_class = KeysetPages

    @extend_schema(responses={200: SegmentBody(many=True)})
    def get(self, request: Request) -> Response:
        """List segments.

        The newest first; deleted ones are left out, and so are those that every salon has (`segments/ready-made`).
        """
        asked = page_asked(request)
        try:
            page = segments_page(limit=asked.limit, cursor=asked.cursor)
        except keyset.InvalidCursor as error:
            raise invalid_cursor() from error
        found = [SegmentBody(one).data for one in page.rows]
        return page_answer(request, found, next=page.next, previous=page.previous)

    @extend_schema(request=NewSegmentBody, responses={201: CountedSegmentBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request) -> Response:
        """Make a segment.

        A name stands once in a salon: a second one is refused with `duplicate_name`. Of a rule everything that is wrong
        is told, each at its place, as in `rule.parts.0.values.1`.
        """
        entered = self.entered(NewSegmentBody)
        segment = create_segment(actor=self.actor, name=entered["name"], rule=entered["rule"], now=self.now)
        location = request.build_absolute_uri(reverse("api_segment", args=[segment.pk]))
        return versioned(Response(self.shown(segment), 201, headers={"Location": location}), segment.version)


class ReadyMadeSegmentsEndpoint(Endpoint):
    """Segments that every salon has."""

    scopes = {"GET": Scope.MARKETING_READ}

    @extend_schema(responses={200: ReadyMadesBody})
    def get(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """List the ready-made segments.

        All of them on one page. They cannot be changed; a segment of the salon's own can be made from their rule.
        """
        return Response({"results": [_ready_made(one) for one in READY_MADE.values()]})


class SegmentEndpoint(_SegmentEndpoint):
    """One segment."""

    scopes = {"GET": Scope.MARKETING_READ, "PATCH": Scope.MARKETING_WRITE, "DELETE": Scope.MARKETING_WRITE}

    @extend_schema(responses={200: CountedSegmentBody})
    def get(self, request: Request, segment_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Read a segment.

        `count` is asked anew each time: it changes without the version.
        """
        segment = get_segment(segment_id)
        return versioned(Response(self.shown(segment)), segment.version)

    @extend_schema(request=SegmentBody, responses={200: CountedSegmentBody})
    def patch(self, request: Request, segment_id: UUID) -> Response:
        """Change a segment.

        What is left out stays as it is; a rule is replaced whole. Campaigns that were made with it keep its rule as it
        was.
        """
        version = expected_version(request)
        entered = self.entered(SegmentBody, partial=True)
        segment = update_segment(actor=self.actor, segment_id=segment_id, version=version, now=self.now, **entered)
        return versioned(Response(self.shown(segment)), segment.version)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, segment_id: UUID) -> Response:
        """Delete a segment.

        What was sent to its clients stays; it can be restored in the browser.
        """
        delete_segment(actor=self.actor, segment_id=segment_id, version=expected_version(request), now=self.now)
        return Response(status=204)
