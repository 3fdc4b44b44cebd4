"""Paths of the API about catalogue and team."""

from django.urls import path

from salon.catalogue.api.endpoints import ProductsEndpoint, ServiceEndpoint, ServicesEndpoint, StaffEndpoint

urlpatterns = [
    path("services", ServicesEndpoint.as_view(), name="api_services"),
    path("services/<uuid:service_id>", ServiceEndpoint.as_view(), name="api_service"),
    path("products", ProductsEndpoint.as_view(), name="api_products"),
    path("staff", StaffEndpoint.as_view(), name="api_staff"),
]
