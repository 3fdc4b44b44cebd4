"""Somebody who works in a large salon, and programs that call its API."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY as BACKEND
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from salon.api.keys import issue_key
from salon.api.scopes import Scope
from salon.identity.models import User
from salon.identity.roles import Role, system_actor
from salon.tenancy import directory
from salon.tenancy.context import salon_scope


def empty_page(slug: str) -> str:
    """Return the path of a page of whoever is signed in that reads nothing but who that is."""
    return f"/s/{slug}/settings/"


def sign_in(slug: str) -> str:
    """Return the Cookie header of an owner of that salon."""
    salon = directory.find_salon(slug)
    assert salon is not None
    user, made = User.objects.get_or_create(email=f"owner@{slug}.example", defaults={"name": "Owner"})
    if made:
        directory.add_membership(salon_id=salon.pk, user_id=user.pk, role=Role.OWNER)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {settings.LANGUAGE_COOKIE_NAME}=de"


def integration(slug: str) -> dict[str, str]:
    """Return the headers of a program with a new key to that salon: each key has a limit of its own."""
    salon = directory.find_salon(slug)
    assert salon is not None
    now = timezone.now()
    with salon_scope(salon.pk):
        issued = issue_key(
            actor=system_actor("Bench"),
            name="Bench",
            scopes=[Scope.CATALOGUE_READ, Scope.CLIENTS_READ, Scope.CLIENTS_WRITE, Scope.BOOKINGS_WRITE],
            expires_at=now + timedelta(hours=1),
            now=now,
        )
    return {"Authorization": f"Bearer {issued.secret}"}
