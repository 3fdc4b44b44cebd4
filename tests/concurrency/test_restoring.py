"""What was removed from the catalogue is brought back by several at once (domain.md §5)."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection

from salon.audit.models import AuditEntry
from salon.catalogue import absences, closing, offers
from salon.catalogue.details import OfferDetails
from salon.catalogue.models import Absence, AbsenceKind, Closure, SpecialOffer
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import at, make_service, make_staff
from tests.concurrency.hands import at_once
from tests.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)
HANDS = 8
OWNER = Actor(ActorKind.USER, None, "Anna", PERMISSIONS[Role.OWNER])


def _removed_absence(salon: Salon) -> UUID:
    made = absences.add_absence(
        actor=OWNER,
        salon=salon,
        staff_id=make_staff().pk,
        kind=AbsenceKind.VACATION,
        starts_at=at(9),
        ends_at=at(12),
        now=NOW,
    )
    return absences.remove_absence(actor=OWNER, salon=salon, absence_id=made.pk, now=NOW).pk


def _removed_closure(_salon: Salon) -> UUID:
    details = closing.ClosureDetails(name="Umbau", starts_on=date(2026, 12, 1), ends_on=date(2026, 12, 2))
    made = closing.add_closure(actor=OWNER, details=details, now=NOW)
    return closing.remove_closure(actor=OWNER, closure_id=made.pk, now=NOW).pk


def _removed_offer(_salon: Salon) -> UUID:
    details = OfferDetails(
        service_id=make_service().pk,
        product_id=None,
        price=Decimal("9.00"),
        starts_on=date(2026, 12, 1),
        ends_on=date(2026, 12, 2),
    )
    made = offers.create_offer(actor=OWNER, details=details, now=NOW)
    return offers.remove_offer(actor=OWNER, offer_id=made.pk, now=NOW).pk


def _restore_absence(salon: Salon, one: UUID) -> object:
    return absences.restore_absence(actor=OWNER, salon=salon, absence_id=one, now=NOW)


def _restore_closure(_salon: Salon, one: UUID) -> object:
    return closing.restore_closure(actor=OWNER, closure_id=one, now=NOW)


def _restore_offer(_salon: Salon, one: UUID) -> object:
    return offers.restore_offer(actor=OWNER, offer_id=one, now=NOW)


@pytest.mark.parametrize(
    ("remove", "restore", "model", "action"),
    [
        (_removed_absence, _restore_absence, Absence, "absence.restored"),
        (_removed_closure, _restore_closure, Closure, "closure.restored"),
        (_removed_offer, _restore_offer, SpecialOffer, "offer.restored"),
    ],
)
def test_of_many_who_bring_it_back_one_does(
    sonnenschein: Salon,
    remove: Callable[[Salon], UUID],
    restore: Callable[[Salon, UUID], object],
    model: type[Absence] | type[Closure] | type[SpecialOffer],
    action: str,
) -> None:
    with salon_scope(sonnenschein.pk):
        removed = remove(sonnenschein)

    def bring_back(_index: int) -> UUID:
        with salon_scope(sonnenschein.pk):
            restored = restore(sonnenschein, removed)
            assert isinstance(restored, model)
            # Held for a moment, so that all of them are there before the first has done.
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.05)")
            return restored.pk

    assert at_once(bring_back, HANDS) == [removed] * HANDS
    with salon_scope(sonnenschein.pk):
        assert model.objects.count() == 1
        assert AuditEntry.objects.filter(action=action).count() == 1
