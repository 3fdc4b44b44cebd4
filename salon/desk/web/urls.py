"""What spans the apps, below `/s/<slug>/`."""

from django.urls import path

from salon.desk.web import card, views

urlpatterns = [
    path("clients/<uuid:client_id>/", card.card, name="client_card"),
    path("search/", views.search, name="search"),
]
