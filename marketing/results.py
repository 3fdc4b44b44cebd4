"""What became of campaigns: who got it and who did not, who unsubscribed, who booked, and what that brought in
(domain.md §9.2)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max

from marketing.models import Recipient, RecipientState
from salon.money import from_cents
from salon.tenancy.context import current_salon_id

# How long after her mail an appointment that a client makes counts as made because of it.
BOOKED_WITHIN = timedelta(days=14)
# What belongs together is put into one set and grouped, and what is looked up is looked up for all at once: whatever
# the database knows of its tables, each row is read once, and none is compared with each of all.
_EARNED = """
WITH RECURSIVE span AS (
    SELECT min(sent_at) AS begins, LEAST(max(sent_at) + %(within)s, %(now)s) AS ends
    FROM marketing_recipient
    WHERE salon_id = %(salon)s AND campaign_id = ANY (%(campaigns)s) AND state = 'SENT'
), made AS MATERIALIZED (
    SELECT appointment.*
    FROM span
    CROSS JOIN LATERAL (
        SELECT id, client_id, starts_at, state, created_at FROM bookings_appointment
        WHERE salon_id = %(salon)s AND created_at > span.begins AND created_at <= span.ends OFFSET 0
    ) AS appointment
    WHERE appointment.client_id IS NOT NULL AND appointment.state <> 'CANCELLED'
), merged AS (
    -- What became one card since is one client, whichever of them was written to, and however often it became another.
    SELECT id AS card_id, merged_into_id AS client_id
    FROM clients_client
    WHERE salon_id = %(salon)s AND merged_into_id = ANY (ARRAY(SELECT client_id FROM made))
    UNION
    SELECT card.id, merged.client_id
    FROM merged
    CROSS JOIN LATERAL (
        SELECT id FROM clients_client WHERE salon_id = %(salon)s AND merged_into_id = merged.card_id OFFSET 0
    ) AS card
), met AS (
    SELECT client_id AS card_id, made.*, NULL::uuid AS campaign_id, NULL::uuid AS recipient_id,
        NULL::timestamptz AS sent_at
    FROM made
    UNION ALL
    SELECT merged.card_id, made.*, NULL, NULL, NULL FROM merged JOIN made ON made.client_id = merged.client_id
    UNION ALL
    SELECT client_id, NULL, NULL, NULL, NULL, NULL, campaign_id, id, sent_at
    FROM marketing_recipient
    WHERE salon_id = %(salon)s AND campaign_id = ANY (%(campaigns)s) AND state = 'SENT'
        -- Looked up in a table of hashes, which a condition of its own would not be: it would become a join.
        AND (client_id IN (SELECT client_id FROM made UNION SELECT card_id FROM merged)) IS TRUE
), card AS (
    SELECT array_agg(id) FILTER (WHERE id IS NOT NULL) AS ids,
        array_agg(client_id) FILTER (WHERE id IS NOT NULL) AS clients,
        array_agg(starts_at) FILTER (WHERE id IS NOT NULL) AS starts,
        array_agg(state) FILTER (WHERE id IS NOT NULL) AS states,
        array_agg(created_at) FILTER (WHERE id IS NOT NULL) AS moments,
        array_agg(campaign_id) FILTER (WHERE recipient_id IS NOT NULL) AS campaigns,
        array_agg(recipient_id) FILTER (WHERE recipient_id IS NOT NULL) AS recipients,
        array_agg(sent_at) FILTER (WHERE recipient_id IS NOT NULL) AS sendings
    FROM met
    GROUP BY card_id
), answered AS (
    SELECT mail.campaign_id, mail.recipient_id, mail.sent_at, one.id, one.client_id, one.starts_at, one.state
    FROM card
    CROSS JOIN LATERAL unnest(campaigns, recipients, sendings) AS mail (campaign_id, recipient_id, sent_at)
    CROSS JOIN LATERAL unnest(ids, clients, starts, states, moments)
        AS one (id, client_id, starts_at, state, created_at)
    WHERE one.created_at > mail.sent_at AND one.created_at <= mail.sent_at + %(within)s
), booked AS (
    SELECT DISTINCT campaign_id, id, client_id, starts_at, state FROM answered
), paid AS (
    SELECT id, appointment_id
    FROM bookings_sale
    WHERE salon_id = %(salon)s AND appointment_id = ANY (ARRAY(SELECT id FROM booked))
        AND state IN ('PAID', 'PARTLY_REFUNDED', 'REFUNDED')
), sold AS (
    SELECT (array_agg(appointment_id) FILTER (WHERE appointment_id IS NOT NULL))[1] AS appointment_id,
        sum(revenue) AS revenue
    FROM (
        SELECT id AS sale_id, appointment_id, 0 AS revenue FROM paid
        UNION ALL
        SELECT sale_id, NULL, final_price - refunded_amount
        FROM bookings_saleline
        WHERE salon_id = %(salon)s AND sale_id = ANY (ARRAY(SELECT id FROM paid)) AND kind IN ('SERVICE', 'PRODUCT')
    ) AS told
    GROUP BY sale_id
), appointment AS (
    SELECT id, array_agg(campaign_id) FILTER (WHERE campaign_id IS NOT NULL) AS campaigns,
        (array_agg(client_id) FILTER (WHERE client_id IS NOT NULL))[1] AS client_id, max(starts_at) AS starts_at,
        sum(revenue) AS revenue, CASE WHEN bool_or(is_paid) THEN 0 ELSE sum(price) END AS due
    FROM (
        SELECT id, campaign_id, client_id, starts_at, 0 AS revenue, 0 AS price, false AS is_paid FROM booked
        UNION ALL
        SELECT appointment_id, NULL, NULL, NULL, 0, price, false
        FROM bookings_appointmentitem
        WHERE salon_id = %(salon)s
            AND appointment_id = ANY (ARRAY(SELECT id FROM booked WHERE state <> 'NO_SHOW'))
        UNION ALL
        SELECT appointment_id, NULL, NULL, NULL, revenue, 0, true FROM sold
    ) AS told
    GROUP BY id
), earned AS (
    SELECT campaign_id, id, client_id, starts_at, revenue, due
    FROM appointment
    CROSS JOIN LATERAL unnest(campaigns) AS campaign_id
)"""
_RESULTS = """…, gone AS (
    SELECT campaign_id,
        count(*) FILTER (WHERE state IN ('WAITING', 'SENDING')) AS waiting,
        count(*) FILTER (WHERE state = 'SENT') AS sent,
        count(*) FILTER (WHERE state = 'FAILED') AS failed,
        count(*) FILTER (WHERE state = 'EXCLUDED') AS excluded,
        count(unsubscribed_at) AS unsubscribed,
        count(answered_at) AS answered
    FROM marketing_recipient
    WHERE salon_id = %(salon)s AND campaign_id = ANY (%(campaigns)s)
    GROUP BY campaign_id
), came AS (
    SELECT campaign_id, count(DISTINCT client_id) AS booked, count(*) AS appointments, sum(revenue) AS revenue,
        sum(due) AS due
    FROM earned
    GROUP BY campaign_id
)
SELECT campaign.id, COALESCE(gone.waiting, 0), COALESCE(gone.sent, 0), COALESCE(gone.failed, 0),
    COALESCE(gone.excluded, 0), COALESCE(gone.unsubscribed, 0), COALESCE(gone.answered, 0),
    COALESCE(came.booked, 0), COALESCE(came.appointments, 0), COALESCE(came.revenue, 0), COALESCE(came.due, 0)
FROM unnest(%(campaigns)s::uuid[]) AS campaign (id)
LEFT JOIN gone ON gone.campaign_id = campaign.id
LEFT JOIN came ON came.campaign_id = campaign.id
""".replace("…", _EARNED)
# Of cards that became one, the mail that came first before an appointment stands for them.
_BOOKINGS = """…, told AS (
    SELECT client_id, recipient_id, sent_at, NULL::uuid AS id, NULL::timestamptz AS starts_at, 0 AS revenue, 0 AS due
    FROM answered
    UNION ALL
    SELECT client_id, NULL, NULL, id, starts_at, revenue, due FROM earned
)
SELECT (array_agg(recipient_id ORDER BY sent_at, recipient_id) FILTER (WHERE recipient_id IS NOT NULL))[1],
    array_agg(id ORDER BY starts_at, id) FILTER (WHERE id IS NOT NULL),
    array_agg(starts_at ORDER BY starts_at, id) FILTER (WHERE id IS NOT NULL), sum(revenue), sum(due)
FROM told
GROUP BY client_id
""".replace("…", _EARNED)


def _of_automations(statement: str) -> str:
    """Return the same of what automations have written since a moment."""
    return statement.replace("campaign_id", "automation_id").replace(
        "= ANY (%(campaigns)s)", "= ANY (%(campaigns)s) AND created_at >= %(since)s"
    )


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a campaign so far, in clients: still `waiting` (or being written to), sent, failed, left out,
    unsubscribed by this very mail, answered it (no program did).

    `booked` is how many made an appointment within BOOKED_WITHIN after their mail that is not cancelled, `appointments`
    how many those are, `revenue` what their paid sales brought in for services and products, less what was given back,
    and `due` what the others are to cost that nobody has paid yet, unless she did not come.
    """

    waiting: int
    sent: int
    failed: int
    excluded: int
    unsubscribed: int
    answered: int
    booked: int
    appointments: int
    revenue: Decimal
    due: Decimal


@dataclass(frozen=True, slots=True)
class Made:
    """An appointment that counts for a mail."""

    id: UUID
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Booked:
    """What one client made of her mail: the appointments that count for it, the earliest first, what they brought in,
    and what is still due for them."""

    made: tuple[Made, ...]
    revenue: Decimal
    due: Decimal


def results_of(campaign_ids: Collection[UUID], *, now: datetime) -> dict[UUID, Result]:
    """Return what became of each of these campaigns, in one statement."""
    return _results(_RESULTS, campaign_ids, {"now": now})


def results_of_automations(automation_ids: Collection[UUID], *, since: datetime, now: datetime) -> dict[UUID, Result]:
    """Return what became of what each of these automations has written since a moment, in one statement."""
    return _results(_of_automations(_RESULTS), automation_ids, {"now": now, "since": since})


def counts_until(campaign_id: UUID) -> datetime | None:
    """Return until when appointments count for what a campaign has sent so far; None where nobody has got it."""
    gone_out = Recipient.objects.filter(campaign=campaign_id, state=RecipientState.SENT)
    last: datetime | None = gone_out.aggregate(last=Max("sent_at"))["last"]
    return last + BOOKED_WITHIN if last else None


def bookings_of(campaign_id: UUID, *, now: datetime) -> dict[UUID, Booked]:
    """Return by recipient who booked because of a campaign: each client that `Result.booked` counts stands here once,
    and their revenue is that of the `Result`."""
    return _bookings(_BOOKINGS, campaign_id, {"now": now})


def bookings_of_automation(automation_id: UUID, *, since: datetime, now: datetime) -> dict[UUID, Booked]:
    """Return by recipient who booked because of what an automation has written since a moment."""
    return _bookings(_of_automations(_BOOKINGS), automation_id, {"now": now, "since": since})


def _bookings(statement: str, of: UUID, moments: dict[str, datetime]) -> dict[UUID, Booked]:
    with connection.cursor() as cursor:
        cursor.execute(statement, _values([of], moments))
        return {
            pk: Booked(tuple(map(Made, ids, starts)), from_cents(int(revenue)), from_cents(int(due)))
            for pk, ids, starts, revenue, due in cursor.fetchall()
        }


def _results(statement: str, ids: Collection[UUID], moments: dict[str, datetime]) -> dict[UUID, Result]:
    with connection.cursor() as cursor:
        cursor.execute(statement, _values(ids, moments))
        return {
            pk: Result(*(*counts, from_cents(int(revenue)), from_cents(int(due))))
            for pk, *counts, revenue, due in cursor.fetchall()
        }


def _values(ids: Collection[UUID], moments: dict[str, datetime]) -> dict[str, Any]:
    return {"salon": current_salon_id(), "campaigns": list(ids), "within": BOOKED_WITHIN, **moments}
