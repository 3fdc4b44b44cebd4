"""Signing in with e-mail and password (domain.md §8)."""

from datetime import datetime

from django.contrib.auth import authenticate
from django.utils.translation import gettext_lazy as _

from salon.errors import DomainError
from salon.identity import throttling
from salon.identity.emails import normal_email
from salon.identity.models import User


class WrongCredentials(DomainError):
    """No active account has this address and password; which of both was wrong stays unsaid."""

    code = "wrong_credentials"
    message = _("E-mail address or password is wrong.")


def check_credentials(*, email: str, password: str, address: str, now: datetime) -> User:
    """Return the user who may sign in, and forget the failures of that account.

    `address` is the network address that asks. Not one transaction: failures stay, and no connection is held in one
    while the password is hashed.

    Raises: WrongCredentials, Throttled.
    """
    account = normal_email(email)
    attempt = throttling.attempt(purpose=throttling.Purpose.SIGN_IN, address=address, account=account, now=now)
    user = authenticate(email=account, password=password)
    if user is None:
        raise WrongCredentials
    throttling.forgive(attempt)
    return user
