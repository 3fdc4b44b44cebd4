"""`/api/v1/services`, `products` and `staff`: what an integration may offer, and with whom (api.md)."""

from uuid import UUID

from django.db.models import Q
from django_filters import ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from salon import keyset
from salon.api.endpoint import Endpoint
from salon.api.pagination import KeysetPages, invalid_cursor, page_answer, page_asked
from salon.api.scopes import Scope
from salon.api.versions import versioned
from salon.catalogue import paging
from salon.catalogue.api.serializers import ProductBody, ServiceBody, StaffBody, shown_services
from salon.catalogue.listing import service_with_id
from salon.catalogue.models import Service


class ServiceFilters(FilterSet):  # type: ignore[misc]
    """How `GET services` is narrowed."""

    online = ChoiceFilter(
        choices=[("true", "true"), ("false", "false")],
        help_text="`true`: only what can be booked online; `false`: only what cannot.",
    )


class ServicesEndpoint(Endpoint):
    """All services that are offered."""

    scopes = {"GET": Scope.CATALOGUE_READ}
    filters = ServiceFilters
    pagination_class = KeysetPages

    @extend_schema(responses={200: ServiceBody(many=True)})
    def get(self, request: Request) -> Response:
        """List services.

        In the order of the catalogue: group, position, name. Archived ones are left out.
        """
        asked = page_asked(request)
        online = self.narrowed(Service.objects.none()).form.cleaned_data["online"]
        meeting = Q(online=online == "true") if online else None
        try:
            page = paging.list_services(limit=asked.limit, cursor=asked.cursor, meeting=meeting)
        except keyset.InvalidCursor as error:
            raise invalid_cursor() from error
        found = shown_services(page.rows, paging.staff_doing([one.pk for one in page.rows]))
        return page_answer(request, found, next=page.next, previous=page.previous)


class ServiceEndpoint(Endpoint):
    """One service."""

    scopes = {"GET": Scope.CATALOGUE_READ}

    @extend_schema(responses={200: ServiceBody})
    def get(self, request: Request, service_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Read a service.

        One that is archived answers 404.
        """
        service = service_with_id(service_id)
        [found] = shown_services([service], paging.staff_doing([service.pk]))
        return versioned(Response(found), service.version)


class ProductsEndpoint(Endpoint):
    """All products that are sold."""

    scopes = {"GET": Scope.CATALOGUE_READ}
    pagination_class = KeysetPages

    @extend_schema(responses={200: ProductBody(many=True)})
    def get(self, request: Request) -> Response:
        """List products.

        In the order of the catalogue: group, position, name. Archived ones are left out.
        """
        asked = page_asked(request)
        try:
            page = paging.list_products(limit=asked.limit, cursor=asked.cursor)
        except keyset.InvalidCursor as error:
            raise invalid_cursor() from error
        found = list(ProductBody(page.rows, many=True).data)
        return page_answer(request, found, next=page.next, previous=page.previous)


class StaffEndpoint(Endpoint):
    """All who can be booked."""

    scopes = {"GET": Scope.CATALOGUE_READ}
    pagination_class = KeysetPages

    @extend_schema(responses={200: StaffBody(many=True)})
    def get(self, request: Request) -> Response:
        """List staff.

        In the order of the calendar's columns. Who has left is left out.
        """
        asked = page_asked(request)
        try:
            page = paging.list_staff(limit=asked.limit, cursor=asked.cursor)
        except keyset.InvalidCursor as error:
            raise invalid_cursor() from error
        services = paging.services_done_by([one.pk for one in page.rows])
        found = list(StaffBody(page.rows, many=True, context={"services": services}).data)
        return page_answer(request, found, next=page.next, previous=page.previous)
