"""This app's part of what is disclosed to a client: everything that is stored of her (domain.md §2, Art. 15, 20)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Manager, Q

from clients.models import (
    CarriedService,
    CategoryAssignment,
    Client,
    ConsentEntry,
    DuplicateProposal,
    HealthRecord,
    ImportRow,
    Merge,
    Note,
    PointsEntry,
)

type Value = str | int | bool | list[Any] | dict[str, Any] | None
type Record = dict[str, Value]

# Columns of the card that say nothing of the person: whose salon, order of lists, and what is said in another form.
_NOT_TOLD = {"id", "salon", "sort_key", "last_success_key", "birth_day", "birth_month", "birth_year", "merged_into"}
# Every table that refers to cards, and the section that tells of it; a test compares the list with the models.
SECTIONS: dict[str, str] = {
    "CategoryAssignment": "categories",
    "Note": "notes",
    "HealthRecord": "health",
    "ConsentEntry": "consents",
    "CarriedService": "services",
    "PointsEntry": "points",
    "Merge": "merges",
    "DuplicateProposal": "possible_duplicates",
    "ImportRow": "imports",
    # What the search finds a card by is its own data, cut into pieces.
    "SearchToken": "client",
}


def data_of_client(client: Client) -> dict[str, list[Record]]:
    """Return all that is stored of a client, section by section; with the cards that went into hers."""
    ids = cards_of(client.pk)
    cards = Client.objects.in_bulk(ids)
    return {
        "client": [_card(cards[one]) for one in ids],
        "categories": [
            {"name": one.category.name, "assigned_at": _told(one.assigned_at)}
            for one in CategoryAssignment.objects.filter(client_id__in=ids)
            .select_related("category")
            .order_by("assigned_at", "category_id")
        ],
        "notes": _rows(
            Note.objects, ids, "written_at", "text", "pinned", "author_name", "written_at", "edited_at", "deleted_at"
        ),
        "health": _rows(HealthRecord.objects, ids, "written_at", "text", "author_name", "written_at"),
        "consents": _rows(
            ConsentEntry.objects,
            ids,
            "at",
            "at",
            "purpose",
            "decision",
            "source",
            "wording",
            "wording_number",
            "actor_kind",
            "actor_name",
        ),
        "services": _rows(CarriedService.objects, ids, "name", "name", "times"),
        "points": _rows(
            PointsEntry.objects,
            ids,
            "created_at",
            "created_at",
            "points",
            "balance_after",
            "cause",
            "reason",
            "actor_name",
        ),
        "merges": [
            {
                "number": one.duplicate.number,
                "into": one.survivor.number,
                "merged_at": _told(one.merged_at),
                "undone_at": _told(one.undone_at),
                "actor_name": one.actor_name,
                "kept_to_undo": one.moved,
            }
            for one in Merge.objects.filter(Q(survivor_id__in=ids) | Q(duplicate_id__in=ids))
            .select_related("survivor", "duplicate")
            .order_by("merged_at", "id")
        ],
        # Of the other card only its number: it is somebody else's.
        "possible_duplicates": [
            {
                "number": one.newer.number if one.older_id in ids else one.older.number,
                "likeness": one.likeness,
                "state": one.state,
                "proposed_at": _told(one.proposed_at),
                "decided_at": _told(one.decided_at),
            }
            for one in DuplicateProposal.objects.filter(Q(older_id__in=ids) | Q(newer_id__in=ids))
            .select_related("older", "newer")
            .order_by("proposed_at", "id")
        ],
        "imports": [
            {
                "file": one.batch.file_name,
                "line": one.number,
                "uploaded_at": _told(one.batch.uploaded_at),
                "cells": one.cells,
            }
            for one in ImportRow.objects.filter(card_id__in=ids).select_related("batch").order_by("id")
        ],
    }


def cards_of(client_id: UUID) -> list[UUID]:
    """Return the ids of a card and of all that went into it, also by way of another one."""
    found = newest = [client_id]
    while newest:
        newest = list(Client.objects.filter(merged_into_id__in=newest).order_by("number").values_list("pk", flat=True))
        found = found + newest
    return found


def _card(client: Client) -> Record:
    card: Record = {
        field.name: _told(getattr(client, field.attname))
        for field in client._meta.concrete_fields
        if field.name not in _NOT_TOLD
    }
    card["birthday"] = client.birthday.iso if client.birthday else ""
    return card


def _rows(all_rows: Manager[Any], ids: list[UUID], order: str, *fields: str) -> list[Record]:
    rows = all_rows.filter(client_id__in=ids).order_by(order, "pk")
    return [{name: _told(getattr(row, name)) for name in fields} for row in rows]


def _told(value: Any) -> Value:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value) if isinstance(value, (UUID, str)) else value
