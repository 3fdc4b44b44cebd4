"""Creating and changing client cards (domain.md §2)."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from itertools import chain, count
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from clients.cards import ConflictingChange, in_use
from clients.classification import Facts, classify
from clients.consent import leave_old_address, record_consent
from clients.details import Accepted, ChangedDetails, ClientDetails, accept, normalised
from clients.holding import tell_what_holds
from clients.listing import sharing_contact
from clients.models import CardState, Client, ConsentPurpose, ConsentSource, CreatedVia, Decision
from clients.models.card import DETAIL_FIELDS
from clients.tokens import add_tokens, replace_tokens
from salon.audit.recording import Change, record
from salon.catalogue.models import StaffMember
from salon.errors import DomainError, FieldError, InvalidInput, VersionConflict, refusing
from salon.folding import fold
from salon.identity.roles import Actor, Permission
from salon.locks import take_locks
from salon.tenancy.models import Salon, new_id


@dataclass(frozen=True, slots=True)
class Saved:
    """A card as it is now, what is odd about it without being refused, and whether anything changed."""

    client: Client
    warnings: list[FieldError]
    changed: bool = True


class Duplicates(Enum):
    """What becomes of a new card whose phone or e-mail stands on another one."""

    REFUSE = "refuse"
    KEEP = "keep"


class PossibleDuplicate(DomainError):
    """Cards with the same phone or e-mail exist: `clients`, oldest first."""

    code = "possible_duplicate"
    message = _("A card with this phone number or e-mail address exists already.")

    def __init__(self, clients: list[Client]) -> None:
        super().__init__()
        self.clients = clients


class AlreadyMade(DomainError):
    """The card with this id was made before: the same form came twice."""

    code = "already_made"
    message = _("This card is saved already.")


def create_client(
    *,
    actor: Actor,
    salon: Salon,
    details: ClientDetails,
    created_via: CreatedVia,
    now: datetime,
    duplicates: Duplicates = Duplicates.KEEP,
    client_id: UUID | None = None,
    news: bool = False,
) -> Saved:
    """Make a card with the salon's next client number, listed today (domain.md §2).

    `client_id` is what a form was given for its card, so that sending it twice makes one. `news`: she said in the salon
    that she would like them by e-mail, and is asked to confirm it.
    Raises: NotAllowed, InvalidInput, PossibleDuplicate, AlreadyMade.
    """
    actor.require(Permission.CLIENTS_WRITE)
    today = salon.date_at(now)
    accepted = accept(details, country=salon.country, today=today)
    if accepted.details.matrix_exempt:
        actor.require(Permission.MATRIX_EXEMPT)
    with transaction.atomic():
        if duplicates is Duplicates.REFUSE:
            _refuse_duplicates(salon.pk, accepted.details, client_id)
        _refuse_referrer(accepted.details, _locked(accepted.details.referred_by))
        _refuse_staff(accepted.details)
        number, with_treatcard = _next_number(salon.pk)
        client = Client(
            id=client_id or new_id(),
            number=number,
            treatcard_number=_free_treatcard_number(number) if with_treatcard else "",
            listed_on=today,
            created_via=created_via,
            created_at=now,
            updated_at=now,
        )
        client.details = accepted.details
        verdict = classify(Facts(today, created_via), today)
        client.status, client.status_reason = verdict.status, verdict.reason
        client.status_changes_on = verdict.changes_on
        with refusing({"clients_client_pkey": AlreadyMade()}):
            client.save(force_insert=True)
        add_tokens(client)
        _record(actor, "client.created", client.pk, ClientDetails(), accepted.details, now)
        if news:
            record_consent(
                actor=actor,
                client_id=client.pk,
                purpose=ConsentPurpose.EMAIL_MARKETING,
                decision=Decision.REQUESTED,
                source=ConsentSource.SALON,
                now=now,
            )
    return Saved(client, accepted.warnings)


def lock_contacts(salon_id: UUID, *, email: str, phones: Iterable[str]) -> None:
    """Wait for whoever makes a card with this e-mail or one of these phones (E.164) at the same moment.

    The second then sees the first one's card.
    """
    contacts = {contact for contact in (fold(email), *phones) if contact}
    take_locks(f"client {salon_id} {contact}" for contact in contacts)


def _refuse_duplicates(salon_id: UUID, details: ClientDetails, client_id: UUID | None) -> None:
    lock_contacts(salon_id, email=details.email, phones=(details.mobile, details.landline))
    if client_id and Client.objects.filter(pk=client_id).exists():
        raise AlreadyMade
    if twins := sharing_contact(details):
        raise PossibleDuplicate(twins)


def update_client(
    *,
    actor: Actor,
    salon: Salon,
    client_id: UUID,
    changes: ChangedDetails,
    now: datetime,
    version: int | None = None,
    seen: ChangedDetails | None = None,
) -> Saved:
    """Change some fields of a card; a consent to news holds for its address, so at a new one it waits.

    `version` refuses the change if anything of the card has changed since; `seen` (the same fields as they stood
    when they were read) only if somebody else changed one of these fields to something else.
    Raises: NotAllowed, NotFound, VersionConflict, ConflictingChange, InvalidInput.
    """
    actor.require(Permission.CLIENTS_WRITE)
    today = salon.date_at(now)
    with transaction.atomic():
        cards = _locked(str(client_id), changes.get("referred_by", ""))
        client = in_use(cards.get(client_id))
        if version is not None and version != client.version:
            raise VersionConflict
        before, agreed = client.details, client.email_consent
        accepted: Accepted = accept(before.with_changes(**changes), country=salon.country, today=today, before=before)
        warnings = list(accepted.warnings)
        read = normalised(before.with_changes(**seen or {}), country=salon.country, today=today)
        conflicts = [
            name
            for name in seen or {}
            if getattr(before, name) not in {getattr(read, name), getattr(accepted.details, name)}
        ]
        if conflicts:
            raise ConflictingChange(client, conflicts)
        if accepted.details.matrix_exempt != before.matrix_exempt:
            actor.require(Permission.MATRIX_EXEMPT)
        if accepted.details.referred_by != before.referred_by:
            cards.pop(client.pk)
            _refuse_referrer(accepted.details, cards)
        if accepted.details.preferred_staff != before.preferred_staff:
            _refuse_staff(accepted.details)
        if accepted.details != before:
            client.details = accepted.details
            client.version += 1
            client.updated_at = now
            client.save(update_fields=[*DETAIL_FIELDS, "version", "updated_at"])
            replace_tokens(client)
            _record(actor, "client.updated", client.pk, before, accepted.details, now)
            if accepted.details.email != before.email:
                tell_what_holds(actor=actor, held=[(client.pk, agreed, client.email_consent)], now=now)
                warnings += _leave_old_address(client)
    return Saved(client, warnings, changed=accepted.details != before)


def _locked(*texts: str) -> dict[UUID, Client]:
    """Lock the cards with these ids, in key order; what is no id is nobody's."""
    ids = []
    for text in texts:
        with suppress(ValueError):
            ids.append(UUID(text.strip()))
    rows = Client.objects.select_for_update(no_key=True).filter(pk__in=ids)
    return {card.pk: card for card in rows.order_by("pk")} if ids else {}


def _leave_old_address(client: Client) -> list[FieldError]:
    """Return what whoever changed the address is told of news that were agreed to at another one."""
    if not leave_old_address(client):
        return []
    told = _("She agreed to news at another address, or was asked there. At this one she gets none until she confirms.")
    return [FieldError("email", "consent_elsewhere", told)]


def _refuse_referrer(details: ClientDetails, locked: Mapping[UUID, Client]) -> None:
    """Refuse a referrer whose card is not among those locked and in use: a merge or an erasure would miss the new one.

    Raises: InvalidInput.
    """
    if not details.referred_by:
        return
    referrer = locked.get(UUID(details.referred_by))
    if referrer is None or referrer.state != CardState.LISTED:
        raise InvalidInput([FieldError("referred_by", "not_found", _("There is no such client."))])


def _refuse_staff(details: ClientDetails) -> None:
    """Refuse a preferred staff member who does not work here.

    Raises: InvalidInput.
    """
    wanted = details.preferred_staff
    if wanted and not StaffMember.objects.working().filter(pk=wanted).exists():
        raise InvalidInput([FieldError("preferred_staff", "not_found", _("There is no such staff member."))])


def _record(
    actor: Actor, action: str, client_id: UUID, before: ClientDetails, after: ClientDetails, now: datetime
) -> None:
    changes = [
        Change(field.name, getattr(before, field.name) or None, getattr(after, field.name) or None)
        for field in fields(ClientDetails)
        if getattr(before, field.name) != getattr(after, field.name)
    ]
    record(actor=actor, action=action, subject_kind="client", subject_id=client_id, changes=changes, now=now)


def _free_treatcard_number(number: int) -> str:
    """Return the first free Treatcard number of TC-00318, TC-00318-2 and so on."""
    own = f"TC-{number:05}"
    taken = set(Client.objects.filter(treatcard_number__startswith=own).values_list("treatcard_number", flat=True))
    candidates = chain([own], (f"{own}-{times}" for times in count(2)))
    return next(one for one in candidates if one not in taken)


def _next_number(salon_id: UUID) -> tuple[int, bool]:
    """Return the salon's next client number, and whether the card gets a Treatcard by itself."""
    # One statement that locks the counter's row until the commit: numbers ascend without gaps or twins.
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clients_clientnumbers (salon_id, last_number) VALUES (%(salon)s, 1) ON CONFLICT (salon_id) "
            "DO UPDATE SET last_number = clients_clientnumbers.last_number + 1 RETURNING last_number, "
            "(SELECT treatcard_by_itself FROM clients_clientrules WHERE salon_id = %(salon)s)",
            {"salon": salon_id},
        )
        number, with_treatcard = cursor.fetchone()
        return int(number), bool(with_treatcard)
