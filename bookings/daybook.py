"""What is booked in some days, as the calendar reads it (quality.md §1).

Each statement names the salon: its indexes begin with it. None joins two large tables: before the database has counted
a new table, it takes a salon for a handful of rows and would walk through all of its appointments for each item. Each
reads a stretch of an index, or rows by their ids. Ids are texts and instants are seconds, as they are written into the
page, and what few pages ask for is a text: a full day has a thousand of each.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import starmap
from typing import Any, NamedTuple
from uuid import UUID

from bookings.busy import LONGEST_APPOINTMENT
from salon.rows import fetch
from salon.tenancy.context import current_salon_id

# No appointment lasts longer, so those that began earlier are over.
_SPAN = "salon_id = %(salon)s AND starts_at >= %(begin)s - %(longest)s AND starts_at < %(end)s AND ends_at > %(begin)s"
_ITEMS = f"""
SELECT id::text, appointment_id::text, position, staff_id::text, service_id::text,
    date_part('epoch', starts_at)::bigint, date_part('epoch', ends_at)::bigint,
    apply_minutes, processing_minutes, finish_minutes, redemption_id IS NOT NULL
FROM bookings_appointmentitem booked
WHERE {_SPAN} AND (%(staff)s::uuid[] IS NULL OR staff_id = ANY(%(staff)s::uuid[]))
ORDER BY starts_at, booked.appointment_id, position
"""  # noqa: S608
_APPOINTMENTS = f"""
SELECT id::text, state, version, client_status, client_id::text, created_at::text, kept_at::text
FROM bookings_appointment WHERE {_SPAN}
"""  # noqa: S608
# Notes in the order in which they were written; what is health data is none. Of sales, those that were paid in full and
# of which something has stayed so. The ids are given as what is read first: where the planner sees a thousand of them,
# it takes longer than reading does, each time anew.
_AROUND = """
WITH given AS MATERIALIZED (
    SELECT string_to_array(%(services)s, ',')::uuid[] AS services, string_to_array(%(clients)s, ',')::uuid[] AS clients,
        string_to_array(%(appointments)s, ',')::uuid[] AS appointments
)
SELECT
    (SELECT json_object_agg(id, name) FROM catalogue_service
    WHERE salon_id = %(salon)s AND id = ANY((SELECT services FROM given)::uuid[])),
    (SELECT json_object_agg(id, concat_ws(' ', first_name, last_name)) FROM clients_client
    WHERE salon_id = %(salon)s AND id = ANY((SELECT clients FROM given)::uuid[])),
    (SELECT json_agg(json_build_array(client_id, text) ORDER BY written_at, id) FROM clients_note
    WHERE salon_id = %(salon)s AND client_id = ANY((SELECT clients FROM given)::uuid[])
    AND pinned AND deleted_at IS NULL),
    (SELECT json_agg(json_build_array(id, staff_id, kind, note, extract(epoch FROM starts_at)::bigint,
        extract(epoch FROM ends_at)::bigint, coalesce(changed_at, created_at)) ORDER BY starts_at, id)
    FROM catalogue_absence WHERE salon_id = %(salon)s AND ends_at > %(begin)s AND starts_at < %(end)s),
    (SELECT json_agg(appointment_id) FROM bookings_sale
    WHERE salon_id = %(salon)s AND appointment_id = ANY((SELECT appointments FROM given)::uuid[])
    AND state <> 'VOID' AND state IN ('PAID', 'PARTLY_REFUNDED'))
"""


class Item(NamedTuple):
    """One service of an appointment."""

    id: str
    appointment_id: str
    position: int
    staff_id: str
    service_id: str
    starts: int
    ends: int
    apply_minutes: int
    processing_minutes: int
    finish_minutes: int
    reward: bool


class Head(NamedTuple):
    """What all items of an appointment share; instants as the database writes them."""

    state: str
    version: int
    client_status: str
    client_id: str | None
    booked_at: str
    kept_at: str | None


class Off(NamedTuple):
    """An absence or a blocked time."""

    id: str
    staff_id: str
    kind: str
    note: str
    starts: int
    ends: int
    decided: str


@dataclass(frozen=True, slots=True)
class Daybook:
    """The items that touch some days, in order; the appointments they belong to, names and pinned notes by id; which
    appointments are paid."""

    items: list[Item]
    heads: dict[str, Head]
    services: dict[str, str]
    clients: dict[str, str]
    alerts: dict[str, str]
    absences: list[Off]
    paid: frozenset[str]


def daybook(begin: datetime, end: datetime, *, staff_ids: Collection[UUID] | None) -> Daybook:
    """Return what is booked between two instants, of these staff members or of all, in three statements."""
    salon_id = current_salon_id()
    values: dict[str, Any] = {
        "salon": salon_id,
        "begin": begin,
        "end": end,
        "longest": LONGEST_APPOINTMENT,
        "staff": None if staff_ids is None else list(staff_ids),
    }
    items = list(starmap(Item, fetch(_ITEMS, values)))
    heads = {pk: Head(*head) for pk, *head in fetch(_APPOINTMENTS, values)}
    around: dict[str, Any] = {
        "salon": salon_id,
        "begin": begin,
        "end": end,
        # As texts: turning a thousand ids into a list for the database takes as long as reading them.
        "services": ",".join({item.service_id for item in items}),
        "clients": ",".join({head.client_id for head in heads.values() if head.client_id}),
        "appointments": ",".join(heads),
    }
    [(services, clients, notes, absences, paid)] = fetch(_AROUND, around)
    alerts: dict[str, str] = {}
    for client_id, text in notes or ():
        alerts[client_id] = f"{alerts[client_id]} · {text}" if client_id in alerts else text
    return Daybook(
        # An appointment that was moved to another day between two statements is no longer of this one.
        items=[item for item in items if item.appointment_id in heads],
        heads=heads,
        services=services or {},
        clients={pk: name.strip() for pk, name in (clients or {}).items()},
        alerts=alerts,
        absences=list(starmap(Off, absences or ())),
        paid=frozenset(paid or ()),
    )
