"""What became of campaigns: who got it and who did not, who unsubscribed, who booked, and what that brought in
(domain.md §9.2)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from salon.money import from_cents
from salon.tenancy.context import current_salon_id

# How long after her mail an appointment that a client makes counts as made because of it.
BOOKED_WITHIN = timedelta(days=14)
_WRITTEN = """
WITH RECURSIVE written AS (
    -- What became one card since is one client, whichever of them was written to, and however often it became another.
    SELECT one.campaign_id, one.id AS recipient_id, one.sent_at, card.id AS client_id, card.merged_into_id
    FROM marketing_recipient AS one
    JOIN clients_client AS card ON card.salon_id = one.salon_id AND card.id = one.client_id
    WHERE one.salon_id = %(salon)s AND one.campaign_id = ANY (%(campaigns)s) AND one.state = 'SENT'
    UNION
    SELECT written.campaign_id, written.recipient_id, written.sent_at, card.id, card.merged_into_id
    FROM written
    JOIN clients_client AS card ON card.salon_id = %(salon)s AND card.id = written.merged_into_id
), answered AS (
    SELECT written.campaign_id, written.recipient_id, written.sent_at, appointment.id, appointment.client_id
    FROM written
    JOIN bookings_appointment AS appointment ON appointment.salon_id = %(salon)s
        AND appointment.client_id = written.client_id
        AND appointment.created_at > written.sent_at AND appointment.created_at <= written.sent_at + %(within)s
        AND appointment.created_at <= %(now)s AND appointment.state <> 'CANCELLED'
    WHERE written.merged_into_id IS NULL
), booked AS (
    SELECT DISTINCT campaign_id, id, client_id FROM answered
), kept AS (
    SELECT booked.campaign_id, booked.client_id, sum(line.final_price - line.refunded_amount) AS revenue
    FROM booked
    JOIN bookings_sale AS sale ON sale.salon_id = %(salon)s AND sale.appointment_id = booked.id
        AND sale.state IN ('PAID', 'PARTLY_REFUNDED')
    JOIN bookings_saleline AS line ON line.salon_id = sale.salon_id AND line.sale_id = sale.id
        AND line.kind IN ('SERVICE', 'PRODUCT')
    GROUP BY booked.campaign_id, booked.client_id
)
"""
_RESULTS = """
…, gone AS (
    SELECT campaign_id,
        count(*) FILTER (WHERE state IN ('WAITING', 'SENDING')) AS waiting,
        count(*) FILTER (WHERE state = 'SENT') AS sent,
        count(*) FILTER (WHERE state = 'FAILED') AS failed,
        count(*) FILTER (WHERE state = 'EXCLUDED') AS excluded,
        count(unsubscribed_at) AS unsubscribed
    FROM marketing_recipient
    WHERE salon_id = %(salon)s AND campaign_id = ANY (%(campaigns)s)
    GROUP BY campaign_id
)
SELECT campaign.id, COALESCE(gone.waiting, 0), COALESCE(gone.sent, 0), COALESCE(gone.failed, 0),
    COALESCE(gone.excluded, 0), COALESCE(gone.unsubscribed, 0),
    (SELECT count(DISTINCT client_id) FROM booked WHERE booked.campaign_id = campaign.id),
    (SELECT count(*) FROM booked WHERE booked.campaign_id = campaign.id),
    COALESCE((SELECT sum(revenue) FROM kept WHERE kept.campaign_id = campaign.id), 0)
FROM unnest(%(campaigns)s::uuid[]) AS campaign (id)
LEFT JOIN gone ON gone.campaign_id = campaign.id
""".replace("…", _WRITTEN)
# Of cards that became one, the mail that came first before an appointment stands for them. One set below the other and
# grouped: however many have booked, each is read once.
_BOOKINGS = """
…, told AS (
    SELECT client_id, recipient_id, sent_at, 0 AS appointments, 0 AS revenue FROM answered
    UNION ALL
    SELECT client_id, NULL, NULL, 1, 0 FROM booked
    UNION ALL
    SELECT client_id, NULL, NULL, 0, revenue FROM kept
)
SELECT (array_agg(recipient_id ORDER BY sent_at, recipient_id) FILTER (WHERE recipient_id IS NOT NULL))[1],
    sum(appointments), sum(revenue)
FROM told
GROUP BY client_id
""".replace("…", _WRITTEN)
# The same of what automations have written since a moment.
_RESULTS_OF_AUTOMATIONS = (
    _RESULTS.replace("campaign_id", "automation_id")
    .replace("WHERE salon_id = %(salon)s", "WHERE salon_id = %(salon)s AND created_at >= %(since)s")
    .replace("WHERE one.salon_id = %(salon)s", "WHERE one.salon_id = %(salon)s AND one.created_at >= %(since)s")
)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a campaign so far, in clients: still `waiting` (or being written to), sent, failed, left out,
    unsubscribed by this very mail.

    `booked` is how many made an appointment within BOOKED_WITHIN after their mail that is not cancelled, `appointments`
    how many those are, and `revenue` what their paid sales brought in for services and products, less what was given
    back.
    """

    waiting: int
    sent: int
    failed: int
    excluded: int
    unsubscribed: int
    booked: int
    appointments: int
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class Booked:
    """What one client made of her mail: how many appointments that count for it, and what they brought in."""

    appointments: int
    revenue: Decimal


def results_of(campaign_ids: Collection[UUID], *, now: datetime) -> dict[UUID, Result]:
    """Return what became of each of these campaigns, in one statement."""
    return _results(_RESULTS, campaign_ids, {"now": now})


def results_of_automations(automation_ids: Collection[UUID], *, since: datetime, now: datetime) -> dict[UUID, Result]:
    """Return what became of what each of these automations has written since a moment, in one statement."""
    return _results(_RESULTS_OF_AUTOMATIONS, automation_ids, {"now": now, "since": since})


def bookings_of(campaign_id: UUID, *, now: datetime) -> dict[UUID, Booked]:
    """Return by recipient who booked because of a campaign: each client that `Result.booked` counts stands here once,
    and their revenue is that of the `Result`."""
    with connection.cursor() as cursor:
        cursor.execute(_BOOKINGS, _values([campaign_id], {"now": now}))
        return {pk: Booked(many, from_cents(int(revenue))) for pk, many, revenue in cursor.fetchall()}


def _results(statement: str, ids: Collection[UUID], moments: dict[str, datetime]) -> dict[UUID, Result]:
    with connection.cursor() as cursor:
        cursor.execute(statement, _values(ids, moments))
        return {pk: Result(*(*counts, from_cents(int(revenue)))) for pk, *counts, revenue in cursor.fetchall()}


def _values(ids: Collection[UUID], moments: dict[str, datetime]) -> dict[str, Any]:
    return {"salon": current_salon_id(), "campaigns": list(ids), "within": BOOKED_WITHIN, **moments}
