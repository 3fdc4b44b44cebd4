"""What a salon decides about its marketing (domain.md §9)."""

from dataclasses import replace
from threading import Thread
from typing import Any

import pytest
from django.db import connection

from marketing.automations import turn_off, turn_on
from marketing.models import Campaign, CampaignState, MarketingRules, Occasion
from marketing.rules import (
    Sender,
    allow_existing_customers,
    forbid_existing_customers,
    rules_now,
    save_rules,
    sender_of,
)
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed, VersionConflict
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.campaigning import draft, may_send

OWNER, MANAGER, STAFF = (Actor(ActorKind.USER, None, role.name.title(), PERMISSIONS[role]) for role in Role)
SENDER = Sender(sender_name="Salon Sonnenschein", reply_to="hallo@sonnenschein.example", imprint="Anna Krüger\nBerlin")


def _told() -> list[tuple[str, str, list[tuple[str, str | None, str | None]]]]:
    rows = AuditEntry.objects.filter(subject_kind="marketing_rules").order_by("id")
    return [
        (row.action, row.actor_name, [(one["field"], one["old"], one["new"]) for one in row.changes]) for row in rows
    ]


def test_nothing_is_decided_at_first(in_sonnenschein: Salon) -> None:
    rules = rules_now()
    assert (rules.salon_id, rules.version, sender_of(rules)) == (in_sonnenschein.pk, 0, Sender())
    assert rules.existing_customers_at is None
    assert not MarketingRules.objects.exists()


def test_who_writes_is_kept_and_told(in_sonnenschein: Salon) -> None:
    messy = replace(SENDER, sender_name=" Salon  Sonnenschein ", imprint=" Anna  Krüger \r\nBerlin\n")
    assert save_rules(actor=MANAGER, sender=messy, version=0, now=NOW).version == 1
    assert sender_of(rules_now()) == SENDER
    assert save_rules(actor=MANAGER, sender=SENDER, version=1, now=NOW).version == 1
    changed = replace(SENDER, reply_to="")
    assert save_rules(actor=MANAGER, sender=changed, version=1, now=NOW).version == 2
    with pytest.raises(VersionConflict):
        save_rules(actor=MANAGER, sender=SENDER, version=1, now=NOW)
    assert _told() == [
        (
            "marketing_rules.changed",
            "Manager",
            [
                ("sender_name", None, "Salon Sonnenschein"),
                ("reply_to", None, "hallo@sonnenschein.example"),
                ("imprint", None, "Anna Krüger\nBerlin"),
            ],
        ),
        ("marketing_rules.changed", "Manager", [("reply_to", "hallo@sonnenschein.example", None)]),
    ]


@pytest.mark.parametrize(
    ("sender", "field", "code"),
    [
        (Sender(sender_name="x" * 81), "sender_name", "max_length"),
        (Sender(sender_name="Salon\x00"), "sender_name", "invalid"),
        (Sender(imprint="x" * 601), "imprint", "max_length"),
        (Sender(reply_to="hallo@"), "reply_to", "invalid"),
        (Sender(reply_to="a@b.example\nBcc: c@d.example"), "reply_to", "invalid"),
    ],
)
def test_what_cannot_stand_in_a_mail_is_refused(in_sonnenschein: Salon, sender: Sender, field: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        save_rules(actor=MANAGER, sender=sender, now=NOW)
    assert (refusal.value.errors[0].field, refusal.value.errors[0].code) == (field, code)
    assert not MarketingRules.objects.exists()


def test_existing_customers_are_the_owners_decision(in_sonnenschein: Salon) -> None:
    for actor in (MANAGER, STAFF):
        with pytest.raises(NotAllowed):
            allow_existing_customers(actor=actor, confirmed=True, now=NOW)
    with pytest.raises(InvalidInput):
        allow_existing_customers(actor=OWNER, confirmed=False, now=NOW)
    assert rules_now().existing_customers_at is None
    for _twice in range(2):
        allow_existing_customers(actor=OWNER, confirmed=True, now=NOW)
    rules = rules_now()
    assert (rules.existing_customers_at, rules.existing_customers_by, rules.version) == (NOW, "Owner", 1)
    with pytest.raises(NotAllowed):
        forbid_existing_customers(actor=STAFF, now=NOW)
    for _twice in range(2):
        forbid_existing_customers(actor=MANAGER, now=NOW)
    rules = rules_now()
    assert (rules.existing_customers_at, rules.existing_customers_by, rules.version) == (None, "", 2)
    assert [one[:2] for one in _told()] == [
        ("marketing_rules.existing_customers_allowed", "Owner"),
        ("marketing_rules.existing_customers_forbidden", "Manager"),
    ]


def test_staff_decide_nothing(in_sonnenschein: Salon) -> None:
    with pytest.raises(NotAllowed):
        save_rules(actor=STAFF, sender=SENDER, now=NOW)


def _empty_imprint() -> list[tuple[str, str]]:
    """Empty the imprint; return what is refused."""
    try:
        save_rules(actor=OWNER, sender=replace(SENDER, imprint=""), now=NOW)
    except InvalidInput as refusal:
        return [(one.field, one.code) for one in refusal.errors]
    return []


@pytest.mark.parametrize("state", CampaignState)
def test_the_imprint_stays_while_a_campaign_goes_out(in_sonnenschein: Salon, state: CampaignState) -> None:
    may_send()
    found = draft()
    moments: dict[str, Any] = {"scheduled_at": NOW, "started_at": NOW, "finished_at": NOW}
    Campaign.objects.filter(pk=found.pk).update(state=state, **moments)
    goes_out = state in {CampaignState.SCHEDULED, CampaignState.SENDING, CampaignState.PAUSED}
    # Another one may take its place.
    save_rules(actor=OWNER, sender=replace(SENDER, imprint="Carla"), now=NOW)
    if goes_out:
        assert _empty_imprint() == [("imprint", "needed")]
        assert rules_now().imprint == "Carla"
        Campaign.objects.update(deleted_at=NOW)
    assert _empty_imprint() == []
    assert rules_now().imprint == ""


def test_the_imprint_stays_while_an_automation_is_on(in_sonnenschein: Salon) -> None:
    may_send()
    turn_on(actor=OWNER, occasion=Occasion.BIRTHDAY, now=NOW)
    assert _empty_imprint() == [("imprint", "needed")]
    turn_off(actor=OWNER, occasion=Occasion.BIRTHDAY, now=NOW)
    assert _empty_imprint() == []


@pytest.mark.django_db(transaction=True)
def test_the_imprint_is_not_emptied_while_an_automation_is_being_turned_on(sonnenschein: Salon) -> None:
    refused: list[list[tuple[str, str]]] = []

    def empty() -> None:
        try:
            with salon_scope(sonnenschein.pk):
                refused.append(_empty_imprint())
        finally:
            connection.close()

    with salon_scope(sonnenschein.pk):
        may_send()
    other = Thread(target=empty)
    with salon_scope(sonnenschein.pk):
        turn_on(actor=OWNER, occasion=Occasion.BIRTHDAY, now=NOW)
        other.start()
        other.join(0.5)
        assert other.is_alive()
    other.join(20)
    assert refused == [[("imprint", "needed")]]
