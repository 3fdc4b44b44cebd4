"""E-mail and password: who gets in, and that nothing tells which accounts exist."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher

from salon.identity.models import SignInFailure, User
from salon.identity.signing_in import WrongCredentials, check_credentials
from salon.identity.throttling import Throttled
from tests.conftest import NOW, PASSWORD


def _check(email: str, password: str = PASSWORD, address: str = "192.0.2.1") -> User:
    return check_credentials(email=email, password=password, address=address, now=NOW)


def _wrong(email: str, password: str = "something-else", address: str = "192.0.2.1") -> None:
    with pytest.raises(WrongCredentials) as refused:
        _check(email, password, address)
    assert refused.value.code == "wrong_credentials"


@pytest.mark.parametrize("typed", ["anna@sonnenschein.example", "  Anna@Sonnenschein.EXAMPLE "])
def test_the_address_counts_trimmed_and_without_case(owner: User, typed: str) -> None:
    assert _check(typed) == owner


def test_the_password_counts_exactly(owner: User) -> None:
    _wrong(owner.email, f"{PASSWORD} ")
    _wrong(owner.email, PASSWORD.upper())


def test_an_inactive_account_is_refused_like_an_unknown_one(owner: User) -> None:
    owner.is_active = False
    owner.save()
    _wrong(owner.email, PASSWORD)
    _wrong("nobody@sonnenschein.example", PASSWORD)


def _counted(name: str, hashing: Callable[..., object], runs: list[str]) -> Callable[..., object]:
    def counted(*arguments: object) -> object:
        runs.append(name)
        return hashing(*arguments)

    return counted


@pytest.mark.parametrize("case", ["unknown", "wrong password", "inactive", "unusable password"])
def test_every_refusal_hashes_once(owner: User, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    email = "nobody@sonnenschein.example" if case == "unknown" else owner.email
    if case == "unusable password":
        owner.set_unusable_password()
    owner.is_active = case != "inactive"
    owner.save()
    runs: list[str] = []
    for name in ("encode", "verify"):
        monkeypatch.setattr(Argon2PasswordHasher, name, _counted(name, getattr(Argon2PasswordHasher, name), runs))
    _wrong(email, PASSWORD if case == "inactive" else "something-else")
    assert len(runs) == 1


def test_the_sixth_try_is_refused_even_with_the_right_password(owner: User) -> None:
    for number in range(5):
        _wrong(owner.email, address=f"192.0.2.{number}")
    with pytest.raises(Throttled):
        _check(owner.email, address="192.0.2.9")


def test_the_fifth_try_with_the_right_password_gets_in_and_clears_the_account(owner: User) -> None:
    for number in range(4):
        _wrong(owner.email, address=f"192.0.2.{number}")
    assert _check(owner.email, address="192.0.2.9") == owner
    # What remains are the four addresses' own failures.
    assert set(SignInFailure.objects.values_list("key", flat=True).distinct()) == set(
        SignInFailure.objects.filter(key__startswith="sign_in:address:").values_list("key", flat=True)
    )
    assert SignInFailure.objects.count() == 4


def test_an_unknown_account_is_throttled_like_a_known_one(db: None) -> None:
    for number in range(5):
        _wrong("nobody@sonnenschein.example", address=f"192.0.2.{number}")
    with pytest.raises(Throttled) as refused:
        _check("Nobody@sonnenschein.example", address="192.0.2.9")
    assert refused.value.minutes == 15


def test_after_fifteen_minutes_the_right_password_counts_again(owner: User) -> None:
    for _number in range(5):
        _wrong(owner.email)
    later = NOW + timedelta(minutes=15)
    assert check_credentials(email=owner.email, password=PASSWORD, address="192.0.2.1", now=later) == owner
