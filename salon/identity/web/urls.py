"""Addresses of signing in, and of a salon's members."""

from django.urls import path

from salon.identity.web import own_salon, settings, views

urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", views.sign_in, name="sign_in"),
    path("signed-in/<uuid:user_id>/", views.still_signed_in, name="still_signed_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("language/", views.set_language, name="set_language"),
    path("password/reset/", views.password_reset, name="password_reset"),
    path("password/reset/sent/", views.password_reset_sent, name="password_reset_sent"),
    path("password/reset/done/", views.password_reset_done, name="password_reset_done"),
    path("password/reset/<str:uidb64>/<str:token>/", views.password_reset_confirm, name="password_reset_confirm"),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    path("s/<slug:slug>/settings/", settings.settings, name="settings"),
    path("s/<slug:slug>/settings/salon/", own_salon.salon_details, name="salon_details"),
    path("s/<slug:slug>/settings/members/", settings.members, name="members"),
    path("s/<slug:slug>/settings/members/<uuid:membership_id>/role/", settings.members_role, name="members_role"),
    path("s/<slug:slug>/settings/members/<uuid:membership_id>/remove/", settings.members_remove, name="members_remove"),
    path(
        "s/<slug:slug>/settings/invitations/<uuid:invitation_id>/revoke/",
        settings.invitations_revoke,
        name="invitations_revoke",
    ),
]
