"""Every route of the installation; each declares what it asks of its caller."""

from django.conf import settings
from django.urls import include, path

from bookings.web import feeds
from clients.web import confirming
from marketing.web import inbound, public_pictures, unsubscribing
from salon.desk.web import exports
from salon.web import health, sections, styleguide

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("consent/<str:secret>/", confirming.consent_link, name="consent_link"),
    path("exported/<str:secret>/", exports.linked, name="exported_file"),
    path("ical/<str:secret>.ics", feeds.calendar_feed, name="calendar_feed"),
    path("mail/inbound/<slug:esp>/", inbound.inbound_mail, name="inbound_mail"),
    path("pictures/<uuid:salon_id>/<str:name>", public_pictures.picture, name="picture"),
    path("unsubscribe/<str:secret>/", unsubscribing.unsubscribe_page, name="unsubscribe"),
    path("api/v1/", include("bookings.api.urls")),
    path("api/v1/", include("clients.api.urls")),
    path("api/v1/", include("loyalty.api.urls")),
    path("api/v1/", include("marketing.api.urls")),
    path("api/v1/", include("salon.catalogue.api.urls")),
    path("api/v1/", include("salon.desk.api.urls")),
    path("api/v1/", include("salon.api.urls")),
    path("", include("salon.api.web.urls")),
    path("", include("salon.identity.web.urls")),
    path("", include("salon.mail.web.urls")),
    path("", include("salon.work.web.urls")),
    path("s/<slug:slug>/calendar/", include("bookings.web.urls")),
    path("s/<slug:slug>/clients/", include("clients.web.urls")),
    path("s/<slug:slug>/checkout/", include("bookings.web.checkout_urls")),
    path("s/<slug:slug>/marketing/", include("marketing.web.urls")),
    path("s/<slug:slug>/marketing/", include("loyalty.web.urls")),
    path("s/<slug:slug>/reports/", sections.reports, name="reports"),
    path("s/<slug:slug>/settings/", include("bookings.web.settings_urls")),
    path("s/<slug:slug>/settings/", include("clients.web.settings_urls")),
    path("s/<slug:slug>/settings/", include("salon.catalogue.web.settings_urls")),
    path("s/<slug:slug>/", include("salon.desk.web.urls")),
]
if settings.STYLEGUIDE:
    urlpatterns.append(path("s/<slug:slug>/styleguide/", styleguide.styleguide, name="styleguide"))
