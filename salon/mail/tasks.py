"""Delivery of stored mail."""

from smtplib import SMTPException
from uuid import UUID

from celery import shared_task
from django.core.mail import EmailMessage
from django.utils import timezone

from salon.mail.models import AccountMail
from salon.work.queue import WorkFailed, claimed


@shared_task
def deliver_account_mail(work_id: str) -> None:
    """Send one mail and forget it; a mail server that refuses or is away means another try later."""
    with claimed(UUID(work_id), now=timezone.now()) as work:
        mail = work and AccountMail.objects.filter(pk=work.subject_id).first()
        if not mail:
            return
        try:
            EmailMessage(mail.subject, mail.body, to=[mail.recipient]).send()
        except (SMTPException, OSError) as error:
            raise WorkFailed(f"{type(error).__name__}: {error}") from error
        mail.delete()
