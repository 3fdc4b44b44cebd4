"""What became of a campaign, with exact figures."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from bookings.models import Appointment, Sale, SaleState
from bookings.states import State
from clients.models import CardState, Client
from marketing.models import Campaign, Recipient, RecipientReason, RecipientState
from marketing.results import Result, results_of
from salon.catalogue.models import Service
from salon.tenancy.models import Salon
from tests.bookings.salonday import a_salon_day, at, make_appointment
from tests.conftest import NOW
from tests.marketing.campaigning import agreed, being_sent, may_send
from tests.marketing.segment_world import sold

DAYS_14 = timedelta(days=14)
LATER = NOW + timedelta(days=40)
MICROSECOND = timedelta(microseconds=1)


def _got(
    campaign: Campaign, client: Client, state: str = "SENT", reason: str = "CONSENT", *, gone: bool = False
) -> None:
    Recipient.objects.create(
        campaign=campaign,
        client=client,
        address=client.email,
        state=RecipientState(state),
        reason=RecipientReason(reason),
        sent_at=NOW if state == "SENT" else None,
        unsubscribed_at=NOW if gone else None,
        created_at=NOW,
    )


@pytest.fixture
def campaign(in_sonnenschein: Salon) -> Campaign:
    may_send()
    return being_sent()


def test_exact_figures(campaign: Campaign) -> None:
    day = a_salon_day()
    cards = {name: agreed(name) for name in ("Lena", "Mia", "Nele", "Ute", "Ida", "Eva", "Pia", "Old", "New")}
    for name in ("Lena", "Mia", "Nele", "Ute", "Ida", "Old"):
        _got(campaign, cards[name], gone=name == "Ute")
    _got(campaign, cards["Eva"], "EXCLUDED", "NO_CONSENT")
    _got(campaign, cards["Pia"], "FAILED", "REFUSED")

    def booked(name: str, after: timedelta, hour: int, state: State = State.BOOKED) -> Appointment:
        made = make_appointment((day.cut, day.anna), client=cards[name], starts_at=at(hour), state=state)
        Appointment.objects.filter(pk=made.pk).update(created_at=NOW + after)
        return made

    _sold(booked("Lena", MICROSECOND, 9), (day.cut, "59.00", "9.00"), state=SaleState.PARTLY_REFUNDED)
    _sold(booked("Lena", DAYS_14, 10), (day.cut, "30.00", "0.00"), (None, "5.00", "0.00"))
    booked("Mia", DAYS_14 + MICROSECOND, 11)
    booked("Nele", timedelta(0), 12)
    _sold(booked("Ute", timedelta(days=1), 13, State.CANCELLED), (day.cut, "20.00", "0.00"), state=SaleState.VOID)
    booked("Ida", timedelta(days=1), 14, State.NO_SHOW)
    booked("Eva", timedelta(days=1), 15)
    booked("Pia", timedelta(days=1), 16)
    Recipient.objects.filter(client=cards["Mia"]).update(answered_at=NOW)
    # Her card went into another one, and her appointment with it.
    booked("New", timedelta(days=1), 17)
    Client.objects.filter(pk=cards["Old"].pk).update(state=CardState.MERGED, merged_into=cards["New"])
    assert results_of([campaign.pk], now=LATER) == {
        campaign.pk: Result(
            waiting=0,
            sent=6,
            failed=1,
            excluded=1,
            unsubscribed=1,
            answered=1,
            booked=3,
            appointments=4,
            revenue=Decimal("80.00"),
            # What Ida was to pay who did not come is not due; New has not been at the till yet.
            due=Decimal("59.00"),
        )
    }
    assert results_of([campaign.pk], now=NOW)[campaign.pk].appointments == 0


def test_a_card_that_went_into_another_again_and_again(campaign: Campaign) -> None:
    day = a_salon_day()
    first, second, third = (agreed(name) for name in ("First", "Second", "Third"))
    _got(campaign, first)
    _got(campaign, second)
    made = make_appointment((day.cut, day.anna), client=third, starts_at=at(9))
    Appointment.objects.filter(pk=made.pk).update(created_at=NOW + MICROSECOND)
    _sold(made, (day.cut, "59.00", "0.00"))
    Client.objects.filter(pk=first.pk).update(state=CardState.MERGED, merged_into=second)
    Client.objects.filter(pk=second.pk).update(state=CardState.MERGED, merged_into=third)
    found = results_of([campaign.pk], now=LATER)[campaign.pk]
    assert (found.sent, found.booked, found.appointments, found.revenue) == (2, 1, 1, Decimal("59.00"))
    Recipient.objects.filter(client=second).delete()
    found = results_of([campaign.pk], now=LATER)[campaign.pk]
    assert (found.sent, found.booked, found.appointments, found.revenue) == (1, 1, 1, Decimal("59.00"))


def _sold(appointment: Appointment, *lines: tuple[Service | None, str, str], state: SaleState = SaleState.PAID) -> None:
    made = sold(appointment.client, *lines, state=state)
    Sale.objects.filter(pk=made.pk).update(appointment=appointment)


def test_several_campaigns_take_one_statement(campaign: Campaign, django_assert_num_queries: object) -> None:
    others = [being_sent_again() for _ in range(3)]
    with django_assert_num_queries(1):  # type: ignore[operator]
        found = results_of([campaign.pk, *others], now=NOW)
    assert set(found) == {campaign.pk, *others}
    nothing = Result(0, 0, 0, 0, 0, 0, 0, 0, Decimal("0.00"), Decimal("0.00"))
    assert set(found.values()) == {nothing}


def being_sent_again() -> UUID:
    """Send another campaign to those who lapse."""
    return being_sent(segment="lapsing").pk
