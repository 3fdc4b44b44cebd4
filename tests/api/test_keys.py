"""Issuing and revoking keys: by the page, by the command, and by nobody else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from django.urls import reverse

from salon.api.keys import hash_of, issue_key, revoke_key
from salon.api.models import ApiKey
from salon.api.scopes import ASKED_FOR, Scope
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed, NotFound
from salon.identity.models import User
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role, system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import Caller, IssueKey, problem
from tests.conftest import NOW

YEAR = timedelta(days=365)


def _page(salon: Salon) -> str:
    return reverse("api_keys", args=[salon.slug])


def _issue(*arguments: str) -> str:
    out = StringIO()
    call_command("issue_api_key", *arguments, stdout=out)
    return out.getvalue()


def test_the_page_shows_a_new_key_once(sonnenschein: Salon, owner: User, browser_of: Callable[[User], Browser]) -> None:
    browser = browser_of(owner)
    form = {"name": "  Online   booking ", "lifetime": "90", "scopes": ["clients:write", "clients:read"]}
    page = browser.post(_page(sonnenschein), form)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    secret: str = page.context["issued"].secret
    assert page.content.decode().count(secret) == 1
    key = ApiKey.objects.get()
    assert (key.name, key.scopes, key.issued_by) == ("Online booking", ["clients:read", "clients:write"], owner.name)
    assert key.expires_at - key.created_at == timedelta(days=90)
    assert Caller(secret).get("clients").status_code == 200
    again = browser.get(_page(sonnenschein)).content.decode()
    assert secret not in again
    assert f"salon_…{secret[-4:]}" in again
    assert "Online booking" in again
    # What it may do stands there in words, and as the documentation and a refusal call it.
    assert "Kundenkarten lesen <code>clients:read</code> · Kundenkarten anlegen und ändern" in again
    assert f"ausgestellt von {owner.name} am " in again
    # The button comes with the script; without one the key is selected and copied by hand.
    assert 'data-copy="new-key"' in page.content.decode()
    assert "data-copy" not in again
    with salon_scope(sonnenschein.pk):
        entry = AuditEntry.objects.get(action="api_key.issued")
    assert (entry.actor_name, entry.subject_id) == (owner.name, key.pk)
    assert secret not in str(entry.changes)


def test_the_page_revokes(sonnenschein: Salon, owner: User, browser_of: Callable[[User], Browser], api: Caller) -> None:
    key = ApiKey.objects.get()
    assert api.get("salon").status_code == 200
    browser = browser_of(owner)
    address = reverse("api_keys_revoke", args=[sonnenschein.slug, key.pk])
    assert browser.get(address).status_code == 405
    assert browser.post(address)["Location"] == _page(sonnenschein)
    problem(api.get("salon"), 401, "invalid_key")
    assert browser.post(address).status_code == 404
    page = browser.get(_page(sonnenschein))
    assert [one.state for one in page.context["closed_keys"]] == ["revoked"]
    assert page.context["open_keys"] == []
    with salon_scope(sonnenschein.pk):
        assert AuditEntry.objects.get(action="api_key.revoked").subject_id == key.pk


@pytest.mark.parametrize(
    ("form", "errors"),
    [
        ({"lifetime": "365"}, {"name", "scopes"}),
        ({"name": "x" * 81, "lifetime": "365", "scopes": ["clients:read"]}, {"name"}),
        ({"name": "Till", "lifetime": "9999", "scopes": ["clients:read"]}, {"lifetime"}),
        ({"name": "Till", "lifetime": "365", "scopes": ["everything"]}, {"scopes"}),
    ],
)
def test_the_page_says_what_is_wrong(
    sonnenschein: Salon,
    owner: User,
    browser_of: Callable[[User], Browser],
    form: dict[str, object],
    errors: set[str],
) -> None:
    page = browser_of(owner).post(_page(sonnenschein), form)
    assert page.status_code == 422
    assert set(page.context["form"].errors) == errors
    assert ApiKey.objects.count() == 0


def test_only_owners_see_or_issue(
    sonnenschein: Salon, manager: User, stylist: User, outsider: User, browser_of: Callable[[User], Browser]
) -> None:
    for user, status in ((manager, 403), (stylist, 403), (outsider, 404)):
        browser = browser_of(user)
        assert browser.get(_page(sonnenschein)).status_code == status
        form = {"name": "Till", "lifetime": "365", "scopes": ["clients:read"]}
        assert browser.post(_page(sonnenschein), form).status_code == status
    assert ApiKey.objects.count() == 0


def test_another_salons_keys_are_neither_seen_nor_revoked(
    sonnenschein: Salon, dom: Salon, owner: User, browser_of: Callable[[User], Browser], api_key: IssueKey
) -> None:
    theirs = api_key(dom)
    browser = browser_of(owner)
    page = browser.get(_page(sonnenschein))
    assert (page.context["open_keys"], page.context["closed_keys"]) == ([], [])
    key = ApiKey.objects.get()
    assert browser.post(reverse("api_keys_revoke", args=[sonnenschein.slug, key.pk])).status_code == 404
    assert Caller(theirs).get("salon").status_code == 200


def test_the_operations_ask_who_acts(sonnenschein: Salon, api_key: IssueKey) -> None:
    api_key(sonnenschein)
    for role in (Role.MANAGER, Role.STAFF):
        actor = Actor(ActorKind.USER, None, "Somebody", PERMISSIONS[role])
        with salon_scope(sonnenschein.pk):
            with pytest.raises(NotAllowed):
                issue_key(actor=actor, name="x", scopes=["clients:read"], expires_at=NOW + YEAR, now=NOW)
            with pytest.raises(NotAllowed):
                revoke_key(actor=actor, key_id=ApiKey.objects.get().pk, now=NOW)
    assert ApiKey.objects.filter(revoked_at=None).count() == 1


@pytest.mark.parametrize(
    ("name", "scopes", "expires_at", "codes"),
    [
        ("", [], NOW, {"name": "required", "scopes": "required", "expires_at": "past"}),
        ("a\x00b", ["clients:read"], NOW + YEAR, {"name": "required"}),
        ("x", ["clients:read", "nothing:read"], NOW + YEAR, {"scopes": "invalid_choice"}),
    ],
)
def test_keys_that_are_not_issued(
    in_sonnenschein: Salon, name: str, scopes: list[str], expires_at: datetime, codes: dict[str, str]
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        issue_key(actor=system_actor("Tests"), name=name, scopes=scopes, expires_at=expires_at, now=NOW)
    assert {error.field: error.code for error in refusal.value.errors} == codes
    assert ApiKey.objects.count() == 0


def test_a_key_that_is_not_there_cannot_be_revoked(in_sonnenschein: Salon) -> None:
    with pytest.raises(NotFound):
        revoke_key(actor=system_actor("Tests"), key_id=uuid4(), now=NOW)


@pytest.mark.parametrize(
    ("arguments", "scopes"),
    [
        (["--scope", "clients:read"], {"clients:read"}),
        (["--scope", "clients:read", "sales:read"], {"clients:read", "sales:read"}),
        (["--scope", "clients:read", "--scope", "sales:read"], {"clients:read", "sales:read"}),
        (["--scope", "all"], set(Scope.values)),
    ],
)
def test_the_command_prints_only_the_key(sonnenschein: Salon, arguments: list[str], scopes: set[str]) -> None:
    printed = _issue("sonnenschein", "--name", "Till", *arguments)
    secret = printed.removesuffix("\n")
    key = ApiKey.objects.get(secret_hash=hash_of(secret))
    assert set(key.scopes) == scopes
    assert abs(key.expires_at - datetime.now(UTC) - YEAR) < timedelta(minutes=1)
    assert Caller(secret).get("salon").json()["slug"] == "sonnenschein"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere", "--name", "Till", "--scope", "all"],
        ["sonnenschein", "--name", "Till"],
        ["sonnenschein", "--name", "Till", "--scope", "clients:tickle"],
        ["sonnenschein", "--name", "", "--scope", "all"],
        ["sonnenschein", "--name", "Till", "--scope", "all", "--days", "0"],
        ["sonnenschein", "--name", "Till", "--scope", "all", "--days", "99999999"],
        ["sonnenschein", "--name", "Till", "--scope", "all", "--days", "9999999999"],
    ],
)
def test_the_command_says_what_is_wrong(sonnenschein: Salon, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        _issue(*arguments)
    assert ApiKey.objects.count() == 0


def test_a_reload_issues_no_second_key(sonnenschein: Salon, owner: User, browser_of: Callable[[User], Browser]) -> None:
    browser, url = browser_of(owner), reverse("api_keys", args=[sonnenschein.slug])
    key_id = str(browser.get(url).context["form"].initial["key_id"])
    entered = {"name": "Seite", "scopes": ["clients:read"], "lifetime": "90", "key_id": key_id}
    assert browser.post(url, entered).context["issued"] is not None
    assert browser.post(url, entered).status_code == 302
    assert [str(key.pk) for key in ApiKey.objects.all()] == [key_id]


def test_all_scopes_that_are_offered_are_one_box(
    sonnenschein: Salon, owner: User, browser_of: Callable[[User], Browser]
) -> None:
    form = {"name": "Kasse", "lifetime": "90", "scopes": ["all", "clients:read"]}
    browser_of(owner).post(_page(sonnenschein), form)
    assert set(ApiKey.objects.get().scopes) == {one.value for one in ASKED_FOR}


def test_the_history_tells_a_key_from_a_colleague(
    sonnenschein: Salon, owner: User, browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(owner)
    form = {"name": "voll", "lifetime": "90", "scopes": ["clients:write", "clients:read"]}
    secret = browser.post(_page(sonnenschein), form).context["issued"].secret
    made = Caller(secret).post("clients", {"first_name": "Anna"}).json()["id"]
    card = browser.get(reverse("client_card", args=[sonnenschein.slug, made])).content.decode()
    assert "· Schlüssel „voll“</small>" in card
