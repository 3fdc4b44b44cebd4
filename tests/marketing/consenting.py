"""Clients who are asked for their consent, and answer."""

from datetime import datetime
from uuid import UUID

from clients.consent import record_consent
from clients.links import Link, read_link
from clients.models import Client, ConsentEntry, ConsentPurpose, ConsentSource, Decision
from salon.identity.roles import Actor
from salon.mail.models import ClientMail

NEWS = ConsentPurpose.EMAIL_MARKETING


def secret_in(mail: ClientMail) -> str:
    """Return the secret of the link that a mail asks with."""
    url: str = mail.facts["url"]
    return url.rstrip("/").rpartition("/")[2]


def link_in(mail: ClientMail) -> Link:
    """Return what the link in a mail names."""
    return read_link(secret_in(mail))


def decide(
    actor: Actor,
    client: Client,
    decision: Decision,
    *,
    now: datetime,
    source: ConsentSource = ConsentSource.SALON,
    wording: str = "",
) -> ConsentEntry:
    """Record a decision about news."""
    return record_consent(
        actor=actor, client_id=client.pk, purpose=NEWS, decision=decision, source=source, wording=wording, now=now
    )


def mails_of(client_id: UUID) -> list[ClientMail]:
    """Return the mails that ask a client, oldest first."""
    return list(ClientMail.objects.filter(client_id=client_id, writer="consent").order_by("id"))
