"""Calls of the API about segments and campaigns."""

from django.urls import path

from clients.api.handed_in import HANDED_IN
from marketing.api.campaigns import (
    CampaignEndpoint,
    CampaignSendEndpoint,
    CampaignsEndpoint,
    CampaignUnscheduleEndpoint,
)
from marketing.api.recipients import CampaignRecipientsEndpoint
from marketing.api.segments import ReadyMadeSegmentsEndpoint, SegmentEndpoint, SegmentsEndpoint, clients_of_segment

HANDED_IN.segment = clients_of_segment

urlpatterns = [
    path("segments", SegmentsEndpoint.as_view(), name="api_segments"),
    path("segments/ready-made", ReadyMadeSegmentsEndpoint.as_view(), name="api_ready_made_segments"),
    path("segments/<uuid:segment_id>", SegmentEndpoint.as_view(), name="api_segment"),
    path("campaigns", CampaignsEndpoint.as_view(), name="api_campaigns"),
    path("campaigns/<uuid:campaign_id>", CampaignEndpoint.as_view(), name="api_campaign"),
    path("campaigns/<uuid:campaign_id>/send", CampaignSendEndpoint.as_view(), name="api_campaign_send"),
    path(
        "campaigns/<uuid:campaign_id>/unschedule",
        CampaignUnscheduleEndpoint.as_view(),
        name="api_campaign_unschedule",
    ),
    path(
        "campaigns/<uuid:campaign_id>/recipients",
        CampaignRecipientsEndpoint.as_view(),
        name="api_campaign_recipients",
    ),
]
