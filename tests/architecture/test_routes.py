"""A generated walk over all routes × roles × salons (quality.md §3)."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from salon.identity.models import User
from salon.identity.roles import PERMISSIONS, Role
from salon.tenancy.models import Salon
from salon.web.access import Access


def _routes(
    resolver: URLResolver | None = None, namespaces: tuple[str, ...] = ()
) -> Iterator[tuple[str, Any, set[str]]]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from _routes(entry, (*namespaces, entry.namespace) if entry.namespace else namespaces)
        elif isinstance(entry, URLPattern):
            name = ":".join((*namespaces, entry.name or ""))
            yield name, entry.callback, set(entry.pattern.converters) | _inherited(name)


def _inherited(name: str) -> set[str]:
    return {"slug"} if name.startswith("clients:") else set()


ROUTES = list(_routes())
SALON_ROUTES = [
    (name, view.access.permission, captured)
    for name, view, captured in ROUTES
    if getattr(view, "access", None) and view.access.permission
]


@pytest.mark.parametrize(("name", "view", "captured"), ROUTES, ids=[name for name, _view, _captured in ROUTES])
def test_every_route_declares_what_it_asks(name: str, view: Any, captured: set[str]) -> None:
    access = getattr(view, "access", None) or getattr(getattr(view, "view_class", None), "access", None)
    assert isinstance(access, Access), f"{name} declares nothing"
    assert access.permission or access.reason


def _path(name: str, captured: set[str], slug: str) -> str:
    values = {key: slug if key == "slug" else uuid4() for key in captured}
    return reverse(name, kwargs=values)


@pytest.mark.parametrize(("name", "permission", "captured"), SALON_ROUTES, ids=[route[0] for route in SALON_ROUTES])
@pytest.mark.parametrize("method", ["get", "post"])
def test_roles_and_salons(
    name: str,
    permission: Any,
    captured: set[str],
    method: str,
    sonnenschein: Salon,
    dom: Salon,
    owner: User,
    manager: User,
    stylist: User,
    browser_of: Callable[[User], Browser],
) -> None:
    path = _path(name, captured, sonnenschein.slug)
    for user, role in ((owner, Role.OWNER), (manager, Role.MANAGER), (stylist, Role.STAFF)):
        status = getattr(browser_of(user), method)(path).status_code
        if permission in PERMISSIONS[role]:
            assert status in {200, 302, 404, 405, 422}, (role, status)
        else:
            assert status == 403, (role, status)
        foreign = getattr(browser_of(user), method)(_path(name, captured, dom.slug)).status_code
        assert foreign == 404, (role, foreign)
    stranger = getattr(Browser(), method)(path)
    assert stranger.status_code == 302
    assert stranger.url.startswith("/sign-in/")
