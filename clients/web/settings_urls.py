"""Settings about clients, below `/s/<slug>/settings/`."""

from clients.web import category_settings, new_or_returning

urlpatterns = [
    *category_settings.urlpatterns,
    *new_or_returning.urlpatterns,
]
