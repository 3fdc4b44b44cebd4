"""What each route asks of whoever calls it; a route that declares nothing fails the build (quality.md §3)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django_htmx.middleware import HtmxDetails

from salon.identity.models import User
from salon.identity.roles import Actor, Permission
from salon.tenancy.directory import Entrance
from salon.tenancy.models import Salon


class SalonRequest(HttpRequest):
    """A request below `/s/<slug>/`, which SalonMiddleware lets only members make."""

    user: User
    htmx: HtmxDetails
    salon: Salon
    actor: Actor
    entrances: list[Entrance]


@dataclass(frozen=True, slots=True)
class Access:
    """The declaration itself: one permission, or why there is none."""

    permission: Permission | None
    reason: str


View = Callable[..., HttpResponseBase]


def requires(permission: Permission) -> Callable[[View], View]:
    """Declare a route of a salon; whoever lacks the permission is answered 403."""

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(request: SalonRequest, **captured: Any) -> HttpResponseBase:
            request.actor.require(permission)
            # SalonMiddleware has used the slug: the view gets request.salon.
            del captured["slug"]
            return view(request, **captured)

        return _declared(guarded, Access(permission, ""))

    return declare


def public(reason: str) -> Callable[[View], View]:
    """Declare a route open to anybody, and say why."""
    return lambda view: _declared(view, Access(None, reason))


def _declared(view: Any, access: Access) -> View:
    view.access = access
    return view  # type: ignore[no-any-return]
