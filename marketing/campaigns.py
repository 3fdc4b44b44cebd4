"""Campaigns: drafted, copied, deleted (domain.md §9.2); what sends them is in marketing/launching.py."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import chain, count
from typing import TypedDict
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.db.models import Case, OuterRef, Q, Subquery, When
from django.db.models.functions import JSONObject
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from marketing.marked_group import MARKED, group_of, marked_group_of, name_of
from marketing.models import Basis, Campaign, CampaignState, Recipient
from marketing.rule import Group, as_json, lists_clients, parse
from marketing.rules import rules_now, wrong_basis
from marketing.segments import EVERYONE, READY_MADE, chosen_rule
from salon import keyset
from salon.catalogue.changing import told
from salon.errors import DomainError, FieldError, InvalidInput, NotFound, VersionConflict, refusing
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import new_id

LONGEST_NAME, LONGEST_SUBJECT, LONGEST_BODY = 80, 150, 20_000
# So much of a name stands in front of what a copy is called by.
_KEPT = LONGEST_NAME - 20
_LIMITS = {"name": LONGEST_NAME, "subject": LONGEST_SUBJECT, "body": LONGEST_BODY}
_WRITTEN = ["name", "subject", "body", "rule", "segment_key", "segment_name", "marked_rule", "basis"]
_NEWEST_FIRST = keyset.Order(("created_at", "id"), descending=True)


class NoSuchCampaign(NotFound):
    """A campaign does not exist, or somebody has deleted it."""

    message = _("This campaign does not exist (any more).")


class _SentTwice(DomainError):
    """A campaign was begun already by the same form to the same group."""


class NotADraft(DomainError):
    """Only a draft can be changed, scheduled or sent."""

    code = "not_a_draft"
    message = _("This campaign is not a draft any more.")


class StillGoingOut(DomainError):
    """What is scheduled cannot be deleted."""

    code = "still_going_out"
    message = _("This campaign is scheduled. Take it back first.")


class AlreadyBegun(DomainError):
    """What has begun to go out stays: its results say who was written to, who was not, and why."""

    code = "already_begun"
    message = _("This campaign has begun to go out. It stays, and with it who was written to and who was not.")


class ChangedCampaign(TypedDict, total=False):
    """What of a campaign is to be changed; what is missing stays as it is.

    `segment` is the key of a ready-made segment, the id of one of the salon's own, or MARKED for those who were marked
    when it was begun; "" chooses nobody yet.
    """

    name: str
    subject: str
    body: str
    segment: str
    basis: Basis


def create_campaign(*, actor: Actor, details: ChangedCampaign, now: datetime) -> Campaign:
    """Begin a campaign as a draft; only its name is needed so far.

    Raises: NotAllowed, InvalidInput.
    """
    actor.require(Permission.MARKETING_WRITE)
    campaign = _new(actor, now)
    with transaction.atomic():
        _write(campaign, {"name": "", **details})
        campaign.save(force_insert=True)
        tell_of_campaign(actor, "campaign.created", campaign, {}, _told_of(campaign), now)
    return campaign


def create_campaign_to(
    *, actor: Actor, whom: str | Sequence[UUID], now: datetime, form_id: UUID | None = None
) -> Campaign:
    """Begin a campaign to a segment (as `ChangedCampaign` has it) or to exactly these clients, named like its group.

    Of clients it means the people, whatever their cards become by merging; who is none of the salon (any more) is left
    out. `form_id` is what a form was given: sent twice for the same group it begins one campaign.
    Raises: NotAllowed, InvalidInput (`required`, `max_length` or `not_found` at `whom`).
    """
    actor.require(Permission.MARKETING_WRITE)
    campaign = _new(actor, now)
    try:
        if isinstance(whom, str):
            key, name, rule = _group(whom)
        else:
            rule = group_of(whom)
            key, name = "", name_of(rule)
    except NotFound as refusal:
        raise InvalidInput([FieldError("whom", "not_found", refusal.message)]) from refusal
    campaign.rule, campaign.segment_key, campaign.segment_name = as_json(rule), key, name[:LONGEST_NAME]
    campaign.name = campaign.segment_name
    if form_id is not None:
        campaign.id = uuid5(form_id, json.dumps(campaign.rule))
    try:
        with refusing({"marketing_campaign_pkey": _SentTwice()}):
            campaign.save(force_insert=True)
            tell_of_campaign(actor, "campaign.created", campaign, {}, _told_of(campaign), now)
    except _SentTwice:
        # What somebody has worked on since is another one.
        untouched = Campaign.objects.live().filter(pk=campaign.pk, version=1).first()
        return untouched or create_campaign_to(actor=actor, whom=whom, now=now)
    return campaign


def update_campaign(
    *, actor: Actor, campaign_id: UUID, changes: ChangedCampaign, now: datetime, version: int | None = None
) -> Campaign:
    """Change some of a draft; `version` refuses the change if anything of it has changed since.

    A segment that is given is read anew, were it the same again. A campaign that is called like its group is called
    like the next one, unless it is given another name.
    Raises: NotAllowed, NoSuchCampaign, NotADraft, VersionConflict, InvalidInput.
    """
    with transaction.atomic():
        campaign = lock_campaign(actor, campaign_id, version, CampaignState.DRAFT, NotADraft)
        before, was = _told_of(campaign), {name: getattr(campaign, name) for name in _WRITTEN}
        _write(campaign, changes)
        if campaign.name == was["name"] == was["segment_name"] and campaign.segment_name:
            campaign.name = campaign.segment_name
        if any(getattr(campaign, name) != value for name, value in was.items()):
            save_campaign(campaign, now, *_WRITTEN)
            tell_of_campaign(actor, "campaign.changed", campaign, before, _told_of(campaign), now)
    return campaign


def copy_campaign(*, actor: Actor, campaign_id: UUID, now: datetime) -> Campaign:
    """Make a draft that says the same to the same group.

    Raises: NotAllowed, NoSuchCampaign.
    """
    actor.require(Permission.MARKETING_WRITE)
    with transaction.atomic():
        original, campaign = campaign_with_id(campaign_id), _new(actor, now)
        for name in _WRITTEN:
            setattr(campaign, name, getattr(original, name))
        with suppress(NotFound):
            _key, campaign.segment_name, _rule = _group(campaign.segment_key)
        campaign.name = _name_of_copy(original.name)
        campaign.save(force_insert=True)
        tell_of_campaign(actor, "campaign.created", campaign, {}, _told_of(campaign), now)
    return campaign


def _name_of_copy(name: str) -> str:
    """Return what a copy is called: a copy of a copy is the next one of the same, whichever those are by now."""
    once, again = gettext("(copy)"), gettext("(copy {number})")
    before, _number, after = again.partition("{number}")
    tail = re.compile(rf" (?:{re.escape(once)}|{re.escape(before)}\d+{re.escape(after)})$")
    base = tail.sub("", name)
    taken = set(Campaign.objects.filter(deleted_at=None, name__startswith=base[:_KEPT]).values_list("name", flat=True))
    numbers = (again.format(number=number) for number in count(2))
    names = (f"{base[: LONGEST_NAME - len(one) - 1].rstrip()} {one}" for one in chain([once], numbers))
    return next(one for one in names if one not in taken)


def delete_campaign(*, actor: Actor, campaign_id: UUID, now: datetime, version: int | None = None) -> Campaign:
    """Take a draft out of the list.

    Raises: NotAllowed, NoSuchCampaign, VersionConflict, StillGoingOut, AlreadyBegun.
    """
    with transaction.atomic():
        campaign = lock_campaign(actor, campaign_id, version)
        if campaign.state != CampaignState.DRAFT:
            raise StillGoingOut if campaign.state == CampaignState.SCHEDULED else AlreadyBegun
        campaign.deleted_at = now
        save_campaign(campaign, now, "deleted_at")
        tell_of_campaign(actor, "campaign.deleted", campaign, {"name": campaign.name}, {}, now)
    return campaign


def restore_campaign(*, actor: Actor, campaign_id: UUID, now: datetime) -> Campaign:
    """Bring a deleted campaign back as it was; one that is there stays as it is.

    Raises: NotAllowed, NoSuchCampaign.
    """
    actor.require(Permission.MARKETING_WRITE)
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update(no_key=True).filter(pk=campaign_id).first()
        if campaign is None:
            raise NoSuchCampaign
        if campaign.deleted_at is not None:
            campaign.deleted_at = None
            save_campaign(campaign, now, "deleted_at")
            tell_of_campaign(actor, "campaign.restored", campaign, {}, {"name": campaign.name}, now)
    return campaign


def list_campaigns(
    *, limit: int, cursor: str | None = None, state: CampaignState | None = None
) -> keyset.Page[Campaign]:
    """Return one page of the campaigns of the open salon, the newest first; of one state, if that is asked.

    Raises: keyset.InvalidCursor.
    """
    found = Campaign.objects.live() if state is None else Campaign.objects.live().filter(state=state)
    return keyset.page(found, _NEWEST_FIRST, limit=limit, cursor=cursor)


def scheduled_to(segment_id: UUID) -> list[Campaign]:
    """Return the scheduled campaigns for which a segment of the salon was chosen, the next first; each keeps the rule
    that it had then."""
    scheduled = Campaign.objects.live().filter(state=CampaignState.SCHEDULED, segment_key=str(segment_id))
    return list(scheduled.order_by("scheduled_at", "id"))


def campaign_with_id(campaign_id: UUID) -> Campaign:
    """Return a campaign of the open salon that is not deleted.

    Raises: NoSuchCampaign.
    """
    campaign = Campaign.objects.live().filter(pk=campaign_id).first()
    if campaign is None:
        raise NoSuchCampaign
    return campaign


def mailing_within(subject: str, *, where: Q) -> Case:
    """Return an expression for whose mail of which campaign the one with the id in a column is, or of which automation,
    for the history of a card, as far as it can be read; of rows that are not so, nothing is looked for."""
    told = JSONObject(campaign="campaign_id", client="client_id")
    of_campaign = Q(campaign__isnull=False, campaign__deleted_at=None)
    of_automation = Q(automation__isnull=False, said__isnull=False)
    rows = Recipient.objects.filter(of_campaign | of_automation, pk=OuterRef(subject))
    return Case(When(where, then=Subquery(rows.values(told=told))))


def _new(actor: Actor, now: datetime) -> Campaign:
    return Campaign(
        id=new_id(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        created_at=now,
        updated_at=now,
    )


def lock_campaign(
    actor: Actor,
    campaign_id: UUID,
    version: int | None,
    state: CampaignState | None = None,
    otherwise: type[DomainError] = DomainError,
) -> Campaign:
    """Return a campaign, locked, in this state.

    Raises: NotAllowed, NoSuchCampaign, VersionConflict, `otherwise`.
    """
    actor.require(Permission.MARKETING_WRITE)
    campaign = Campaign.objects.live().select_for_update(no_key=True).filter(pk=campaign_id).first()
    if campaign is None:
        raise NoSuchCampaign
    if state is not None and campaign.state != state:
        raise otherwise
    if version is not None and version != campaign.version:
        raise VersionConflict
    return campaign


def tidied(name: str, text: str) -> str:
    """Return the name, subject or body of a campaign as it is stored."""
    return text.replace("\r\n", "\n").strip() if name == "body" else " ".join(text.split())


def _write(campaign: Campaign, changes: ChangedCampaign) -> None:
    """Put changes into a draft.

    Raises: InvalidInput.
    """
    errors = []
    for name, longest in _LIMITS.items():
        if name not in changes:
            continue
        text = tidied(name, str(changes[name]))  # type: ignore[literal-required]
        setattr(campaign, name, text)
        errors += _errors_of_text(name, text, longest)
    if "basis" in changes:
        errors += _errors_of_basis(campaign, changes["basis"])
        campaign.basis = changes["basis"]
    if "segment" in changes:
        try:
            _choose(campaign, changes["segment"])
        except NotFound as refusal:
            errors.append(FieldError("segment", "not_found", refusal.message))
    if errors:
        raise InvalidInput(errors)


def _choose(campaign: Campaign, segment: str) -> None:
    if not segment:
        _leave(campaign)
        campaign.rule, campaign.segment_key, campaign.segment_name = {}, "", ""
        return
    if segment == MARKED:
        rule = marked_group_of(campaign)
        campaign.rule, campaign.segment_key, campaign.segment_name = as_json(rule), "", name_of(rule)
        return
    key, name, rule = _group(segment)
    _leave(campaign)
    campaign.rule, campaign.segment_key, campaign.segment_name = as_json(rule), key, name[:LONGEST_NAME]


def _leave(campaign: Campaign) -> None:
    """Keep those who were marked one by one: no segment brings them back."""
    if campaign.rule and lists_clients(parse(campaign.rule)):
        campaign.marked_rule = campaign.rule


def _group(segment: str) -> tuple[str, str, Group]:
    # What everybody of the salon reads is in its language, whoever calls.
    with override(settings.LANGUAGE_CODE):
        name, rule = chosen_rule(segment)
    is_own = segment != EVERYONE and segment not in READY_MADE
    return str(UUID(segment)) if is_own else segment, name, rule


def _errors_of_text(name: str, text: str, longest: int) -> list[FieldError]:
    if name == "name" and not text:
        return [FieldError(name, "required", _("Enter a name."))]
    if "\x00" in text:
        return [FieldError(name, "invalid", _("This contains a character that cannot be stored."))]
    if len(text) > longest:
        message = _("This is too long: at most %(most)d characters.") % {"most": longest}
        return [FieldError(name, "max_length", message)]
    return []


def _errors_of_basis(campaign: Campaign, basis: str) -> Iterable[FieldError]:
    if basis not in Basis:
        return [FieldError("basis", "invalid_choice", _("Choose one of the values offered."))]
    # One that was allowed when it was chosen can be saved again; whether it still is, sending asks.
    return () if basis == campaign.basis else wrong_basis(basis, rules_now())


def save_campaign(campaign: Campaign, now: datetime, *names: str) -> None:
    campaign.version += 1
    campaign.updated_at = now
    campaign.save(update_fields=[*names, "version", "updated_at"])


def _told_of(campaign: Campaign) -> dict[str, object]:
    return {
        "name": campaign.name,
        "subject": campaign.subject,
        "body": campaign.body,
        "segment": campaign.segment_name,
        "basis": str(campaign.basis),
    }


def tell_of_campaign(
    actor: Actor,
    action: str,
    campaign: Campaign,
    old: Mapping[str, object],
    new: Mapping[str, object],
    now: datetime,
) -> None:
    told(actor=actor, action=action, subject_id=campaign.pk, old=old, new=new, now=now)
