"""Files as salons bring them, and an import driven to where a test wants it."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.core.files.base import ContentFile

from clients.details import ClientDetails
from clients.editing import create_client
from clients.importing.batches import Choices, begin, choose, undo, upload
from clients.importing.stages import Worker, work_on
from clients.models import Client, CreatedVia, ImportBatch
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW

MANAGER = Actor(ActorKind.USER, UUID(int=7), "Carla Neumann", PERMISSIONS[Role.MANAGER])
OWNER = Actor(ActorKind.USER, UUID(int=8), "Anna Krüger", PERMISSIONS[Role.OWNER])
SHORE = (
    "first_name,last_name,gender,email,mobile,birthday,address_street,address_postal_code,address_city,notes,tags,"
    "newsletter_status\n"
    "Petra,Lang,female,petra@mail.example,0171 5550318,1990-11-21,Lindenstraße 4,10969,Berlin,schwarzer Kaffee,"
    '"VIP,Farbkundin",subscribed\n'
    "Jörg,Müller,male,,030 5550199,,,,Berlin,,,unsubscribed\n"
)
TREATWELL = (
    "name,phone,email,note,marketing\n"
    "Sarah Smith,0171 5550400,sarahsmith@gmail.com,mag es kurz,1\n"
    "Anna von der Au,030 5550500,,,0\n"
)
PHOREST = (
    "First Name,Last Name,Mobile,Email,TreatCard Number,TreatCard Points,Client Since,First Visit,Last Visit,Visits,"
    "Services Had,Email Marketing\n"
    'Frank,Hofmann,0171 5550600,frank@mail.example,tc 00017,350,03/05/2021,14/05/2021,14/10/2026,23,"Facial x3; '
    'Pflegekur (2); Brauen zupfen",No\n'
)


def table(*rows: Sequence[str], delimiter: str = ";", encoding: str = "utf-8") -> bytes:
    """Return rows as a CSV file."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode(encoding)


def on_file(salon: Salon, **details: str) -> Client:
    """Return a card that the salon has made itself."""
    with salon_scope(salon.pk):
        return create_client(
            actor=MANAGER, salon=salon, details=ClientDetails(**details), created_via=CreatedVia.STAFF, now=NOW
        ).client


def work(salon: Salon, batch: ImportBatch, now: datetime = NOW) -> ImportBatch:
    """Let a worker do what waits; return the import as it then is."""
    work_on(Worker(salon, batch.pk, lambda: now, lambda: None))
    with salon_scope(salon.pk):
        return ImportBatch.objects.get(pk=batch.pk)


def uploaded(salon: Salon, content: bytes, name: str = "kunden.csv") -> ImportBatch:
    """Return a file that has been read, or refused."""
    with salon_scope(salon.pk):
        batch = upload(actor=MANAGER, file_name=name, content=ContentFile(content, name), now=NOW)
    return work(salon, batch)


def choices_of(batch: ImportBatch, **given: object) -> Choices:
    """Return what the mapping page proposes for a file."""
    proposed = Choices(targets=list(batch.targets), day_order=batch.day_order)
    return replace(proposed, **given)  # type: ignore[arg-type]


def checked(salon: Salon, content: bytes, **given: object) -> ImportBatch:
    """Return a file as its preview shows it."""
    batch = uploaded(salon, content)
    assert batch.state == "MAPPING", batch.problem
    with salon_scope(salon.pk):
        choose(actor=MANAGER, batch_id=batch.pk, choices=choices_of(batch, **given), now=NOW)
    return work(salon, batch)


def applied(salon: Salon, content: bytes, **given: object) -> ImportBatch:
    """Return a file that has been imported."""
    batch = checked(salon, content, **given)
    with salon_scope(salon.pk):
        begin(actor=MANAGER, batch_id=batch.pk, now=NOW)
    return work(salon, batch)


def undone(salon: Salon, batch: ImportBatch, now: datetime = NOW) -> ImportBatch:
    """Return an import that has been taken back."""
    with salon_scope(salon.pk):
        undo(actor=MANAGER, batch_id=batch.pk, now=now)
    return work(salon, batch, now)


def counts(batch: ImportBatch) -> tuple[int, int, int, int]:
    """Return how many lines are new, changed, unchanged and faulty."""
    return batch.created, batch.updated, batch.same, batch.faulty
