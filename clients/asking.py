"""The mail that asks a client to confirm her consent to news: when it may go to an address (domain.md §9.3).

An address may be a stranger's, mistyped, or shared by several cards: it is asked once a day, and once more where
somebody at the desk wants it. What is asked for meanwhile follows by itself when the day is over.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from django.conf import settings
from django.db.models import Max
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from clients.letters import WRITER, draft
from clients.links import link_to
from clients.listing import sharing_address
from clients.models import (
    CardState,
    Client,
    ConsentEntry,
    ConsentPurpose,
    ConsentSource,
    Decision,
    SearchToken,
    TokenField,
)
from clients.tokens import LONGEST_TOKEN
from clients.wordings import wording_now
from salon.among import Among
from salon.errors import DomainError
from salon.folding import fold
from salon.locks import take_locks
from salon.mail.outbox import drop_unsent, last_mail, last_written, send_client_mail
from salon.tenancy import directory
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon
from salon.work import queue

# How long the link in a mail can be followed, and how long nothing asks again at the same address by itself.
LINK_HOLDS = timedelta(days=30)
BETWEEN_MAILS = timedelta(days=1)
# How long the first mail of a day has had to arrive before somebody at the desk may send another.
ARRIVED_AFTER = timedelta(minutes=10)

TASK = "clients.tasks.ask_to_confirm"


class AskedLately(DomainError):
    """The address was asked too lately for another mail to go there now."""

    code = "asked_lately"
    message = _("A mail with the link has gone to this address already.")


class NoAddress(DomainError):
    """There is no address to ask at."""

    code = "no_address"
    message = _("The card has no e-mail address: enter it first, then send the link.")


def lock_address(client: Client) -> None:
    """Let one card at a time ask at an address that others may have, too."""
    take_locks({f"consent {current_salon_id()} {fold(client.email)}"} if client.email else set())


def asked_until(client: Client, now: datetime, *, by_hand: bool = False) -> datetime | None:
    """Return until when a card's address is not asked again, None where it can be now; `by_hand`: by somebody at the
    desk, who may once within the day.

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
    day_before = last.created_at - BETWEEN_MAILS
    if by_hand and not last_mail(
        cards, recipient=client.email, writer=WRITER, since=day_before, before=last.created_at
    ):
        arrived = last.created_at + ARRIVED_AFTER
        return arrived if arrived > now else None
    return last.created_at + BETWEEN_MAILS


def follows_at(client: Client, now: datetime) -> datetime | None:
    """Return when a mail that is asked for now can go to a card's address, behind all that wait for that; None: now."""
    # What a card that went into another was asked stands in that one's ledger, too.
    same = SearchToken.objects.filter(field=TokenField.EMAIL, token=fold(client.email)[:LONGEST_TOKEN])
    requests = ConsentEntry.objects.filter(
        Among("client_id", same.values("client_id")),
        client__state=CardState.LISTED,
        client__email__iexact=client.email,
        decision=Decision.REQUESTED,
    )
    entry_ids = list(requests.values_list("pk", flat=True))
    if not entry_ids:
        return None
    waits = queue.last_due(task=TASK, subject_ids=entry_ids)
    free_at = max(asked_until(client, now) or now, waits + BETWEEN_MAILS if waits else now)
    return free_at if free_at > now else None


def planned_at(entry: ConsentEntry) -> datetime | None:
    """Return when the mail about a request follows by itself, None where none waits for that."""
    return queue.last_due(task=TASK, subject_ids=[entry.pk])


def plan_mail(entry: ConsentEntry, at: datetime) -> None:
    """Let the mail about a request follow by itself."""
    queue.schedule(task=TASK, subject_id=entry.pk, due_at=at, salon_id=current_salon_id())


def call_off(entry: ConsentEntry) -> None:
    """Let no mail ask by a request any more that has not gone out yet."""
    drop_unsent(entry.pk)
    queue.call_off(task=TASK, subject_id=entry.pk)


def was_asked_here(client: Client) -> bool:
    """Return whether a mail has asked this client at the address of her card; the link in another's confirms nothing
    of hers."""
    return last_mail(cards_of(client), recipient=client.email, writer=WRITER) is not None


def was_asked_elsewhere(client: Client, entry: ConsentEntry) -> bool:
    """Return whether the mail about a request went to another address than the card has."""
    mail = last_written(entry.pk, client_id=client.pk, tells="")
    return mail is not None and fold(mail.recipient) != fold(client.email)


def _of_address(client: Client) -> set[UUID]:
    return {*cards_of(client), *sharing_address(client.email)}


def cards_of(client: Client) -> set[UUID]:
    """Return a card and those that went into it."""
    return {client.pk, *Client.objects.filter(merged_into_id=client.pk).values_list("pk", flat=True)}


def is_outdated(entry: ConsentEntry, salon: Salon) -> bool:
    """Return whether an entry asks for words of the salon that it has changed since."""
    asks = entry.decision == Decision.REQUESTED and entry.wording_number is not None
    return asks and entry.wording_number != wording_now(ConsentPurpose(entry.purpose), salon).number


def send_mail(client: Client, salon: Salon, entry: ConsentEntry, now: datetime) -> None:
    """Let the mail go out that asks by a request, to the address on the card."""
    expires_at = now + LINK_HOLDS
    secret = link_to(salon.pk, entry.pk, client.email, expires_at)
    answers_to = cast(Callable[..., str], import_string(settings.ANSWERS_TO))
    send_client_mail(
        client_id=client.pk,
        about_id=entry.pk,
        tells="",
        recipient=client.email,
        reply_to=answers_to(client.pk, now=now),
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
