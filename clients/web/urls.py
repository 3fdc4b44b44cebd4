"""Pages of the section Clients."""

from django.urls import path

from clients.web import (
    categories,
    consent,
    editing,
    importing,
    inline,
    list_options,
    notes,
    referrers,
    selection,
    treatcard,
)
from clients.web.list import clients, count

app_name = "clients"
urlpatterns = [
    path("", clients, name="list"),
    path("count/", count, name="count"),
    path("filter/", list_options.filters, name="filter"),
    path("columns/", list_options.columns, name="columns"),
    path("selection/categories/", selection.assign, name="assign"),
    path("selection/categories/take-back/", selection.take_back, name="take_back"),
    path("new/", editing.create, name="create"),
    path("<uuid:client_id>/edit/", editing.edit, name="edit"),
    *importing.urlpatterns,
    *inline.urlpatterns,
    *categories.urlpatterns,
    path("<uuid:client_id>/treatcard/", treatcard.treatcard, name="treatcard"),
    path("referrers/", referrers.referrers, name="referrers"),
    path("<uuid:client_id>/notes/", notes.write, name="notes"),
    path("notes/<uuid:note_id>/", notes.edit, name="note_edit"),
    path("notes/<uuid:note_id>/pin/", notes.pin, name="note_pin"),
    path("notes/<uuid:note_id>/delete/", notes.delete, name="note_delete"),
    path("notes/<uuid:note_id>/restore/", notes.restore, name="note_restore"),
    path("<uuid:client_id>/health/", notes.health, name="health"),
    path("<uuid:client_id>/consent/", consent.record, name="consent"),
]
