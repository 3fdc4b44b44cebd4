"""What became of mails, on record: it stands in the history of whoever they went to (domain.md §2)."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from salon.audit.recording import Change, record
from salon.identity.roles import system_actor
from salon.mail.models import ClientMail

SUBJECT = "mail"
SENT, FAILED, EXPIRED = "mail.sent", "mail.failed", "mail.expired"


def tell(mail: ClientMail, action: str, *, now: datetime) -> None:
    """Record in the open transaction that a mail went out, or that it never will; nobody in person did it.

    A test mail concerns no client: it stands among the outgoing mails, and nowhere else.
    """
    if mail.client_id is None:
        return
    record(
        actor=system_actor(""),
        action=action,
        subject_kind=SUBJECT,
        subject_id=mail.pk,
        changes=[Change("subject", None, mail.subject), Change("recipient", None, mail.recipient)],
        now=now,
        client_id=mail.client_id,
    )


def sent_as(writer: str) -> Q:
    """Return a condition on entries of the audit: that they tell of a mail of this writer that it went out."""
    return Q(Exists(ClientMail.objects.filter(pk=OuterRef("subject_id"), writer=writer)), action=SENT)
