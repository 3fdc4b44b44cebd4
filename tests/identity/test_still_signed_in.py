"""A page asks whether it is still she who is signed in, before it sends what was entered there."""

from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from salon.identity.models import User


def test_whoever_is_signed_in_is_told_so_and_nothing_is_renewed(
    owner: User, browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(owner)
    with CaptureQueriesContext(connection) as queries:
        answer = browser.get(reverse("still_signed_in", args=[owner.pk]))
    assert (answer.status_code, answer.content) == (204, b"")
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies
    # The session and its user.
    assert len(queries) == 2


def test_nobody_else_is_told_anything(owner: User, browser_of: Callable[[User], Browser]) -> None:
    address = reverse("still_signed_in", args=[owner.pk])
    assert Browser().get(address).status_code == 401
    other = User.objects.create(email="b@salon.example", name="B")
    assert browser_of(other).get(address).status_code == 401
    assert browser_of(owner).get(reverse("still_signed_in", args=[uuid4()])).status_code == 401


def test_a_session_that_is_ended_elsewhere_is_over(owner: User, browser_of: Callable[[User], Browser]) -> None:
    browser = browser_of(owner)
    elsewhere = Browser()
    elsewhere.cookies[settings.SESSION_COOKIE_NAME] = browser.cookies[settings.SESSION_COOKIE_NAME].value
    elsewhere.post("/sign-out/")
    assert browser.get(reverse("still_signed_in", args=[owner.pk])).status_code == 401


def test_only_a_page_of_somebody_signed_in_asks(owner: User, browser_of: Callable[[User], Browser]) -> None:
    address = reverse("still_signed_in", args=[owner.pk])
    page = browser_of(owner).get("/s/sonnenschein/settings/salon/")
    assert f'data-signed-in="{address}"' in page.content.decode()
    assert "data-signed-in" not in Browser().get("/sign-in/").content.decode()
