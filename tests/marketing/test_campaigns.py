"""Campaigns: drafts, each step of their way, and every refusal with nothing changed."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.utils import translation

from marketing import campaigns, launching
from marketing.campaigns import (
    ChangedCampaign,
    copy_campaign,
    create_campaign,
    delete_campaign,
    restore_campaign,
    update_campaign,
)
from marketing.launching import end, pause, resume, schedule, send_now, unschedule
from marketing.models import Basis, Campaign, CampaignState, MarketingRules
from marketing.rule import Condition, Group, Match, as_json
from marketing.segments import READY_MADE, create_segment, delete_segment
from salon.audit.models import AuditEntry
from salon.errors import DomainError, InvalidInput, NotAllowed, VersionConflict
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from tests.conftest import NOW
from tests.identity.racing import race
from tests.marketing.campaigning import BODY, BOSS, SUBJECT, agreed, draft, everybody, may_send

HOUR = timedelta(hours=1)
type Step = Callable[..., Campaign]
SEGMENTS_FOUND = import_module("marketing.migrations.0003_segment_of_campaign").Migration.operations[-1].sql
ABOUT_TO_LAPSE = import_module("marketing.migrations.0005_about_to_lapse").Migration.operations[-1].sql


def _refusals(error: InvalidInput) -> set[tuple[str, str]]:
    return {(one.field, one.code) for one in error.errors}


def test_a_draft_keeps_the_rule_that_was_chosen(in_sonnenschein: Salon) -> None:
    campaign = create_campaign(
        actor=BOSS,
        details={
            "name": "  Frühling   2027 ",
            "subject": " Neues\tfür Sie ",
            "body": "\r\nHallo\r\n",
            "segment": "lapsing",
        },
        now=NOW,
    )
    assert (campaign.name, campaign.subject, campaign.body) == ("Frühling 2027", "Neues für Sie", "Hallo")
    assert campaign.rule == {
        "match": "ALL",
        "negated": False,
        "parts": [{"field": "lapsing", "operator": "within_next", "values": [30]}],
    }
    assert (campaign.state, campaign.basis, campaign.version) == (CampaignState.DRAFT, Basis.CONSENT, 1)
    none = update_campaign(actor=BOSS, campaign_id=campaign.pk, changes={"segment": ""}, now=NOW)
    assert (none.rule, none.segment_name, none.version) == ({}, "", 2)


def test_campaigns_of_old_are_told_which_segment_they_chose(in_sonnenschein: Salon) -> None:
    """What migration 0003 finds for those that kept name and rule alone."""
    rules = {points: as_json(Group(Match.ALL, (Condition("points", "at_least", (points,)),))) for points in range(1, 7)}
    ready = as_json(READY_MADE["vip"].rule)
    own = {
        name: str(create_segment(actor=BOSS, name=name, rule=rule, now=NOW).pk)
        for name, rule in {"Same": rules[1], "New": rules[2], "VIPs": rules[3], "A": rules[4], "B": rules[4]}.items()
    }
    gone = create_segment(actor=BOSS, name="Gone", rule=rules[5], now=NOW)
    delete_segment(actor=BOSS, segment_id=gone.pk, now=NOW)
    for name, rule, began, key, called in (
        ("Same", rules[1], False, own["Same"], "Same"),
        # Renamed since; what has begun keeps what it was called then.
        ("Old", rules[2], False, own["New"], "New"),
        ("Old", rules[2], True, own["New"], "Old"),
        # A ready-made one, and an own one that is called the same.
        ("VIPs", ready, False, "vip", "VIPs"),
        ("VIPs", rules[3], False, own["VIPs"], "VIPs"),
        # Of two with its rule it is the one with its name, and without that nobody knows.
        ("B", rules[4], False, own["B"], "B"),
        ("C", rules[4], False, "", "C"),
        # Described anew since.
        ("Same", rules[6], False, own["Same"], "Same"),
        ("Gone", rules[5], False, "", "Gone"),
        ("", {}, False, "", ""),
    ):
        campaign = draft("vip")
        before = {"segment_key": "", "segment_name": name, "rule": rule, "started_at": NOW if began else None}
        Campaign.objects.filter(pk=campaign.pk).update(**before)
        with connection.cursor() as cursor:
            for statement in SEGMENTS_FOUND:
                cursor.execute(statement)
        campaign.refresh_from_db()
        assert (campaign.segment_key, campaign.segment_name) == (key, called), before


def test_campaigns_to_who_was_about_to_lapse_choose_what_it_is_called_now(in_sonnenschein: Salon) -> None:
    """What migration 0005 changes: the ready-made rule as it was, in what chose it; one of the salon's own stays."""
    unbooked = {"field": "next_visit", "operator": "none", "values": []}
    now = as_json(READY_MADE["lapsing"].rule)
    of_old = now | {"parts": [*now["parts"], unbooked]}
    own = create_segment(actor=BOSS, name="Own", rule=of_old, now=NOW)
    chosen = {"lapsing": of_old, str(own.pk): of_old, "vip": as_json(READY_MADE["vip"].rule)}
    for key, rule in chosen.items():
        Campaign.objects.filter(pk=draft("vip").pk).update(segment_key=key, rule=rule)
    with connection.cursor() as cursor:
        cursor.execute(ABOUT_TO_LAPSE)
    rules = dict(Campaign.objects.values_list("segment_key", "rule"))
    assert rules == {**chosen, "lapsing": now}


def test_what_changes_nothing_makes_no_version(in_sonnenschein: Salon) -> None:
    campaign = draft()
    same = update_campaign(actor=BOSS, campaign_id=campaign.pk, changes={"subject": SUBJECT, "body": BODY}, now=NOW)
    assert same.version == 1
    assert not AuditEntry.objects.filter(action="campaign.changed").exists()


@pytest.mark.parametrize(
    ("changes", "refusals"),
    [
        ({"name": " "}, {("name", "required")}),
        ({"name": "x" * 81, "subject": "x" * 151}, {("name", "max_length"), ("subject", "max_length")}),
        ({"body": "x" * 20_001}, {("body", "max_length")}),
        ({"body": "a\x00b"}, {("body", "invalid")}),
        ({"basis": "FRIENDSHIP"}, {("basis", "invalid_choice")}),
        ({"segment": "nobody"}, {("segment", "not_found")}),
        ({"segment": str(uuid4())}, {("segment", "not_found")}),
    ],
)
def test_what_a_draft_cannot_be(in_sonnenschein: Salon, changes: Any, refusals: set[tuple[str, str]]) -> None:
    campaign = draft()
    with pytest.raises(InvalidInput) as refused:
        update_campaign(actor=BOSS, campaign_id=campaign.pk, changes=changes, now=NOW)
    assert _refusals(refused.value) == refusals
    assert Campaign.objects.values().get() == Campaign.objects.filter(version=1).values().get()


def test_a_version_that_is_not_that_of_now_is_refused(in_sonnenschein: Salon) -> None:
    campaign = draft()
    update_campaign(actor=BOSS, campaign_id=campaign.pk, changes={"name": "Sommer"}, now=NOW, version=1)
    for step in (update_campaign, send_now, delete_campaign):
        more: dict[str, Any] = {"changes": {"name": "Herbst"}} if step is update_campaign else {}
        with pytest.raises(VersionConflict):
            step(actor=BOSS, campaign_id=campaign.pk, now=NOW, version=1, **more)
    assert Campaign.objects.get().name == "Sommer"


def test_existing_customers_are_chosen_only_where_the_owner_has_decided_so(in_sonnenschein: Salon) -> None:
    existing: ChangedCampaign = {"basis": Basis.EXISTING_CUSTOMER}
    campaign = draft()
    steps: list[Callable[[], Campaign]] = [
        lambda: create_campaign(actor=BOSS, details={"name": "Neu", **existing}, now=NOW),
        lambda: update_campaign(actor=BOSS, campaign_id=campaign.pk, changes=existing, now=NOW),
    ]
    for step in steps:
        with pytest.raises(InvalidInput) as refused:
            step()
        assert _refusals(refused.value) == {("basis", "not_allowed")}
    rules = may_send(existing_customers_at=NOW, existing_customers_by="Anna Krüger")
    update_campaign(actor=BOSS, campaign_id=campaign.pk, changes=existing, now=NOW)
    # A decision that is taken back leaves drafts as they are; they can be written on, and do not go out.
    MarketingRules.objects.filter(pk=rules.pk).update(existing_customers_at=None, existing_customers_by="")
    kept = update_campaign(actor=BOSS, campaign_id=campaign.pk, changes={**existing, "name": "Anders"}, now=NOW)
    assert (kept.name, kept.basis) == ("Anders", Basis.EXISTING_CUSTOMER)
    with pytest.raises(InvalidInput) as refused:
        send_now(actor=BOSS, campaign_id=campaign.pk, now=NOW)
    assert _refusals(refused.value) == {("basis", "not_allowed")}


def test_all_that_is_missing_is_named_at_once(in_sonnenschein: Salon) -> None:
    campaign = create_campaign(actor=BOSS, details={"name": "Leer"}, now=NOW)
    Campaign.objects.update(basis=Basis.EXISTING_CUSTOMER)
    with pytest.raises(InvalidInput) as refused:
        send_now(actor=BOSS, campaign_id=campaign.pk, now=NOW)
    missing = {("segment", "required"), ("subject", "required"), ("body", "required")}
    assert _refusals(refused.value) == missing | {("imprint", "required"), ("basis", "not_allowed")}
    with pytest.raises(InvalidInput) as late:
        schedule(actor=BOSS, campaign_id=campaign.pk, at=NOW, now=NOW)
    assert ("at", "past") in _refusals(late.value)
    assert Campaign.objects.get().state == CampaignState.DRAFT
    assert not DueWork.objects.exists()


@pytest.mark.parametrize(
    ("changes", "refusals"),
    [
        ({"subject": "Hallo {{vorname}}"}, {("subject", "unknown_placeholder")}),
        ({"body": "Hallo {{secret}}"}, {("body", "unknown_placeholder")}),
        ({"body": "[hier](https://x.example/{{first_name}})"}, {("body", "placeholder_in_address")}),
    ],
)
def test_a_letter_that_cannot_be_written_is_not_sent(
    in_sonnenschein: Salon, changes: Any, refusals: set[tuple[str, str]]
) -> None:
    may_send()
    campaign = draft(**changes)
    with pytest.raises(InvalidInput) as refused:
        send_now(actor=BOSS, campaign_id=campaign.pk, now=NOW)
    assert _refusals(refused.value) == refusals


def test_a_time_that_no_campaign_can_have(in_sonnenschein: Salon) -> None:
    may_send()
    campaign = draft()
    for at, code in ((NOW - HOUR, "past"), (NOW, "past"), (NOW + timedelta(days=367), "too_late")):
        with pytest.raises(InvalidInput) as refused:
            schedule(actor=BOSS, campaign_id=campaign.pk, at=at, now=NOW)
        assert _refusals(refused.value) == {("at", code)}
    assert schedule(actor=BOSS, campaign_id=campaign.pk, at=NOW + HOUR, now=NOW).scheduled_at == NOW + HOUR
    assert DueWork.objects.get().due_at == NOW + HOUR


_STEPS: dict[str, Step] = {
    "change": lambda **given: update_campaign(changes={"name": "Anders"}, **given),
    "send": send_now,
    "schedule": lambda **given: schedule(at=NOW + HOUR, **given),
    "unschedule": unschedule,
    "pause": pause,
    "resume": resume,
    "end": end,
    "delete": delete_campaign,
}
# From each state what is possible, and what the others are refused with.
_POSSIBLE: dict[str, dict[str, str]] = {
    "DRAFT": {"change": "DRAFT", "send": "SENDING", "schedule": "SCHEDULED", "delete": "DRAFT"},
    "SCHEDULED": {"unschedule": "DRAFT"},
    "SENDING": {"pause": "PAUSED"},
    "PAUSED": {"resume": "SENDING", "end": "ENDED"},
    "ENDED": {},
    "SENT": {},
}
_REFUSED = {
    "change": "not_a_draft",
    "send": "not_a_draft",
    "schedule": "not_a_draft",
    "unschedule": "not_scheduled",
    "pause": "not_being_sent",
    "resume": "not_paused",
    "end": "not_paused",
    "delete": "already_begun",
}


def _in_state(state: str) -> UUID:
    may_send()
    agreed("Lena")
    campaign = draft()
    if state == "SCHEDULED":
        schedule(actor=BOSS, campaign_id=campaign.pk, at=NOW + HOUR, now=NOW)
    elif state != "DRAFT":
        send_now(actor=BOSS, campaign_id=campaign.pk, now=NOW)
    if state in {"PAUSED", "ENDED"}:
        pause(actor=BOSS, campaign_id=campaign.pk, now=NOW)
    if state == "ENDED":
        end(actor=BOSS, campaign_id=campaign.pk, now=NOW)
    if state == "SENT":
        Campaign.objects.update(state="SENT", finished_at=NOW)
    return campaign.pk


@pytest.mark.parametrize("state", _POSSIBLE)
@pytest.mark.parametrize("step", _STEPS)
def test_every_step_from_every_state(in_sonnenschein: Salon, state: str, step: str) -> None:
    campaign_id = _in_state(state)
    before, told, works = Campaign.objects.values().get(), AuditEntry.objects.count(), list(DueWork.objects.values())
    if step in _POSSIBLE[state]:
        _STEPS[step](actor=BOSS, campaign_id=campaign_id, now=NOW)
        assert Campaign.objects.get().state == _POSSIBLE[state][step]
        assert AuditEntry.objects.count() == told + 1
        return
    with pytest.raises(DomainError) as refused:
        _STEPS[step](actor=BOSS, campaign_id=campaign_id, now=NOW)
    scheduled = (step, state) == ("delete", "SCHEDULED")
    assert refused.value.code == ("still_going_out" if scheduled else _REFUSED[step])
    assert (Campaign.objects.values().get(), AuditEntry.objects.count()) == (before, told)
    assert list(DueWork.objects.values()) == works


@pytest.mark.parametrize("step", [*_STEPS, "create", "copy", "restore"])
def test_who_may_not_changes_nothing(in_sonnenschein: Salon, front_desk: Actor, step: str) -> None:
    campaign_id = _in_state("DRAFT")
    steps: dict[str, Step] = {
        **_STEPS,
        "create": lambda *, campaign_id, **given: create_campaign(details={"name": "X"}, **given),  # noqa: ARG005
        "copy": copy_campaign,
        "restore": restore_campaign,
    }
    before = Campaign.objects.values().get()
    with pytest.raises(NotAllowed):
        steps[step](actor=front_desk, campaign_id=campaign_id, now=NOW)
    assert Campaign.objects.values().get() == before


@pytest.mark.parametrize("step", [*_STEPS, "copy"])
def test_what_is_deleted_is_not_there(in_sonnenschein: Salon, step: str) -> None:
    campaign_id = _in_state("DRAFT")
    delete_campaign(actor=BOSS, campaign_id=campaign_id, now=NOW)
    with pytest.raises(campaigns.NoSuchCampaign):
        {**_STEPS, "copy": copy_campaign}[step](actor=BOSS, campaign_id=campaign_id, now=NOW)
    restored = restore_campaign(actor=BOSS, campaign_id=campaign_id, now=NOW)
    assert (restored.deleted_at, restored.state, restored.version) == (None, "DRAFT", 3)
    assert restore_campaign(actor=BOSS, campaign_id=campaign_id, now=NOW).version == 3


def test_a_copy_says_the_same_and_is_a_draft(in_sonnenschein: Salon) -> None:
    may_send()
    agreed("Lena")
    original = draft(name="N" * 80)
    send_now(actor=BOSS, campaign_id=original.pk, now=NOW)
    copy = copy_campaign(actor=BOSS, campaign_id=original.pk, now=NOW)
    assert (copy.state, copy.subject, copy.body, copy.rule) == ("DRAFT", SUBJECT, BODY, original.rule)
    assert (len(copy.name), copy.started_at, copy.segment_name) == (80, None, "Alle")


def test_a_copy_of_a_copy_is_the_next_one_of_the_same(in_sonnenschein: Salon) -> None:
    original = draft(name="An alle")
    with translation.override("de"):
        first = copy_campaign(actor=BOSS, campaign_id=original.pk, now=NOW)
        second = copy_campaign(actor=BOSS, campaign_id=first.pk, now=NOW)
        third = copy_campaign(actor=BOSS, campaign_id=second.pk, now=NOW)
        again = copy_campaign(actor=BOSS, campaign_id=original.pk, now=NOW)
        names = [one.name for one in (first, second, third, again)]
        assert names == [f"An alle ({copy})" for copy in ("Kopie", "Kopie 2", "Kopie 3", "Kopie 4")]
        long = draft(original.segment_key, name="N" * 80)
        copies = [copy_campaign(actor=BOSS, campaign_id=long.pk, now=NOW).name for _ in range(2)]
        assert [len(name) for name in copies] == [80, 80]
        assert copies[1].endswith("N (Kopie 2)")


def test_unscheduling_calls_the_work_off(in_sonnenschein: Salon) -> None:
    campaign_id = _in_state("SCHEDULED")
    unschedule(actor=BOSS, campaign_id=campaign_id, now=NOW)
    assert not DueWork.objects.exists()
    assert Campaign.objects.get().scheduled_at is None


def test_resuming_hastens_work_that_waits_for_its_next_try(in_sonnenschein: Salon) -> None:
    campaign_id = _in_state("PAUSED")
    DueWork.objects.update(due_at=NOW + 6 * HOUR)
    resume(actor=BOSS, campaign_id=campaign_id, now=NOW)
    assert [(work.task, work.due_at) for work in DueWork.objects.all()] == [(launching.SEND, NOW)]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_send_at_once_one_does(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        campaign_id = _in_state("DRAFT")

    def send() -> Campaign:
        with salon_scope(sonnenschein.pk):
            return send_now(actor=BOSS, campaign_id=campaign_id, now=NOW)

    outcomes = race(send, send)
    assert sorted(type(one).__name__ for one in outcomes) == ["Campaign", "NotADraft"]
    assert DueWork.objects.count() == 1


def test_everybodys_segment_is_taken_by_its_id(in_sonnenschein: Salon) -> None:
    campaign = draft(everybody())
    assert (campaign.segment_name, campaign.rule["parts"]) == ("Alle", [])
