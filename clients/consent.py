"""The ledger of what clients have agreed to (domain.md §9.3, §2)."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clients.cards import lock_client
from clients.models import Client, ConsentEntry, ConsentPurpose, ConsentSource, Decision, HealthRecord, Merge
from salon.audit.recording import Change, record
from salon.errors import FieldError, InvalidInput
from salon.identity.roles import Actor, Permission

LONGEST_WORDING = 2000


def ledger_of(client_id: UUID) -> list[ConsentEntry]:
    """Return every decision of a client, newest first."""
    return list(ConsentEntry.objects.filter(client_id=client_id).order_by("-at", "-id"))


def holds(client_id: UUID, purpose: ConsentPurpose) -> bool:
    """Return whether the client's newest decision on that purpose is a consent."""
    newest = _newest(client_id, purpose)
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

    A consent names the words that were agreed to. Withdrawing the one to health data deletes them, also those that a
    merge has kept to be undone.
    Raises: NotAllowed, NotFound, InvalidInput.
    """
    actor.require(Permission.CLIENTS_WRITE)
    wording = " ".join(wording.split())
    _check(decision, wording)
    with transaction.atomic():
        client = lock_client(client_id)
        standing = _newest(client.pk, purpose)
        if standing and (standing.decision, standing.wording) == (decision, wording):
            return standing
        entry = ConsentEntry.objects.create(
            client_id=client.pk,
            purpose=purpose,
            decision=decision,
            source=source,
            wording=wording,
            # Who waited for another's lock looked at the clock before: what is written last holds.
            at=max(now, standing.at + timedelta(microseconds=1)) if standing else now,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
        )
        take_effect(client, entry)
        action = "client.consent_granted" if decision == Decision.GRANTED else "client.consent_withdrawn"
        changes = [
            Change("consent", standing.decision if standing else None, decision),
            Change("purpose", None, purpose),
        ]
        record(actor=actor, action=action, subject_kind="client", subject_id=client.pk, changes=changes, now=now)
    return entry


def take_effect(client: Client, entry: ConsentEntry) -> None:
    """Make the card say what the ledger's newest entry says; the card is locked."""
    granted = entry.decision == Decision.GRANTED
    if entry.purpose == ConsentPurpose.EMAIL_MARKETING:
        client.email_consent = granted
        client.email_consent_at = entry.at
        client.version += 1
        client.updated_at = entry.at
        client.save(update_fields=["email_consent", "email_consent_at", "version", "updated_at"])
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


def _newest(client_id: UUID, purpose: ConsentPurpose) -> ConsentEntry | None:
    return ConsentEntry.objects.filter(client_id=client_id, purpose=purpose).order_by("-at", "-id").first()


def _check(decision: Decision, wording: str) -> None:
    if decision == Decision.GRANTED and not wording:
        raise InvalidInput([FieldError("wording", "required", _("Write down what the client agreed to."))])
    if len(wording) > LONGEST_WORDING:
        message = _("At most %(longest)d characters fit here.") % {"longest": LONGEST_WORDING}
        raise InvalidInput([FieldError("wording", "max_length", message)])
    if "\x00" in wording:
        raise InvalidInput([FieldError("wording", "invalid", _("This contains a character that cannot be stored."))])
