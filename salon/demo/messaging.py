"""What the salon and its clients write each other in the demo (domain.md §9.4): a question, and its answer unread."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from clients.models import Client
from marketing import message_letters
from marketing.message_templates import Wording, create_template
from marketing.messages import RECEIVED, WRITTEN, record_message
from marketing.models import Direction, Message
from marketing.reply_addresses import reply_addresses
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role, system_actor
from salon.mail.letters import WORDS
from salon.mail.models import ClientMail, MailState
from salon.tenancy.models import Salon, new_id

TEMPLATES = (
    Wording(
        "Termin verschieben",
        "Ihr Termin bei {{salon}}",
        "{{greeting}},\n\nleider müssen wir Ihren Termin am {{next_visit}} verschieben.\n\n"
        "Wann passt es Ihnen stattdessen? Antworten Sie einfach auf diese E-Mail.\n\nViele Grüße",
    ),
    Wording(
        "Nach dem Besuch",
        "Ihr Besuch bei {{salon}}: Sind Sie zufrieden?",
        "{{greeting}},\n\nvielen Dank für Ihren letzten Besuch. Gefällt Ihnen Ihr neuer Look? "
        "Wenn etwas nicht stimmt, sagen Sie uns bitte Bescheid: Wir bessern gern nach.\n\nViele Grüße",
    ),
)
# Who answers, in the salon of the stories.
ANSWERS = "petra.lang@mail.example"
_SUBJECT = "Ihre Ansatzfarbe"
_QUESTION = (
    "Liebe Frau Lang,\n\nmöchten Sie nach der Farbe wieder nur föhnen, oder dürfen wir auch die Spitzen schneiden? "
    "Dann planen wir eine halbe Stunde mehr ein."
)
_ANSWER = (
    "Gern auch die Spitzen, aber bitte nur zwei Zentimeter!\nUnd darf ich meine Tochter mitbringen?\n\n"
    "Herzliche Grüße\nPetra Lang\n\nAm gestrigen Tag schrieb Salon Sonnenschein:\n> "
)


def write_messages(salon: Salon, names: Mapping[str, UUID], *, now: datetime) -> None:
    """Write the templates of the open salon, and what was written with the one client of the stories who answers."""
    for wording in TEMPLATES:
        create_template(actor=system_actor("Demo"), wording=wording, now=now)
    # The owner sees the clients of all salons.
    client = Client.objects.filter(salon=salon, email=ANSWERS).first()
    if client is None:
        return
    name, user_id = next(iter(names.items()))
    anna = Actor(ActorKind.USER, user_id, name, PERMISSIONS[Role.OWNER])
    asked_at, answered_at = now - timedelta(hours=20), now - timedelta(minutes=25)
    record_message(_question(salon, client, anna, asked_at), anna, WRITTEN, asked_at)
    record_message(_answer(salon, client, answered_at), system_actor(""), RECEIVED, answered_at)


def _question(salon: Salon, client: Client, actor: Actor, at: datetime) -> Message:
    draft = message_letters.draft(subject=_SUBJECT, text=_QUESTION, author=actor.name, salon=salon)
    letter, message_id = message_letters.write(draft.facts), new_id()
    mail = ClientMail.objects.create(
        salon=salon,
        client_id=client.pk,
        about_id=message_id,
        tells="message",
        recipient=client.email,
        reply_to=reply_addresses([client.pk], now=at).get(client.pk, ""),
        writer=draft.writer,
        facts=draft.facts,
        state=MailState.SENT,
        created_at=at,
        expires_at=at + timedelta(days=3),
        sent_at=at + timedelta(seconds=4),
        **{word: getattr(letter, word) for word in WORDS},
    )
    return Message.objects.create(
        id=message_id,
        salon=salon,
        client=client,
        direction=Direction.OUT,
        subject=_SUBJECT,
        text=_QUESTION,
        address=client.email,
        mail_id=mail.pk,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        created_at=at,
    )


def _answer(salon: Salon, client: Client, at: datetime) -> Message:
    return Message.objects.create(
        salon=salon,
        client=client,
        direction=Direction.IN,
        subject=f"Re: {_SUBJECT}",
        text=_ANSWER + _QUESTION.replace("\n", "\n> "),
        address=client.email,
        message_id="<antwort@mail.example>",
        actor_kind=ActorKind.SYSTEM,
        created_at=at,
    )
