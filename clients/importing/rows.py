"""The lines of a file as they are stored, and what became of them, written by the block."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from clients.importing.joining import joined_effects
from clients.importing.plans import ERASED, Plan
from clients.models import ImportBatch, ImportRow, Outcome
from salon.tenancy.context import current_salon_id


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a line: its plan, the card it speaks of, and what there is to undo."""

    row: ImportRow | None
    plan: Plan
    card_id: UUID | None = None
    made: dict[str, object] = field(default_factory=dict)


# Of a line that has filled what an earlier one made or changed: what there is to undo stands there.
JOINS: dict[str, object] = {"joins": True}


def hand_over(batch: ImportBatch, made: Mapping[UUID, tuple[int, Mapping[str, Any]]]) -> set[UUID]:
    """Let the lines that made or changed these cards first tell what later ones have done; return whose there are.

    `made` says which line did what. Those of cards that the file has made tell it by being undone.
    """
    done = ImportRow.objects.filter(batch=batch, card_id__in=made, outcome__in=[Outcome.CREATE, Outcome.UPDATE])
    rows = done.exclude(made__contains=JOINS).only("number", "card_id", "outcome", "made")
    # Behind it stand lines of which only the preview is known.
    first = {row.card_id: row for row in rows if row.card_id and row.number < made[row.card_id][0]}
    changed = {card_id: row for card_id, row in first.items() if row.outcome == Outcome.UPDATE}
    for card_id, row in changed.items():
        row.made = joined_effects(row.made, made[card_id][1])
    ImportRow.objects.bulk_update(changed.values(), ["made"])
    return set(first)


def save_results(results: Sequence[Result]) -> None:
    """Write what became of these lines, in one statement."""
    rows = [
        (
            result.row.pk,
            result.plan.outcome.value,
            result.card_id,
            json.dumps(shown(result.plan)),
            json.dumps(result.made),
            bool(result.plan.left_out),
        )
        for result in results
        if result.row
    ]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE clients_importrow line SET outcome = told.outcome, card_id = told.card_id, "
            "plan = told.plan::jsonb, made = told.made::jsonb, incomplete = told.incomplete "
            "FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::text[], %s::text[], %s::boolean[]) "
            "AS told (id, outcome, card_id, plan, made, incomplete) WHERE line.salon_id = %s AND line.id = told.id",
            [*map(list, zip(*rows, strict=True)), current_salon_id()],
        )


def shown(plan: Plan) -> dict[str, object]:
    """Return what the preview and the result tell of a plan, as it is stored."""
    details = plan.wanted.details
    called = {"preferred_staff": plan.wanted.staff, "referred_by": plan.wanted.referrer}
    return {
        "name": f"{details.first_name} {details.last_name}".strip() or (plan.card.full_name if plan.card else ""),
        "contact": details.email or details.mobile or details.landline,
        "changes": [
            [one.field, None, called[one.field]] if one.field in called else [one.field, one.old, one.new]
            for one in plan.changes
        ],
        "remarks": plan.remarks,
        "problems": [asdict(problem) for problem in plan.problems],
        "hints": [asdict(hint) for hint in plan.hints],
        "left_out": [asdict(problem) for problem in plan.left_out],
        "found": plan.found,
        "joins": plan.joins,
    }


def forget_erased(batch: ImportBatch) -> None:
    """Keep of the lines left out for erased clients nothing but their numbers."""
    if not batch.erased:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            'UPDATE clients_importrow SET cells = \'[]\', plan = plan || \'{"name": "", "contact": ""}\' '
            "WHERE salon_id = %s AND batch_id = %s AND outcome = %s AND plan->'problems' @> %s::jsonb",
            [current_salon_id(), batch.pk, Outcome.FAULTY, json.dumps([{"code": ERASED}])],
        )
