"""What clients decide on public pages: that they want news by e-mail, and that they want no more (domain.md §9.3)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from clients.asking import cards_of, is_outdated
from clients.cards import MergedAway, lock_client
from clients.consent import CLIENT, ask_herself, decide, newest_of
from clients.letters import WRITER
from clients.links import Link
from clients.listing import sharing_address
from clients.models import CardState, Client, ConsentEntry, ConsentPurpose, ConsentSource, Decision
from clients.objections import object_at
from salon.errors import NotFound
from salon.mail.outbox import last_mail
from salon.tenancy.models import Salon

_NEWS = ConsentPurpose.EMAIL_MARKETING


class Standing(StrEnum):
    """What becomes of a link: it can be confirmed, was, is too old, asks for what holds no more, or of whom nothing is
    stored."""

    OPEN = "OPEN"
    CONFIRMED = "CONFIRMED"
    EXPIRED = "EXPIRED"
    VOID = "VOID"
    FORGOTTEN = "FORGOTTEN"


@dataclass(frozen=True, slots=True)
class Asked:
    """A link as its page shows it; the words only while they can be agreed to."""

    standing: Standing
    wording: str = ""


def asked(*, salon: Salon, link: Link, now: datetime) -> Asked:
    """Return what can be said of a link; nothing is changed.

    Raises: NotFound.
    """
    entry = _entry(link)
    card = _survivor(entry.client_id)
    return _asked(salon, link, entry, card, newest_of(card.pk, _NEWS) if card else None, now)


def link_standing(*, salon: Salon, client: Client, now: datetime) -> Standing | None:
    """Return what becomes of the link in the last mail that asked a client at the address on her card, None where none
    did."""
    mail = last_mail(cards_of(client), recipient=client.email, writer=WRITER) if client.email else None
    entry = ConsentEntry.objects.filter(pk=mail.about_id).first() if mail else None
    if mail is None or entry is None:
        return None
    link = Link.of(salon.pk, entry.pk, mail.recipient, mail.expires_at)
    return _asked(salon, link, entry, client, newest_of(client.pk, _NEWS), now).standing


def confirm(*, salon: Salon, link: Link, now: datetime) -> Asked:
    """Let the consent hold that a link asks for, and return what is to be said then; a second time changes nothing.

    Raises: NotFound.
    """
    with transaction.atomic():
        entry = _entry(link)
        card = _locked_survivor(entry.client_id)
        standing = newest_of(card.pk, _NEWS) if card else None
        found = _asked(salon, link, entry, card, standing, now)
        if card is None or standing is None or found.standing is not Standing.OPEN:
            return found
        decide(
            CLIENT,
            card,
            standing,
            purpose=_NEWS,
            decision=Decision.GRANTED,
            source=ConsentSource.CONFIRMATION,
            wording=entry.wording,
            number=entry.wording_number,
            now=now,
        )
    return Asked(Standing.CONFIRMED)


def unsubscribe(*, client_id: UUID, address: str, now: datetime) -> set[UUID]:
    """Let a client get no more news, nor whoever has or will have the address that she was written to at; return their
    cards.

    A card that went into another stands for that one; of one that is erased nothing is left to change. Who gets none
    already is not written down again.
    """
    with transaction.atomic():
        while True:
            card = _survivor(client_id)
            wanted = ({card.pk} if card else set()) | sharing_address(address)
            rows = Client.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
            cards = [one for one in rows if one.state == CardState.LISTED]
            # Merged while we waited for the lock: once more, with the one that is left.
            if len(cards) == len(wanted):
                break
        # Behind the locks on the cards, as whoever decides on one of them does it.
        object_at({address}, now=now)
        for one in cards:
            standing = newest_of(one.pk, _NEWS)
            if standing is None or standing.decision != Decision.WITHDRAWN:
                decide(
                    CLIENT,
                    one,
                    standing,
                    purpose=_NEWS,
                    decision=Decision.WITHDRAWN,
                    source=ConsentSource.UNSUBSCRIBE,
                    now=now,
                )
    return {one.pk for one in cards}


class Getting(StrEnum):
    """Whether news can reach a client: yes, no, not before she confirms what she has asked for herself, or never, for
    nothing is stored of her any more."""

    NEWS = "NEWS"
    NONE = "NONE"
    ASKED_ANEW = "ASKED_ANEW"
    FORGOTTEN = "FORGOTTEN"


def getting(client_id: UUID) -> Getting:
    """Return what a client said last about news; nothing is changed."""
    card = _survivor(client_id)
    if card is None:
        return Getting.FORGOTTEN
    standing = newest_of(card.pk, _NEWS)
    if standing and standing.decision == Decision.WITHDRAWN:
        return Getting.NONE
    if standing and (standing.decision, standing.source) == (Decision.REQUESTED, ConsentSource.UNSUBSCRIBE):
        return Getting.ASKED_ANEW
    return Getting.NEWS


def resubscribe(*, client_id: UUID, now: datetime) -> None:
    """Ask a client anew who wants news after all, by a mail to the address on her card; nothing holds before that."""
    with transaction.atomic():
        card = _locked_survivor(client_id)
        if card and card.email:
            ask_herself(card, now=now)


def _asked(
    salon: Salon, link: Link, entry: ConsentEntry, card: Client | None, standing: ConsentEntry | None, now: datetime
) -> Asked:
    if card is None:
        return Asked(Standing.FORGOTTEN)
    if standing is None or not link.is_for(card.email):
        return Asked(Standing.VOID)
    if card.email_consent:
        return Asked(Standing.CONFIRMED)
    # Asked in other words since, these are the ones that count.
    other_words = standing.decision == Decision.REQUESTED and standing.wording != entry.wording
    withdrawn = standing.decision == Decision.WITHDRAWN or _withdrawn_since(entry, card)
    if withdrawn or other_words or is_outdated(entry, salon):
        return Asked(Standing.VOID)
    if link.expires_at <= now:
        return Asked(Standing.EXPIRED)
    return Asked(Standing.OPEN, entry.wording)


def _withdrawn_since(entry: ConsentEntry, card: Client) -> bool:
    ledgers = ConsentEntry.objects.filter(client_id__in={entry.client_id, card.pk}, purpose=_NEWS)
    return ledgers.filter(Q(decision=Decision.WITHDRAWN, at__gt=entry.at)).exists()


def _entry(link: Link) -> ConsentEntry:
    entry = ConsentEntry.objects.filter(pk=link.entry_id, purpose=_NEWS).first()
    if entry is None:
        raise NotFound
    return entry


def _survivor(client_id: UUID) -> Client | None:
    """Return the card in use that stands for a card, None where it is erased or gone."""
    card = Client.objects.filter(pk=client_id).first()
    while card and card.merged_into_id:
        card = Client.objects.filter(pk=card.merged_into_id).first()
    return card if card and card.state == CardState.LISTED else None


def _locked_survivor(client_id: UUID) -> Client | None:
    while True:
        try:
            return lock_client(client_id)
        except MergedAway as gone:
            client_id = gone.survivor_id
        except NotFound:
            return None
