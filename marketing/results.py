"""What became of campaigns: who got it and who did not, who unsubscribed, who booked, and what that brought in
(domain.md §9.2)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count

from marketing.models import Recipient, RecipientReason, RecipientState
from salon import keyset
from salon.money import from_cents
from salon.tenancy.context import current_salon_id

# How long after her mail an appointment that a client makes counts as made because of it.
BOOKED_WITHIN = timedelta(days=14)
_IN_ORDER = keyset.Order(("id",))
_RESULTS = """
WITH RECURSIVE written AS (
    -- What became one card since is one client, whichever of them was written to, and however often it became another.
    SELECT one.campaign_id, one.sent_at, card.id AS client_id, card.merged_into_id
    FROM marketing_recipient AS one
    JOIN clients_client AS card ON card.salon_id = one.salon_id AND card.id = one.client_id
    WHERE one.salon_id = %(salon)s AND one.campaign_id = ANY (%(campaigns)s) AND one.state = 'SENT'
    UNION
    SELECT written.campaign_id, written.sent_at, card.id, card.merged_into_id
    FROM written
    JOIN clients_client AS card ON card.salon_id = %(salon)s AND card.id = written.merged_into_id
), booked AS (
    SELECT DISTINCT written.campaign_id, appointment.id, appointment.client_id
    FROM written
    JOIN bookings_appointment AS appointment ON appointment.salon_id = %(salon)s
        AND appointment.client_id = written.client_id
        AND appointment.created_at > written.sent_at AND appointment.created_at <= written.sent_at + %(within)s
        AND appointment.created_at <= %(now)s AND appointment.state <> 'CANCELLED'
    WHERE written.merged_into_id IS NULL
), kept AS (
    SELECT booked.campaign_id, sum(line.final_price - line.refunded_amount) AS revenue
    FROM booked
    JOIN bookings_sale AS sale ON sale.salon_id = %(salon)s AND sale.appointment_id = booked.id
        AND sale.state IN ('PAID', 'PARTLY_REFUNDED')
    JOIN bookings_saleline AS line ON line.salon_id = sale.salon_id AND line.sale_id = sale.id
        AND line.kind IN ('SERVICE', 'PRODUCT')
    GROUP BY booked.campaign_id
), gone AS (
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
    COALESCE((SELECT revenue FROM kept WHERE kept.campaign_id = campaign.id), 0)
FROM unnest(%(campaigns)s::uuid[]) AS campaign (id)
LEFT JOIN gone ON gone.campaign_id = campaign.id
"""
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


def results_of(campaign_ids: Collection[UUID], *, now: datetime) -> dict[UUID, Result]:
    """Return what became of each of these campaigns, in one statement."""
    return _results(_RESULTS, campaign_ids, {"now": now})


def results_of_automations(automation_ids: Collection[UUID], *, since: datetime, now: datetime) -> dict[UUID, Result]:
    """Return what became of what each of these automations has written since a moment, in one statement."""
    return _results(_RESULTS_OF_AUTOMATIONS, automation_ids, {"now": now, "since": since})


def _results(statement: str, ids: Collection[UUID], moments: dict[str, datetime]) -> dict[UUID, Result]:
    values: dict[str, Any] = {
        "salon": current_salon_id(),
        "campaigns": list(ids),
        "within": BOOKED_WITHIN,
        **moments,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return {pk: Result(*(*counts, from_cents(int(revenue)))) for pk, *counts, revenue in cursor.fetchall()}


def counts_of(campaign_id: UUID) -> dict[tuple[RecipientState, RecipientReason], int]:
    """Return how many recipients of a campaign there are by state and reason."""
    rows = Recipient.objects.filter(campaign=campaign_id).values_list("state", "reason").annotate(Count("id"))
    return {(RecipientState(state), RecipientReason(reason)): many for state, reason, many in rows}


def list_recipients(
    campaign_id: UUID,
    *,
    limit: int,
    cursor: str | None = None,
    state: RecipientState | None = None,
    reason: RecipientReason | None = None,
) -> keyset.Page[Recipient]:
    """Return one page of a campaign's recipients with their cards, in the order in which they are written to.

    Raises: keyset.InvalidCursor.
    """
    rows = Recipient.objects.filter(campaign=campaign_id).select_related("client")
    if state is not None:
        rows = rows.filter(state=state)
    if reason is not None:
        rows = rows.filter(reason=reason)
    return keyset.page(rows, _IN_ORDER, limit=limit, cursor=cursor)
