"""Treatcard numbers that come by themselves, once the owner turns that on (domain.md §7)."""

import pytest

from clients.details import ClientDetails
from clients.editing import create_client
from clients.identity import IdentityPolicy
from clients.models import Client, ClientRules, CreatedVia, SearchToken, TokenField
from clients.treatcard import set_treatcard
from loyalty.rules import Details, save_rules
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.points.world import MANAGER

pytestmark = pytest.mark.django_db


def _card(salon: Salon, name: str) -> Client:
    return create_client(
        actor=MANAGER, salon=salon, details=ClientDetails(name), created_via=CreatedVia.STAFF, now=NOW
    ).client


def _turn(on: bool) -> None:
    save_rules(actor=MANAGER, details=Details(numbers_by_itself=on), now=NOW)


def test_never_unless_the_owner_turns_it_on(in_sonnenschein: Salon) -> None:
    assert _card(in_sonnenschein, "Anna").treatcard_number == ""
    _turn(True)
    bea = _card(in_sonnenschein, "Bea")
    assert Client.objects.get(pk=bea.pk).treatcard_number == "TC-00002"
    assert SearchToken.objects.filter(client=bea, field=TokenField.CARD).exists()
    _turn(False)
    assert _card(in_sonnenschein, "Cleo").treatcard_number == ""


def test_what_was_typed_before_is_somebody_elses(in_sonnenschein: Salon) -> None:
    set_treatcard(actor=MANAGER, client_id=_card(in_sonnenschein, "Anna").pk, number="TC-00002", now=NOW)
    _turn(True)
    assert _card(in_sonnenschein, "Bea").treatcard_number == "TC-00002-2"


def test_what_else_was_decided_about_cards_stays(in_sonnenschein: Salon) -> None:
    ClientRules.objects.create(identity_policy=IdentityPolicy.LENIENT)
    _turn(True)
    assert ClientRules.objects.get().identity_policy == IdentityPolicy.LENIENT
