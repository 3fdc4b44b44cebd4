"""The calendar and what is booked in it, below `/s/<slug>/calendar/`."""

from django.urls import path

from bookings.web import (
    absences,
    appointment,
    appointment_changes,
    blocked,
    booking,
    calendar,
    changes,
    day_sheet,
    foregone,
    search,
    waiting,
)

urlpatterns = [
    path("", calendar.calendar, name="calendar"),
    path("poll/", calendar.poll, name="calendar_poll"),
    path("month/", calendar.month, name="calendar_month"),
    path("sheet/", day_sheet.day_sheet, name="day_sheet"),
    path("staff/", calendar.staff, name="calendar_staff"),
    path("appointments/<uuid:appointment_id>/move/", changes.appointment_move, name="appointment_move"),
    path("appointments/<uuid:appointment_id>/resize/", changes.item_resize, name="item_resize"),
    path("appointments/<uuid:appointment_id>/undo/", changes.appointment_undo, name="appointment_undo"),
    path("new/", booking.booking_new, name="booking_new"),
    path("new/clients/", search.booking_clients, name="booking_clients"),
    path("new/services/", search.booking_services, name="booking_services"),
    path("appointments/<uuid:appointment_id>/", appointment.appointment, name="appointment"),
    path(
        "appointments/<uuid:appointment_id>/change/", appointment_changes.appointment_change, name="appointment_change"
    ),
    path("blocked/new/", blocked.absence_new, name="absence_new"),
    path("blocked/<uuid:absence_id>/", blocked.absence, name="absence"),
    path("hints/", absences.calendar_hints, name="calendar_hints"),
    path("waiting/", waiting.waiting, name="waiting"),
    path("waiting/new/", waiting.waiting_new, name="waiting_new"),
    path("waiting/<uuid:entry_id>/", waiting.waiting_entry, name="waiting_entry"),
    path("waiting/<uuid:entry_id>/remove/", waiting.waiting_remove, name="waiting_remove"),
    path("foregone/closure/", foregone.closure_foregone, name="closure_foregone"),
    path("foregone/absence/<uuid:staff_id>/", foregone.absence_foregone, name="absence_foregone"),
    path("foregone/blocked/", foregone.blocked_foregone, name="blocked_foregone"),
    path("foregone/hours/<uuid:staff_id>/", foregone.hours_foregone, name="hours_foregone"),
    path("absences/<uuid:absence_id>/", absences.absence_worklist, name="absence_worklist"),
    path("absences/<uuid:absence_id>/several/", absences.absence_tasks, name="absence_tasks"),
    path("absences/<uuid:absence_id>/<uuid:appointment_id>/", absences.absence_task, name="absence_task"),
]
