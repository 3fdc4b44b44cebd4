"""A stored mail as the mail server gets it, and how far it is on its way."""

from datetime import datetime
from email.headerregistry import HeaderRegistry, MessageIDHeader
from email.message import MIMEPart
from email.utils import formataddr, parseaddr
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from salon.mail.letters import WORDS, put_into_words
from salon.mail.models import ClientMail, MailState
from salon.mail.telling import EXPIRED, tell
from salon.tenancy.models import Salon

_THREADING = ("In-Reply-To", "References")
# The types of the standard library know this class as none of a header.
_IDENTIFIER: Any = MessageIDHeader
_HEADERS = HeaderRegistry(default_class=_IDENTIFIER)


def sender_address() -> str:
    """Return the address that this installation sends from."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def message_of(mail: ClientMail, salon: Salon) -> EmailMultiAlternatives:
    """Return a mail to a client: in the salon's name, from the address of this installation."""
    address = sender_address()
    # The same for every try, so that a mail that arrives twice can be told.
    headers = {"Message-ID": f"<{mail.pk}@{address.rpartition('@')[2]}>"}
    if mail.writer not in settings.LETTERS_OF_PEOPLE:
        headers["Auto-Submitted"] = "auto-generated"
    if mail.answers:
        # As an identifier: what is long in any other header is encoded, and no program knows it again.
        headers |= {name: _HEADERS(name, mail.answers) for name in _THREADING}
    message = EmailMultiAlternatives(
        mail.subject,
        mail.text,
        from_email=formataddr((mail.sender_name or salon.name, address)),
        to=[mail.recipient],
        reply_to=[mail.reply_to] if mail.reply_to else [],
        headers=headers,
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    if mail.calendar:
        message.attach(_calendar_part(mail))
    return message


def _calendar_part(mail: ClientMail) -> MIMEPart:
    part = MIMEPart()
    part.set_content(mail.calendar, subtype="calendar", params={"method": mail.calendar_method})
    part.add_header("Content-Disposition", "attachment", filename="termin.ics")
    return part


def begin(mail_id: UUID, *, now: datetime) -> ClientMail | None:
    """Mark a mail as going out and return it, in words; None where it is not to go out (any more).

    From then on whatever is written about the same thing takes it for told. A mail whose sender died goes out again,
    unless something newer has been written by then. What has waited until it was of no more use is told as such; of a
    mail whose sender died nobody knows whether it went out.
    """
    mail = ClientMail.objects.select_for_update(no_key=True).filter(pk=mail_id).first()
    if mail is None or mail.state not in {MailState.WAITING, MailState.SENDING}:
        return None
    waited = mail.state == MailState.WAITING
    if mail.expires_at <= now or (not waited and _has_newer(mail)):
        _end(mail, MailState.DROPPED)
        if waited:
            put_into_words(mail)
            tell(mail, EXPIRED, now=now)
        return None
    put_into_words(mail)
    _end(mail, MailState.SENDING, *WORDS)
    return mail


def sent(mail: ClientMail, *, now: datetime) -> None:
    """Keep that a mail went out."""
    mail.sent_at, mail.error = now, ""
    _end(mail, MailState.SENT)


def refused(mail: ClientMail, error: str) -> None:
    """Keep that the mail server will never take a mail."""
    mail.error = error[:120]
    _end(mail, MailState.REFUSED)


def failed(mail: ClientMail, error: str) -> None:
    """Let a mail wait for its next try, unless something newer has been written."""
    mail.error = error[:120]
    _end(mail, MailState.DROPPED if _has_newer(mail) else MailState.WAITING)


def _has_newer(mail: ClientMail) -> bool:
    newer = ClientMail.objects.filter(about_id=mail.about_id, client_id=mail.client_id, pk__gt=mail.pk)
    if mail.client_id is None:
        # A test mail is of whoever asked for it; a client hears only the newest, at whatever address she has by then.
        newer = newer.filter(recipient=mail.recipient)
    return newer.exists()


def _end(mail: ClientMail, state: MailState, *more: str) -> None:
    mail.state = state
    mail.save(update_fields=["state", "error", "sent_at", *more])
