"""Passwords: what one must be, and how a forgotten one is replaced (domain.md §8, quality.md §3)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from salon.errors import DomainError, FieldError, InvalidInput
from salon.identity import throttling
from salon.identity.emails import accepted_email
from salon.identity.links import absolute_link
from salon.identity.models import User
from salon.mail.outbox import send_account_mail
from salon.tenancy.models import new_id
from salon.work import queue


class ResetLinkInvalid(DomainError):
    """The link was used, is older than an hour, or never was one."""

    code = "reset_link_invalid"
    message = _("This link is not valid (any more).")


class _Tokens(PasswordResetTokenGenerator):
    """Django's tokens at a given moment; in UTC, so that no clock change lengthens or shortens their hour."""

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self._moment = now.astimezone(UTC).replace(tzinfo=None)

    def _now(self) -> datetime:
        return self._moment


def password_errors(password: str, user: User) -> list[FieldError]:
    """Return what is wrong with a password that `user` wants to have."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        return [FieldError("password", one.code or "invalid", " ".join(one.messages)) for one in error.error_list]
    return []


def request_reset(*, email: str, address: str, now: datetime) -> None:
    """Ask for a reset link by mail; nothing tells the asker whether the account exists, not even the time it takes.

    `address` is the network address that asks. Whatever the answer is, one row of due work is written: the worker finds
    out whether there is anybody to write to.

    Raises: InvalidInput, Throttled.
    """
    account = accepted_email(email)
    throttling.attempt(purpose=throttling.Purpose.PASSWORD_RESET, address=address, account=account, now=now)
    with transaction.atomic():
        user_id = User.objects.filter(email=account, is_active=True).values_list("pk", flat=True).first()
        queue.schedule(
            task="salon.identity.tasks.send_reset_link",
            subject_id=new_id() if user_id is None else user_id,
            due_at=now,
        )


def send_reset_link(*, user_id: UUID, now: datetime) -> None:
    """Write a mail with a link that sets a new password, once and within an hour; nobody there, no mail."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return
    key = urlsafe_base64_encode(str(user.pk).encode())
    link = absolute_link("password_reset_confirm", key, _Tokens(now).make_token(user))
    with override(user.language):
        subject = gettext("Choose a new password")
        body = render_to_string("identity/mail/password_reset.txt", {"name": user.name, "link": link})
    expires_at = now + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    send_account_mail(recipient=user.email, subject=subject, body=body, expires_at=expires_at, now=now)


def check_reset_link(*, user_key: str, token: str, now: datetime) -> None:
    """Accept a link as long as it would still set a password.

    Raises: ResetLinkInvalid.
    """
    _checked(User.objects.all(), user_key, token, now)


def reset_password(*, user_key: str, token: str, password: str, now: datetime) -> None:
    """Set the password of the user a reset link was sent to; this ends the link and every session of the user.

    (Sessions carry a hash of the password, so none outlives it.) Failed sign-ins of the account are forgotten.

    Raises: ResetLinkInvalid, InvalidInput.
    """
    with transaction.atomic():
        # Locked, so that of two requests with one token the second finds it used.
        user = _checked(User.objects.select_for_update(), user_key, token, now)
        if errors := password_errors(password, user):
            raise InvalidInput(errors)
        user.set_password(password)
        user.save(update_fields=["password"])
        throttling.forgive_account(purpose=throttling.Purpose.SIGN_IN, account=user.email, now=now)


def _checked(users: QuerySet[User], user_key: str, token: str, now: datetime) -> User:
    try:
        user_id = UUID(urlsafe_base64_decode(user_key).decode())
    except ValueError:
        raise ResetLinkInvalid from None
    user = users.filter(pk=user_id, is_active=True).first()
    if user is None or not _Tokens(now).check_token(user, token):
        raise ResetLinkInvalid
    return user
