"""Paths of the API about what spans the apps."""

from django.urls import path

from salon.desk.api.history import HistoryEndpoint

urlpatterns = [
    path("clients/<uuid:client_id>/history", HistoryEndpoint.as_view(), name="api_client_history"),
]
