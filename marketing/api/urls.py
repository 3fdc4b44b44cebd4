"""Calls of the API about segments and campaigns."""

from django.urls import path

from marketing.api.segments import ReadyMadeSegmentsEndpoint, SegmentEndpoint, SegmentsEndpoint

urlpatterns = [
    path("segments", SegmentsEndpoint.as_view(), name="api_segments"),
    path("segments/ready-made", ReadyMadeSegmentsEndpoint.as_view(), name="api_ready_made_segments"),
    path("segments/<uuid:segment_id>", SegmentEndpoint.as_view(), name="api_segment"),
]
