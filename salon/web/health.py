"""Whether the process lives, and whether it can serve (quality.md §4)."""

from functools import cache

from celery import current_app
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from kombu.exceptions import OperationalError

from salon.web.access import public


@public("asked by the supervisor; tells nothing")
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process does."""
    return HttpResponse("ok", content_type="text/plain")


@public("asked by the load balancer; tells only states")
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 503 without database or with pending migrations, 200 `degraded` without broker, else 200 `ready`."""
    try:
        if not _is_migrated():
            return JsonResponse({"status": "unavailable", "reason": "migrations pending"}, status=503)
    except (DatabaseError, ImproperlyConfigured):
        return JsonResponse({"status": "unavailable", "reason": "no database"}, status=503)
    return JsonResponse({"status": "ready" if _broker_answers() else "degraded"})


def _is_migrated() -> bool:
    # One query: what is applied. The files are read once, at the first question.
    applied = set(MigrationRecorder(connection).applied_migrations())
    return applied >= _known_migrations()


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def _broker_answers() -> bool:
    try:
        with current_app.connection_for_write(connect_timeout=1) as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
    except (OperationalError, OSError):
        return False
    return True
