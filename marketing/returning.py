"""A mail that came back: which one it was, and what that says of the address it went to (domain.md §9)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from clients.models import Client
from marketing.answered import named_in
from marketing.bounces import Bounce
from marketing.models import Recipient, RecipientReason, RecipientState
from marketing.undeliverable import mark
from salon.audit.recording import Change, record
from salon.identity.roles import system_actor
from salon.mail.models import ClientMail, MailState
from salon.mail.telling import FAILED, SUBJECT, tell

# No mail server tries longer than that.
_WITHIN = timedelta(days=10)
# What the mail server has been given.
_GIVEN = (RecipientState.SENDING, RecipientState.SENT, RecipientState.FAILED)

type Mail = Recipient | ClientMail


def take_back_mail(client: Client, bounce: Bounce, *, client_ids: Collection[UUID], now: datetime) -> None:
    """Keep that a mail to a client, whose card is locked, was not delivered: at the mail, and where that is so for good
    at the address. Brought again it changes nothing.

    `client_ids` are the cards that the mail may have been written to: hers, and one that went into it.
    """
    mail = _mail(bounce, client_ids, now)
    if mail is not None and _is_back(mail):
        return
    if isinstance(mail, Recipient):
        _keep_at_recipient(mail, bounce, now)
    elif mail is not None:
        _keep_at_message(mail, bounce, now)
    address = _address(mail, bounce, client)
    if address and bounce.is_permanent:
        mark(address, actor=system_actor(""), client_id=client.pk, said=bounce.said, now=now)


def _mail(bounce: Bounce, client_ids: Collection[UUID], now: datetime) -> Mail | None:
    """Return the mail that is named, else the last one that went to the address."""
    to_many = Recipient.objects.filter(client__in=client_ids, state__in=_GIVEN)
    to_her = ClientMail.objects.filter(client_id__in=client_ids)
    if named := named_in(bounce.message_id):
        return to_many.filter(pk=named).first() or to_her.filter(pk=named).first()
    if not bounce.address:
        return None
    # Also one that is known to have come back: told again, it is not the one before that.
    gone, back = Q(sent_at__lte=now), Q(reason=RecipientReason.UNDELIVERABLE)
    many = _latest(to_many.filter(gone | back, address__iexact=bounce.address), now)
    hers = _latest(to_her.filter(gone | Q(state=MailState.REFUSED), recipient__iexact=bounce.address), now)
    found = [one for one in (many, hers) if one is not None]
    return max(found, key=lambda one: one.sent_at or one.created_at, default=None)


def _latest[T: Mail](mails: QuerySet[T], now: datetime) -> T | None:
    mails = mails.annotate(left_at=Coalesce("sent_at", "created_at"))
    return mails.filter(left_at__gt=now - _WITHIN).order_by("-left_at", "-pk").first()


def _is_back(mail: Mail) -> bool:
    if isinstance(mail, Recipient):
        return mail.reason == RecipientReason.UNDELIVERABLE
    return mail.state == MailState.REFUSED


def _keep_at_recipient(mail: Recipient, bounce: Bounce, now: datetime) -> None:
    given = Recipient.objects.filter(pk=mail.pk, state__in=_GIVEN)
    if given.update(
        state=RecipientState.FAILED, reason=RecipientReason.UNDELIVERABLE, error=bounce.status, sent_at=None
    ):
        record(
            actor=system_actor(""),
            action=FAILED,
            subject_kind=SUBJECT,
            subject_id=mail.pk,
            changes=[Change("recipient", None, mail.address)],
            now=now,
            client_id=mail.client_id,
        )


def _keep_at_message(mail: ClientMail, bounce: Bounce, now: datetime) -> None:
    sent = ClientMail.objects.filter(pk=mail.pk, state=MailState.SENT)
    if sent.update(state=MailState.REFUSED, sent_at=None, error=bounce.status):
        tell(mail, FAILED, now=now)


def _address(mail: Mail | None, bounce: Bounce, client: Client) -> str:
    """Return the address that failed: the one that the mail went to, or hers; what anybody else's is, nobody knows."""
    if isinstance(mail, Recipient):
        return mail.address
    if mail is not None:
        return mail.recipient
    return client.email if client.email and client.email.lower() == bounce.address.lower() else ""
