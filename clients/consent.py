"""The ledger of what clients have agreed to (domain.md §9.3, §2).

News by e-mail is agreed to twice: who says so in the salon or on a booking site is asked by a mail, and the consent
holds once the link in it was followed (clients/confirming.py). What an import brings holds as it was.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from clients.cards import lock_client
from clients.letters import WRITER, draft
from clients.links import link_to
from clients.listing import sharing_address
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
from salon.errors import DomainError, FieldError, InvalidInput, NotFound
from salon.folding import fold
from salon.identity.roles import Actor, ActorKind, Permission
from salon.locks import take_locks
from salon.mail.outbox import drop_unsent, last_mail, last_written, send_client_mail
from salon.tenancy import directory
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon

# How long the link in a mail can be followed, and how long nobody is asked again at the same address.
LINK_HOLDS = timedelta(days=30)
BETWEEN_MAILS = timedelta(days=1)

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


class AskedLately(DomainError):
    """A mail that asks went to the address less than a day ago."""

    code = "asked_lately"
    message = _("A mail with the link went to this address less than a day ago.")


class NoAddress(DomainError):
    """There is no address to ask at."""

    code = "no_address"
    message = _("The card has no e-mail address: enter it first, then send the link.")


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
    Asked again, a consent that holds stays as it is, and no address gets two such mails within a day. Withdrawing the
    one to health data deletes them, also those that a merge has kept to be undone.
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
    """Send the mail that asks once more; who has confirmed or withdrawn meanwhile is not asked.

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
        if asked_until(client, now):
            raise AskedLately
        source = ConsentSource.ADDRESS if _was_elsewhere(client, standing) else ConsentSource(standing.source)
        return _ask(actor, client, standing, source, _own_words(standing), now)


def _was_elsewhere(client: Client, standing: ConsentEntry) -> bool:
    """Return whether what holds of a client who has not confirmed at her address was said or asked at another."""
    if standing.decision == Decision.GRANTED:
        return True
    mail = last_written(standing.pk, client_id=client.pk, tells="")
    return mail is not None and fold(mail.recipient) != fold(client.email)


def asked_until(client: Client, now: datetime) -> datetime | None:
    """Return until when a card's address is not asked again, None where it can be now.

    A mail does not count of before she has unsubscribed herself, nor one that asks for words that the salon has changed
    since: its link confirms nothing any more.
    """
    cards = _of_address(client)
    ledgers = ConsentEntry.objects.filter(client_id__in=cards, purpose=ConsentPurpose.EMAIL_MARKETING)
    by_herself = ledgers.filter(decision=Decision.WITHDRAWN, source=ConsentSource.UNSUBSCRIBE)
    unsubscribed = by_herself.aggregate(at=Max("at"))["at"]
    last = last_mail(cards, recipient=client.email, writer=WRITER, since=unsubscribed)
    if last is None or last.created_at + BETWEEN_MAILS <= now:
        return None
    entry = ConsentEntry.objects.filter(pk=last.about_id).first()
    if entry and is_outdated(entry, directory.get_salon(current_salon_id())):
        return None
    return last.created_at + BETWEEN_MAILS


def was_asked_here(client: Client) -> bool:
    """Return whether a mail has asked at the address of a card, this one or another with the same address."""
    return last_mail(_of_address(client), recipient=client.email, writer=WRITER) is not None


def _of_address(client: Client) -> set[UUID]:
    return {*cards_of(client), *sharing_address(client.email)}


def cards_of(client: Client) -> set[UUID]:
    """Return a card and those that went into it."""
    return {client.pk, *Client.objects.filter(merged_into_id=client.pk).values_list("pk", flat=True)}


def is_outdated(entry: ConsentEntry, salon: Salon) -> bool:
    """Return whether an entry asks for words of the salon that it has changed since."""
    asks = entry.decision == Decision.REQUESTED and entry.wording_number is not None
    return asks and entry.wording_number != wording_now(ConsentPurpose(entry.purpose), salon).number


def leave_old_address(client: Client) -> bool:
    """Let nothing ask any more at the address that a locked card had; return whether a client who wants news has to
    confirm at the one that it has been given.

    Nothing is written there by itself: a mistyped address is a stranger's.
    """
    standing = newest_of(client.pk, ConsentPurpose.EMAIL_MARKETING)
    if standing is None or standing.decision not in _WANTED or client.email_consent:
        return False
    drop_unsent(standing.pk)
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
    actor: Actor, client: Client, standing: ConsentEntry | None, source: ConsentSource, wording: str, now: datetime
) -> ConsentEntry:
    """Note that a client is to be asked, and let the mail that asks go out; the card is locked."""
    if standing and client.email_consent:
        return standing
    # Other cards may have the same address: one of them at a time asks it.
    take_locks({f"consent {current_salon_id()} {fold(client.email)}"} if client.email else set())
    mailed = not client.email or asked_until(client, now) is not None
    if standing and standing.decision == Decision.REQUESTED and mailed:
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
    if not mailed:
        _send(client, salon, entry, now)
    return entry


def _send(client: Client, salon: Salon, entry: ConsentEntry, now: datetime) -> None:
    expires_at = now + LINK_HOLDS
    secret = link_to(salon.pk, entry.pk, client.email, expires_at)
    send_client_mail(
        client_id=client.pk,
        about_id=entry.pk,
        tells="",
        recipient=client.email,
        reply_to="",
        draft=draft(
            salon=salon,
            wording=entry.wording,
            secret=secret,
            address_changed=entry.source == ConsentSource.ADDRESS,
        ),
        due_at=now,
        expires_at=expires_at,
        now=now,
    )


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
        drop_unsent(standing.pk)
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
