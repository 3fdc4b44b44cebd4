"""Five tries in fifteen minutes, per account and per address (quality.md §3)."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from salon.identity import throttling
from salon.identity.models import SignInFailure
from salon.identity.throttling import Attempt, Purpose, Throttled
from tests.conftest import NOW
from tests.identity.racing import race

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def _try(now: datetime = NOW, *, account: str = "anna@x.example", address: str = "192.0.2.1") -> Attempt:
    return throttling.attempt(purpose=Purpose.SIGN_IN, address=address, account=account, now=now)


def test_the_fifth_try_counts_and_the_sixth_is_refused() -> None:
    for _number in range(5):
        _try()
    with pytest.raises(Throttled) as refused:
        _try()
    assert (refused.value.code, refused.value.minutes) == ("throttled", 15)
    # Five tries, each counted for account and address; the refused one is not.
    assert SignInFailure.objects.count() == 10


def test_a_try_is_free_again_exactly_fifteen_minutes_after_the_fifth_last() -> None:
    for number in range(5):
        _try(NOW + number * MINUTE)
    with pytest.raises(Throttled) as refused:
        _try(NOW + 15 * MINUTE - SECOND)
    assert refused.value.minutes == 1
    _try(NOW + 15 * MINUTE)
    with pytest.raises(Throttled) as refused:
        _try(NOW + 15 * MINUTE)
    assert refused.value.minutes == 1
    _try(NOW + 16 * MINUTE)


@pytest.mark.parametrize(("passed", "minutes"), [(0 * SECOND, 15), (SECOND, 15), (60 * SECOND, 14), (61 * SECOND, 14)])
def test_the_minutes_left_are_rounded_up(passed: timedelta, minutes: int) -> None:
    for _number in range(5):
        _try()
    with pytest.raises(Throttled) as refused:
        _try(NOW + passed)
    assert refused.value.minutes == minutes


def test_one_account_is_throttled_from_any_address() -> None:
    for number in range(5):
        _try(address=f"192.0.2.{number}")
    with pytest.raises(Throttled):
        _try(address="192.0.2.9")
    _try(account="carla@x.example", address="192.0.2.9")


def test_one_address_is_throttled_for_any_account() -> None:
    for number in range(5):
        _try(account=f"{number}@x.example")
    with pytest.raises(Throttled):
        _try(account="anna@x.example")
    _try(account="anna@x.example", address="192.0.2.9")


def test_purposes_are_counted_apart() -> None:
    for _number in range(5):
        _try()
    throttling.attempt(purpose=Purpose.PASSWORD_RESET, address="192.0.2.1", account="anna@x.example", now=NOW)
    throttling.attempt(purpose=Purpose.INVITATION, address="192.0.2.1", now=NOW)


def test_success_forgets_the_failures_of_the_account_but_not_of_the_address() -> None:
    for _number in range(4):
        _try()
    throttling.forgive(_try())
    # The four failures of the address stay, the forgiven try does not: one more is free.
    assert SignInFailure.objects.count() == 4
    _try()
    with pytest.raises(Throttled):
        _try()
    for number in range(4):
        _try(address=f"192.0.2.{number + 10}")
    with pytest.raises(Throttled):
        _try(address="192.0.2.20")


def test_neither_account_nor_address_can_be_read_from_the_rows() -> None:
    _try()
    keys = list(SignInFailure.objects.values_list("key", flat=True))
    assert sorted(key.rsplit(":", 1)[0] for key in keys) == ["sign_in:account", "sign_in:address"]
    assert not any("anna" in key or "192" in key.rsplit(":", 1)[0] for key in keys)
    assert all(len(key) <= 80 for key in keys)


def test_what_has_not_counted_for_a_while_is_deleted() -> None:
    _try(NOW)
    _try(NOW + SECOND)
    assert throttling.forget_failures(now=NOW + 30 * MINUTE) == 2
    assert set(SignInFailure.objects.values_list("at", flat=True)) == {NOW + SECOND}


@pytest.mark.django_db(transaction=True)
def test_a_try_inside_another_transaction_is_refused_because_it_could_be_rolled_back() -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        _try()


@pytest.mark.django_db(transaction=True)
def test_a_try_stays_counted_when_the_request_fails_afterwards() -> None:
    _try()

    def _fail() -> None:
        with transaction.atomic():
            SignInFailure.objects.all().delete()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _fail()
    assert SignInFailure.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_twenty_tries_at_once_on_one_account_five_are_made() -> None:
    """Counting and inserting in one step; without the lock all twenty find no failures yet."""
    outcomes = race(*[lambda number=number: _try(address=f"192.0.2.{number}") for number in range(20)])
    assert sum(isinstance(outcome, Attempt) for outcome in outcomes) == 5
    assert sum(isinstance(outcome, Throttled) for outcome in outcomes) == 15


@pytest.mark.django_db(transaction=True)
def test_tries_that_share_keys_crosswise_do_not_deadlock() -> None:
    """Accounts and addresses in all combinations; locks taken in key order."""
    outcomes = race(
        *[
            lambda account=account, address=address: _try(account=f"{account}@x.example", address=f"192.0.2.{address}")
            for account in range(4)
            for address in range(4)
        ]
    )
    assert all(isinstance(outcome, Attempt) for outcome in outcomes)
