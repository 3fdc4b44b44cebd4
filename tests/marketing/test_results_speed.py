"""What became of a campaign to everybody is found as fast as a page of a large salon has to be, however many booked."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from clients.models import Client
from marketing.models import Campaign, CampaignState, Recipient, RecipientReason, RecipientState
from marketing.recipient_list import Effect, Wanted, counts_of, list_recipients, recipients_by_name
from marketing.results import bookings_of, results_of
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests import database
from tests.conftest import NOW
from tests.marketing.crowd import VISITS, crowd
from tests.marketing.watching import SOAK, watched

pytestmark = pytest.mark.django_db
CLIENTS = 50_000 if SOAK else 1_000
# One in so many has booked since.
BOOKS = 5
# So many rows are looked at for each client who got it, her appointments, sales and their lines included.
PER_CLIENT = 80
LATER = NOW + timedelta(days=40)


@pytest.fixture(scope="module", params=["not counted", "counted", "counted before it came"])
def sent(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[tuple[Salon, Campaign]]:
    """Fill a salon all of whose clients got a campaign; nothing here writes for good."""
    with django_db_blocker.unblock():
        salon, other = (Salon.objects.create(name=name, slug=name) for name in ("gross", "andere"))
        if request.param == "counted before it came":
            crowd(other, 200)
            database.count_rows()
        crowd(salon, CLIENTS)
        with salon_scope(salon.pk):
            campaign = _sent_to_all()
        if request.param == "counted":
            database.count_rows()
        elif request.param == "not counted":
            database.forget_counts()
    yield salon, campaign
    with django_db_blocker.unblock():
        database.forget_salons()


def _sent_to_all() -> Campaign:
    campaign = Campaign.objects.create(
        name="Herbst",
        state=CampaignState.SENT,
        started_at=NOW,
        finished_at=NOW,
        actor_kind="USER",
        actor_name="Anna",
        created_at=NOW,
        updated_at=NOW,
    )
    given = {"campaign": campaign, "created_at": NOW, "sent_at": NOW}
    Recipient.objects.bulk_create(
        Recipient(
            client_id=pk, state=RecipientState.SENT, reason=RecipientReason.CONSENT, address="x@x.example", **given
        )
        for pk in Client.objects.values_list("pk", flat=True)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE bookings_appointment AS one SET created_at = %s FROM clients_client AS card "
            "WHERE card.id = one.client_id AND card.number %% %s = 0",
            [NOW + timedelta(days=1), BOOKS],
        )
    return campaign


def test_who_booked(sent: tuple[Salon, Campaign]) -> None:
    salon, campaign = sent
    with salon_scope(salon.pk):
        with watched("who booked", rows=PER_CLIENT * CLIENTS, seconds=3):
            bookings = bookings_of(campaign.pk, now=LATER)
        with watched("figures", rows=PER_CLIENT * CLIENTS, seconds=3):
            result = results_of([campaign.pk], now=LATER)[campaign.pk]
        assert len(bookings) == result.booked == CLIENTS // BOOKS
        assert sum(len(one.made) for one in bookings.values()) == result.appointments == VISITS * CLIENTS // BOOKS
        assert sum(one.revenue for one in bookings.values()) == result.revenue > 0
        assert sum(one.due for one in bookings.values()) == result.due > 0


def test_a_page_of_recipients(sent: tuple[Salon, Campaign]) -> None:
    salon, campaign = sent
    with salon_scope(salon.pk):
        bookings = bookings_of(campaign.pk, now=LATER)
        for effect in (None, Effect.BOOKED):
            wanted = Wanted(effect=effect)
            with watched(f"by name {effect}", rows=PER_CLIENT * CLIENTS, seconds=3):
                assert len(recipients_by_name(campaign.pk, limit=50, bookings=bookings, wanted=wanted).rows) == 50
            with watched(f"as written to {effect}", rows=PER_CLIENT * CLIENTS, seconds=3):
                assert len(list_recipients(campaign.pk, limit=50, bookings=bookings, wanted=wanted).rows) == 50
        with watched("counts", rows=PER_CLIENT * CLIENTS, seconds=3):
            counts_of(campaign.pk, bookings=bookings)
