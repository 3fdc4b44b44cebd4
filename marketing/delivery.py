"""Mails to many on their way: batch by batch, never twice to the same client whatever dies (domain.md §9.2).

That a mail is being sent is committed before the mail server hears of it, what became of it afterwards. So of a worker
that died the mails in its hands may have arrived: they are given up, not sent again. No transaction is open while the
mail server is spoken to.
"""

from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.mail import EmailMessage
from django.db import connection
from django.db.models import Q
from psycopg.types.json import Jsonb

from marketing.letters import fallbacks, sayings, written
from marketing.mailing import message_of
from marketing.models import Basis, Recipient, RecipientReason, RecipientState
from marketing.people import people
from marketing.recipients import Judged, judge, write_judged
from marketing.reply_addresses import reply_addresses
from marketing.rules import frame_for, rules_now
from marketing.unsubscribing import unsubscribe_url
from salon.audit.recording import Change, record_many
from salon.identity.roles import system_actor
from salon.mail.posting import Answer, Away, Outcome, Post
from salon.mail.telling import FAILED, SENT, SUBJECT
from salon.tenancy.context import current_salon_id, salon_scope
from salon.tenancy.models import Salon
from salon.work.queue import WorkFailed

BATCH = 50
# What became of mails is written down after so many of them, or after so long.
GROUP, GROUP_LASTS = 10, timedelta(seconds=1)
# How often a worker says that it lives while it speaks to the mail server.
PULSE = timedelta(seconds=5)
# So many in a row who are put off: it is the mail server that does not want to, not their mailboxes.
PUT_OFF_IN_A_ROW = 10
# From this try on, somebody who is put off once more is given up.
TRIES = 10
# Who has been given to the mail server for good, whatever it made of that.
_GIVEN = (RecipientState.SENT, RecipientState.FAILED)
_KEEP = """
UPDATE marketing_recipient AS one
SET state = told.state, reason = COALESCE(told.reason, one.reason), error = told.error, sent_at = told.sent_at,
    said = CASE WHEN one.address <> '' THEN told.said END
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::jsonb[])
    AS told (id, state, reason, error, sent_at, said)
WHERE one.salon_id = %s AND one.id = told.id
    AND (one.state = 'SENDING' OR one.reason = 'INTERRUPTED' AND told.state <> 'WAITING')
RETURNING one.id, one.address
"""


@dataclass(frozen=True, slots=True)
class Mailing:
    """What goes out, on which basis, and which recipients are its own; as it is in the transaction of one batch.

    A text that `may_change` later is kept with each mail that says it.
    """

    subject: str
    body: str
    basis: Basis
    whose: Q
    may_change: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at sending, the how manieth in a row, as its worker holds it.

    `beat` is the sign of life, and as the first thing of a transaction a fence: it raises ClaimLost when somebody else
    has the work. `finish` ends the work as part of a transaction. At `until` the worker lets a fresh one go on.
    """

    salon: Salon
    post: Post
    clock: Callable[[], datetime]
    until: datetime
    number: int = 1
    beat: Callable[[], None] = lambda: None
    finish: Callable[[], None] = lambda: None

    @property
    def is_over(self) -> bool:
        """Whether its time is over."""
        return self.clock() >= self.until


@dataclass(frozen=True, slots=True)
class _Addressed:
    """A recipient, her mail, and what it says to her."""

    row: Recipient
    address: str
    message: EmailMessage
    said: dict[str, Any]


@dataclass(slots=True)
class _Results:
    """What became of mails, not written down yet."""

    since: datetime
    answers: list[tuple[_Addressed, Answer]] = field(default_factory=list)

    def are_many(self, now: datetime) -> bool:
        return len(self.answers) >= GROUP or now - self.since >= GROUP_LASTS


def deliver_batch(attempt: Attempt, opened: Callable[[], Mailing | None], *, after: UUID | None) -> UUID | None:
    """Send to the next recipients who wait behind `after`, and return the last of them; None: there is nobody more.

    `opened` locks what goes out and returns it; None where it is not to go out (any more), of which it has taken care.
    Whoever is put off by her mail server waits on, behind the place that is returned.
    Raises: WorkFailed (the mail server is away; nobody has lost anything), ClaimLost.
    """
    last, taken = _take(attempt, opened, after)
    if taken:
        _send(attempt, taken, opened)
    return last


def _take(
    attempt: Attempt, opened: Callable[[], Mailing | None], after: UUID | None
) -> tuple[UUID | None, list[_Addressed]]:
    """Mark the next recipients as being written to, or as left out for what holds by now; return their mails."""
    salon = attempt.salon
    with salon_scope(salon.pk):
        attempt.beat()
        mailing = opened()
        if mailing is None:
            return None, []
        waiting = Recipient.objects.filter(mailing.whose, state=RecipientState.WAITING)
        if after is not None:
            waiting = waiting.filter(pk__gt=after)
        rows = list(waiting.order_by("pk")[:BATCH])
        if not rows:
            return None, []
        now = attempt.clock()
        judged = judge(rows, whose=mailing.whose, basis=mailing.basis, now=now)
        chosen = write_judged(judged)
        going = [one for one in judged if one.state == RecipientState.SENDING and one.row.pk in chosen]
        # In words before anything is committed: a letter that cannot be written is nobody's loss.
        return rows[-1].pk, _addressed(salon, mailing, going, now)


def _addressed(salon: Salon, mailing: Mailing, going: Sequence[Judged], now: datetime) -> list[_Addressed]:
    rules = rules_now()
    answering = reply_addresses([one.row.client_id for one in going], now=now)
    told = people([one.row.client_id for one in going], salon=salon, now=now)
    placeholders = fallbacks(mailing.subject, mailing.body)
    mails = []
    for one in going:
        reply_to = answering.get(one.row.client_id, rules.reply_to)
        way_out = unsubscribe_url(one.row.pk, one.row.client_id, salon.pk)
        agreed = one.reason == RecipientReason.CONSENT
        frame = frame_for(salon, rules, unsubscribe_url=way_out, agreed=agreed)
        person = told[one.row.client_id]
        letter = written(mailing.subject, mailing.body, person, frame)
        message = message_of(
            letter,
            to=one.address,
            salon=salon,
            rules=rules,
            mail_id=one.row.pk,
            reply_to=reply_to,
            unsubscribe_url=way_out,
        )
        said = sayings(person, frame, placeholders) | {"reply_to": reply_to}
        if mailing.may_change:
            said |= {"subject": mailing.subject, "body": mailing.body}
        mails.append(_Addressed(one.row, one.address, message, said))
    return mails


def _send(attempt: Attempt, taken: Sequence[_Addressed], opened: Callable[[], Mailing | None]) -> None:
    """Give mails to the mail server, and write down what became of them; who was not come to waits on, also where after
    a group of them the others are not to go out any more.

    Raises: WorkFailed, ClaimLost.
    """
    rest, put_off, beaten_at = deque(taken), 0, attempt.clock()
    results = _Results(beaten_at)
    try:
        while rest and not attempt.is_over:
            one = rest.popleft()
            try:
                answer = attempt.post.send(one.message)
            except Away as error:
                rest.appendleft(one)
                raise WorkFailed from error.__cause__ or error
            results.answers.append((one, answer))
            if answer.outcome is Outcome.UNKNOWN:
                raise WorkFailed(answer.error)
            put_off = put_off + 1 if answer.outcome is Outcome.LATER else 0
            if put_off >= PUT_OFF_IN_A_ROW:
                raise WorkFailed(answer.error)
            now = attempt.clock()
            if results.are_many(now):
                _keep(attempt, results)
                results = _Results(now)
                if not _goes_on(attempt, opened):
                    break
            if now - beaten_at >= PULSE:
                attempt.beat()
                beaten_at = now
    finally:
        # Also where this worker is being ended: who is between these two moments is the one nobody knows of.
        _keep(attempt, results)
        _put_back(attempt, rest)


def _goes_on(attempt: Attempt, opened: Callable[[], Mailing | None]) -> bool:
    with salon_scope(attempt.salon.pk):
        return opened() is not None


def _keep(attempt: Attempt, results: _Results) -> None:
    """Write down what became of mails, also where another worker has taken them for interrupted meanwhile."""
    if not results.answers:
        return
    now = attempt.clock()
    told = [(one, *_end(one, answer, attempt), answer.error) for one, answer in results.answers]
    with salon_scope(attempt.salon.pk):
        with connection.cursor() as cursor:
            cursor.execute(
                _KEEP,
                [
                    [one.row.pk for one, *_rest in told],
                    [str(state) for _one, state, _reason, _error in told],
                    [reason and str(reason) for _one, _state, reason, _error in told],
                    [error[:120] for *_rest, error in told],
                    [now if state == RecipientState.SENT else None for _one, state, _reason, _error in told],
                    [Jsonb(one.said) if state in _GIVEN else None for one, state, *_rest in told],
                    current_salon_id(),
                ],
            )
            # Who was erased while her mail was on its way has no address any more: nothing is told of her.
            there = {row_id for row_id, address in cursor.fetchall() if address}
        for action, ended in ((SENT, RecipientState.SENT), (FAILED, RecipientState.FAILED)):
            mails = [one for one, state, _reason, _error in told if state == ended and one.row.pk in there]
            record_many(
                actor=system_actor(""),
                action=action,
                subject_kind=SUBJECT,
                changes={
                    one.row.pk: [
                        Change("subject", None, str(one.message.subject)),
                        Change("recipient", None, one.address),
                    ]
                    for one in mails
                },
                clients={one.row.pk: one.row.client_id for one in mails},
                now=now,
            )


def _end(one: _Addressed, answer: Answer, attempt: Attempt) -> tuple[RecipientState, RecipientReason | None]:
    """Return the state of a recipient after an answer, and the reason where it is another one than before."""
    if answer.outcome is Outcome.SENT:
        return RecipientState.SENT, None
    if answer.outcome is Outcome.UNKNOWN:
        return RecipientState.FAILED, RecipientReason.INTERRUPTED
    was_put_off = bool(one.row.error)
    if answer.outcome is Outcome.LATER and not (was_put_off and attempt.number >= TRIES):
        return RecipientState.WAITING, None
    return RecipientState.FAILED, RecipientReason.REFUSED


def _put_back(attempt: Attempt, rest: Collection[_Addressed]) -> None:
    """Let those wait on whose mails have not been given to the mail server."""
    if rest:
        with salon_scope(attempt.salon.pk):
            Recipient.objects.filter(pk__in=[one.row.pk for one in rest], state=RecipientState.SENDING).update(
                state=RecipientState.WAITING
            )
