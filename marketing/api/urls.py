"""Calls of the API about segments and campaigns."""

from django.urls.resolvers import URLPattern

urlpatterns: list[URLPattern] = []
