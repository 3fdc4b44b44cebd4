"""Who may be written to is found as fast as a large salon needs it, whatever the database knows of its tables.

After a first import it knows nothing of them, or only what other salons have there (quality.md §1).
"""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.db.models import Q
from pytest_django import DjangoDbBlocker

from clients.models import Client, TokenField
from clients.objections import who_objected
from marketing.choosing import clients_in, count_of
from marketing.delivery import BATCH
from marketing.eligibility import standings
from marketing.models import Basis, Campaign, CampaignState, Recipient, RecipientReason
from marketing.recipients import foresee, judge, settle
from marketing.rule import EVERYBODY
from marketing.rules import allow_existing_customers
from marketing.segments import READY_MADE
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests import database
from tests.conftest import NOW
from tests.marketing.crowd import crowd
from tests.marketing.watching import SOAK, watched

pytestmark = pytest.mark.django_db
CLIENTS, OTHERS = (50_000, 10_000) if SOAK else (1_000, 200)
BOSS = system_actor("Anna Krüger")
# So many addresses an import asks for at once.
BLOCK = 500
# For everybody so many rows are looked at for each card, her visits and sales included; for a few, so many for each.
PER_CARD, PER_ONE = 40, 60
# Where nothing was counted, all of a salon are now and then read to find one.
PASSES = 8
_EMAIL = "'Kundin.' || number - (number %% 20 = 0)::int || '@X.example'"
_CARDS = f"""
UPDATE clients_client SET email = {_EMAIL}, email_consent_at = %s - make_interval(mins => number),
    email_consent_for = CASE WHEN number %% 5 < 3 AND number %% 25 > 0 THEN {_EMAIL} END
"""
_LEDGER = """
INSERT INTO clients_consententry
    (id, salon_id, client_id, purpose, decision, source, wording, at, actor_kind, actor_name)
SELECT uuidv7(), salon_id, id, 'EMAIL_MARKETING', decision, 'IMPORT', '', at, 'SYSTEM', ''
FROM (
    SELECT salon_id, id, 'GRANTED' AS decision, email_consent_at AS at FROM clients_client WHERE number %% 5 < 3
    UNION ALL
    SELECT salon_id, id, 'WITHDRAWN', %s FROM clients_client WHERE number %% 25 = 0
) AS told
"""
_OBJECTIONS = """
INSERT INTO clients_objection (id, salon_id, address, at)
SELECT DISTINCT ON (lower(email)) uuidv7(), salon_id, lower(email), %s FROM clients_client WHERE number %% 25 = 0
"""
_TOKENS = f"""
INSERT INTO clients_searchtoken (salon_id, field, token, client_id)
SELECT salon_id, {TokenField.EMAIL}, lower(email), id FROM clients_client
"""


@pytest.fixture(scope="module", params=["not counted", "counted", "counted before it came"])
def objecting(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Salon]:
    """Fill a salon of which three in five agreed and one in twenty-five objected; nothing here writes for good."""
    with django_db_blocker.unblock():
        salon, other = (Salon.objects.create(name=name, slug=name) for name in ("gross", "andere"))
        _fill(other, OTHERS)
        if request.param == "counted before it came":
            database.count_rows()
        _fill(salon, CLIENTS)
        if request.param == "counted":
            database.count_rows()
        elif request.param == "not counted":
            database.forget_counts()
    yield salon
    with django_db_blocker.unblock():
        database.forget_salons()


def _fill(salon: Salon, many: int) -> None:
    crowd(salon, many)
    with salon_scope(salon.pk), connection.cursor() as cursor:
        allow_existing_customers(actor=BOSS, confirmed=True, now=NOW)
        cursor.execute(_CARDS, [NOW])
        cursor.execute(_LEDGER, [NOW])
        cursor.execute(_OBJECTIONS, [NOW])
        cursor.execute(_TOKENS)


def _campaign() -> Campaign:
    return Campaign.objects.create(
        name="Herbst",
        state=CampaignState.SENDING,
        started_at=NOW,
        actor_kind="USER",
        actor_name="Anna",
        created_at=NOW,
        updated_at=NOW,
    )


@pytest.mark.parametrize("key", ["", *READY_MADE])
def test_a_segment_is_counted(objecting: Salon, key: str) -> None:
    rule = READY_MADE[key].rule if key else EVERYBODY
    with salon_scope(objecting.pk), watched(f"count {key}", rows=PER_CARD * CLIENTS, seconds=0.2):
        count_of(rule, salon=objecting, now=NOW)


@pytest.mark.parametrize("basis", Basis)
@pytest.mark.parametrize("key", ["", *READY_MADE])
def test_everybody_of_a_segment(objecting: Salon, key: str, basis: Basis) -> None:
    rule = READY_MADE[key].rule if key else EVERYBODY
    with salon_scope(objecting.pk):
        clients = clients_in(rule, salon=objecting, now=NOW)
        with watched(f"foresee {key} {basis}", rows=PER_CARD * CLIENTS, seconds=0.5):
            found = foresee(clients, basis=basis, now=NOW)
        many = sum(found.counts.values())
        assert bool(found.counts.get(RecipientReason.OBJECTED)) == bool(many)
        campaign = _campaign()
        with watched(f"settle {key} {basis}", rows=PER_CARD * CLIENTS, seconds=5):
            assert settle(clients, basis=basis, now=NOW, campaign_id=campaign.pk) == many
        transaction.set_rollback(True)


@pytest.mark.parametrize("basis", Basis)
def test_a_few(request: pytest.FixtureRequest, objecting: Salon, basis: Basis) -> None:
    # Who objected is read once, however few are asked for.
    passes = CLIENTS // 12 + (0 if "[counted-" in request.node.name else PASSES * CLIENTS)
    with salon_scope(objecting.pk):
        campaign = _campaign()
        settle(Client.objects.listed(), basis=basis, now=NOW, campaign_id=campaign.pk)
        rows = list(Recipient.objects.filter(campaign=campaign).order_by("-client__number")[:BATCH])
        addresses = [one.address for one in Recipient.objects.filter(campaign=campaign)[:BLOCK]]
        with watched(f"judge {basis}", rows=PER_ONE * BATCH + passes, seconds=0.1):
            judged = judge(rows, whose=Q(campaign=campaign), basis=basis, now=NOW)
        assert {one.reason for one in judged} >= {RecipientReason.OBJECTED, RecipientReason.CONSENT}
        with watched("who objected", rows=PER_ONE * BLOCK + passes, seconds=0.1):
            assert who_objected(addresses)
        with watched(f"one {basis}", rows=PER_ONE + passes, seconds=0.1):
            standings([rows[0].client_id], basis=basis, now=NOW)
        transaction.set_rollback(True)
