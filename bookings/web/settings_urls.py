"""Settings of the calendar, below `/s/<slug>/settings/`."""

from django.urls import path

from bookings.web import feeds, rules, till_rules

urlpatterns = [
    path("booking-rules/", rules.booking_rules_page, name="booking_rules"),
    path("till/", till_rules.till_rules_page, name="till_rules"),
    path("calendar-feeds/", feeds.calendar_feeds, name="calendar_feeds"),
    path("calendar-feeds/<uuid:feed_id>/revoke/", feeds.calendar_feed_revoke, name="calendar_feed_revoke"),
]
