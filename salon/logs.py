"""Structured logs: one line a request, every line with the request's id and salon (quality.md §4)."""

import re
import time
from collections.abc import Callable, MutableMapping
from typing import Any
from uuid import uuid4

import structlog
from django.http import HttpRequest, HttpResponse

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_SECRET_IN_PATH = re.compile(r"(/invitation/|/exported/|/ical/|/password/reset/[^/\s]+/)[^/\s]+")


def mask_secrets(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank out tokens in paths, whoever logs them: a log's reader must not be able to accept an invitation."""
    for key, value in line.items():
        if isinstance(value, str):
            line[key] = _SECRET_IN_PATH.sub(r"\1…", value)
    return line


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    mask_secrets,
]


def logging_settings(*, json: bool, level: str) -> dict[str, Any]:
    """Return `LOGGING` for every library's records and ours: JSON lines for machines, short lines for people."""
    renderer = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": _SHARED,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *([structlog.processors.format_exc_info] if json else []),
            renderer,
        ],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Each request has its own line already; what remains here are errors with their traceback.
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
        },
    }


# What routes call the parts of addresses that are a key themselves: of a mail's link, a file, a calendar.
_SECRETS = frozenset({"secret", "token"})


class RequestLogMiddleware:
    """Gives each request an id (the proxy's `X-Request-ID` if it is one), and logs what became of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.log = structlog.get_logger("salon.request")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        if not request.path.startswith(("/static/", "/healthz")):
            self.log.info(
                "request",
                method=request.method,
                path=_without_secrets(request),
                status=response.status_code,
                ms=round((time.perf_counter() - started) * 1000, 1),
            )
        return response


def _without_secrets(request: HttpRequest) -> str:
    """Return the path without what lets in whoever knows it."""
    path = request.path
    captured = request.resolver_match.kwargs if request.resolver_match else {}
    for name in _SECRETS & captured.keys():
        path = path.replace(str(captured[name]), "…")
    return path
