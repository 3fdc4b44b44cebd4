"""The calendar and what is booked in it, below `/s/<slug>/calendar/`."""

from django.urls import path

from bookings.web import calendar

urlpatterns = [
    path("", calendar.calendar, name="calendar"),
    path("poll/", calendar.poll, name="calendar_poll"),
    path("month/", calendar.month, name="calendar_month"),
    path("staff/", calendar.staff, name="calendar_staff"),
]
