"""A POST repeated with the same `Idempotency-Key` has one effect, and gets the first answer again.

The answer is stored in the transaction of the effect. An advisory lock, held until that transaction ends, lets a
second call with the key know at once that the first is running; a unique constraint decides all the same.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import wraps
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Concatenate, cast
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from psycopg.types.numeric import Int8
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from salon.api.models import StoredAnswer
from salon.api.problems import CONTENT_TYPE
from salon.errors import FieldError, InvalidInput
from salon.locks import lock_number
from salon.rows import fetch, insert
from salon.tenancy.context import current_salon_id

if TYPE_CHECKING:
    from salon.api.endpoint import Endpoint

KEPT = timedelta(hours=24)
LONGEST_KEY = 255
PATTERN = "^[!-~]([ -~]{0,253}[!-~])?$"
_KEY = re.compile(PATTERN)
_GATE = """
WITH gate AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(%s) AS taken)
SELECT gate.taken, answer.id, fingerprint, status, headers::text, body, created_at FROM gate
LEFT JOIN api_storedanswer answer ON salon_id = %s AND api_key_id = %s AND key = %s
"""
_KEPT_HEADERS = ("ETag", "Location")


class Idempotency(Enum):
    """Whether a POST can do without the header."""

    OFFERED = "offered"
    REQUIRED = "required"


class KeyRequired(APIException):
    """The call moves what must not move twice, and came without the header."""

    status_code = 400
    default_code = "idempotency_key_required"
    default_detail = _("This call needs the header Idempotency-Key.")


class KeyReused(APIException):
    """The key stands for another call."""

    status_code = 422
    default_code = "idempotency_key_reused"
    default_detail = _("This Idempotency-Key was used for another request.")


class InProgress(APIException):
    """The first call with this key has not ended."""

    status_code = 409
    default_code = "idempotency_in_progress"
    default_detail = _("The first request with this Idempotency-Key is still running.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent, the first time and every other."""

    status: int
    headers: dict[str, str]
    body: bytes

    def response(self) -> HttpResponse:
        """Return it as Django sends it."""
        response = HttpResponse(self.body, status=self.status, headers=self.headers)
        if self.body:
            response["Content-Type"] = JSONRenderer.media_type if self.status < 400 else CONTENT_TYPE
        else:
            del response["Content-Type"]
        return response


type _Handler[**P] = Callable[Concatenate[Any, Request, P], Response]
type _Post[**P] = Callable[Concatenate[Any, Request, P], HttpResponse]


def idempotent[**P](need: Idempotency) -> Callable[[_Handler[P]], _Post[P]]:
    """Declare what a `post` does with the header; one without the declaration cannot be defined."""

    def declare(handler: _Handler[P]) -> _Post[P]:
        @wraps(handler)
        def post(view: "Endpoint", request: Request, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            key = _key_of(request)
            if key is None:
                if need is Idempotency.REQUIRED:
                    raise KeyRequired
                return handler(view, request, *args, **kwargs)
            attempt = _Attempt(request, key, view.admission.key_id, view.now)
            if stored := attempt.stored():
                response = stored.response()
                response["Idempotent-Replayed"] = "true"
                return response
            return attempt.keep(handler(view, request, *args, **kwargs))

        post.idempotency = need  # type: ignore[attr-defined]
        return cast(_Post[P], post)

    return declare


def _key_of(request: Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        message = _("Give 1 to %(longest)d printable ASCII characters.") % {"longest": LONGEST_KEY}
        raise InvalidInput([FieldError("Idempotency-Key", "invalid", message)])
    return key


class _Attempt:
    """One call with a key, inside the transaction of its effect."""

    def __init__(self, request: Request, key: str, api_key_id: UUID, now: datetime) -> None:
        self.api_key_id = api_key_id
        self.key = key
        self.now = now
        # Reading `body` here also applies Django's limit to it.
        content = request.body
        self.fingerprint = sha256(f"{request.method} {request.path}\n".encode() + content).digest()

    def stored(self) -> Answer | None:
        """Take the key for this call, or return the answer that stands for it.

        Raises: InProgress, KeyReused.
        """
        values = [Int8(self._lock), current_salon_id(), self.api_key_id, self.key]
        ((taken, answer_id, fingerprint, status, headers, body, created_at),) = fetch(_GATE, values)
        if answer_id is None:
            if not taken:
                raise InProgress
            return None
        if created_at <= self.now - KEPT:
            StoredAnswer.objects.filter(pk=answer_id).delete()
            return None
        if bytes(fingerprint) != self.fingerprint:
            raise KeyReused
        return Answer(status, json.loads(headers), bytes(body))

    def keep(self, response: Response) -> HttpResponse:
        """Store the answer with the effect, and return it.

        Raises: InProgress when the other call ended between our look and our lock, which undoes this one.
        """
        headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
        answer = Answer(response.status_code, headers, JSONRenderer().render(response.data))
        stored = StoredAnswer(
            api_key_id=self.api_key_id,
            key=self.key,
            fingerprint=self.fingerprint,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            created_at=self.now,
        )
        if not insert([stored], unless="api_storedanswer_once"):
            raise InProgress
        return answer.response()

    @property
    def _lock(self) -> int:
        return lock_number(f"idempotency {self.api_key_id} {self.key}")


def forget_answers(*, now: datetime) -> int:
    """Delete the open salon's answers that stand for nothing any more; return how many."""
    return StoredAnswer.objects.filter(created_at__lte=now - KEPT).delete()[0]
