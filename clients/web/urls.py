"""Pages of the section Clients."""

from django.urls import path

from clients.web import consent, notes, views

app_name = "clients"
urlpatterns = [
    path("", views.clients, name="list"),
    path("new/", views.create, name="create"),
    path("<uuid:client_id>/edit/", views.edit, name="edit"),
    path("<uuid:client_id>/notes/", notes.write, name="notes"),
    path("notes/<uuid:note_id>/", notes.edit, name="note_edit"),
    path("notes/<uuid:note_id>/pin/", notes.pin, name="note_pin"),
    path("notes/<uuid:note_id>/delete/", notes.delete, name="note_delete"),
    path("notes/<uuid:note_id>/restore/", notes.restore, name="note_restore"),
    path("<uuid:client_id>/health/", notes.health, name="health"),
    path("<uuid:client_id>/consent/", consent.record, name="consent"),
]
