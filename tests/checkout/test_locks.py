"""Whoever sells waits for cards in key order, also for that of who referred the client (quality.md §2)."""

from queue import Queue
from threading import Thread

import pytest
from django.db import connection, transaction

from bookings.checkout.selling import Paid, sell
from bookings.models import Method, Sale, SaleState
from clients.models import Client
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_client
from tests.checkout.till import AFTER, Till, a_till, money, product
from tests.concurrency.hands import own_backend, until_waiting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("for_appointment", [False, True])
def test_a_sale_paid_at_once_takes_the_referrer_s_card_first(
    sonnenschein: Salon, front_desk: Actor, for_appointment: bool
) -> None:
    with salon_scope(sonnenschein.pk):
        mia = make_client("Mia", "Koch")
        till: Till = a_till(front_desk, sonnenschein)
        lena = till.day.lena
        visit = till.visit().pk if for_appointment else None
        Client.objects.filter(pk=lena.pk).update(referred_by=mia)
    assert mia.pk < lena.pk
    backend: Queue[int] = Queue()

    def sells() -> None:
        try:
            backend.put(own_backend())
            with salon_scope(sonnenschein.pk):
                lines = [] if visit else [product(till.oil)]
                paid = [Paid(Method.CARD, money("59.00" if visit else "27.50"))]
                whose = {"client_id": None if visit else lena.pk, "appointment_id": visit}
                sell(actor=front_desk, salon=sonnenschein, now=AFTER, lines=lines, payments=paid, **whose)
        finally:
            connection.close()

    seller = Thread(target=sells)
    with salon_scope(sonnenschein.pk), transaction.atomic():
        Client.objects.select_for_update(no_key=True).get(pk=mia.pk)
        seller.start()
        until_waiting(backend.get(timeout=10))
        # Whoever merges both cards goes on: hers is not taken yet.
        Client.objects.select_for_update(no_key=True, nowait=True).get(pk=lena.pk)
    seller.join(30)
    with salon_scope(sonnenschein.pk):
        assert Sale.objects.get().state == SaleState.PAID
