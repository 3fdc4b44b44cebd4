"""Pages of the section Clients."""

from django.urls import path

from clients.web import views

app_name = "clients"
urlpatterns = [
    path("", views.clients, name="list"),
    path("new/", views.create, name="create"),
    path("<uuid:client_id>/edit/", views.edit, name="edit"),
]
