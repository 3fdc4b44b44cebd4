"""Which e-mail addresses want no news: what one card says holds for every card with its address (domain.md §9.3)."""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db import connection
from django.db.models.expressions import RawSQL

from clients.listing import sharing_addresses
from clients.models import CardState, ConsentPurpose, Decision

# Nothing is joined. Of a salon that has just taken its clients over PostgreSQL has no statistics and takes every set
# for one row, so that a join would read all cards again for each. Sets are put below each other and grouped, and
# `IN … IS TRUE` asks a hashed one.
_NEWS = f"FROM clients_consententry WHERE purpose = '{ConsentPurpose.EMAIL_MARKETING}' AND client_id … AND decision"
_CARDS = f"FROM clients_client WHERE state = '{CardState.LISTED}' AND email <> '' AND id …"
_OBJECTED = f"""
WITH withdrawn AS MATERIALIZED (
    SELECT client_id, max(at) AS at {_NEWS} = '{Decision.WITHDRAWN}' GROUP BY client_id
), objecting AS MATERIALIZED (
    SELECT max(address) AS address, max(objected_at) AS at
    FROM (
        SELECT client_id, at AS objected_at, NULL::timestamptz AS agreed_at, NULL AS address FROM withdrawn
        UNION ALL
        SELECT client_id, NULL, at, NULL {_NEWS} = '{Decision.GRANTED}'
            AND EXISTS (SELECT FROM withdrawn) AND (client_id IN (SELECT client_id FROM withdrawn)) IS TRUE
        UNION ALL
        SELECT id, NULL, NULL, lower(email) {_CARDS}
            AND EXISTS (SELECT FROM withdrawn) AND (id IN (SELECT client_id FROM withdrawn)) IS TRUE
    ) AS of_card
    GROUP BY client_id
    HAVING max(address) IS NOT NULL AND max(objected_at) >= coalesce(max(agreed_at), '-infinity')
)
SELECT address
FROM (
    SELECT address, at AS objected_at, NULL::timestamptz AS agreed_at FROM objecting
    UNION ALL
    SELECT lower(email), NULL, email_consent_at {_CARDS}
        AND email_consent AND EXISTS (SELECT FROM objecting)
        AND (lower(email) IN (SELECT address FROM objecting)) IS TRUE
) AS of_address
GROUP BY address
HAVING max(objected_at) >= coalesce(max(agreed_at), '-infinity')
"""  # noqa: S608 - SQL of constants
_ONCE_OBJECTED = f"""
SELECT lower(email) {_CARDS} AND (id IN (SELECT client_id {_NEWS} = '{Decision.WITHDRAWN}')) IS TRUE
"""


def objected_addresses(among: Collection[UUID] | None = None) -> RawSQL:
    """Return the addresses in small letters, as a subquery, of whoever wants no news and has not agreed anew since.

    Only a consent that holds takes an objection back, on this card or on another one with the address; being asked
    anew does not. `among`: all cards that have an address in question, which spares looking at the other ones.
    """
    return _asking(_OBJECTED, among)


def once_objected_addresses(among: Collection[UUID] | None = None) -> RawSQL:
    """Return, as `objected_addresses`, the addresses of whoever ever wanted no news, whatever was said since."""
    return _asking(_ONCE_OBJECTED, among)


def who_objected(emails: Iterable[str]) -> set[str]:
    """Return which of these addresses want no news, in small letters."""
    folded = {email.lower() for email in emails if email}
    cards = sharing_addresses(folded)
    if not cards:
        return set()
    with connection.cursor() as cursor:
        asked = objected_addresses(cards)
        cursor.execute(asked.sql, asked.params)
        return folded & {address for (address,) in cursor.fetchall()}


def _asking(sql: str, among: Collection[UUID] | None) -> RawSQL:
    if among is None:
        return RawSQL(sql.replace("…", "IS NOT NULL"), ())  # noqa: S611 - SQL of constants
    return RawSQL(sql.replace("…", "= ANY (%s)"), (list(among),) * sql.count("…"))  # noqa: S611 - SQL of constants
