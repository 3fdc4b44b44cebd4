"""Delivery of stored mail."""

from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused
from uuid import UUID

import structlog
from celery import shared_task
from django.core.mail import EmailMessage
from django.utils import timezone

from salon.mail import sending
from salon.mail.models import AccountMail
from salon.mail.telling import FAILED, SENT, tell
from salon.tenancy import directory
from salon.tenancy.context import salon_scope
from salon.work.models import DueWork
from salon.work.queue import TIME_TO_FINISH, TIME_TO_LIVE, WorkFailed, claimed, finish

log = structlog.get_logger()


@shared_task(soft_time_limit=TIME_TO_FINISH, time_limit=TIME_TO_LIVE)
def deliver_account_mail(work_id: str) -> None:
    """Send one mail and forget it; a mail server that is away or busy means another try later.

    A mail whose link is dead, or that the mail server refuses for good, is forgotten unsent.
    """
    now = timezone.now()
    with claimed(UUID(work_id), now=now) as work:
        mail = work and AccountMail.objects.filter(pk=work.subject_id).first()
        if not mail:
            return
        if mail.expires_at <= now:
            log.warning("account_mail_dropped", mail=str(mail.pk), reason="expired")
        else:
            try:
                EmailMessage(mail.subject, mail.body, to=[mail.recipient]).send()
            except (SMTPException, OSError) as error:
                if not _for_good(error):
                    raise WorkFailed from error
                log.warning("account_mail_dropped", mail=str(mail.pk), reason=type(error).__name__)
        mail.delete()


@shared_task(soft_time_limit=TIME_TO_FINISH, time_limit=TIME_TO_LIVE)
def deliver_client_mail(work_id: str) -> None:
    """Send one mail of a salon to a client; a mail server that is away or busy means another try later.

    No transaction is open while the mail server is spoken to. Between its answer and the end of the work lies the one
    moment in which a worker that dies leaves a mail that is sent again.
    """
    with claimed(UUID(work_id), now=timezone.now()) as work:
        if work is not None and work.salon_id is not None:
            _deliver(work, work.salon_id)


def _deliver(work: DueWork, salon_id: UUID) -> None:
    with salon_scope(salon_id):
        mail = sending.begin(work.subject_id, now=timezone.now())
    if mail is None:
        return
    try:
        sending.message_of(mail, directory.get_salon(salon_id)).send()
    except (SMTPException, OSError) as error:
        name = type(error).__name__
        with salon_scope(salon_id):
            if not _for_good(error):
                sending.failed(mail, name)
            else:
                sending.refused(mail, name)
                tell(mail, FAILED, now=timezone.now())
                finish(work)
                log.warning("client_mail_refused", mail=str(mail.pk), reason=name)
                return
        raise WorkFailed from error
    with salon_scope(salon_id):
        now = timezone.now()
        sending.sent(mail, now=now)
        tell(mail, SENT, now=now)
        finish(work)


def _for_good(error: Exception) -> bool:
    """Return whether the mail server will never take this mail; what the operator can repair is not that.

    (A wrong password, an unknown sender: those mails wait until they expire.)
    """
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _reason in error.recipients.values())
    return isinstance(error, SMTPDataError) and error.smtp_code >= 500
