"""A letter of marketing as the mail server gets it: who sends it, and how to get no more of them (RFC 8058)."""

from email import policy
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.utils import formataddr
from typing import Any
from uuid import UUID

from django.core.mail import EmailMultiAlternatives

from marketing.models import MarketingRules
from salon.mail.letters import Letter
from salon.mail.sending import sender_address
from salon.tenancy.models import Salon


class _AsItIs(UnstructuredHeader):
    """A header in one line: the email package would break a long address up into encoded words, and nobody follows
    those."""

    def fold(self, *, policy: Any) -> str:
        """Return the header as it goes out."""
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _AsItIs)  # type: ignore[arg-type]


class _Mail(EmailMultiAlternatives):
    """A mail whose address to unsubscribe stays whole."""

    def message(self, *, policy: Any = policy.default) -> EmailMessage:
        """Return the mail as the email package has it."""
        return super().message(policy=policy.clone(header_factory=_HEADERS))


def message_of(
    letter: Letter,
    *,
    to: str,
    salon: Salon,
    rules: MarketingRules,
    mail_id: UUID,
    reply_to: str,
    unsubscribe_url: str | None = None,
) -> EmailMultiAlternatives:
    """Return a mail in the name of a salon, from the address of this installation.

    With an address to unsubscribe it is one of many: mail programs offer their own button, and nobody's holiday note
    answers it.
    """
    address = sender_address()
    # The same for every try, so that a mail that arrives twice can be told.
    headers = {"Message-ID": f"<{mail_id}@{address.rpartition('@')[2]}>", "Auto-Submitted": "auto-generated"}
    if unsubscribe_url:
        headers |= {
            "Precedence": "bulk",
            "List-Unsubscribe": f"<{unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    message = _Mail(
        letter.subject,
        letter.text,
        from_email=formataddr((rules.sender_name or salon.name, address)),
        to=[to],
        reply_to=[reply_to] if reply_to else [],
        headers=headers,
    )
    message.attach_alternative(letter.html, "text/html")
    return message
