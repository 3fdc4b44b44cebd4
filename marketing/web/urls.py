"""Pages of marketing, below `/s/<slug>/marketing/`."""

from django.urls import include, path

from marketing.web import tabs

urlpatterns = [
    path("", tabs.marketing, name="marketing"),
    path("campaigns/", include("marketing.web.campaign_urls")),
]
