"""Messages to one client, and her answers (domain.md §9.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, JSONObject
from django.utils.translation import gettext_lazy as _

from bookings.models import BookingRules
from clients.cards import lock_client
from marketing import message_letters
from marketing.answered import answered_by
from marketing.letters import wrong_placeholders
from marketing.message_search import Search, newest_found, of_any, threads_found
from marketing.models import Direction, MarketingRules, Message
from marketing.people import people
from marketing.photos import photos_within
from marketing.placeholders import PLACEHOLDERS, Person, fill_lines, plain, silent, values_for
from marketing.reply_addresses import reply_addresses
from salon import keyset
from salon.audit.recording import Change, record
from salon.errors import DomainError, FieldError, InvalidInput
from salon.identity.roles import Actor, Permission
from salon.mail.models import MailState
from salon.mail.outbox import send_client_mail, states_of
from salon.tenancy import directory
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon, new_id

SUBJECT = "message"
WRITTEN, RECEIVED = "message.written", "message.received"
LONGEST_SUBJECT = 150
LONGEST_TEXT = 10_000
# A mail server that is away for longer gets it no more: by then she has been called.
_OF_USE = timedelta(days=3)
_ORDER = keyset.Order(("created_at", "id"), descending=True)
PAGE = 30
# More than these nobody looks through in one go; what is done makes room.
MOST_WAITING = 200


class NoAddress(DomainError):
    """There is no e-mail address on the card."""

    code = "no_address"
    message = _("There is no e-mail address on this card.")


@dataclass(frozen=True, slots=True)
class Thread:
    """What a salon and one client have written each other: the last message (where something is searched for, the last
    in which it was found), how many of hers nobody has seen, and whether one is neither answered nor ticked off."""

    last: Message
    unread: int
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Inbox:
    """Threads with something unread, the newest first, those that were read and are still open, then one page of the
    others."""

    unread: list[Thread]
    open: list[Thread]
    others: keyset.Page[Message]


def write_message(
    *, actor: Actor, client_id: UUID, subject: str, text: str, now: datetime, message_id: UUID | None = None
) -> Message:
    """Write to one client by e-mail, every placeholder filled in; a worker sends it after the commit.

    That is no marketing, so nobody need have agreed to it. What she wrote before is answered by it. `message_id` is
    what a form was given for it as it was opened, so that sending it twice writes once, and what came in since is not
    answered by it.
    Raises: NotAllowed, NotFound, MergedAway, NoAddress, InvalidInput (at `subject` and `text`: `required`, `too_long`,
    `unknown_placeholder`, `broken_placeholder`, or `placeholder` for one that says nothing of her).
    """
    actor.require(Permission.CLIENTS_WRITE)
    subject, text = _accepted(subject, text)
    with transaction.atomic():
        client = lock_client(client_id)
        # Under the lock of the card: the same form sent twice finds its message here.
        written = message_id and Message.objects.filter(pk=message_id, client_id=client.pk).first()
        if written:
            return written
        if not client.email:
            raise NoAddress
        salon, own_id = directory.get_salon(current_salon_id()), message_id or new_id()
        subject, text = _filled(subject, text, told_of(client.pk, salon=salon, now=now))
        mail = send_client_mail(
            client_id=client.pk,
            about_id=own_id,
            tells="message",
            recipient=client.email,
            reply_to=answers_to(client.pk, now=now),
            answers=answered_by(subject, client.pk),
            draft=message_letters.draft(subject=subject, text=text, author=actor.name, salon=salon),
            due_at=now,
            expires_at=now + _OF_USE,
            now=now,
        )
        message = Message.objects.create(
            id=own_id,
            client_id=client.pk,
            direction=Direction.OUT,
            subject=subject,
            text=text,
            address=client.email,
            mail_id=mail.pk,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
            created_at=now,
        )
        _open().filter(client_id=client.pk, pk__lt=own_id).update(done_at=now)
        record_message(message, actor, WRITTEN, now)
    return message


def told_of(client_id: UUID, *, salon: Salon, now: datetime) -> dict[str, str]:
    """Return what every placeholder says of one client; "" for nothing."""
    person = people([client_id], salon=salon, now=now).get(client_id, Person())
    return values_for(person, salon=salon.name, language=settings.LANGUAGE_CODE)


def record_message(message: Message, actor: Actor, action: str, now: datetime) -> None:
    """Record that a message was written or came in: what it is about, not what it says."""
    record(
        actor=actor,
        action=action,
        subject_kind=SUBJECT,
        subject_id=message.pk,
        changes=[Change("subject", None, message.subject)],
        now=now,
        client_id=message.client_id,
    )


def answers_to(client_id: UUID, *, now: datetime) -> str:
    """Return the address that a mail to a client asks for its answer at; empty where there is none."""
    return reply_addresses([client_id], now=now).get(client_id) or salon_mailbox()


def salon_mailbox() -> str:
    """Return the salon's own address for answers, which no program reads; empty where it has named none."""
    rules = MarketingRules.objects.first()
    if rules and rules.reply_to:
        return rules.reply_to
    told = BookingRules.objects.first()
    return told.reply_to if told else ""


def thread_of(client_id: UUID, *, cursor: str | None = None, limit: int = PAGE) -> keyset.Page[Message]:
    """Return one page of what a salon and a client have written each other, the newest first.

    Raises: keyset.InvalidCursor.
    """
    return keyset.page(Message.objects.filter(client_id=client_id), _ORDER, limit=limit, cursor=cursor)


def delivery_of(messages: Sequence[Message]) -> dict[UUID, MailState]:
    """Return how far the mails are that carry messages, by the message."""
    carried = {message.mail_id: message.pk for message in messages if message.mail_id}
    return {carried[mail_id]: state for mail_id, state in states_of(carried).items()}


def inbox(*, cursor: str | None = None, limit: int = PAGE) -> Inbox:
    """Return what was written lately, by client: what nobody has seen first, then what nobody has answered, on every
    page but the first both left out.

    Raises: keyset.InvalidCursor.
    """
    threads = [] if cursor is not None else _waiting_threads()
    others = _last_ones().exclude(Exists(_waiting().filter(client_id=OuterRef("client_id"))))
    unread, seen = [one for one in threads if one.unread], [one for one in threads if not one.unread]
    return Inbox(unread, seen, keyset.page(others, _ORDER, limit=limit, cursor=cursor))


def threads_among(
    *,
    search: Search | None = None,
    unread: bool = False,
    unanswered: bool = False,
    cursor: str | None = None,
    limit: int = PAGE,
) -> tuple[keyset.Page[Message], list[Thread]]:
    """Return one page of the threads that were found, of those with something unread, of those with something
    unanswered, or of all: the last message of each, and as it is shown, with the newest message in which something was
    found.

    Raises: keyset.InvalidCursor.
    """
    rows = _last_ones()
    if unread:
        rows = rows.filter(of_any(_unread()))
    if unanswered:
        rows = rows.filter(of_any(_open()))
    page = keyset.page(rows, _ORDER, limit=limit, cursor=cursor, meeting=threads_found(search) if search else None)
    ids = [one.client_id for one in page.rows]
    waits = {one["client_id"]: one for one in _by_client(_waiting().filter(client_id__in=ids))}
    said = newest_found(search, ids) if search else {}
    return page, [_thread(said.get(one.client_id, one), waits.get(one.client_id)) for one in page.rows]


def count_unread() -> int:
    """Return how many answers nobody in the salon has seen."""
    return _unread().count()


def mark_read(*, actor: Actor, client_id: UUID, upto: UUID, now: datetime) -> int:
    """Keep that somebody has seen a client's messages up to one of them; return how many were new.

    Raises: NotAllowed.
    """
    actor.require(Permission.CLIENTS_READ)
    return _unread().filter(client_id=client_id, pk__lte=upto).update(read_at=now)


def mark_unread(*, actor: Actor, client_id: UUID) -> bool:
    """Let a client's last message wait for somebody to look after it; return whether there is one.

    Raises: NotAllowed.
    """
    actor.require(Permission.CLIENTS_READ)
    return bool(_last_of_hers(client_id).update(read_at=None, done_at=None))


def mark_done(*, actor: Actor, client_id: UUID, upto: UUID, now: datetime) -> bool:
    """Tick a client's messages off up to one of them, which need no answer; return whether one was open.

    Raises: NotAllowed.
    """
    actor.require(Permission.CLIENTS_WRITE)
    hers = _open().filter(client_id=client_id, pk__lte=upto)
    return bool(hers.update(done_at=now, read_at=Coalesce("read_at", Value(now))))


def reopen(*, actor: Actor, client_id: UUID) -> bool:
    """Take back that a client's messages were ticked off last, and that this has counted as having seen them; return
    whether any were.

    Raises: NotAllowed.
    """
    actor.require(Permission.CLIENTS_WRITE)
    hers = Message.objects.filter(client_id=client_id, direction=Direction.IN, automatic=False)
    ticked = hers.filter(done_at__in=_last_of_hers(client_id).values("done_at"))
    return bool(ticked.update(done_at=None, read_at=Case(When(read_at=F("done_at"), then=None), default=F("read_at"))))


def is_open(client_id: UUID) -> bool:
    """Return whether a client has written what is neither answered nor ticked off."""
    return _open().filter(client_id=client_id).exists()


def message_within(subject: str, *, where: Q) -> Case:
    """Return an expression for what the message with the id in a column says, for the history of a card; of rows that
    are not so, nothing is looked for."""
    names = ("text", "automatic", "other_address", "address", "direction", "read_at")
    told = JSONObject(**{name: name for name in names}, files="attachments", photos=photos_within("pk"))
    return Case(When(where, then=Subquery(Message.objects.filter(pk=OuterRef(subject)).values(told=told))))


def _unread() -> QuerySet[Message]:
    return Message.objects.filter(direction=Direction.IN, read_at=None)


def _open() -> QuerySet[Message]:
    return Message.objects.filter(direction=Direction.IN, done_at=None)


def _waiting() -> QuerySet[Message]:
    return Message.objects.filter(Q(read_at=None) | Q(done_at=None), direction=Direction.IN)


def _last_of_hers(client_id: UUID) -> QuerySet[Message]:
    hers = Message.objects.filter(client_id=client_id, direction=Direction.IN, automatic=False)
    return hers.filter(pk__in=hers.order_by("-created_at", "-id").values("pk")[:1])


def _by_client(messages: QuerySet[Message]) -> QuerySet[Any, Any]:
    """Return how many of these messages are unread, and how many open, by client: the unread ones first."""
    counted = messages.values("client_id").annotate(
        unread=Count("pk", filter=Q(read_at=None)), open=Count("pk", filter=Q(done_at=None)), newest=Max("created_at")
    )
    return counted.order_by(Case(When(unread=0, then=1), default=0), "-newest")


def _waiting_threads() -> list[Thread]:
    waits = list(_by_client(_waiting())[:MOST_WAITING])
    last = {one.client_id: one for one in _last_ones().filter(client_id__in=[one["client_id"] for one in waits])}
    return [_thread(last[one["client_id"]], one) for one in waits if one["client_id"] in last]


def _thread(last: Message, waits: Mapping[str, Any] | None) -> Thread:
    return Thread(last, waits["unread"], bool(waits["open"])) if waits else Thread(last, 0)


def _last_ones() -> QuerySet[Message]:
    newer = Message.objects.filter(client_id=OuterRef("client_id")).filter(
        Q(created_at__gt=OuterRef("created_at")) | Q(created_at=OuterRef("created_at"), pk__gt=OuterRef("pk"))
    )
    # What a merge could not move, as the other card has it, too, stays with a card that nobody opens.
    return Message.objects.exclude(Exists(newer)).filter(client__merged_into=None).select_related("client")


def _accepted(subject: str, text: str) -> tuple[str, str]:
    subject, text = plain(subject), "\n".join(text.replace("\x00", "").strip().splitlines())
    errors = []
    for name, given in (("subject", subject), ("text", text)):
        if not given:
            errors.append(FieldError(name, "required", _("Please fill in this field.")))
        errors += _too_long(name, given) or wrong_placeholders(name, given)
    if errors:
        raise InvalidInput(errors)
    return subject, text


def say_nothing(subject: str, text: str, told: Mapping[str, str]) -> list[FieldError]:
    """Return (`placeholder`, at `subject` and `text`) what in a message says nothing of a client."""
    message = _("{{%(name)s}} (%(label)s) has nothing to say of this client: write something else there.")
    return [
        FieldError(name, "placeholder", message % {"name": one, "label": PLACEHOLDERS[one]})
        for name, given in (("subject", subject), ("text", text))
        for one in silent(given, told)
    ]


def _filled(subject: str, text: str, told: Mapping[str, str]) -> tuple[str, str]:
    errors = say_nothing(subject, text, told)
    subject, text = plain(fill_lines(subject, told)), fill_lines(text, told)
    errors = errors or [*_too_long("subject", subject), *_too_long("text", text)]
    if errors:
        raise InvalidInput(errors)
    return subject, text


def _too_long(name: str, given: str) -> list[FieldError]:
    longest = LONGEST_SUBJECT if name == "subject" else LONGEST_TEXT
    if len(given) <= longest:
        return []
    return [FieldError(name, "too_long", _("Please use at most %(count)s characters.") % {"count": longest})]
