"""Who calls: the key of the `Authorization` header, and the scope each call asks of it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, override

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed, MethodNotAllowed, Throttled
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from salon.api.keys import PREFIX, hash_of
from salon.api.scopes import AnyKey, Scope, permissions_of
from salon.identity.roles import Actor, ActorKind
from salon.tenancy import directory
from salon.tenancy.directory import Admission

if TYPE_CHECKING:
    # Loads these classes itself, as its defaults.
    from rest_framework.views import APIView


class MissingScope(APIException):
    """The key may not make this call."""

    status_code = 403
    default_code = "missing_scope"

    def __init__(self, scope: Scope) -> None:
        super().__init__(_("This key lacks the scope %(scope)s.") % {"scope": scope.value})


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer salon_…`; every call takes from the key's bucket, also one that fails later."""

    def authenticate(self, request: Request) -> tuple[Actor, Admission] | None:
        """Return the key as an actor, None without the header.

        Raises: AuthenticationFailed for a header that no open key stands in, Throttled when its bucket is empty.
        """
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _space, secret = header.strip().partition(" ")
        admission = None
        if scheme.lower() == "bearer" and secret.startswith(PREFIX):
            admission = directory.admit_key(hash_of(secret), now=timezone.now())
        if admission is None:
            raise AuthenticationFailed(_("This key is unknown, expired or revoked."))
        if admission.wait is not None:
            raise Throttled(admission.wait.total_seconds())
        permissions = permissions_of(admission.scopes)
        return Actor(ActorKind.API_KEY, admission.key_id, admission.name, permissions), admission

    @override
    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 tells about how to come in."""
        return 'Bearer realm="api"'


class HasScope(BasePermission):
    """Lets a call pass whose key has the scope that the endpoint declares for its method."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return False for a call without a key.

        Raises: MissingScope, MethodNotAllowed.
        """
        admission = request.auth
        if not isinstance(admission, Admission):
            return False
        asked = scope_asked(view, request.method or "")
        if isinstance(asked, Scope) and asked not in admission.scopes:
            raise MissingScope(asked)
        return True


def scope_asked(view: "APIView", method: str) -> Scope | AnyKey:
    """Return what an endpoint declares for a method.

    Raises: MethodNotAllowed when it has no such method.
    """
    scopes: Mapping[str, Scope | AnyKey] = getattr(view, "scopes", {})
    asked = scopes.get("GET" if method == "HEAD" else method)
    if asked is None:
        raise MethodNotAllowed(method)
    return asked
