"""Sending mail: stored with the change that causes it, sent by a worker."""

from datetime import datetime

from salon.mail.models import AccountMail
from salon.work import queue


def send_account_mail(*, recipient: str, subject: str, body: str, expires_at: datetime, now: datetime) -> None:
    """Store a mail about a login in the open transaction; a worker sends it after the commit, or never if it expires.

    `expires_at` is when the link in it dies.
    """
    mail = AccountMail.objects.create(recipient=recipient, subject=subject, body=body, expires_at=expires_at)
    queue.schedule(task="salon.mail.tasks.deliver_account_mail", subject_id=mail.pk, due_at=now)
