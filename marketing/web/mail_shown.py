"""A mail to many as one client gets it, or as it went out to her."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clients.models import Client
from marketing.as_sent import letter_as_sent
from marketing.eligibility import INCLUDED, standings
from marketing.letters import Person, frame_of, written
from marketing.models import MarketingRules, Recipient, RecipientReason
from marketing.people import people
from marketing.rules import frame_for
from marketing.unsubscribing import NOBODY, unsubscribe_url
from marketing.web.trying_answers import answered_by
from salon.identity.roles import Permission
from salon.mail.letters import Letter
from salon.mail.sending import sender_address
from salon.tenancy.models import Salon
from salon.web.access import SalonRequest


@dataclass(slots=True)
class Seen:
    """A mail as one client gets it: `letter` in words, and what is to be said of it, which `warns` where she does not
    get it; `answers_to` is where one that went out asks for answers, "" where that is not kept, and `answer_id` the
    recipient as whom one can be written here to try it, if so."""

    client_id: UUID | None
    name: str
    address: str
    sender: str
    letter: Letter
    remark: str = ""
    warns: bool = False
    answers_to: str = ""
    answer_id: UUID | None = None

    @property
    def subject(self) -> str:
        """Its subject, everything filled in."""
        return self.letter.subject


def seen_by(
    client_id: UUID | None, subject: str, body: str, *, basis: str, salon: Salon, rules: MarketingRules, now: datetime
) -> Seen:
    """Return a mail as this client would get it; without one as somebody of whom nothing is known."""
    client = Client.objects.listed().filter(pk=client_id).first() if client_id else None
    person = people([client.pk], salon=salon, now=now).get(client.pk, Person()) if client else Person()
    why, remark = "", ""
    if client is not None:
        why = standings([client.pk], basis=basis, now=now).get(client.pk, "")
    if client is not None and why and why not in INCLUDED:
        told = {"name": client.full_name, "why": RecipientReason(why).label}
        remark = _("%(name)s would not get it: %(why)s.") % told
    way_out = unsubscribe_url(NOBODY, NOBODY, salon.pk)
    agreed = why != RecipientReason.EXISTING_CUSTOMER
    frame = frame_for(salon, rules, unsubscribe_url=way_out, agreed=agreed)
    return Seen(
        client_id=client.pk if client else None,
        name=client.full_name if client else "",
        address=client.email if client else "",
        sender=sender_line(rules.sender_name or salon.name),
        letter=written(subject, body, person, frame),
        remark=remark,
        warns=bool(remark),
    )


def sender_line(name: str) -> str:
    """Return whom a mail comes from, as mail programs show it."""
    return f"{name} <{sender_address()}>"


def seen_as_sent(one: Recipient, salon: Salon) -> Seen | None:
    """Return the mail that the mail server was given for somebody, and what became of it; None where its words are not
    kept."""
    # Her own way out is for whoever has the mail. Where no mail leaves this computer, nobody has it anywhere else.
    whose = (one.pk, one.client_id) if settings.MAILS_STAY else (NOBODY, NOBODY)
    letter = letter_as_sent(one, unsubscribe_url=unsubscribe_url(*whose, salon.pk))
    if letter is None:
        return None
    frame = frame_of(one.said or {})
    remark, warns = _of_given(one)
    answers_to = (one.said or {}).get("reply_to", "")
    tried = one.sent_at is not None and answered_by(answers_to, salon) is not None
    return Seen(
        client_id=one.client_id,
        name=one.client.full_name,
        address=one.address,
        sender=sender_line(frame.sender or frame.salon),
        letter=letter,
        remark=remark,
        warns=warns,
        answers_to=answers_to,
        answer_id=one.pk if tried else None,
    )


def where_mails_go(request: SalonRequest) -> dict[str, object]:
    """Return whether mails stay on this computer, and then where they are read by whoever may."""
    reads_them = settings.MAILS_STAY and Permission.SETTINGS in request.actor.permissions
    return {
        "mails_stay": settings.MAILS_STAY,
        "outbox_url": reverse("mails", args=[request.salon.slug]) if reads_them else "",
    }


def _of_given(one: Recipient) -> tuple[str, bool]:
    """Return what became of a mail that the mail server was given, and whether that is bad."""
    if one.sent_at is not None:
        return _("As it went out on %(at)s.") % {"at": moment_text(one.sent_at)}, False
    if one.reason == RecipientReason.UNDELIVERABLE:
        return _("It came back: nothing could be delivered to this address."), True
    if one.reason == RecipientReason.REFUSED:
        return _("The mail server refused it: this is what it was given."), True
    return _("Nobody knows whether it arrived: this is what the mail server was given."), True


def moment_text(at: datetime) -> str:
    """Return an instant as the salon's people read it."""
    return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")
