"""Cards to export, and how their file is written and read back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.utils import timezone

from clients.details import ClientDetails
from clients.editing import create_client
from clients.models import Client, CreatedVia
from salon.desk.exporting import Attempt, write_requested
from salon.desk.models import Export
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from tests.conftest import NOW


def add_client(salon: Salon, *, at: datetime = NOW, **details: str) -> Client:
    given = ClientDetails(**{"first_name": "Anna", **details})
    actor = system_actor("Tests")
    return create_client(actor=actor, salon=salon, details=given, created_via=CreatedVia.STAFF, now=at).client


def write_asked(export: Export) -> None:
    """Write the file asked for, in the scope that is open."""
    work = DueWork.objects.get(subject_id=export.pk)
    attempt = attempt_at(export.salon, clock=timezone.now, finish=work.delete)
    write_requested(salon=export.salon, export_id=export.pk, attempt=attempt)
    export.refresh_from_db()


@contextmanager
def batch_of(salon: Salon) -> Iterator[None]:
    with salon_scope(salon.pk):
        yield


def attempt_at(salon: Salon, **given: Any) -> Attempt:
    return replace(Attempt(open_batch=partial(batch_of, salon), clock=lambda: NOW), **given)


def stored_in(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file()]


class FullDisk:
    """A storage that has no room."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.deleted: list[str] = []

    def save(self, name: str, content: Any) -> str:  # noqa: ARG002 - Django's signature
        raise OSError(self.number, "no room")

    def delete(self, name: str) -> None:
        self.deleted.append(name)
