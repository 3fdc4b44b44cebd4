"""Which mail to many an answer is to: that stands in no thread, and nobody answers well without it (domain.md §9.4)."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from marketing.as_sent import letter_as_sent
from marketing.models import Direction, Message, Recipient
from salon.mail.models import ClientMail

# Nobody answers a mail later than that, and nobody is written to so often until then.
_WITHIN = timedelta(days=60)
_MOST = 100
# What mail programs put before the subject of an answer, in German and in English, also several times.
_ANSWERING = re.compile(r"^(?:\s*(?:re|aw|antw|antwort|fw|fwd|wg)(?:\[\d+\])?\s*:)+", re.IGNORECASE)

# What other programs know a mail by: anything else in its place is our own fingerprint, or no such name.
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
_OURS = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AnsweredMail:
    """A mail of a campaign or an automation as it went out, without its way to unsubscribe."""

    recipient_id: UUID
    subject: str
    text: str
    sent_at: datetime


def mails_answered(answers: Sequence[Message]) -> dict[UUID, AnsweredMail]:
    """Return the mail that each of these answers of one client is to, by the answer's id; none for what answers a
    message of its own thread, or nothing.

    It is the last one before the answer with its subject: mail programs keep that, and mail servers change all else.
    """
    hers = [one for one in answers if one.direction == Direction.IN and _subject(one.subject)]
    if not hers:
        return {}
    client_id, times = hers[0].client_id, [one.created_at for one in hers]
    sent: list[tuple[datetime, str, AnsweredMail | None]] = []
    mails = Recipient.objects.filter(
        client_id=client_id, sent_at__gte=min(times) - _WITHIN, sent_at__lte=max(times), said__isnull=False
    )
    for mail in mails.select_related("campaign").order_by("-sent_at")[:_MOST]:
        letter = letter_as_sent(mail, unsubscribe_url=None)
        if letter and mail.sent_at:
            as_sent = AnsweredMail(mail.pk, letter.subject, letter.text, mail.sent_at)
            sent.append((mail.sent_at, _subject(letter.subject), as_sent))
    if not sent:
        return {}
    ours = Message.objects.filter(
        client_id=client_id, direction=Direction.OUT, created_at__gte=min(times) - _WITHIN, created_at__lte=max(times)
    )
    for at, subject in ours.order_by("-created_at").values_list("created_at", "subject")[:_MOST]:
        sent.append((at, _subject(subject), None))
    sent.sort(key=lambda one: one[0], reverse=True)
    found: dict[UUID, AnsweredMail] = {}
    for answer in hers:
        subject, since = _subject(answer.subject), answer.created_at - _WITHIN
        before = (one for at, about, one in sent if about == subject and since <= at <= answer.created_at)
        if answered := next(before, None):
            found[answer.pk] = answered
    return found


def keep_answered(answer: Message, in_reply_to: str, *, client_ids: Collection[UUID]) -> None:
    """Keep at the mail of a campaign or an automation which a client's answer is to that she has answered it.

    Her mail program names it, unless the mail server has renamed it; then its subject tells. What she answers besides,
    and what a program answers, is no answer to it. `client_ids` are the cards that it may have been written to.
    """
    if answer.automatic:
        return
    mails, named = Recipient.objects.filter(client__in=client_ids), named_in(in_reply_to)
    answered = mails.filter(pk=named) if named else mails.none()
    if not answered.exists():
        if named and ClientMail.objects.filter(pk=named, client_id__in=client_ids).exists():
            return
        found = mails_answered([answer]).get(answer.pk)
        answered = mails.filter(pk=found.recipient_id) if found else answered
    answered.filter(answered_at=None).update(answered_at=answer.created_at)


def named_in(message_id: str) -> UUID | None:
    """Return which of our mails a Message-ID names, None where it is none of them."""
    found = _OURS.match(message_id.strip())
    return UUID(found[1]) if found else None


def is_answer(subject: str) -> bool:
    """Return whether a subject is that of an answer, as mail programs write it."""
    return _ANSWERING.match(subject) is not None


def answered_by(subject: str, client_id: UUID) -> str:
    """Return the Message-ID of the client's last mail if a message with a subject answers it, else nothing: who writes
    of something else begins anew."""
    hers = Message.objects.filter(client_id=client_id, direction=Direction.IN, automatic=False)
    last = hers.order_by("-created_at", "-id").first()
    if last is None or not is_answer(subject) or _subject(last.subject) != _subject(subject):
        return ""
    return last.message_id if _MESSAGE_ID.fullmatch(last.message_id) else ""


def _subject(subject: str) -> str:
    return " ".join(_ANSWERING.sub("", subject).casefold().split())
