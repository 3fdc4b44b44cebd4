"""Checking e-mail and password, without telling which accounts exist (quality.md §3)."""

from uuid import UUID

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from salon.identity.emails import normal_email
from salon.identity.models import User


class EmailBackend(BaseBackend):
    """Django's door to our users."""

    def authenticate(  # type: ignore[override]
        self,
        request: HttpRequest | None,  # noqa: ARG002 - Django passes it
        email: str | None = None,
        password: str | None = None,
    ) -> User | None:
        """Return the active user of that address and password; None costs the same time whatever was wrong."""
        if email is None or password is None:
            return None
        user = User.objects.filter(email=normal_email(email)).first()
        if user is None:
            make_password(password)
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: UUID) -> User | None:
        """Return the user of a session, None as soon as it is no longer active."""
        return User.objects.filter(pk=user_id, is_active=True).first()
