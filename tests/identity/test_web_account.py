"""Signing in and out, passwords and invitations, as a browser without scripts meets them (ui.md §2.10)."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from salon.identity import members, passwords
from salon.identity.models import Invitation, Membership, User
from salon.identity.roles import Role
from salon.mail.models import AccountMail
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from tests.conftest import PASSWORD
from tests.identity.test_members import GOOD, acting, token_of

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

CALENDAR = "/s/sonnenschein/calendar/"
NEW = "ein ganz neuer Satz"


@pytest.fixture
def browser(db: None) -> Browser:
    return Browser(headers={"Accept-Language": "de"})


def _sign_in(browser: Browser, email: str, password: str = PASSWORD, **more: str) -> "Answer":
    return browser.post("/sign-in/", {"email": email, "password": password, **more})


def _said(response: "Answer") -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def _codes(response: "Answer") -> dict[str, int]:
    return {name: len(errors) for name, errors in response.context["form"].errors.items()}


# Home


def test_home_sends_strangers_to_sign_in(browser: Browser) -> None:
    assert browser.get("/")["Location"] == "/sign-in/"


def test_home_leads_into_the_only_salon(owner: User, browser_of: Callable[[User], Browser]) -> None:
    assert browser_of(owner).get("/")["Location"] == CALENDAR


def test_home_lets_choose_between_several_until_one_was_entered(
    owner: User, dom: Salon, browser_of: Callable[[User], Browser]
) -> None:
    Membership.objects.create(user=owner, salon=dom, role=Role.STAFF)
    browser = browser_of(owner)

    response = browser.get("/")
    assert response.status_code == 200
    assert "identity/choose_salon.html" in [template.name for template in response.templates]
    assert [(one.name, one.city, one.url) for one in response.context["salons"]] == [
        ("Barbier am Dom", "Köln", "/s/barbier-am-dom/calendar/"),
        ("Salon Sonnenschein", "Berlin", CALENDAR),
    ]

    browser.get("/s/barbier-am-dom/settings/")  # refused to staff, and yet entered
    owner.refresh_from_db()
    assert owner.last_salon == dom
    assert browser.get("/")["Location"] == "/s/barbier-am-dom/calendar/"


def test_home_says_so_when_there_is_no_salon(owner: User, browser_of: Callable[[User], Browser]) -> None:
    owner.last_salon = Membership.objects.get().salon
    owner.save()
    Membership.objects.all().delete()
    response = browser_of(owner).get("/")
    assert (response.status_code, response.context["salons"]) == (200, [])
    assert owner.email in response.content.decode()


def test_a_salon_is_remembered_only_when_it_is_another_one(owner: User, browser_of: Callable[[User], Browser]) -> None:
    browser = browser_of(owner)
    browser.get("/s/sonnenschein/settings/")
    with CaptureQueriesContext(connection) as queries:
        browser.get("/s/sonnenschein/settings/")
    assert not [query for query in queries if query["sql"].startswith("UPDATE")]


# Sign-in


def test_sign_in_leads_to_work_with_a_new_session_and_the_users_language(owner: User, browser: Browser) -> None:
    User.objects.update(language="en")
    browser.get("/sign-in/?next=/")
    session = browser.session
    session["before"] = "kept"
    session.save()
    before = str(session.session_key)
    browser.cookies["sessionid"] = before

    response = _sign_in(browser, f" {owner.email.upper()} ")

    assert (response.status_code, response["Location"]) == (302, CALENDAR)
    assert browser.session.session_key != before
    assert browser.session["_auth_user_id"] == str(owner.pk)
    cookie = response.cookies["language"]
    assert (cookie.value, cookie["samesite"], cookie["httponly"]) == ("en", "Lax", True)
    assert not Browser().session.exists(before)


def test_signing_in_again_as_the_same_user_also_makes_a_new_session(
    owner: User, browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(owner)
    before = str(browser.session.session_key)
    _sign_in(browser, owner.email)
    assert browser.session.session_key != before


def test_signing_in_as_somebody_else_takes_nothing_along(
    owner: User, outsider: User, browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(owner)
    session = browser.session
    session["secret"] = "of Anna"
    session.save()
    assert browser.get("/sign-in/")["Location"] == "/"
    assert browser.get("/sign-in/?next=/invitation/x/").status_code == 200
    assert _sign_in(browser, outsider.email)["Location"] == "/s/barbier-am-dom/calendar/"
    assert "secret" not in browser.session
    assert browser.session["_auth_user_id"] == str(outsider.pk)


def test_sign_in_leads_to_the_last_of_several_salons(owner: User, dom: Salon, browser: Browser) -> None:
    Membership.objects.create(user=owner, salon=dom, role=Role.STAFF)
    assert _sign_in(browser, owner.email)["Location"] == "/"
    User.objects.filter(pk=owner.pk).update(last_salon=dom)
    assert _sign_in(browser, owner.email)["Location"] == "/s/barbier-am-dom/calendar/"


@pytest.mark.parametrize(
    ("wanted", "url"),
    [
        ("/s/sonnenschein/clients/?q=b", "/s/sonnenschein/clients/?q=b"),
        ("https://evil.example/", CALENDAR),
        ("//evil.example/", CALENDAR),
        ("/\\evil.example/", CALENDAR),
        ("javascript:alert(1)", CALENDAR),
        ("", CALENDAR),
    ],
)
def test_next_leads_only_to_our_own_pages(owner: User, browser: Browser, wanted: str, url: str) -> None:
    assert browser.get("/sign-in/", {"next": wanted}).context["form"]["next"].value() == wanted
    assert _sign_in(browser, owner.email, next=wanted)["Location"] == url


def test_a_salons_page_leads_through_sign_in_and_back(owner: User, browser: Browser) -> None:
    url = browser.get("/s/sonnenschein/settings/members/")["Location"]
    assert url == "/sign-in/?next=/s/sonnenschein/settings/members/"
    page = browser.get(url)
    wanted = page.context["form"]["next"].value()
    assert _sign_in(browser, owner.email, next=wanted)["Location"] == "/s/sonnenschein/settings/members/"


def test_whoever_is_signed_out_meanwhile_keeps_what_was_typed(browser: Browser) -> None:
    url, headers = (
        "/s/sonnenschein/settings/members/",
        {"HX-Request": "true", "HX-Current-URL": "http://testserver/s/x/"},
    )
    for refused in (browser.get(url, headers=headers), browser.post(url, headers=headers)):
        assert (refused.status_code, refused.content, "HX-Redirect" in refused) == (401, b"", False)
    # Said once, however often the page has asked.
    told = browser.get(browser.get(url)["Location"])
    assert told.content.decode().count("Ihre Sitzung ist abgelaufen.") == 1
    assert browser.post(url)["Location"] == f"/sign-in/?next={url}"


def test_unknown_account_and_wrong_password_get_the_same_page(owner: User, browser: Browser) -> None:
    known = _sign_in(browser, owner.email, "something-else")
    unknown = _sign_in(browser, "none@sonnenschein.example", "something-else")

    def page(response: "Answer", email: str) -> str:
        return re.sub(r'value="[\w]{64}"|"X-CSRFToken": "\w+"', "", response.content.decode().replace(email, "E"))

    assert known.status_code == unknown.status_code == 422
    assert _codes(known) == {"__all__": 1}
    assert page(known, owner.email) == page(unknown, "none@sonnenschein.example")
    assert PASSWORD not in known.content.decode()
    assert "_auth_user_id" not in browser.session


@pytest.mark.parametrize("missing", ["email", "password"])
def test_an_empty_field_is_said_beside_it(owner: User, browser: Browser, missing: str) -> None:
    filled = {"email": owner.email, "password": PASSWORD, missing: ""}
    response = browser.post("/sign-in/", filled)
    assert (response.status_code, _codes(response)) == (422, {missing: 1})


def test_the_sixth_attempt_is_told_how_long_to_wait(owner: User, browser: Browser) -> None:
    with time_machine.travel("2026-11-21T10:00Z", tick=False) as clock:
        for _number in range(5):
            assert _sign_in(browser, owner.email, "wrong").status_code == 422
        clock.shift(timedelta(minutes=3, seconds=30))
        response = _sign_in(browser, owner.email)
        assert (response.status_code, response.context["throttled_minutes"]) == (429, 12)
        assert response["Retry-After"] == "720"
        assert "_auth_user_id" not in browser.session
        clock.shift(timedelta(minutes=11, seconds=30))
        assert _sign_in(browser, owner.email)["Location"] == CALENDAR


def test_sign_in_needs_its_token(owner: User) -> None:
    strict = Browser(enforce_csrf_checks=True)
    assert _sign_in(strict, owner.email).status_code == 403


def test_sign_out_ends_the_session_and_only_by_post(owner: User, browser_of: Callable[[User], Browser]) -> None:
    browser = browser_of(owner)
    before = str(browser.session.session_key)
    assert browser.get("/sign-out/").status_code == 405
    assert browser.get("/")["Location"] == CALENDAR
    assert browser.post("/sign-out/")["Location"] == "/sign-in/"
    assert not browser.session.exists(before)
    assert browser.get("/")["Location"] == "/sign-in/"
    assert browser.post("/sign-out/")["Location"] == "/sign-in/"


def test_an_inactive_user_is_out_with_the_next_request(owner: User, browser_of: Callable[[User], Browser]) -> None:
    browser = browser_of(owner)
    User.objects.update(is_active=False)
    assert browser.get(CALENDAR)["Location"] == f"/sign-in/?next={CALENDAR}"


# Language


def test_a_language_is_kept_for_browser_and_user(owner: User, browser_of: Callable[[User], Browser]) -> None:
    browser = browser_of(owner)
    response = browser.post("/language/", {"language": "en", "next": "/sign-in/?next=/"})
    assert (response["Location"], response.cookies["language"].value) == ("/sign-in/?next=/", "en")
    owner.refresh_from_db()
    assert owner.language == "en"
    assert b'lang="en"' in browser.get("/sign-in/?next=/").content


def test_strangers_have_a_language_too(browser: Browser) -> None:
    assert browser.post("/language/", {"language": "en"})["Location"] == "/"
    assert b'lang="en"' in browser.get("/sign-in/").content


@pytest.mark.parametrize("language", ["fr", "", "de-at", "x" * 99])
def test_an_unknown_language_changes_nothing(owner: User, browser_of: Callable[[User], Browser], language: str) -> None:
    response = browser_of(owner).post("/language/", {"language": language, "next": "https://evil.example/"})
    assert (response["Location"], "language" in response.cookies) == ("/", False)
    owner.refresh_from_db()
    assert owner.language == "de"


# Password reset


def _link(user: User) -> str:
    passwords.send_reset_link(user_id=user.pk, now=timezone.now())
    found = re.search(r"https?://[^/]+(/password/reset/\S+)", AccountMail.objects.latest("id").body)
    assert found
    return found[1]


def test_asking_for_a_link_answers_the_same_for_every_address(owner: User, browser: Browser) -> None:
    answers = []
    for email in (owner.email, "nobody@x.example"):
        response = browser.post("/password/reset/", {"email": email})
        answers.append((response.status_code, response["Location"], sorted(response.headers)))
    assert answers[0] == answers[1]
    assert answers[0][:2] == (302, "/password/reset/sent/")
    assert browser.get("/password/reset/sent/").status_code == 200
    assert DueWork.objects.count() == 2


def test_asking_for_a_link_refuses_what_is_no_address_and_too_many(owner: User, browser: Browser) -> None:
    response = browser.post("/password/reset/", {"email": "anna"})
    assert (response.status_code, _codes(response)) == (422, {"email": 1})
    for _number in range(5):
        assert browser.post("/password/reset/", {"email": owner.email}).status_code == 302
    response = browser.post("/password/reset/", {"email": owner.email})
    assert (response.status_code, _codes(response), response["Retry-After"]) == (429, {"__all__": 1}, "900")
    assert DueWork.objects.count() == 5


def test_a_link_leaves_the_address_bar_sets_the_password_and_ends_all_sessions(
    owner: User, browser: Browser, browser_of: Callable[[User], Browser]
) -> None:
    elsewhere = browser_of(owner)
    link = _link(owner)
    arrived = browser.get(link)
    assert (arrived.status_code, arrived["Referrer-Policy"]) == (302, "no-referrer")
    token = link.rstrip("/").rsplit("/", 1)[1]
    assert token not in arrived["Location"]
    page = browser.get(arrived["Location"])
    assert (page.status_code, list(page.context["form"].fields)) == (200, ["password"])
    assert token not in page.content.decode()
    assert "no-store" in page["Cache-Control"]

    weak = browser.post(arrived["Location"], {"password": "kurz"})
    assert (weak.status_code, _codes(weak)) == (422, {"password": 1})
    done = browser.post(arrived["Location"], {"password": NEW})
    assert done["Location"] == "/password/reset/done/"
    assert "password_reset_token" not in browser.session
    assert browser.get(done["Location"]).status_code == 200

    assert elsewhere.get(CALENDAR)["Location"] == f"/sign-in/?next={CALENDAR}"
    assert _sign_in(browser, owner.email, PASSWORD).status_code == 422
    assert _sign_in(browser, owner.email, NEW)["Location"] == CALENDAR

    for url in (link, arrived["Location"]):
        again = browser.get(url)
        assert (again.status_code, again.context["form"]) == (404, None)
    assert browser.post(arrived["Location"], {"password": GOOD}).status_code == 404


def test_a_link_without_its_session_is_not_enough(owner: User, browser: Browser) -> None:
    url = browser.get(_link(owner))["Location"]
    response = Browser().post(url, {"password": NEW})
    assert (response.status_code, response.context["form"]) == (404, None)
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_a_password_posted_to_the_links_own_address_is_not_taken(owner: User, browser: Browser) -> None:
    assert browser.post(_link(owner), {"password": NEW}).status_code == 302
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


# Invitations


def _invite(salon: Salon, owner: User, email: str = "mia@x.example") -> str:
    with salon_scope(salon.pk):
        invited = members.invite(actor=acting(owner), email=email, role=Role.STAFF, now=timezone.now())
    return reverse("invitation", args=[token_of(invited)])


def test_an_invitation_makes_an_account_and_signs_in(sonnenschein: Salon, owner: User, browser: Browser) -> None:
    url = _invite(sonnenschein, owner)
    page = browser.get(url)
    shown = page.context["invitation"]
    assert (page.status_code, list(page.context["form"].fields)) == (200, ["name", "password"])
    assert (shown.salon.name, shown.role_label, shown.email, shown.invited_by) == (
        "Salon Sonnenschein", Role.STAFF.label, "mia@x.example", owner.name,
    )  # fmt: skip

    wrong = browser.post(url, {"name": "", "password": "kurz"})
    assert (wrong.status_code, _codes(wrong)) == (422, {"name": 1})
    wrong = browser.post(url, {"name": "Mia Berg", "password": "kurz"})
    assert (wrong.status_code, _codes(wrong)) == (422, {"password": 1})

    joined = browser.post(url, {"name": "Mia Berg", "password": GOOD})
    assert (joined.status_code, joined["Location"]) == (302, CALENDAR)
    assert browser.get(CALENDAR).status_code == 200
    user = User.objects.get(email="mia@x.example")
    assert (user.name, user.language) == ("Mia Berg", "de")
    assert browser.session["_auth_user_id"] == str(user.pk)
    assert browser.get(url).status_code == 404


def test_an_invited_user_signs_in_first_and_then_accepts(
    sonnenschein: Salon, owner: User, outsider: User, browser: Browser
) -> None:
    url = _invite(sonnenschein, owner, outsider.email)
    for response in (browser.get(url), browser.post(url, {"name": "X", "password": GOOD})):
        assert response["Location"] == f"/sign-in/?next={url.replace('/', '%2F')}"
    assert len(_said(response)) == 2
    wanted = browser.get(response["Location"]).context["form"]["next"].value()
    assert _sign_in(browser, outsider.email, next=wanted)["Location"] == url

    page = browser.get(url)
    assert (page.status_code, page.context["form"]) == (200, None)
    assert browser.post(url)["Location"] == CALENDAR
    assert Membership.objects.get(user=outsider, salon=sonnenschein).role == "STAFF"
    outsider.refresh_from_db()
    assert outsider.check_password(PASSWORD)


def test_an_invitation_for_somebody_else_asks_to_sign_in_as_that(
    sonnenschein: Salon, owner: User, outsider: User, browser_of: Callable[[User], Browser]
) -> None:
    url = _invite(sonnenschein, owner, outsider.email)
    browser = browser_of(owner)
    assert browser.post(url)["Location"] == f"/sign-in/?next={url.replace('/', '%2F')}"
    assert not Membership.objects.filter(user=outsider, salon=sonnenschein).exists()


def test_a_member_who_accepts_is_told_and_stays_what_she_is(
    sonnenschein: Salon, owner: User, outsider: User, browser_of: Callable[[User], Browser]
) -> None:
    url = _invite(sonnenschein, owner, outsider.email)
    Membership.objects.create(user=outsider, salon=sonnenschein, role=Role.MANAGER)
    response = browser_of(outsider).post(url)
    assert (response["Location"], _said(response)) == (CALENDAR, [str(members.AlreadyMember.message)])
    assert Membership.objects.get(user=outsider, salon=sonnenschein).role == "MANAGER"


def test_unknown_and_expired_links_look_the_same(sonnenschein: Salon, owner: User, browser: Browser) -> None:
    url = _invite(sonnenschein, owner)
    Invitation.objects.update(expires_at=timezone.now())
    for address in (url, "/invitation/unknown/"):
        for response in (browser.get(address), browser.post(address, {"name": "Mia", "password": GOOD})):
            assert response.status_code == 404
            assert "identity/invitation_invalid.html" in [template.name for template in response.templates]
    assert not User.objects.filter(email="mia@x.example").exists()


def test_guessing_invitations_is_throttled(sonnenschein: Salon, owner: User, browser: Browser) -> None:
    url = _invite(sonnenschein, owner)
    for number in range(5):
        assert browser.get(f"/invitation/{number}/").status_code == 404
    response = browser.get(url)
    assert (response.status_code, response["Retry-After"]) == (429, "900")
