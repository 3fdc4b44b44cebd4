"""Sending mail: stored with the change that causes it, sent by a worker."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from salon.mail.models import TOLD, AccountMail, ClientMail, MailState
from salon.tenancy.context import current_salon_id
from salon.work import queue

_DELIVER = "salon.mail.tasks.deliver_client_mail"


def send_account_mail(*, recipient: str, subject: str, body: str, expires_at: datetime, now: datetime) -> None:
    """Store a mail about a login in the open transaction; a worker sends it after the commit, or never if it expires.

    `expires_at` is when the link in it dies.
    """
    mail = AccountMail.objects.create(recipient=recipient, subject=subject, body=body, expires_at=expires_at)
    queue.schedule(task="salon.mail.tasks.deliver_account_mail", subject_id=mail.pk, due_at=now)


@dataclass(frozen=True, slots=True)
class Letter:
    """What a client is written: in plain text, in HTML, and as an entry for her calendar, where there is one."""

    subject: str
    text: str
    html: str = ""
    calendar: str = ""
    calendar_method: str = ""


def send_client_mail(
    *,
    client_id: UUID,
    about_id: UUID,
    tells: str,
    recipient: str,
    reply_to: str,
    letter: Letter,
    due_at: datetime,
    expires_at: datetime,
    now: datetime,
) -> ClientMail:
    """Store a mail to a client in the open transaction; a worker sends it from `due_at` on, or never if it expires.

    To be called behind a lock on what it is about. `tells` is a fingerprint of what it says of that, for `last_told`.
    """
    mail = ClientMail.objects.create(
        client_id=client_id,
        about_id=about_id,
        tells=tells,
        recipient=recipient,
        reply_to=reply_to,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        calendar=letter.calendar,
        calendar_method=letter.calendar_method,
        created_at=now,
        expires_at=expires_at,
    )
    put = queue.plan if due_at > now else queue.schedule
    put(task=_DELIVER, subject_id=mail.pk, due_at=due_at, salon_id=current_salon_id())
    return mail


def drop_unsent(about_id: UUID) -> None:
    """Let nothing go out about something that has not gone out yet: it is not so any more."""
    ClientMail.objects.filter(about_id=about_id, state=MailState.WAITING).update(state=MailState.DROPPED)


def last_told(about_id: UUID, *, client_id: UUID) -> str | None:
    """Return the fingerprint of the last mail to a client about something that went out, None where none did."""
    told = ClientMail.objects.filter(about_id=about_id, client_id=client_id, state__in=TOLD).order_by("-id")
    return told.values_list("tells", flat=True).first()


def mails_to(client_ids: Sequence[UUID]) -> list[ClientMail]:
    """Return every mail to these clients, oldest first."""
    return list(ClientMail.objects.filter(client_id__in=client_ids).order_by("id"))


def forget_mails_to(client_ids: Collection[UUID]) -> None:
    """Delete every mail to these clients, sent or not: their person is erased."""
    ClientMail.objects.filter(client_id__in=client_ids).delete()
