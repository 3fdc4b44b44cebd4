"""An objection holds for its address, on whichever card it was made (domain.md §9.3)."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Q

from clients.confirming import confirm
from clients.details import ClientDetails
from clients.models import Client, ConsentSource, Decision
from marketing.eligibility import reason_case, standings
from marketing.models import Basis, Campaign, CampaignState, Recipient, RecipientReason, RecipientState
from marketing.recipients import foresee, judge, settle
from marketing.rules import allow_existing_customers
from salon.identity.roles import Actor, system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.consenting import decide, link_in, mails_of
from tests.operations.test_cards import make_client

HOUR = timedelta(hours=1)
LATER = NOW + timedelta(days=3)
BOSS = system_actor("Anna Krüger")
GRANTED, REQUESTED, WITHDRAWN = Decision.GRANTED, Decision.REQUESTED, Decision.WITHDRAWN


def _card(salon: Salon, actor: Actor, name: str, email: str) -> Client:
    return make_client(salon, actor, ClientDetails(name, email=email))


def _agrees(card: Client, hours: int = 0) -> None:
    decide(BOSS, card, GRANTED, source=ConsentSource.IMPORT, wording="Ja.", now=NOW + hours * HOUR)


def _objects(card: Client, hours: int) -> None:
    decide(BOSS, card, WITHDRAWN, now=NOW + hours * HOUR)


def _reason(card: Client, basis: Basis = Basis.CONSENT) -> str:
    return standings([card.pk], basis=basis, now=LATER)[card.pk]


@pytest.fixture
def sarah(in_sonnenschein: Salon, front_desk: Actor) -> Client:
    card = _card(in_sonnenschein, front_desk, "Sarah", "sarah@gmail.com")
    _agrees(card)
    return card


@pytest.fixture
def twin(in_sonnenschein: Salon, front_desk: Actor) -> Client:
    return _card(in_sonnenschein, front_desk, "Sara", "Sarah@Gmail.com")


def test_who_objects_on_one_card_gets_nothing_by_another(sarah: Client, twin: Client) -> None:
    assert _reason(sarah) == RecipientReason.CONSENT
    _objects(twin, 1)
    assert _reason(sarah) == RecipientReason.OBJECTED
    assert _reason(twin) == RecipientReason.OBJECTED


def test_being_asked_anew_takes_no_objection_back(sarah: Client, twin: Client) -> None:
    _objects(twin, 1)
    decide(BOSS, twin, GRANTED, wording="Ja.", now=NOW + 2 * HOUR)
    assert _reason(sarah) == RecipientReason.OBJECTED
    assert _reason(twin) == RecipientReason.NOT_CONFIRMED


def test_who_agrees_after_objecting_gets_mails_by_the_card_on_which_she_did(
    sarah: Client, twin: Client, in_sonnenschein: Salon
) -> None:
    _objects(sarah, 1)
    decide(BOSS, twin, GRANTED, wording="Ja.", now=NOW + 2 * HOUR)
    assert [_reason(one) for one in (sarah, twin)] == [RecipientReason.OBJECTED, RecipientReason.NOT_CONFIRMED]
    confirm(salon=in_sonnenschein, link=link_in(mails_of(twin.pk)[0]), now=NOW + 3 * HOUR)
    assert [_reason(one) for one in (sarah, twin)] == [RecipientReason.NO_CONSENT, RecipientReason.CONSENT]
    _objects(twin, 4)
    assert [_reason(one) for one in (sarah, twin)] == [RecipientReason.OBJECTED, RecipientReason.OBJECTED]


def test_an_objection_of_before_the_consent_on_another_card_does_not_hold(sarah: Client, twin: Client) -> None:
    _objects(twin, -1)
    assert _reason(sarah) == RecipientReason.CONSENT


def test_whose_address_once_objected_is_no_existing_customer(twin: Client, in_sonnenschein: Salon) -> None:
    other = _card(in_sonnenschein, BOSS, "Tom", "SARAH@gmail.com")
    Client.objects.filter(pk=twin.pk).update(carried_visits=2)
    allow_existing_customers(actor=BOSS, confirmed=True, now=NOW)
    assert _reason(twin, Basis.EXISTING_CUSTOMER) == RecipientReason.EXISTING_CUSTOMER
    _objects(other, 1)
    assert _reason(twin, Basis.EXISTING_CUSTOMER) == RecipientReason.OBJECTED
    _agrees(other, 2)
    assert _reason(twin, Basis.EXISTING_CUSTOMER) == RecipientReason.NO_CONSENT
    assert _reason(other, Basis.EXISTING_CUSTOMER) == RecipientReason.CONSENT


def test_what_another_address_or_another_salon_says_does_not_matter(sonnenschein: Salon, dom: Salon) -> None:
    with salon_scope(dom.pk):
        _objects(_card(dom, BOSS, "Sarah", "sarah@gmail.com"), 1)
    with salon_scope(sonnenschein.pk):
        sarah = _card(sonnenschein, BOSS, "Sarah", "sarah@gmail.com")
        _agrees(sarah)
        _objects(_card(sonnenschein, BOSS, "Sara", "sara@gmail.com"), 1)
        _objects(_card(sonnenschein, BOSS, "Ohne", ""), 1)
        assert _reason(sarah) == RecipientReason.CONSENT


def test_a_card_that_was_not_chosen_objects_too(sarah: Client, twin: Client) -> None:
    _objects(twin, 1)
    found = foresee(Client.objects.filter(pk=sarah.pk), basis=Basis.CONSENT, now=LATER)
    assert found.counts == {RecipientReason.OBJECTED: 1}


def test_who_objects_on_another_card_while_her_mail_waits_is_left_out(sarah: Client, twin: Client) -> None:
    campaign = Campaign.objects.create(
        name="Herbst",
        state=CampaignState.SENDING,
        started_at=NOW,
        actor_kind="USER",
        actor_name="Anna",
        created_at=NOW,
        updated_at=NOW,
    )
    settle(Client.objects.filter(pk=sarah.pk), basis=Basis.CONSENT, now=NOW, campaign_id=campaign.pk)
    row = Recipient.objects.get()
    assert row.state == RecipientState.WAITING
    _objects(twin, 1)
    [judged] = judge([row], whose=Q(campaign=campaign), basis=Basis.CONSENT, now=LATER)
    assert (judged.state, judged.reason) == (RecipientState.EXCLUDED, RecipientReason.OBJECTED)


@pytest.mark.parametrize("basis", Basis)
def test_the_addresses_are_looked_up_once_and_not_for_each_card(sarah: Client, basis: Basis) -> None:
    sql, values = Client.objects.annotate(_why=reason_case(basis, NOW)).values("_why").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute(f"EXPLAIN VERBOSE {sql}", values)
        told = "\n".join(row[0] for row in cursor.fetchall())
    assert not re.search(r"\(SubPlan \w+\)\.col1", told), plan
    assert told.count("(hashed SubPlan") >= (2 if basis == Basis.EXISTING_CUSTOMER else 1), told
