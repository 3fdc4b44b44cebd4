"""Sending mail: stored with the change that causes it, sent by a worker."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from salon.mail.letters import Draft, Letter, put_into_words
from salon.mail.models import TOLD, AccountMail, ClientMail, MailState
from salon.rows import insert, together
from salon.tenancy.context import current_salon_id
from salon.work import queue
from salon.work.models import DueWork

_DELIVER = "salon.mail.tasks.deliver_client_mail"


def send_account_mail(*, recipient: str, subject: str, body: str, expires_at: datetime, now: datetime) -> None:
    """Store a mail about a login in the open transaction; a worker sends it after the commit, or never if it expires.

    `expires_at` is when the link in it dies.
    """
    mail = AccountMail.objects.create(recipient=recipient, subject=subject, body=body, expires_at=expires_at)
    queue.schedule(task="salon.mail.tasks.deliver_account_mail", subject_id=mail.pk, due_at=now)


def send_client_mail(
    *,
    client_id: UUID,
    about_id: UUID,
    tells: str,
    recipient: str,
    reply_to: str,
    draft: Draft,
    due_at: datetime,
    expires_at: datetime,
    now: datetime,
    answers: str = "",
) -> ClientMail:
    """Store a mail to a client in the open transaction; a worker sends it from `due_at` on, or never if it expires.

    To be called behind a lock on what it is about. `tells` is a fingerprint of what it says of that, for `last_told`;
    `answers` the Message-ID of the mail of hers that it answers.
    """
    mail = ClientMail(
        client_id=client_id,
        about_id=about_id,
        tells=tells,
        recipient=recipient,
        reply_to=reply_to,
        answers=answers,
        writer=draft.writer,
        facts=draft.facts,
        created_at=now,
        expires_at=expires_at,
    )
    work = DueWork(task=_DELIVER, subject_id=mail.pk, due_at=due_at, salon_id=current_salon_id())
    with together():
        insert([mail])
        queue.write([work], wake=due_at <= now)
    return mail


def send_test_mail(
    letter: Letter,
    *,
    recipient: str,
    sender_name: str,
    reply_to: str,
    about_id: UUID,
    shown_client_id: UUID | None,
    expires_at: datetime,
    now: datetime,
) -> ClientMail:
    """Store a mail to whoever wants to see how one about something arrives, in the open transaction; a worker sends it.

    It goes when the client goes whose data it shows.
    """
    mail = ClientMail(
        about_id=about_id,
        shown_client_id=shown_client_id,
        recipient=recipient,
        sender_name=sender_name,
        reply_to=reply_to,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        created_at=now,
        expires_at=expires_at,
    )
    insert([mail])
    queue.schedule(task=_DELIVER, subject_id=mail.pk, due_at=now, salon_id=mail.salon_id)
    return mail


def last_test_mail(about_id: UUID, *, recipient: str, since: datetime) -> ClientMail | None:
    """Return the last test mail about something that somebody has asked for since a moment, None where none was."""
    mails = ClientMail.objects.filter(about_id=about_id, client_id=None, recipient=recipient, created_at__gt=since)
    return mails.order_by("-id").first()


def drop_unsent(about_id: UUID) -> None:
    """Let nothing go out about something that has not gone out yet: it is not so any more."""
    ClientMail.objects.filter(about_id=about_id, state=MailState.WAITING).update(state=MailState.DROPPED)


def is_waiting(about_id: UUID) -> bool:
    """Return whether a mail about something has not gone out yet."""
    return ClientMail.objects.filter(about_id=about_id, state=MailState.WAITING).exists()


def last_told(about_id: UUID, *, client_id: UUID) -> str | None:
    """Return the fingerprint of the last mail to a client about something that went out, None where none did."""
    told = ClientMail.objects.filter(about_id=about_id, client_id=client_id, state__in=TOLD).order_by("-id")
    return told.values_list("tells", flat=True).first()


def last_written(about_id: UUID, *, client_id: UUID, tells: str) -> ClientMail | None:
    """Return the last mail to a client that says this of something, also one that was dropped."""
    mails = ClientMail.objects.filter(about_id=about_id, client_id=client_id, tells=tells)
    return mails.order_by("id").last()


def last_mail(
    client_ids: Collection[UUID],
    *,
    recipient: str,
    writer: str,
    since: datetime | None = None,
    before: datetime | None = None,
) -> ClientMail | None:
    """Return the last mail of a kind to these clients at an address (stored since and before then), unless dropped."""
    rows = ClientMail.objects.filter(client_id__in=client_ids, recipient__iexact=recipient, writer=writer)
    if since is not None:
        rows = rows.filter(created_at__gt=since)
    if before is not None:
        rows = rows.filter(created_at__lt=before)
    return rows.exclude(state=MailState.DROPPED).order_by("created_at", "id").last()


def mails_to(client_ids: Sequence[UUID]) -> list[ClientMail]:
    """Return every mail to these clients, oldest first, in words also where it has not gone out."""
    mails = list(ClientMail.objects.filter(client_id__in=client_ids).order_by("id"))
    for mail in mails:
        put_into_words(mail)
    return mails


def states_of(mail_ids: Collection[UUID]) -> dict[UUID, MailState]:
    """Return how far these mails to clients are."""
    rows = ClientMail.objects.filter(pk__in=list(mail_ids)).values_list("pk", "state")
    return {mail_id: MailState(state) for mail_id, state in rows}


def forget_mails_to(client_ids: Collection[UUID]) -> None:
    """Delete every mail to these clients, sent or not, and every test mail that shows them: their person is erased."""
    ClientMail.objects.filter(client_id__in=client_ids).delete()
    ClientMail.objects.filter(client_id=None, shown_client_id__in=client_ids).delete()
