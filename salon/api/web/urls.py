"""Pages about API keys."""

from django.urls import path

from salon.api.web import views

urlpatterns = [
    path("s/<slug:slug>/settings/api-keys/", views.api_keys, name="api_keys"),
    path("s/<slug:slug>/settings/api-keys/<uuid:key_id>/revoke/", views.api_keys_revoke, name="api_keys_revoke"),
]
