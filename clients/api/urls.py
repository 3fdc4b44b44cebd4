"""Paths of the API about clients."""

from django.urls import path

from clients.api.views import ClientEndpoint, ClientsEndpoint

urlpatterns = [
    path("clients", ClientsEndpoint.as_view(), name="api_clients"),
    path("clients/<uuid:client_id>", ClientEndpoint.as_view(), name="api_client"),
]
