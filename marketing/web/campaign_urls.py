"""Pages of campaigns, below `/s/<slug>/marketing/campaigns/`."""

from django.urls import path

from marketing.web import (
    campaign_editor,
    campaign_marked,
    campaign_preview,
    campaign_recipients,
    campaign_results,
    campaign_sending,
    campaigns,
)

urlpatterns = [
    path("", campaigns.campaigns, name="campaigns"),
    path("new/", campaigns.campaign_new, name="campaign_new"),
    path("marked/", campaign_marked.campaign_to_marked, name="campaign_to_marked"),
    path("audience/", campaign_editor.campaign_audience, name="campaign_audience"),
    path("clients/", campaign_preview.campaign_clients, name="campaign_clients"),
    path("<uuid:campaign_id>/", campaigns.campaign, name="campaign"),
    path("<uuid:campaign_id>/edit/", campaign_editor.campaign_edit, name="campaign_edit"),
    path("<uuid:campaign_id>/preview/", campaign_preview.campaign_preview, name="campaign_preview"),
    path("<uuid:campaign_id>/send/", campaign_sending.campaign_send, name="campaign_send"),
    path("<uuid:campaign_id>/test/", campaign_sending.campaign_test, name="campaign_test"),
    path("<uuid:campaign_id>/tested/", campaign_sending.campaign_tested, name="campaign_tested"),
    path("<uuid:campaign_id>/unschedule/", campaign_sending.campaign_unschedule, name="campaign_unschedule"),
    path("<uuid:campaign_id>/pause/", campaign_sending.campaign_pause, name="campaign_pause"),
    path("<uuid:campaign_id>/resume/", campaign_sending.campaign_resume, name="campaign_resume"),
    path("<uuid:campaign_id>/end/", campaign_sending.campaign_end, name="campaign_end"),
    path("<uuid:campaign_id>/progress/", campaign_results.campaign_progress, name="campaign_progress"),
    path("<uuid:campaign_id>/results/", campaign_results.campaign_results, name="campaign_results"),
    path("<uuid:campaign_id>/recipients/", campaign_recipients.campaign_recipients, name="campaign_recipients"),
    path(
        "<uuid:campaign_id>/recipients/<uuid:client_id>/mail/", campaign_recipients.campaign_mail, name="campaign_mail"
    ),
    path("<uuid:campaign_id>/copy/", campaigns.campaign_copy, name="campaign_copy"),
    path("<uuid:campaign_id>/delete/", campaigns.campaign_delete, name="campaign_delete"),
    path("<uuid:campaign_id>/restore/", campaigns.campaign_restore, name="campaign_restore"),
]
