"""Pages of a list: `{"results", "next", "previous"}`, by key rather than by number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from salon.errors import FieldError, InvalidInput

LIMIT = 50
LARGEST_LIMIT = 200
LONGEST_CURSOR = 1000
PARAMETERS = frozenset({"limit", "cursor"})


@dataclass(frozen=True, slots=True)
class PageAsked:
    """How many rows a call wants, and from where on (None: from the start)."""

    limit: int
    cursor: str | None


def page_asked(request: Request) -> PageAsked:
    """Read `limit` and `cursor`.

    Raises: InvalidInput.
    """
    given = request.query_params.get("limit", str(LIMIT))
    limit = int(given) if given.isascii() and given.isdigit() and len(given) <= 3 else 0
    if not 1 <= limit <= LARGEST_LIMIT:
        message = _("Give a whole number from 1 to %(largest)d.") % {"largest": LARGEST_LIMIT}
        raise InvalidInput([FieldError("limit", "invalid", message)])
    cursor = request.query_params.get("cursor")
    if cursor is not None and not 0 < len(cursor) <= LONGEST_CURSOR:
        raise invalid_cursor()
    return PageAsked(limit, cursor)


def invalid_cursor() -> InvalidInput:
    """Return the refusal of a cursor that no page of this list has given."""
    return InvalidInput([FieldError("cursor", "invalid", _("No page of this list has given this cursor."))])


def page_answer(request: Request, results: Sequence[Any], *, next: str | None, previous: str | None) -> Response:  # noqa: A002 - the contract's word
    """Return one page with the absolute addresses of its neighbours."""
    return Response({"results": results, "next": _address(request, next), "previous": _address(request, previous)})


def _address(request: Request, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    query = request.query_params.copy()
    query["cursor"] = cursor
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


class KeysetPages:
    """What the schema says of a list's pages."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the shape of one page of things of that shape."""
        address = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {
                "results": schema,
                "next": {**address, "description": "Where the list goes on, if it does."},
                "previous": {**address, "description": "The page before, if there is one."},
            },
        }

    def get_schema_operation_parameters(self, view: object) -> list[dict[str, Any]]:  # noqa: ARG002 - DRF's signature
        """Return the query parameters that choose a page."""
        limit = {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": LIMIT}
        cursor = {"type": "string", "minLength": 1, "maxLength": LONGEST_CURSOR}
        return [
            {"name": "limit", "in": "query", "schema": limit, "description": "How many results at most."},
            {
                "name": "cursor",
                "in": "query",
                "schema": cursor,
                "description": "A place in the list, as `next` and `previous` give it.",
            },
        ]
