"""Settings about clients, below `/s/<slug>/settings/`."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
