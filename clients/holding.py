"""What becomes of a consent to news with the address it holds for (domain.md §9.3)."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from salon.audit.recording import record_many
from salon.identity.roles import Actor


def tell_what_holds(*, actor: Actor, held: Iterable[tuple[UUID, bool, bool]], now: datetime) -> None:
    """Record of cards whether a consent held before and holds now that it ended with its address, or holds again at it.

    The ledger says what was decided, and nobody has decided anything.
    """
    turned = {card_id: after for card_id, before, after in held if before != after}
    for action, holds in (("client.consent_lapsed", False), ("client.consent_holds_again", True)):
        cards = {card_id: () for card_id, after in turned.items() if after == holds}
        record_many(actor=actor, action=action, subject_kind="client", changes=cards, now=now)
