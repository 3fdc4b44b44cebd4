"""A mail to whoever writes it, before anybody else gets it: counted nowhere, and kept until a worker has sent it.

Whoever asks for it holds what it is about: nobody speaks to the mail server before that is committed.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from clients.models import Client
from marketing.campaigns import campaign_with_id
from marketing.choosing import clients_in
from marketing.letters import Frame, check, written
from marketing.mailing import message_of
from marketing.models import Basis, Campaign, Proof
from marketing.people import people
from marketing.placeholders import Person
from marketing.recipients import foresee
from marketing.rule import parse
from marketing.rules import rules_now
from salon.errors import FieldError, InvalidInput
from salon.identity.models import User
from salon.identity.roles import Actor, Permission
from salon.mail.letters import Letter
from salon.mail.posting import Away, Outcome, Post
from salon.rows import insert
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work import queue
from salon.work.queue import WorkFailed

log = structlog.get_logger()

SEND = "marketing.tasks.send_proof"
LONGEST_SUBJECT = 200
# Whoever has not got it by then has long asked for another one.
OF_USE = timedelta(hours=1)
_NOBODY = Person(first_name="Lena", last_name="Muster")


def send_test(*, actor: Actor, salon: Salon, campaign_id: UUID, now: datetime, client_id: UUID | None = None) -> str:
    """Let a worker send a campaign's mail to the actor's own address as a client would get it; return the address.

    Without `client_id` as the first who gets it. Its subject says that it is a test, and nobody can unsubscribe by it.
    Raises: NotAllowed, NoSuchCampaign, InvalidInput (what is wrong with the letter; `no_address` at `to`).
    """
    actor.require(Permission.MARKETING_WRITE)
    campaign = campaign_with_id(campaign_id)
    shown = client_id or _first_of(campaign, salon, now)
    return send_test_letter(actor=actor, subject=campaign.subject, body=campaign.body, client_id=shown, now=now)


def send_test_letter(*, actor: Actor, subject: str, body: str, client_id: UUID | None, now: datetime) -> str:
    """Let a worker send a letter to the actor's own address as this client would get it; return the address.

    Raises: NotAllowed, InvalidInput (as `send_test`).
    """
    actor.require(Permission.MARKETING_WRITE)
    check(subject, body, complete=True)
    to = User.objects.filter(pk=actor.id).values_list("email", flat=True).first() if actor.id else None
    if not to:
        raise InvalidInput([FieldError("to", "no_address", _("Only a person can get a test mail."))])
    proof = Proof(
        recipient=to, subject=subject, body=body, client_id=client_id, created_at=now, expires_at=now + OF_USE
    )
    with transaction.atomic():
        insert([proof])
        queue.schedule(task=SEND, subject_id=proof.pk, due_at=now, salon_id=proof.salon_id)
    return to


def deliver_proof(proof_id: UUID, *, salon: Salon, way: Post, now: datetime, finish: Callable[[], None]) -> None:
    """Send a test mail and forget it; `finish` ends the work as part of a transaction.

    One that is of no more use, or that the mail server refuses for good, is forgotten unsent.
    Raises: WorkFailed, ClaimLost.
    """
    with salon_scope(salon.pk):
        proof = Proof.objects.filter(pk=proof_id).first()
        message = _message_of(proof, salon, now) if proof and now < proof.expires_at else None
    if message is not None:
        try:
            answer = way.send(message)
        except Away as error:
            raise WorkFailed from error.__cause__ or error
        if answer.outcome is Outcome.LATER:
            raise WorkFailed(answer.error)
    with salon_scope(salon.pk):
        Proof.objects.filter(pk=proof_id).delete()
        finish()
    if message is None or answer.outcome is not Outcome.SENT:
        log.warning("proof_dropped", proof=str(proof_id), reason=answer.error if message else "expired")


def _message_of(proof: Proof, salon: Salon, now: datetime) -> EmailMessage:
    letter = _letter(proof.subject, proof.body, salon, _shown_to(proof.client_id, salon, now))
    return message_of(letter, to=proof.recipient, salon=salon, rules=rules_now(), mail_id=proof.pk)


def _letter(subject: str, body: str, salon: Salon, person: Person) -> Letter:
    rules = rules_now()
    language = settings.LANGUAGE_CODE
    frame = Frame(
        salon=salon.name,
        sender=rules.sender_name,
        imprint=rules.imprint,
        unsubscribe_url=None,
        language=language,
    )
    letter = written(subject, body, person, frame)
    with override(language):
        subject = f"[{_('Test')}] {letter.subject}"
    return Letter(subject[:LONGEST_SUBJECT], letter.text, letter.html)


def _first_of(campaign: Campaign, salon: Salon, now: datetime) -> UUID | None:
    """Return whose mail a campaign shows: the first who gets it, else anybody."""
    if campaign.rule:
        clients = clients_in(parse(campaign.rule), salon=salon, now=now)
        if first := foresee(clients, basis=Basis(campaign.basis), now=now).first:
            return first
    return Client.objects.listed().order_by("number").values_list("pk", flat=True).first()


def _shown_to(client_id: UUID | None, salon: Salon, now: datetime) -> Person:
    found = people([client_id], salon=salon, now=now) if client_id else {}
    return next(iter(found.values()), _NOBODY)
