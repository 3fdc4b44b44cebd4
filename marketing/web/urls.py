"""Pages of marketing, below `/s/<slug>/marketing/`."""

from django.urls import path

from marketing.web import tabs

urlpatterns = [
    path("", tabs.marketing, name="marketing"),
]
