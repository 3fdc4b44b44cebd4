"""Somebody who works in a large salon."""

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY as BACKEND
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from salon.identity.models import User
from salon.identity.roles import Role
from salon.tenancy import directory


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
