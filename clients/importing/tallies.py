"""What the preview of an import tells of all its lines at once (domain.md §10)."""

import json
from dataclasses import dataclass

from django.db import connection

from clients.importing.since import BY_IMPORT
from clients.models import ImportBatch, Outcome
from salon.tenancy.context import current_salon_id


@dataclass(frozen=True, slots=True)
class Tallies:
    """How many new clients get the day of the import as theirs, and of how many lines cells of each column are lost."""

    since_import: int
    left_out: list[tuple[str, int]]


def tallies_of(batch: ImportBatch) -> Tallies:
    """Return what the stored plans of a file say in sum; the columns with the most lost cells first."""
    since_import, left_out = 0, []
    with connection.cursor() as cursor:
        if batch.created:
            cursor.execute(
                "SELECT count(*) FROM clients_importrow WHERE salon_id = %s AND batch_id = %s AND outcome = %s "
                "AND plan->'remarks' @> %s::jsonb",
                [current_salon_id(), batch.pk, Outcome.CREATE, json.dumps([[BY_IMPORT]])],
            )
            since_import = int(cursor.fetchone()[0])
        if batch.incomplete:
            cursor.execute(
                "SELECT problem->>'target' AS target, count(DISTINCT line.id) AS lines "
                "FROM clients_importrow line CROSS JOIN jsonb_array_elements(line.plan->'left_out') problem "
                "WHERE line.salon_id = %s AND line.batch_id = %s AND line.incomplete "
                "GROUP BY target ORDER BY lines DESC, target",
                [current_salon_id(), batch.pk],
            )
            left_out = [(str(target), int(lines)) for target, lines in cursor.fetchall()]
    return Tallies(since_import, left_out)
