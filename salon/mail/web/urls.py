"""Addresses of the outgoing mail."""

from django.urls import path

from salon.mail.web import views

urlpatterns = [
    path("s/<slug:slug>/settings/mails/", views.mails, name="mails"),
    path("s/<slug:slug>/settings/mails/<uuid:mail_id>/", views.mail, name="mail"),
    path("s/<slug:slug>/settings/mails/<uuid:mail_id>/shown/", views.mail_shown, name="mail_shown"),
]
