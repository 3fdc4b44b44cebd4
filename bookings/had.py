"""What a client has had, as the matrix of rewards counts it (domain.md §7.1)."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connection

from bookings.models import SaleState
from bookings.states import TAKING_TIME
from loyalty.eligibility import Had
from loyalty.prior_use import called, prior_uses_of
from salon.catalogue.models import Service
from salon.tenancy.context import current_salon_id

# Each reads a stretch of an index, or rows by their ids. A redemption that was given back never happened, and what was
# given back whole, or declared void, was not bought.
_HAD = """
SELECT item.service_id, NULL::uuid, NULL::text
FROM bookings_appointmentitem item
WHERE item.salon_id = %(salon)s AND item.appointment_id = ANY(ARRAY(
    SELECT id FROM bookings_appointment
    WHERE salon_id = %(salon)s AND client_id = %(client)s AND state = ANY(%(states)s)
    AND id IS DISTINCT FROM %(besides)s
))
AND NOT EXISTS (
    SELECT FROM loyalty_redemption redemption
    WHERE redemption.salon_id = item.salon_id AND redemption.id = item.redemption_id
    AND redemption.returned_at IS NOT NULL
)
AND NOT EXISTS (
    SELECT FROM bookings_saleline line
    WHERE line.salon_id = item.salon_id AND line.item_id = item.id AND line.refunded = line.quantity
)
UNION
SELECT line.service_id, line.product_id, NULL
FROM bookings_saleline line
WHERE line.salon_id = %(salon)s AND line.sale_id = ANY(ARRAY(
    SELECT id FROM bookings_sale
    WHERE salon_id = %(salon)s AND client_id = %(client)s AND state = ANY(%(paid)s)
    AND (appointment_id IS NULL OR appointment_id IS DISTINCT FROM %(besides)s)
))
AND line.refunded < line.quantity
UNION
SELECT reward.service_id, reward.product_id, NULL
FROM loyalty_reward reward
WHERE reward.salon_id = %(salon)s AND reward.id = ANY(ARRAY(
    SELECT reward_id FROM loyalty_redemption redemption
    WHERE redemption.salon_id = %(salon)s AND redemption.client_id = %(client)s AND redemption.returned_at IS NULL
    AND NOT EXISTS (
        SELECT FROM bookings_appointmentitem item
        WHERE item.salon_id = redemption.salon_id AND item.redemption_id = redemption.id
        AND item.appointment_id = %(besides)s
    )
))
UNION
SELECT service_id, product_id, NULL FROM loyalty_prioruse WHERE salon_id = %(salon)s AND client_id = %(client)s
UNION
SELECT NULL, NULL, name FROM clients_carriedservice WHERE salon_id = %(salon)s AND client_id = %(client)s
"""


def had_by(client_id: UUID, *, besides: UUID | None = None, asked: Iterable[Service] | None = None) -> Had:
    """Return the services and products a client has had or has booked, in one statement (domain.md §7.1); in three
    if an import says something of her, unless the only services are given that are `asked` about.

    What counts: an appointment that is open or completed, a line of a paid sale of which something was kept, a
    redemption that stands, and what she had before the salon's own history. What does not: what was cancelled or
    missed, declared void, or given back whole. `besides` is an appointment that does not count.
    """
    values: dict[str, Any] = {
        "salon": current_salon_id(),
        "client": client_id,
        "states": [state.value for state in TAKING_TIME],
        "paid": [SaleState.PAID.value, SaleState.PARTLY_REFUNDED.value],
        "besides": besides,
    }
    with connection.cursor() as cursor:
        cursor.execute(_HAD, values)
        found = cursor.fetchall()
    had = Had.of((service_id, product_id) for service_id, product_id, _carried in found)
    # An import says it in words, which are looked up in the catalogue.
    carried = [name for *_ids, name in found if name is not None]
    if not carried:
        return had
    return had | (prior_uses_of(client_id) if asked is None else called(carried, asked))
