"""Every refusal as an RFC 9457 problem document (api.md, Conventions)."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.log import log_response
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from salon.errors import DomainError, FieldError, InvalidInput, NotAllowed, NotFound, VersionConflict
from salon.web.access import public

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal as a program reads it."""

    status: int
    code: str
    detail: str
    errors: list[dict[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    members: Mapping[str, object] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, object]:
        """The members of the document; `errors`, and those that one refusal alone has, only where there are some."""
        document: dict[str, object] = {
            "type": "about:blank",
            "title": title_of(self.status),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.members,
        }
        return {**document, "errors": self.errors} if self.errors else document


def title_of(status: int) -> str:
    """Return the phrase of a status as RFC 9110 has it, whichever Python runs."""
    return {413: "Content Too Large", 422: "Unprocessable Content"}.get(status) or HTTPStatus(status).phrase


# Whatever else the domain refuses is a conflict with what is there.
_STATUS: dict[type[DomainError], int] = {InvalidInput: 400, NotFound: 404, NotAllowed: 403, VersionConflict: 412}
_CODES: dict[type[Exception], str] = {
    exceptions.NotAuthenticated: "not_authenticated",
    exceptions.AuthenticationFailed: "invalid_key",
    exceptions.ParseError: "malformed",
    exceptions.Throttled: "rate_limited",
}


def problem_response(error: Exception, context: Mapping[str, Any]) -> Response:
    """Return the answer to an exception of a call: DRF's `EXCEPTION_HANDLER`. The endpoint rolls back."""
    problem = problem_of(error)
    if problem is None:
        problem = Problem(500, "internal_error", _("Something went wrong on our side."))
    response = Response(problem.document, problem.status, headers=problem.headers, content_type=CONTENT_TYPE)
    if problem.status == 500:
        _report(context["request"], error, response)
    return response


def problem_of(error: Exception) -> Problem | None:  # noqa: PLR0911 - one for each kind of refusal
    """Return what a caller is told of an exception, None when it is no refusal but a fault of ours."""
    match error:
        case InvalidInput():
            return Problem(400, error.code, str(error.message), [_told(one) for one in error.errors])
        case DomainError():
            status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 409)
            return Problem(status, error.code, str(error.message), members=error.members)
        case exceptions.ValidationError():
            invalid = InvalidInput(list(_flat(error.detail)))
            return Problem(400, invalid.code, str(invalid.message), [_told(one) for one in invalid.errors])
        case exceptions.APIException():
            return _framework_problem(error)
        case Http404():
            return Problem(404, NotFound.code, str(NotFound.message))
        case PermissionDenied():
            return Problem(403, NotAllowed.code, str(NotAllowed.message))
        case RequestDataTooBig():
            return Problem(413, "too_large", _("The body is larger than 1 MB."))
        case SuspiciousOperation():
            return Problem(400, "malformed", _("The request is malformed."))
    return None


def _framework_problem(error: exceptions.APIException) -> Problem:
    headers: dict[str, str] = {}
    if authenticate := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = authenticate
    detail = str(error.detail)
    if isinstance(error, exceptions.Throttled):
        headers["Retry-After"] = str(max(1, math.ceil(getattr(error, "wait", None) or 1)))
        detail = _("This key calls more than 100 times a second.")
    code = _CODES.get(type(error)) or str(getattr(error.detail, "code", error.default_code))
    return Problem(error.status_code, code, detail, headers=headers)


def _told(error: FieldError) -> dict[str, str]:
    return {"field": error.field, "code": error.code, "detail": str(error.message)}


def _flat(detail: object, path: str = "") -> Iterable[FieldError]:
    """Name each of DRF's nested errors by its place in the body, as in `items.0.service`."""
    if isinstance(detail, Mapping):
        parts: Iterable[tuple[object, object]] = detail.items()
    elif isinstance(detail, list) and any(isinstance(one, (dict, list)) for one in detail):
        parts = enumerate(detail)
    else:
        for one in detail if isinstance(detail, list) else [detail]:
            yield FieldError(path, str(getattr(one, "code", "invalid")), str(one))
        return
    for name, part in parts:
        yield from _flat(part, path if name == "non_field_errors" else f"{path}.{name}".strip("."))


def _report(request: Request, error: Exception, response: Response) -> None:
    """Tell log and test client of an exception that becomes an answer before Django sees it."""
    got_request_exception.send(sender=problem_response, request=request)
    message = "Internal Server Error: %s"
    log_response(message, request.path, response=response, request=request, exception=error)


@csrf_exempt
@public("says only that the API has no such path")
def unknown_path(request: HttpRequest, path: str) -> JsonResponse:  # noqa: ARG001 - Django's signature
    """Whatever below the API no route takes."""
    with override("en"):
        problem = Problem(404, NotFound.code, str(NotFound.message))
    return JsonResponse(problem.document, status=problem.status, content_type=CONTENT_TYPE)
