"""The way out of every mail of marketing: its address, and what becomes of whoever follows it (domain.md §9.3)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clients.confirming import resubscribe, unsubscribe
from clients.consent import record_consent
from clients.models import Client, ConsentPurpose, ConsentSource, Decision
from marketing.eligibility import INCLUDED, standings
from marketing.models import Basis, Direction, Message, Recipient
from salon.errors import NotFound
from salon.identity.roles import Actor

# Whom the way out of a mail names that is only shown.
NOBODY = UUID(int=0)
_SIGNER = signing.Signer(salt="marketing.unsubscribe")
_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Way:
    """What the secret of an address names: a salon, a client's card, and the mail that she got."""

    salon_id: UUID
    client_id: UUID
    recipient_id: UUID

    @property
    def is_shown_only(self) -> bool:
        """Whether it is that of a mail which the team looks at: it takes nobody off."""
        return self.client_id == NOBODY


def unsubscribe_url(recipient_id: UUID, client_id: UUID, salon_id: UUID) -> str:
    """Return the address under which whoever got a mail gets no more; it holds for good."""
    packed = b"".join(one.bytes for one in (salon_id, client_id, recipient_id))
    secret = _SIGNER.sign(urlsafe_b64encode(packed).decode())
    return f"{settings.BASE_URL.rstrip('/')}{reverse('unsubscribe', args=[secret])}"


def read_way(secret: str) -> Way:
    """Return what an address of `unsubscribe_url` names.

    Raises: NotFound when it is not ours.
    """
    try:
        packed = urlsafe_b64decode(_SIGNER.unsign(secret))
    except (signing.BadSignature, Error) as error:
        raise NotFound from error
    return Way(*(UUID(bytes=packed[at : at + _LENGTH]) for at in range(0, 3 * _LENGTH, _LENGTH)))


def masked_address(way: Way) -> str:
    """Return the address that a mail went to, for its own reader to know it again; nothing where it is forgotten."""
    name, _at, domain = _address(way).rpartition("@")
    return f"{name[:1]}•••@{domain}" if name else ""


def take_off(way: Way, *, now: datetime) -> None:
    """Let whoever got a mail get no more, and keep that it was by this mail; a second time changes nothing."""
    with transaction.atomic():
        unsubscribe(client_id=way.client_id, address=_address(way), now=now)
        Recipient.objects.filter(pk=way.recipient_id, unsubscribed_at=None).update(unsubscribed_at=now)


def put_back(way: Way, *, now: datetime) -> None:
    """Ask anew whoever took herself off and wants news after all."""
    resubscribe(client_id=way.client_id, now=now)


def gets_news(client_id: UUID, *, now: datetime) -> bool:
    """Return whether a client would be written to, be it only as an existing customer."""
    return standings([client_id], basis=Basis.EXISTING_CUSTOMER, now=now).get(client_id) in INCLUDED


def take_off_by_answer(*, actor: Actor, client_id: UUID, now: datetime) -> None:
    """Let a client get no more news who asks for it in an answer; the ledger says in which.

    Raises: NotAllowed, NotFound (also where she has not answered), MergedAway.
    """
    hers = Message.objects.filter(client_id=client_id, direction=Direction.IN, automatic=False)
    answered_at = hers.order_by("-created_at", "-id").values_list("created_at", flat=True).first()
    if answered_at is None:
        raise NotFound
    on = date_format(timezone.localtime(answered_at), "SHORT_DATE_FORMAT")
    record_consent(
        actor=actor,
        client_id=client_id,
        purpose=ConsentPurpose.EMAIL_MARKETING,
        decision=Decision.WITHDRAWN,
        source=ConsentSource.SALON,
        wording=_("Asked for in the answer of %(date)s.") % {"date": on},
        now=now,
    )


def _address(way: Way) -> str:
    mail = Recipient.objects.filter(pk=way.recipient_id, client_id=way.client_id).first()
    if mail and mail.address:
        return mail.address
    return Client.objects.filter(pk=way.client_id).values_list("email", flat=True).first() or ""
