"""The rows that hang on a card: moved to another card with a merge, and given back (domain.md §2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from clients.models import (
    CarriedService,
    Category,
    CategoryAssignment,
    Client,
    DuplicateProposal,
    HealthRecord,
    Likeness,
    Note,
    ProposalState,
)

type Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Belongings:
    """What moved from one card to another, as JSON keeps it.

    `notes`, `services`, `health`: ids of rows that moved as they were. `categories`: id, day assigned, and whether the
    survivor did not have it. `added`: of services that both cards had, the duplicate's row and the survivor's id.
    `joined`: the survivor's health record before and after the duplicate's was joined to it. `dropped`: health records
    that stand no more. `told_apart`: proposals made because the duplicate was told apart from others.
    """

    notes: list[str] = field(default_factory=list)
    categories: list[list[Any]] = field(default_factory=list)
    services: list[str] = field(default_factory=list)
    added: list[Row] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)
    dropped: list[Row] = field(default_factory=list)
    told_apart: list[str] = field(default_factory=list)


def move(duplicate_id: UUID, survivor_id: UUID, *, health: bool) -> Belongings:
    """Move everything from one locked card to another; health data only where consent to them holds."""
    moved = Belongings()
    _move_notes(moved, duplicate_id, survivor_id)
    _move_categories(moved, duplicate_id, survivor_id)
    _move_services(moved, duplicate_id, survivor_id)
    _move_health(moved, duplicate_id, survivor_id, health)
    _tell_apart(moved, duplicate_id, survivor_id)
    return moved


def give_back(moved: Belongings, duplicate_id: UUID, survivor_id: UUID, *, health: Mapping[UUID, bool]) -> None:
    """Give the duplicate back what it had, as far as the survivor still has it; `health` says of each card whether
    consent to health data holds."""
    Note.objects.filter(pk__in=moved.notes, client_id=survivor_id).update(client_id=duplicate_id)
    _give_back_categories(moved, duplicate_id, survivor_id)
    _give_back_services(moved, duplicate_id, survivor_id)
    _give_back_health(moved, duplicate_id, survivor_id, health)
    DuplicateProposal.objects.filter(pk__in=moved.told_apart, state=ProposalState.DISMISSED).delete()


def _move_notes(moved: Belongings, duplicate_id: UUID, survivor_id: UUID) -> None:
    notes = Note.objects.filter(client_id=duplicate_id)
    moved.notes.extend(str(pk) for pk in notes.order_by("pk").values_list("pk", flat=True))
    notes.update(client_id=survivor_id)


def _move_categories(moved: Belongings, duplicate_id: UUID, survivor_id: UUID) -> None:
    had = set(CategoryAssignment.objects.filter(client_id=survivor_id).values_list("category_id", flat=True))
    for row in CategoryAssignment.objects.filter(client_id=duplicate_id).order_by("category_id"):
        moved.categories.append([str(row.category_id), row.assigned_at.isoformat(), row.category_id not in had])
        if row.category_id not in had:
            _assign(survivor_id, row.category_id, row.assigned_at)
    CategoryAssignment.objects.filter(client_id=duplicate_id).delete()


def _give_back_categories(moved: Belongings, duplicate_id: UUID, survivor_id: UUID) -> None:
    known = set(Category.objects.filter(pk__in=[row[0] for row in moved.categories]).values_list("pk", flat=True))
    for category, assigned, added in moved.categories:
        category_id, assigned_at = UUID(category), datetime.fromisoformat(assigned)
        if added:
            # Assigned by the merge, not again by somebody since.
            CategoryAssignment.objects.filter(
                client_id=survivor_id, category_id=category_id, assigned_at=assigned_at
            ).delete()
        if category_id in known:
            _assign(duplicate_id, category_id, assigned_at)


def _assign(client_id: UUID, category_id: UUID, assigned_at: datetime) -> None:
    CategoryAssignment.objects.bulk_create(
        [CategoryAssignment(client_id=client_id, category_id=category_id, assigned_at=assigned_at)],
        ignore_conflicts=True,
    )


def _move_services(moved: Belongings, duplicate_id: UUID, survivor_id: UUID) -> None:
    had = dict(CarriedService.objects.filter(client_id=survivor_id).values_list("name", "pk"))
    for row in CarriedService.objects.filter(client_id=duplicate_id).order_by("pk"):
        if row.name not in had:
            moved.services.append(str(row.pk))
            continue
        kept = had[row.name]
        moved.added.append({"id": str(row.pk), "name": row.name, "times": row.times, "to": str(kept)})
        CarriedService.objects.filter(pk=kept).update(times=F("times") + row.times)
        row.delete()
    CarriedService.objects.filter(pk__in=moved.services).update(client_id=survivor_id)


def _give_back_services(moved: Belongings, duplicate_id: UUID, survivor_id: UUID) -> None:
    CarriedService.objects.filter(pk__in=moved.services, client_id=survivor_id).update(client_id=duplicate_id)
    for row in moved.added:
        CarriedService.objects.filter(pk=row["to"], times__gte=row["times"]).update(times=F("times") - row["times"])
        CarriedService.objects.create(id=row["id"], client_id=duplicate_id, name=row["name"], times=row["times"])


def _move_health(moved: Belongings, duplicate_id: UUID, survivor_id: UUID, consented: bool) -> None:
    rows = HealthRecord.objects.filter(client_id__in=[duplicate_id, survivor_id])
    theirs, mine = ({row.client_id: row for row in rows}.get(one) for one in (duplicate_id, survivor_id))
    if not consented:
        for row in (theirs, mine):
            _drop(moved, row)
    elif theirs and mine:
        joined = mine.text if theirs.text == mine.text else f"{mine.text}\n\n{theirs.text}"
        moved.joined.extend([mine.text, joined])
        _drop(moved, theirs)
        HealthRecord.objects.filter(pk=mine.pk).update(text=joined)
    elif theirs:
        moved.health.append(str(theirs.pk))
        HealthRecord.objects.filter(pk=theirs.pk).update(client_id=survivor_id)


def _drop(moved: Belongings, row: HealthRecord | None) -> None:
    if row is None:
        return
    moved.dropped.append(
        {
            "id": str(row.pk),
            "client_id": str(row.client_id),
            "text": row.text,
            "author_name": row.author_name,
            "written_at": row.written_at.isoformat(),
        }
    )
    row.delete()


def _give_back_health(moved: Belongings, duplicate_id: UUID, survivor_id: UUID, consented: Mapping[UUID, bool]) -> None:
    HealthRecord.objects.filter(pk__in=moved.health, client_id=survivor_id).update(client_id=duplicate_id)
    mine = HealthRecord.objects.filter(client_id=survivor_id)
    withdrawn = False
    if moved.joined:
        before, joined = moved.joined
        # Gone: consent was withdrawn since, and nobody knows for which of the two.
        withdrawn = not mine.exists()
        mine.filter(text=joined).update(text=before)
    for row in moved.dropped:
        client_id = UUID(row["client_id"])
        if consented[client_id] and not withdrawn:
            values = {**row, "client_id": client_id, "written_at": datetime.fromisoformat(row["written_at"])}
            HealthRecord.objects.bulk_create([HealthRecord(**values)], ignore_conflicts=True)


def _tell_apart(moved: Belongings, duplicate_id: UUID, survivor_id: UUID) -> None:
    """Whom the duplicate was told apart from, the survivor is told apart from now."""
    own = Q(older_id=duplicate_id) | Q(newer_id=duplicate_id)
    apart = list(DuplicateProposal.objects.filter(own, state=ProposalState.DISMISSED))
    others = {one for row in apart for one in (row.older_id, row.newer_id)} - {duplicate_id, survivor_id}
    numbers = dict(Client.objects.filter(pk__in=[*others, survivor_id]).values_list("pk", "number"))
    known = DuplicateProposal.objects.filter(Q(older_id=survivor_id) | Q(newer_id=survivor_id))
    paired = {one for pair in known.values_list("older_id", "newer_id") for one in pair}
    for other in sorted(others - paired):
        older, newer = sorted((other, survivor_id), key=lambda one: numbers[one])
        row = next(row for row in apart if other in {row.older_id, row.newer_id})
        made = DuplicateProposal.objects.create(
            older_id=older,
            newer_id=newer,
            likeness=Likeness(row.likeness),
            state=ProposalState.DISMISSED,
            proposed_at=row.proposed_at,
            decided_at=row.decided_at,
        )
        moved.told_apart.append(str(made.pk))
