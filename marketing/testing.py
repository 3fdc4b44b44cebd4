"""A mail to whoever writes it, before anybody else gets it: it counts for nothing, and stands among the outgoing mails.

Whoever asks for it holds what it is about: nobody speaks to the mail server before that is committed.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from clients.models import Client
from marketing.campaigns import campaign_with_id
from marketing.choosing import clients_in
from marketing.eligibility import standings
from marketing.letters import LONGEST_BODY, written
from marketing.models import Basis, Campaign, MarketingRules, RecipientReason
from marketing.people import people
from marketing.pictures import check_mail
from marketing.placeholders import Person
from marketing.recipients import foresee
from marketing.rule import parse
from marketing.rules import frame_for, rules_now
from salon.errors import FieldError, InvalidInput
from salon.identity.models import User
from salon.identity.roles import Actor, Permission
from salon.mail.letters import Letter
from salon.mail.models import ClientMail
from salon.mail.outbox import last_test_mail, send_test_mail
from salon.tenancy.models import Salon

LONGEST_SUBJECT = 200
# Whoever has not got it by then has long asked for another one.
OF_USE = timedelta(hours=1)
# So long what became of it is told where it was asked for; that it has gone out, only while one waits for it.
TOLD_FOR = timedelta(days=1)
SENT_TOLD_FOR = timedelta(minutes=10)
_NOBODY = Person(first_name="Lena", last_name="Muster")


def send_test(*, actor: Actor, salon: Salon, campaign_id: UUID, now: datetime, client_id: UUID | None = None) -> str:
    """Let a worker send a campaign's mail to the actor's own address as a client would get it; return the address.

    Without `client_id` as the first who gets it. Its subject says that it is a test, and nobody can unsubscribe by it.
    Raises: NotAllowed, NoSuchCampaign, InvalidInput (what is wrong with the letter; `no_address` at `to`).
    """
    actor.require(Permission.MARKETING_WRITE)
    campaign = campaign_with_id(campaign_id)
    shown = client_id or _first_of(campaign, salon, now)
    why = standings([shown], basis=campaign.basis, now=now).get(shown) if shown else None
    return send_test_letter(
        actor=actor,
        salon=salon,
        about_id=campaign.pk,
        subject=campaign.subject,
        body=campaign.body,
        client_id=shown,
        agreed=why != RecipientReason.EXISTING_CUSTOMER,
        now=now,
    )


def send_test_letter(
    *,
    actor: Actor,
    salon: Salon,
    about_id: UUID,
    subject: str,
    body: str,
    client_id: UUID | None,
    now: datetime,
    agreed: bool = True,
    longest: int = LONGEST_BODY,
) -> str:
    """Let a worker send a letter to the actor's own address as this client would get it; return the address.

    `about_id` is the campaign whose letter it is, or what tests of an automation are about; `agreed` as in `Frame`,
    `longest` as in `check`.
    Raises: NotAllowed, InvalidInput (as `send_test`).
    """
    actor.require(Permission.MARKETING_WRITE)
    check_mail(subject, body, complete=True, longest=longest)
    to = _address_of(actor)
    if not to:
        raise InvalidInput([FieldError("to", "no_address", _("Only a person can get a test mail."))])
    rules = rules_now()
    with transaction.atomic():
        # Whoever erases her card meanwhile waits, and finds the mail.
        locked = Client.objects.listed().select_for_update(no_key=True).filter(pk__in=[client_id] if client_id else [])
        shown = locked.values_list("pk", flat=True).first()
        send_test_mail(
            _letter(subject, body, salon, rules, _shown_to(shown, salon, now), agreed=agreed),
            recipient=to,
            sender_name=rules.sender_name,
            reply_to=rules.reply_to,
            about_id=about_id,
            shown_client_id=shown,
            expires_at=now + OF_USE,
            now=now,
        )
    return to


def last_test(*, actor: Actor, about_id: UUID, now: datetime) -> ClientMail | None:
    """Return the test mail that the actor has asked for last, as long as anybody waits to hear of it."""
    to = _address_of(actor)
    mail = last_test_mail(about_id, recipient=to, since=now - TOLD_FOR) if to else None
    if mail is not None and mail.sent_at is not None and mail.sent_at <= now - SENT_TOLD_FOR:
        return None
    return mail


def _address_of(actor: Actor) -> str | None:
    return User.objects.filter(pk=actor.id).values_list("email", flat=True).first() if actor.id else None


def _letter(subject: str, body: str, salon: Salon, rules: MarketingRules, person: Person, *, agreed: bool) -> Letter:
    frame = frame_for(salon, rules, unsubscribe_url=None, agreed=agreed, test=True)
    letter = written(subject, body, person, frame)
    with override(frame.language):
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
