"""A mail to whoever writes it, before anybody else gets it: counted and kept nowhere."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from clients.models import Client
from marketing.campaigns import campaign_with_id
from marketing.choosing import clients_in
from marketing.letters import Frame, check, written
from marketing.mailing import message_of
from marketing.models import Basis, Campaign
from marketing.people import people
from marketing.placeholders import Person
from marketing.recipients import foresee
from marketing.rule import parse
from marketing.rules import rules_now
from salon.errors import FieldError, InvalidInput
from salon.identity.models import User
from salon.identity.roles import Actor, Permission
from salon.mail.letters import Letter
from salon.mail.posting import Away, Outcome, post
from salon.tenancy.models import Salon, new_id

LONGEST_SUBJECT = 200
_NOBODY = Person(first_name="Lena", last_name="Muster")


def send_test(*, actor: Actor, salon: Salon, campaign_id: UUID, now: datetime, client_id: UUID | None = None) -> str:
    """Send a campaign's mail to the actor's own address as a client would get it, and return the address.

    Without `client_id` as the first who gets it. Its subject says that it is a test, and nobody can unsubscribe by it.
    Raises: NotAllowed, NoSuchCampaign, InvalidInput (what is wrong with the letter; `no_address`, `not_sent` at `to`).
    """
    actor.require(Permission.MARKETING_WRITE)
    campaign = campaign_with_id(campaign_id)
    shown = client_id or _first_of(campaign, salon, now)
    return send_test_letter(
        actor=actor, salon=salon, subject=campaign.subject, body=campaign.body, client_id=shown, now=now
    )


def send_test_letter(
    *, actor: Actor, salon: Salon, subject: str, body: str, client_id: UUID | None, now: datetime
) -> str:
    """Send a letter to the actor's own address as this client would get it, and return the address.

    Raises: NotAllowed, InvalidInput (as `send_test`).
    """
    actor.require(Permission.MARKETING_WRITE)
    check(subject, body, complete=True)
    to = User.objects.filter(pk=actor.id).values_list("email", flat=True).first() if actor.id else None
    if not to:
        raise InvalidInput([FieldError("to", "no_address", _("Only a person can get a test mail."))])
    _send(_letter(subject, body, salon, _shown_to(client_id, salon, now)), to, salon)
    return to


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


def _send(letter: Letter, to: str, salon: Salon) -> None:
    """Give the mail to the mail server at once: who waits for it wants to know, and nothing of it is to be kept.

    Raises: InvalidInput.
    """
    message = message_of(letter, to=to, salon=salon, rules=rules_now(), mail_id=new_id())
    with post() as way:
        try:
            was_sent = way.send(message).outcome is Outcome.SENT
        except Away:
            was_sent = False
    if not was_sent:
        message_text = _("The mail server did not take the test mail. Please try again later.")
        raise InvalidInput([FieldError("to", "not_sent", message_text)])


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
