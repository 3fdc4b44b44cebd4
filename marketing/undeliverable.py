"""Addresses to which nothing can be delivered: no mail to many goes there, whichever card has them (domain.md §9).

Until the card has another address, or somebody in the salon takes the mark back.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from clients.cards import lock_client
from marketing.models import UndeliverableAddress
from salon.audit.recording import Change, record
from salon.errors import DomainError
from salon.identity.roles import Actor, Permission

MARKED, TAKEN_BACK = "client.address_undeliverable", "client.address_deliverable"


class NotMarked(DomainError):
    """Only what is marked can be taken back."""

    code = "not_marked"
    message = _("This address is not marked as undeliverable (any more).")


def undeliverable_addresses() -> QuerySet[UndeliverableAddress, str]:
    """Return the addresses in small letters, as a subquery: no card is named in it, so it is read once for any number
    of cards."""
    return UndeliverableAddress.objects.values_list("address", flat=True)


def mark_of(email: str) -> UndeliverableAddress | None:
    """Return the mark of an address, None where mails may go there."""
    return UndeliverableAddress.objects.filter(address=email.lower()).first() if email else None


def mark(address: str, *, actor: Actor, client_id: UUID, said: str, now: datetime) -> bool:
    """Mark an address from which the mail of a client, whose card is locked, has come back; return whether that is
    news."""
    row = UndeliverableAddress(client_id=client_id, address=address.lower(), said=said, at=now)
    UndeliverableAddress.objects.bulk_create([row], ignore_conflicts=True)
    is_new = UndeliverableAddress.objects.filter(pk=row.pk).exists()
    if is_new:
        _tell(actor, MARKED, client_id, address, said, now)
    return is_new


def take_back(*, actor: Actor, client_id: UUID, now: datetime) -> None:
    """Let mails to many go to a client's address again.

    Raises: NotAllowed, NotFound, MergedAway, NotMarked.
    """
    actor.require(Permission.CLIENTS_WRITE)
    with transaction.atomic():
        client = lock_client(client_id)
        found = mark_of(client.email)
        if found is None:
            raise NotMarked
        found.delete()
        _tell(actor, TAKEN_BACK, client.pk, client.email, "", now)


def _tell(actor: Actor, action: str, client_id: UUID, address: str, said: str, now: datetime) -> None:
    changes = [Change("email", None, address), *([Change("said", None, said)] if said else [])]
    record(actor=actor, action=action, subject_kind="client", subject_id=client_id, changes=changes, now=now)
