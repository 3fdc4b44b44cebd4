"""A forgotten password: the link, its end, and that asking tells nothing (quality.md §3)."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from salon.errors import InvalidInput
from salon.identity import passwords, signing_in
from salon.identity.models import Language, User
from salon.identity.passwords import ResetLinkInvalid
from salon.identity.tasks import send_reset_link
from salon.identity.throttling import Throttled
from salon.mail.models import AccountMail
from salon.mail.outbox import send_account_mail
from salon.work.models import DueWork
from tests.conftest import NOW, PASSWORD

NEW = "ein ganz neuer Satz"
TASK = "salon.identity.tasks.send_reset_link"


def link_parts(user: User) -> tuple[str, str]:
    """Return key and token of a link sent at NOW."""
    passwords.send_reset_link(user_id=user.pk, now=NOW)
    found = re.search(r"/password/reset/([^/]+)/([^/]+)/", AccountMail.objects.latest("id").body)
    assert found
    return found[1], found[2]


def _request(email: str, address: str = "192.0.2.1") -> None:
    passwords.request_reset(email=email, address=address, now=NOW)


def _reset(link: tuple[str, str], password: str = NEW, after: timedelta = timedelta(0)) -> None:
    passwords.reset_password(user_key=link[0], token=link[1], password=password, now=NOW + after)


def test_asking_writes_the_same_work_whether_the_account_exists(owner: User) -> None:
    with CaptureQueriesContext(connection) as known:
        _request(" Anna@Sonnenschein.example")
    with CaptureQueriesContext(connection) as unknown:
        _request("nobody@sonnenschein.example")

    def shape(queries: CaptureQueriesContext) -> list[str]:
        return [re.sub(r"'[^']*'| ?-?\d+", "?", query["sql"]) for query in queries]

    assert shape(known) == shape(unknown)
    works = [(work.task, work.salon, work.due_at) for work in DueWork.objects.all()]
    assert works == [(TASK, None, NOW), (TASK, None, NOW)]
    assert DueWork.objects.filter(subject_id=owner.pk).count() == 1
    assert not AccountMail.objects.exists()


def test_the_worker_writes_to_who_exists_and_to_nobody_else(owner: User) -> None:
    _request(owner.email)
    _request("nobody@sonnenschein.example")
    User.objects.filter(pk=owner.pk).update(language=Language.EN)
    DueWork.objects.update(due_at="2020-01-01T00:00Z")
    for work in DueWork.objects.filter(task=TASK):
        send_reset_link(str(work.pk))
        send_reset_link(str(work.pk))  # delivered twice
    mail = AccountMail.objects.get()
    assert (mail.recipient, mail.subject) == (owner.email, "Choose a new password")
    assert mail.body.startswith(f"Hello {owner.name},\n")
    assert not DueWork.objects.filter(task=TASK).exists()
    assert DueWork.objects.filter(task="salon.mail.tasks.deliver_account_mail", subject_id=mail.pk).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_between_mail_and_end_of_work_has_written_no_mail(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = DueWork.objects.create(task=TASK, subject_id=owner.pk, due_at="2020-01-01T00:00Z")

    def die(**message: object) -> None:
        send_account_mail(**message)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(passwords, "send_account_mail", die)
        with pytest.raises(KeyboardInterrupt):
            send_reset_link(str(work.pk))
    assert not AccountMail.objects.exists()
    DueWork.objects.update(due_at="2020-01-01T00:00Z")
    send_reset_link(str(work.pk))
    assert AccountMail.objects.count() == 1


def test_the_mail_is_in_the_users_language(owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(language=Language.EN)
    with override("de"):
        passwords.send_reset_link(user_id=owner.pk, now=NOW)
    assert AccountMail.objects.get().body.split("\n")[2] == (
        "You can choose a new password with this link, once and within one hour:"
    )


def test_an_inactive_user_gets_no_link_and_an_old_one_is_dead(owner: User) -> None:
    link = link_parts(owner)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    passwords.send_reset_link(user_id=owner.pk, now=NOW)
    assert AccountMail.objects.count() == 1
    with pytest.raises(ResetLinkInvalid):
        _reset(link)


@pytest.mark.parametrize("address", ["", "anna", "anna@"])
def test_what_is_no_address_is_refused(db: None, address: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        _request(address)
    assert [(error.field, error.code) for error in refused.value.errors] == [("email", "invalid")]
    assert not DueWork.objects.exists()


def test_asking_is_throttled_per_account_and_per_address(owner: User) -> None:
    for number in range(5):
        _request(owner.email, f"192.0.2.{number}")
    with pytest.raises(Throttled):
        _request(owner.email, "192.0.2.9")
    for number in range(5):
        _request(f"{number}@x.example", "192.0.2.100")
    with pytest.raises(Throttled):
        _request("6@x.example", "192.0.2.100")
    assert DueWork.objects.count() == 10


def test_a_link_sets_the_password_once(owner: User) -> None:
    link = link_parts(owner)
    passwords.check_reset_link(user_key=link[0], token=link[1], now=NOW)
    _reset(link)
    owner.refresh_from_db()
    assert owner.check_password(NEW)
    with pytest.raises(ResetLinkInvalid) as refused:
        _reset(link, PASSWORD)
    assert refused.value.code == "reset_link_invalid"
    with pytest.raises(ResetLinkInvalid):
        passwords.check_reset_link(user_key=link[0], token=link[1], now=NOW)
    owner.refresh_from_db()
    assert owner.check_password(NEW)


def test_a_link_lasts_exactly_one_hour(owner: User) -> None:
    link = link_parts(owner)
    with pytest.raises(ResetLinkInvalid):
        _reset(link, after=timedelta(seconds=3601))
    _reset(link, after=timedelta(seconds=3600))


def test_a_link_ends_with_the_next_sign_in(owner: User) -> None:
    link = link_parts(owner)
    User.objects.filter(pk=owner.pk).update(last_login=NOW)
    with pytest.raises(ResetLinkInvalid):
        _reset(link)


@pytest.mark.parametrize("broken", ["key", "token", "other user", "no base64"])
def test_a_forged_link_sets_nothing(owner: User, manager: User, broken: str) -> None:
    key, token = link_parts(owner)
    links = {
        "key": (key[:-2], token),
        "token": (key, f"{token[:-1]}{'0' if token[-1] != '0' else '1'}"),
        "other user": (link_parts(manager)[0], token),
        "no base64": ("ä", token),
    }
    with pytest.raises(ResetLinkInvalid):
        _reset(links[broken])
    for user in (owner, manager):
        user.refresh_from_db()
        assert user.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("elf-zeichen", "password_too_short"),
        ("password1234", "password_too_common"),
        ("Anna-Krüger-1", "password_too_similar"),
        ("anna@sonnenschein.example", "password_too_similar"),
    ],
)
def test_a_weak_password_leaves_link_and_password_as_they_are(owner: User, password: str, code: str) -> None:
    link = link_parts(owner)
    with pytest.raises(InvalidInput) as refused:
        _reset(link, password)
    assert (refused.value.errors[0].field, refused.value.errors[0].code) == ("password", code)
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)
    _reset(link)


def test_a_reset_lets_a_throttled_user_in_again(owner: User) -> None:
    for number in range(5):
        with pytest.raises(signing_in.WrongCredentials):
            signing_in.check_credentials(email=owner.email, password="x", address=f"192.0.2.{number}", now=NOW)
    _reset(link_parts(owner))
    assert signing_in.check_credentials(email=owner.email, password=NEW, address="192.0.2.9", now=NOW) == owner
