"""Five tries in fifteen minutes, per account and per address (quality.md §3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

from salon.errors import DomainError
from salon.identity.models import SignInFailure
from salon.locks import take_locks

LIMIT = 5
WINDOW = timedelta(minutes=15)


class Purpose(StrEnum):
    """What is tried; each is counted on its own."""

    SIGN_IN = "sign_in"
    PASSWORD_RESET = "password_reset"  # noqa: S105
    INVITATION = "invitation"


class Throttled(DomainError):
    """Tried too often; `minutes` (at least 1) until the next try counts."""

    code = "throttled"

    def __init__(self, minutes: int) -> None:
        super().__init__(
            ngettext(
                "Too many attempts. Please try again in %(minutes)d minute.",
                "Too many attempts. Please try again in %(minutes)d minutes.",
                minutes,
            )
            % {"minutes": minutes}
        )
        self.minutes = minutes


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try, counted as failed until `forgive` says otherwise."""

    purpose: Purpose
    account: str | None
    at: datetime
    rows: tuple[int, ...]


def attempt(*, purpose: Purpose, address: str, now: datetime, account: str | None = None) -> Attempt:
    """Count a try before it is made, per account (a normal e-mail address) and per network address.

    Counting after the try would let any number of tries run at once before the first of them failed. The locks make
    count and insert one step: without them two transactions would each miss the other's uncommitted row. The
    transaction is always one of its own, so nothing that is rolled back later takes the count with it.

    Raises: Throttled after five tries in fifteen minutes; the refused try itself does not count.
    """
    keys = [_key(purpose, "address", address)]
    if account is not None:
        keys.append(_key(purpose, "account", account))
    with transaction.atomic(durable=True):
        take_locks(keys)
        free_at = max(_free_at(key, now) for key in keys)
        if free_at > now:
            raise Throttled(ceil((free_at - now) / timedelta(minutes=1)))
        rows = SignInFailure.objects.bulk_create([SignInFailure(key=key, at=now) for key in keys])
    return Attempt(purpose, account, now, tuple(row.pk for row in rows))


def forgive(done: Attempt) -> None:
    """Take back a try that succeeded, and with it all failures of its account (not of its address)."""
    SignInFailure.objects.filter(pk__in=done.rows).delete()
    if done.account is not None:
        forgive_account(purpose=done.purpose, account=done.account, now=done.at)


def forgive_account(*, purpose: Purpose, account: str, now: datetime) -> None:
    """Forget the failures of an account that still count, because its owner has proven to be that."""
    key = _key(purpose, "account", account)
    with transaction.atomic():
        take_locks([key])
        SignInFailure.objects.filter(key=key, at__gt=now - WINDOW).delete()


def forget_failures(*, now: datetime) -> int:
    """Delete what has not counted for a while (so never a row that `forgive` deletes too); return how many rows."""
    return SignInFailure.objects.filter(at__lte=now - 2 * WINDOW).delete()[0]


def _free_at(key: str, now: datetime) -> datetime:
    tries = SignInFailure.objects.filter(key=key, at__gt=now - WINDOW).order_by("-at", "-id")
    limiting = tries.values_list("at", flat=True)[LIMIT - 1 : LIMIT].first()
    return now if limiting is None else limiting + WINDOW


def _key(purpose: Purpose, kind: str, value: str) -> str:
    # Keyed, so that a copy of the table does not give away who tried: addresses are few enough to be guessed.
    digest = salted_hmac(__name__, f"{purpose}:{kind}:{value}", algorithm="sha256").hexdigest()
    return f"{purpose}:{kind}:{digest[:40]}"
