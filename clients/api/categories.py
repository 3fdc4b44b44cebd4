"""`/api/v1/categories`, and which client has which: the operations that the browser uses (api.md)."""

from typing import Any, cast
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clients.categories import (
    category_with_id,
    change_assignments,
    create_category,
    delete_category,
    list_categories,
    update_category,
)
from clients.labels import CategoryDetails, ChangedCategory, DiscountOn
from clients.models import Category
from salon import keyset
from salon.api.endpoint import Endpoint
from salon.api.idempotency import Idempotency, idempotent
from salon.api.pagination import KeysetPages, invalid_cursor, page_answer, page_asked
from salon.api.scopes import Scope
from salon.api.serializers import Body, Flag, Text
from salon.api.versions import expected_version, versioned


class PercentText(Text):
    """A discount, `"10.00"`, or null where none is granted."""

    def get_attribute(self, instance: Any) -> str:
        """Return the percentage with two places."""
        category: Category = instance
        return category.details.discount_percent


class CategoryBody(Body):
    """A label on clients, which may grant a discount at checkout."""

    example = {
        "id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4a77",
        "name": "Rentner −10 %",
        "description": "Im Ruhestand",
        "discount_percent": "10.00",
        "discount_on": "BOTH",
        "discount_special_offers": False,
        "version": 2,
    }

    id = serializers.UUIDField(read_only=True)
    name = Text(allow_null=False, help_text="At most 60 characters; once in a salon, whatever its case and accents.")
    description = Text(help_text="At most 200 characters.")
    discount_percent = PercentText(help_text="More than 0, at most 100, two decimal places; `null` grants none.")
    discount_on = serializers.ChoiceField(
        DiscountOn.choices, default=DiscountOn.BOTH.value, help_text="What the discount is taken off."
    )
    discount_special_offers = Flag(default=False, help_text="Whether it is taken off special offers, too.")
    version = serializers.IntegerField(read_only=True, help_text="Counts changes; also the ETag.")


class NewCategoryBody(CategoryBody):
    """A category to be made."""

    name = Text(required=True, allow_null=False, help_text="At most 60 characters; once in a salon.")


def _shown(category: Category) -> dict[str, Any]:
    return dict(CategoryBody(category).data)


class CategoriesEndpoint(Endpoint):
    """All client categories of the salon."""

    scopes = {"GET": Scope.CLIENTS_READ, "POST": Scope.CLIENTS_WRITE}
    pagination_class = KeysetPages

    @extend_schema(responses={200: CategoryBody(many=True)})
    def get(self, request: Request) -> Response:
        """List client categories.

        The newest first; deleted ones are left out.
        """
        asked = page_asked(request)
        try:
            page = list_categories(limit=asked.limit, cursor=asked.cursor)
        except keyset.InvalidCursor as error:
            raise invalid_cursor() from error
        found = [_shown(category) for category in page.rows]
        return page_answer(request, found, next=page.next, previous=page.previous)

    @extend_schema(request=NewCategoryBody, responses={201: CategoryBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request) -> Response:
        """Make a client category.

        A name stands once in a salon: a second one is refused with `duplicate_name`.
        """
        details = CategoryDetails(**self.entered(NewCategoryBody))
        category = create_category(actor=self.actor, details=details, now=self.now)
        location = request.build_absolute_uri(reverse("api_category", args=[category.pk]))
        return versioned(Response(_shown(category), 201, headers={"Location": location}), category.version)


class CategoryEndpoint(Endpoint):
    """One client category."""

    scopes = {"GET": Scope.CLIENTS_READ, "PATCH": Scope.CLIENTS_WRITE, "DELETE": Scope.CLIENTS_WRITE}

    @extend_schema(responses={200: CategoryBody})
    def get(self, request: Request, category_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Read a client category."""
        category = category_with_id(category_id)
        return versioned(Response(_shown(category)), category.version)

    @extend_schema(request=CategoryBody, responses={200: CategoryBody})
    def patch(self, request: Request, category_id: UUID) -> Response:
        """Change some fields of a client category.

        What is left out stays as it is; `null` empties a field.
        """
        version = expected_version(request)
        changes = cast(ChangedCategory, self.entered(CategoryBody, partial=True))
        category = update_category(
            actor=self.actor, category_id=category_id, changes=changes, version=version, now=self.now
        )
        return versioned(Response(_shown(category)), category.version)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, category_id: UUID) -> Response:
        """Delete a client category.

        Clients and past sales stay untouched; it can be restored in the browser.
        """
        version = expected_version(request)
        delete_category(actor=self.actor, category_id=category_id, version=version, now=self.now)
        return Response(status=204)


class ClientCategoryEndpoint(Endpoint):
    """Whether one client has one category."""

    scopes = {"PUT": Scope.CLIENTS_WRITE, "DELETE": Scope.CLIENTS_WRITE}

    @extend_schema(request=None, responses={204: None})
    def put(self, request: Request, client_id: UUID, category_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Give a client a category; one she has already stays."""
        change_assignments(actor=self.actor, client_id=client_id, added=[category_id], now=self.now)
        return Response(status=204)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, client_id: UUID, category_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Take a category from a client, if she has it."""
        change_assignments(actor=self.actor, client_id=client_id, removed=[category_id], now=self.now)
        return Response(status=204)
