"""Whether the calendar of some days has changed since somebody read it: one statement (quality.md §1)."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import connection

from salon.tenancy.context import current_salon_id

# Each part is the number of its rows and a sum over what of them the page shows, in no order. The salon is named
# for each table: their indexes begin with it. Nothing is joined with a large table: before the database has counted its
# rows, it would walk through all clients of the salon for each appointment.
_SEEN = """
WITH shown AS MATERIALIZED (
  SELECT id, client_id, version, state, starts_at, ends_at FROM bookings_appointment
  WHERE salon_id = %(salon)s AND starts_at >= %(begin)s - interval '1 day' AND starts_at < %(end)s
    AND ends_at > %(begin)s
)
SELECT
  (SELECT concat_ws(':', count(*), sum(hashtextextended(concat_ws('|',
     id, version, state, starts_at, ends_at, client_id), 0)))
   FROM shown),
  (SELECT concat_ws(':', count(*), sum(hashtextextended(concat_ws('|', id, version), 0)))
   FROM clients_client WHERE salon_id = %(salon)s AND id = ANY(ARRAY(SELECT client_id FROM shown))),
  (SELECT concat_ws(':', count(*), sum(hashtextextended(concat_ws('|', n.id, n.text), 0)))
   FROM clients_note n
   WHERE n.salon_id = %(salon)s AND n.pinned AND n.deleted_at IS NULL
     AND n.client_id = ANY(ARRAY(SELECT client_id FROM shown))),
  (SELECT concat_ws(':', count(*), sum(hashtextextended(concat_ws('|', id, version, starts_at, ends_at), 0)))
   FROM catalogue_absence WHERE salon_id = %(salon)s AND ends_at > %(begin)s AND starts_at < %(end)s),
  (SELECT concat_ws(':', count(*), sum(hashtextextended(concat_ws('|', id, version, archived_at), 0)))
   FROM catalogue_staffmember WHERE salon_id = %(salon)s),
  (SELECT concat_ws(':', count(*), sum(hashtextextended(concat_ws('|', s.id, s.valid_from, i.id, i.weekday,
     i.starts_minute, i.ends_minute), 0)))
   FROM catalogue_schedule s LEFT JOIN catalogue_scheduleinterval i ON i.salon_id = s.salon_id AND i.schedule_id = s.id
   WHERE s.salon_id = %(salon)s),
  (SELECT concat_ws(':', count(*), sum(hashtextextended(concat_ws('|', id, starts_on, ends_on, name), 0)))
   FROM catalogue_closure WHERE salon_id = %(salon)s AND ends_on >= %(first)s AND starts_on <= %(last)s),
  (SELECT count(*) FROM catalogue_openday WHERE salon_id = %(salon)s AND day BETWEEN %(first)s AND %(last)s),
  (SELECT concat_ws(':', region, closed) FROM catalogue_holidayrules WHERE salon_id = %(salon)s),
  (SELECT concat_ws(':', count(*), sum(version)) FROM catalogue_service WHERE salon_id = %(salon)s),
  (SELECT concat_ws(':', count(*), sum(hashtextextended(appointment_id::text, 0)))
   FROM bookings_sale WHERE salon_id = %(salon)s AND appointment_id = ANY(ARRAY(SELECT id FROM shown))
     AND state <> 'VOID' AND state IN ('PAID', 'PARTLY_REFUNDED'))
"""


def fingerprint(begin: datetime, end: datetime, *asked: str) -> str:
    """Return a text that is another one whenever something has changed that the calendar shows of these days.

    Appointments, which of them are paid, their clients and pinned notes, absences, staff members, their hours,
    closures, names of services; `asked` is what else decides how the page looks. Rows are known by their versions:
    whatever is done to an item, a reward appended or taken off too, is another version of its appointment.
    """
    values: dict[str, Any] = {
        "salon": current_salon_id(),
        "begin": begin,
        "end": end,
        "first": begin.date(),
        "last": (end - timedelta(hours=1)).date(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, values)
        seen = cursor.fetchone()
    return sha256("\n".join(map(str, (*seen, *asked))).encode()).hexdigest()[:32]
