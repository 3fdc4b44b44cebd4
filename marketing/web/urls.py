"""Pages of marketing, below `/s/<slug>/marketing/`."""

from django.urls.resolvers import URLPattern

urlpatterns: list[URLPattern] = []
