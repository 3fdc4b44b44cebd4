"""Mails as clients' programs send them, for the tests of answers."""

from datetime import timedelta
from email.message import EmailMessage
from uuid import UUID

from anymail.inbound import AnymailInboundMessage

from clients.details import ClientDetails
from clients.editing import create_client
from clients.models import Client, CreatedVia
from marketing.incoming import Incoming, incoming_of
from marketing.receiving import receive
from salon.identity.roles import system_actor
from salon.mail.models import ClientMail
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW

DOMAIN = "antworten.example"
LENA = "lena@x.example"


def a_card(salon: Salon, first: str = "Lena", email: str = LENA) -> Client:
    """Make a card in the open salon."""
    details = ClientDetails(first, "Vogel", email=email)
    return create_client(
        actor=system_actor("test"), salon=salon, details=details, created_via=CreatedVia.STAFF, now=NOW
    ).client


def reply_to(client_id: UUID) -> str:
    """Return where the last message to a client asks for its answer."""
    return ClientMail.objects.filter(client_id=client_id).order_by("-id")[0].reply_to


def a_mail(to: str, text: str = "Ja, gern!", *, sender: str = f"Lena Vogel <{LENA}>", **headers: str) -> EmailMessage:
    """Return a mail as a client's program sends it; headers with `_` for `-`."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, "Re: Termin"
    mail["Message-ID"] = headers.pop("Message_ID", "<1@mail.example>")
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def answer(salon: Salon, client: Client, *, minutes: int = 1, text: str = "Ja, gern!", **headers: str) -> None:
    """Let a client's answer to the last message come in, so many minutes after NOW."""
    with salon_scope(salon.pk):
        address = reply_to(client.pk)
    receive(read(a_mail(address, text, **headers)), now=NOW + timedelta(minutes=minutes))


def read(mail: EmailMessage | bytes) -> Incoming:
    """Return what is kept of a mail."""
    raw = mail if isinstance(mail, bytes) else bytes(mail)
    return incoming_of(AnymailInboundMessage.parse_raw_mime_bytes(raw))
