"""The ledger of what clients have agreed to (domain.md §9.3, §2).

News by e-mail is agreed to twice: who says so in the salon or on a booking site is asked by a mail, and the consent
holds once the link in it was followed (clients/confirming.py). What an import brings holds as it was.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clients.asking import (
    AskedLately,
    NoAddress,
    asked_until,
    call_off,
    follows_at,
    is_outdated,
    lock_address,
    plan_mail,
    planned_at,
    send_mail,
    was_asked_elsewhere,
    was_asked_here,
)
from clients.cards import lock_client
from clients.models import (
    Client,
    ConsentEntry,
    ConsentPurpose,
    ConsentSource,
    Decision,
    HealthRecord,
    Merge,
)
from clients.objections import lift_objection, object_at
from clients.wordings import fault_of, number_of, tidied, wording_now
from salon.audit.recording import Change, record
from salon.errors import FieldError, InvalidInput, NotFound
from salon.identity.roles import Actor, ActorKind, Permission
from salon.mail.outbox import last_written
from salon.tenancy import directory
from salon.tenancy.context import current_salon_id

# Who decides on a public page: the client herself, whom nothing but her mail names.
CLIENT = Actor(ActorKind.SYSTEM, None, "", frozenset())
_ACTIONS = {
    Decision.REQUESTED: "client.consent_requested",
    Decision.GRANTED: "client.consent_granted",
    Decision.WITHDRAWN: "client.consent_withdrawn",
}
# What of a client who wants news, whether it holds or not.
_WANTED = {Decision.REQUESTED, Decision.GRANTED}
_BY_HERSELF = {
    ConsentSource.CONFIRMATION: "client.consent_confirmed",
    ConsentSource.UNSUBSCRIBE: "client.unsubscribed",
}


def ledger_of(client_id: UUID) -> list[ConsentEntry]:
    """Return every decision of a client, newest first."""
    return list(ConsentEntry.objects.filter(client_id=client_id).order_by("-at", "-id"))


def newest_of(client_id: UUID, purpose: ConsentPurpose) -> ConsentEntry | None:
    """Return what holds of a client for a purpose, None where nothing was ever decided."""
    return ConsentEntry.objects.filter(client_id=client_id, purpose=purpose).order_by("-at", "-id").first()


def holds(client_id: UUID, purpose: ConsentPurpose) -> bool:
    """Return whether the client's newest decision on that purpose is a consent."""
    newest = newest_of(client_id, purpose)
    return newest is not None and newest.decision == Decision.GRANTED


def record_consent(
    *,
    actor: Actor,
    client_id: UUID,
    purpose: ConsentPurpose,
    decision: Decision,
    source: ConsentSource,
    wording: str = "",
    now: datetime,
) -> ConsentEntry:
    """Write down what a client decided, and let it hold at once; what stands already is not written twice.

    A consent to news by e-mail is asked for by a mail instead; REQUESTED names no words of its own but the salon's.
    Asked again, a consent that holds stays as it is; to an address that was asked within a day the mail follows by
    itself when that is over. Withdrawing the one to health data deletes them, also those that a merge has kept to be
    undone.
    Raises: NotAllowed, NotFound, InvalidInput.
    """
    actor.require(Permission.CLIENTS_WRITE)
    wording = tidied(wording)
    asks = purpose == ConsentPurpose.EMAIL_MARKETING and source != ConsentSource.IMPORT
    asks = asks and decision != Decision.WITHDRAWN
    _check(decision, wording, asks=asks)
    with transaction.atomic():
        client = lock_client(client_id)
        standing = newest_of(client.pk, purpose)
        if asks:
            return _ask(actor, client, standing, source, wording, now)
        if standing and (standing.decision, standing.wording) == (decision, wording):
            if purpose == ConsentPurpose.EMAIL_MARKETING and decision == Decision.WITHDRAWN:
                # Said again, it is of the address that she has now.
                object_at({client.email}, now=now)
            return standing
        return decide(
            actor, client, standing, purpose=purpose, decision=decision, source=source, wording=wording, now=now
        )


def record_wish(*, actor: Actor, client_id: UUID, wanted: bool, now: datetime) -> None:
    """Write down whether a booking site says that a client wants news by e-mail, where that changes anything.

    Who wants them is asked to confirm it, in the salon's own words. That somebody wants none who never asked for any is
    no objection.
    Raises: NotAllowed, NotFound.
    """
    actor.require(Permission.CLIENTS_WRITE)
    with transaction.atomic():
        client = lock_client(client_id)
        standing = newest_of(client.pk, ConsentPurpose.EMAIL_MARKETING)
        if wanted:
            _ask(actor, client, standing, ConsentSource.API, "", now)
        elif standing and standing.decision in _WANTED:
            decide(
                actor,
                client,
                standing,
                purpose=ConsentPurpose.EMAIL_MARKETING,
                decision=Decision.WITHDRAWN,
                source=ConsentSource.API,
                wording=str(_("Told by %(name)s.") % {"name": actor.name}),
                now=now,
            )


def ask_again(*, actor: Actor, client_id: UUID, now: datetime) -> ConsentEntry:
    """Send the mail that asks once more, or the one that was to follow; who has confirmed or withdrawn meanwhile is not
    asked.

    What the ledger says of where she said so stays; at another address than that she said it for, it is the address
    that has changed.
    Raises: NotAllowed, NotFound, NoAddress, AskedLately.
    """
    actor.require(Permission.CLIENTS_WRITE)
    with transaction.atomic():
        client = lock_client(client_id)
        standing = newest_of(client.pk, ConsentPurpose.EMAIL_MARKETING)
        if standing is None:
            raise NotFound
        if standing.decision not in _WANTED or client.email_consent:
            return standing
        if not client.email:
            raise NoAddress
        lock_address(client)
        if asked_until(client, now, by_hand=True):
            raise AskedLately
        # What holds at another address was said there.
        elsewhere = standing.decision == Decision.GRANTED or was_asked_elsewhere(client, standing)
        source = ConsentSource.ADDRESS if elsewhere else ConsentSource(standing.source)
        return _ask(actor, client, standing, source, _own_words(standing), now, at_once=True)


def ask_planned(entry_id: UUID, *, now: datetime) -> None:
    """Send the mail that was to follow by itself, unless what it asks for was decided or sent meanwhile; it waits once
    more where the address was asked again."""
    with transaction.atomic():
        entry = ConsentEntry.objects.filter(pk=entry_id).first()
        client = _card_of(entry) if entry else None
        if entry is None or client is None or client.email_consent or planned_at(entry) is None:
            return
        if last_written(entry.pk, client_id=client.pk, tells=""):
            # A worker that died has sent it.
            return
        lock_address(client)
        if until := asked_until(client, now):
            plan_mail(entry, until)
            return
        salon = directory.get_salon(current_salon_id())
        if is_outdated(entry, salon):
            actor = Actor(ActorKind(entry.actor_kind), entry.actor_id, entry.actor_name, frozenset())
            _ask(actor, client, entry, ConsentSource(entry.source), "", now, at_once=True)
        else:
            send_mail(client, salon, entry, now)


def _card_of(entry: ConsentEntry) -> Client | None:
    try:
        return lock_client(entry.client_id)
    except NotFound:
        return None


def leave_old_address(client: Client) -> bool:
    """Let nothing ask any more at the address that a locked card had; return whether a client who wants news has to
    confirm at the one that it has been given.

    Nothing is written there by itself: a mistyped address is a stranger's.
    """
    standing = newest_of(client.pk, ConsentPurpose.EMAIL_MARKETING)
    if standing is None or standing.decision not in _WANTED or client.email_consent:
        return False
    call_off(standing)
    return bool(client.email)


def _own_words(entry: ConsentEntry) -> str:
    """Return the words that a client was asked for in a mail where they were not the salon's, else nothing."""
    by_mail = entry.decision == Decision.REQUESTED or entry.source == ConsentSource.CONFIRMATION
    return entry.wording if by_mail and entry.wording_number is None else ""


def ask_herself(client: Client, *, now: datetime) -> None:
    """Ask a client anew who has unsubscribed and says on the page that she wants news after all; the card is locked."""
    standing = newest_of(client.pk, ConsentPurpose.EMAIL_MARKETING)
    _ask(CLIENT, client, standing, ConsentSource.UNSUBSCRIBE, "", now)


def _ask(
    actor: Actor,
    client: Client,
    standing: ConsentEntry | None,
    source: ConsentSource,
    wording: str,
    now: datetime,
    *,
    at_once: bool = False,
) -> ConsentEntry:
    """Note that a client is to be asked, and let the mail that asks go out as soon as it can, or `at_once`; the card is
    locked."""
    if standing and client.email_consent:
        return standing
    lock_address(client)
    waits_until = follows_at(client, now) if client.email and not at_once else None
    if standing and standing.decision == Decision.REQUESTED:
        mailed = waits_until and (was_asked_here(client) or planned_at(standing))
        if mailed or not client.email:
            return standing
    salon = directory.get_salon(current_salon_id())
    current = wording_now(ConsentPurpose.EMAIL_MARKETING, salon)
    entry = decide(
        actor,
        client,
        standing,
        purpose=ConsentPurpose.EMAIL_MARKETING,
        decision=Decision.REQUESTED,
        source=source,
        wording=wording or current.text,
        number=number_of(wording or current.text, current),
        now=now,
    )
    if waits_until:
        plan_mail(entry, waits_until)
    elif client.email:
        send_mail(client, salon, entry, now)
    return entry


def decide(
    actor: Actor,
    client: Client,
    standing: ConsentEntry | None,
    *,
    purpose: ConsentPurpose,
    decision: Decision,
    source: ConsentSource,
    wording: str = "",
    number: int | None = None,
    now: datetime,
) -> ConsentEntry:
    """Append a decision to the ledger of a locked card, let it take effect, and record it; `standing` held so far."""
    entry = ConsentEntry.objects.create(
        client_id=client.pk,
        purpose=purpose,
        decision=decision,
        source=source,
        wording=wording,
        wording_number=number,
        # Who waited for another's lock looked at the clock before: what is written last holds.
        at=max(now, standing.at + timedelta(microseconds=1)) if standing else now,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
    )
    if standing and standing.decision == Decision.REQUESTED:
        # A link in a mail that has not gone out yet would ask for what is decided.
        call_off(standing)
    take_effect(client, entry)
    changes = [Change("consent", standing.decision if standing else None, decision), Change("purpose", None, purpose)]
    action = _BY_HERSELF[source] if actor is CLIENT and decision != Decision.REQUESTED else _ACTIONS[decision]
    record(actor=actor, action=action, subject_kind="client", subject_id=client.pk, changes=changes, now=now)
    return entry


def take_effect(client: Client, entry: ConsentEntry) -> None:
    """Make the card say what the ledger's newest entry says; the card is locked."""
    granted = entry.decision == Decision.GRANTED
    if entry.purpose == ConsentPurpose.EMAIL_MARKETING:
        if entry.decision == Decision.REQUESTED:
            # Nothing holds before she has confirmed, and nothing that held is taken away by asking.
            return
        if granted:
            lift_objection(client.email, now=entry.at)
        elif entry.decision == Decision.WITHDRAWN:
            object_at({client.email, client.email_consent_for or ""}, now=entry.at)
        client.email_consent_for = client.email if granted else None
        client.email_consent_at = entry.at
        client.version += 1
        client.updated_at = entry.at
        client.save(update_fields=["email_consent_for", "email_consent_at", "version", "updated_at"])
    elif not granted:
        HealthRecord.objects.filter(client_id=client.pk).delete()
        _forget_kept_health(client.pk)


def _forget_kept_health(client_id: UUID) -> None:
    """Empty what the merges into a card keep of health data for an undo, and those into cards that went into it."""
    survivors = [client_id]
    while survivors:
        merges = list(Merge.objects.filter(survivor_id__in=survivors, undone_at=None))
        for merge in merges:
            if belongings := merge.moved.get("clients", {}).get("belongings"):
                belongings |= {"joined": [], "dropped": []}
                merge.save(update_fields=["moved"])
        survivors = [merge.duplicate_id for merge in merges]


def _check(decision: Decision, wording: str, *, asks: bool) -> None:
    if decision == Decision.UNDONE or (decision == Decision.REQUESTED and not asks):
        raise InvalidInput([FieldError("decision", "invalid_choice", _("Choose one of the values offered."))])
    fault = fault_of(wording)
    if fault and (wording or decision == Decision.GRANTED):
        raise InvalidInput([FieldError("wording", *fault)])
