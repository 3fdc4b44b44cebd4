"""What has ended counts as having taken place, from the next night on (domain.md §5)."""

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from bookings import visits
from bookings.models import Appointment
from bookings.models.appointments import AppointmentQuerySet
from bookings.states import CHANGEABLE, State
from salon.audit.inserting import entries_from
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon

COMPLETED = "appointment.completed"

# Only what still is as it was when it was chosen: whoever has changed one meanwhile has decided herself.
_COMPLETE = f"""
WITH ended AS MATERIALIZED (
  SELECT appointment.id, appointment.state AS old_state
  FROM bookings_appointment appointment
  JOIN unnest(%(ids)s::uuid[], %(clients)s::uuid[]) AS chosen (id, client_id) ON chosen.id = appointment.id
  WHERE appointment.salon_id = %(salon)s AND appointment.state = ANY(%(open)s) AND appointment.ends_at <= %(until)s
    AND appointment.client_id IS NOT DISTINCT FROM chosen.client_id
  ORDER BY appointment.id FOR NO KEY UPDATE OF appointment
),
completed AS (
  UPDATE bookings_appointment appointment
  SET state = %(completed)s, version = version + 1, updated_at = %(now)s, undo = NULL,
    visit_on = CASE WHEN EXISTS (
      SELECT FROM bookings_appointmentitem item
      WHERE item.salon_id = %(salon)s AND item.appointment_id = appointment.id AND item.counts_as_visit
    ) THEN (appointment.starts_at AT TIME ZONE %(zone)s)::date END
  FROM ended WHERE appointment.salon_id = %(salon)s AND appointment.id = ended.id
  RETURNING appointment.id, appointment.client_id, ended.old_state, appointment.state
),
recorded AS ({
    entries_from('''
  SELECT id AS subject_id, client_id, jsonb_build_array(
    jsonb_build_object('field', 'state', 'old', old_state, 'new', state)
  ) AS changes
  FROM completed''')
})
SELECT count(*) FROM completed"""


@dataclass(frozen=True, slots=True)
class Completed:
    """One batch: how many appointments were found that had ended, and how many of them are completed now."""

    found: int
    completed: int


def complete_ended(*, salon: Salon, today: date, now: datetime, limit: int) -> Completed:
    """Complete up to `limit` appointments of the open salon that ended before a day of hers began, the earliest first.

    To be called in a transaction, and again until nothing is found. Nobody has done it, and so it stands in the history
    of each client; her card counts the visit at once.
    """
    until = _midnight(salon, today)
    chosen = list(_ended(until).order_by("ends_at", "id").values_list("pk", "client_id")[:limit])
    if not chosen:
        return Completed(0, 0)
    clients = {client_id for _id, client_id in chosen} - {None}
    # As everywhere: first the cards, then the appointments.
    visits.lock_cards(clients)
    with connection.cursor() as cursor:
        values: dict[str, UUID | str | datetime | list[UUID] | list[UUID | None] | list[str]] = {
            "salon": current_salon_id(),
            "ids": [appointment_id for appointment_id, _client_id in chosen],
            "clients": [client_id for _id, client_id in chosen],
            "open": [state.value for state in CHANGEABLE],
            "completed": State.COMPLETED.value,
            "until": until,
            "now": now,
            "zone": salon.timezone,
            "action": COMPLETED,
            "subject_kind": "appointment",
        }
        cursor.execute(_COMPLETE, values)
        completed = int(cursor.fetchone()[0])
    visits.recount(sorted(clients), today=today)
    return Completed(len(chosen), completed)


def count_ended(*, salon: Salon, today: date) -> int:
    """Return how many appointments of the open salon wait for being completed."""
    return _ended(_midnight(salon, today)).count()


def _midnight(salon: Salon, day: date) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(salon.timezone))


def _ended(until: datetime) -> AppointmentQuerySet:
    return Appointment.objects.filter(state__in=CHANGEABLE, ends_at__lte=until)
