"""The number of a client's Treatcard: given, replaced, never taken away (domain.md §7)."""

from datetime import datetime
from itertools import count
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clients.card_numbers import fault_of, tidied
from clients.cards import ConflictingChange, lock_client
from clients.models import Client
from clients.tokens import replace_tokens
from salon.audit.recording import Change, record
from salon.errors import FieldError, InvalidInput, Text, refusing
from salon.identity.roles import Actor, Permission

FIELD = "treatcard_number"
_CONSTRAINT = "clients_client_treatcard_number"
_LENGTH = _("A card number has 3 to 32 characters.")
_FAULTS: dict[str, Text] = {
    "required": _("Enter the number of the card."),
    "invalid": _("A card number has only the letters A to Z, digits, and hyphens between them."),
    "min_length": _LENGTH,
    "max_length": _LENGTH,
}


def set_treatcard(
    *, actor: Actor, client_id: UUID, number: str | None, now: datetime, seen: str | None = None
) -> Client:
    """Give a client a Treatcard with this number, or with a generated one (None); points stay with the client.

    A card lost is replaced the same way. `seen` is the number that stood there when it was read: another one by now
    refuses the change.
    Raises: NotAllowed, NotFound, ConflictingChange, InvalidInput (`treatcard_number_taken`, what `fault_of` says).
    """
    actor.require(Permission.CLIENTS_WRITE)
    with transaction.atomic():
        client = lock_client(client_id)
        before = client.treatcard_number
        # What stands there already was accepted when it was given.
        wanted = None if number is None else before if before and tidied(number) == before else accept_number(number)
        if seen is not None and before not in {tidied(seen), wanted}:
            raise ConflictingChange(client, [FIELD])
        if wanted == before:
            return client
        client.version += 1
        client.updated_at = now
        if wanted is None:
            _generate(client)
        else:
            _store(client, wanted)
        replace_tokens(client)
        record(
            actor=actor,
            action="client.treatcard_changed",
            subject_kind="client",
            subject_id=client.pk,
            changes=[Change(FIELD, before or None, client.treatcard_number)],
            now=now,
        )
    return client


def accept_number(number: str) -> str:
    """Return a number that was typed or scanned in the form it is kept.

    Raises: InvalidInput.
    """
    kept = tidied(number)
    if fault := fault_of(kept):
        raise _refusal(fault, _FAULTS[fault])
    return kept


def _generate(client: Client) -> None:
    """Take the first free of TC-00318, TC-00318-2 and so on: readable, and never the number of the lost card."""
    own = f"TC-{client.number:05}"
    before = client.treatcard_number
    for times in count(1):
        number = own if times == 1 else f"{own}-{times}"
        if number == before:
            continue
        try:
            _store(client, number)
        except InvalidInput:
            continue
        return


def _store(client: Client, number: str) -> None:
    client.treatcard_number = number
    taken = _refusal("treatcard_number_taken", _("Another client has this number."))
    with refusing({_CONSTRAINT: taken}):
        client.save(update_fields=[FIELD, "version", "updated_at"])


def _refusal(code: str, message: Text) -> InvalidInput:
    return InvalidInput([FieldError(FIELD, code, message)])
