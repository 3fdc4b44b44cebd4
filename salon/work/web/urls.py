"""Addresses of the nightly run."""

from django.urls import path

from salon.work.web import views

urlpatterns = [
    path("s/<slug:slug>/settings/night/", views.night, name="night"),
    path("s/<slug:slug>/settings/night/latest/", views.night_latest, name="night_latest"),
    path("s/<slug:slug>/settings/night/run/", views.night_run, name="night_run"),
]
