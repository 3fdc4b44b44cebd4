"""Two cards, everything that may hang on them, and every row of them as it is."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.apps import apps

from bookings.models import WaitingEntry, WaitingService
from bookings.states import State
from bookings.visits import recount
from clients.consent import record_consent
from clients.details import ChangedDetails, ClientDetails
from clients.editing import create_client, update_client
from clients.models import (
    CarriedService,
    Category,
    CategoryAssignment,
    Cause,
    Client,
    ConsentPurpose,
    ConsentSource,
    CreatedVia,
    Decision,
    Merge,
)
from clients.points import post
from salon.catalogue.models import Service, StaffMember
from salon.desk.merging import merge_cards, undo_merge
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role, system_actor
from salon.tenancy.models import Salon, new_id
from tests.bookings.salonday import at, make_appointment, make_service, make_staff
from tests.conftest import NOW

MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])
LATER = NOW + timedelta(hours=1)
GRANTED, WITHDRAWN = Decision.GRANTED, Decision.WITHDRAWN


@dataclass(frozen=True, slots=True)
class Desk:
    """What a manager does in one salon."""

    salon: Salon

    def card(self, first: str, last: str = "", *, via: CreatedVia = CreatedVia.STAFF, **details: str) -> Client:
        given = ClientDetails(first, last, **details)
        saved = create_client(
            actor=system_actor("test"), salon=self.salon, details=given, created_via=via, now=NOW - timedelta(days=9)
        )
        return saved.client

    def change(self, client: Client, changes: ChangedDetails) -> None:
        update_client(actor=MANAGER, salon=self.salon, client_id=client.pk, changes=changes, now=LATER)

    def set(self, client: Client, **columns: Any) -> None:
        Client.objects.filter(pk=client.pk).update(**columns)

    def points(self, client: Client, points: int, cause: Cause = Cause.EARNED) -> None:
        post(client=as_it_is(client), points=points, cause=cause, cause_id=new_id(), actor=MANAGER, now=NOW)

    def decide(self, client: Client, purpose: ConsentPurpose, decision: Decision, at: datetime) -> None:
        record_consent(
            actor=MANAGER,
            client_id=client.pk,
            purpose=purpose,
            decision=decision,
            # What an import brings holds at once.
            source=ConsentSource.IMPORT,
            wording=f"Worte für {client.first_name}",
            now=at,
        )

    def categorise(self, client: Client, *names: str) -> None:
        for name in names:
            category, _made = Category.objects.get_or_create(name=name, name_key=name, defaults={"created_at": NOW})
            CategoryAssignment.objects.create(category=category, client_id=client.pk, assigned_at=NOW)

    def had(self, client: Client, **services: int) -> None:
        for name, times in services.items():
            CarriedService.objects.create(client_id=client.pk, name=name, times=times)

    def visit(self, client: Client, *days: date, state: State = State.COMPLETED, waits: bool = False) -> None:
        """Let appointments stand on these days, visits if not said otherwise, and a wish if she has one."""
        cut = Service.objects.filter(name="Schneiden").first() or make_service()
        for day in days:
            visited = {"visit_on": day} if state == State.COMPLETED else {}
            staff = make_staff(f"Bora {StaffMember.objects.count()}")
            make_appointment((cut, staff), client=client, starts_at=at(10, day=day), state=state, **visited)
        if waits:
            entry = WaitingEntry.objects.create(
                client=client, starts_on=NOW.date(), ends_on=NOW.date(), created_by_name="Carla", created_at=NOW
            )
            WaitingService.objects.create(entry=entry, service=cut, position=0)
        recount([client.pk], today=self.salon.date_at(NOW))

    def merge(self, survivor: Client, duplicate: Client, now: datetime = NOW, **more: Any) -> Merge:
        return merge_cards(
            actor=MANAGER, salon=self.salon, survivor_id=survivor.pk, duplicate_id=duplicate.pk, now=now, **more
        )

    def undo(self, merge: Merge, now: datetime = LATER) -> Merge:
        return undo_merge(actor=MANAGER, salon=self.salon, merge_id=merge.pk, now=now)


def as_it_is(client: Client) -> Client:
    return Client.objects.get(pk=client.pk)


# What a merge and its undoing leave behind on purpose: they are changes, and they are recorded.
GROWING = {"audit.AuditEntry", "clients.ConsentEntry", "clients.Merge", "clients.PointsEntry"}
COUNTING = {"points_number", "version", "updated_at"}
APPS = ("clients", "bookings", "mail", "audit")


def snapshot() -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table that a merge has to give back."""
    found = {}
    for model in [one for app in APPS for one in apps.get_app_config(app).get_models()]:
        if model._meta.label in GROWING:
            continue
        rows = [
            {name: value for name, value in row.items() if name not in COUNTING}
            for row in model._default_manager.values()
        ]
        found[model._meta.label] = sorted(rows, key=str)
    return found
