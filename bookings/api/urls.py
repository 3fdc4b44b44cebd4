"""Paths of the API about bookings."""

from django.urls import path

from bookings.api.availability import AvailabilityEndpoint

urlpatterns = [
    path("availability", AvailabilityEndpoint.as_view(), name="api_availability"),
]
