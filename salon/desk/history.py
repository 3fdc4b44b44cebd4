"""What happened with one client, of every kind in one list, newest first (domain.md §2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Func, Q, TextChoices, Value
from django.utils.translation import gettext_lazy as _

from bookings.agenda import gist_within
from clients.merging import MERGED
from clients.models import Cause
from clients.points import action_of
from marketing import message_letters
from marketing.campaigns import mailing_within
from marketing.messages import SUBJECT as MESSAGE
from marketing.messages import message_within
from salon import keyset
from salon.audit.models import AuditEntry
from salon.mail.telling import SUBJECT as MAIL
from salon.mail.telling import sent_as


class Kind(TextChoices):
    """What an entry of the history is about; the order is that of the filters."""

    APPOINTMENTS = "APPOINTMENTS", _("Appointments")
    SALES = "SALES", _("Sales")
    MESSAGES = "MESSAGES", _("Messages")
    MAILS = "MAILS", _("E-mails")
    DETAILS = "DETAILS", _("Master data")
    NOTES = "NOTES", _("Notes")
    CATEGORIES = "CATEGORIES", _("Categories")
    CONSENT = "CONSENT", _("Consent")
    TREATCARD = "TREATCARD", _("Treatcard")
    STATUS = "STATUS", _("New or returning")
    CARD = "CARD", _("Card and data")


# Every action that is recorded of a client, or of something of hers; a test reads the source for them.
ACTIONS = {
    "appointment.booked": Kind.APPOINTMENTS,
    "appointment.moved": Kind.APPOINTMENTS,
    "appointment.item_moved": Kind.APPOINTMENTS,
    "appointment.item_resized": Kind.APPOINTMENTS,
    "appointment.item_added": Kind.APPOINTMENTS,
    "appointment.item_exchanged": Kind.APPOINTMENTS,
    "appointment.reward_added": Kind.APPOINTMENTS,
    "appointment.reward_parted": Kind.APPOINTMENTS,
    "appointment.item_removed": Kind.APPOINTMENTS,
    "appointment.item_restored": Kind.APPOINTMENTS,
    "appointment.item_reassigned": Kind.APPOINTMENTS,
    "appointment.price_changed": Kind.APPOINTMENTS,
    "appointment.note_changed": Kind.APPOINTMENTS,
    "appointment.client_changed": Kind.APPOINTMENTS,
    "appointment.state_changed": Kind.APPOINTMENTS,
    "appointment.cancelled": Kind.APPOINTMENTS,
    "appointment.kept": Kind.APPOINTMENTS,
    "appointment.kept_no_more": Kind.APPOINTMENTS,
    "appointment.undone": Kind.APPOINTMENTS,
    "appointment.completed": Kind.APPOINTMENTS,
    "sale.opened": Kind.SALES,
    "sale.line_added": Kind.SALES,
    "sale.line_changed": Kind.SALES,
    "sale.line_removed": Kind.SALES,
    "sale.line_restored": Kind.SALES,
    "sale.client_changed": Kind.SALES,
    "sale.payment_taken": Kind.SALES,
    "sale.deposit_taken": Kind.SALES,
    "sale.payment_removed": Kind.SALES,
    "sale.paid": Kind.SALES,
    "sale.refunded": Kind.SALES,
    "sale.voided": Kind.SALES,
    "sale.lapsed": Kind.SALES,
    "sale.revived": Kind.SALES,
    "waiting.added": Kind.APPOINTMENTS,
    "waiting.changed": Kind.APPOINTMENTS,
    "waiting.removed": Kind.APPOINTMENTS,
    "waiting.restored": Kind.APPOINTMENTS,
    "waiting.booked": Kind.APPOINTMENTS,
    "mail.sent": Kind.MAILS,
    "mail.failed": Kind.MAILS,
    "mail.expired": Kind.MAILS,
    "message.written": Kind.MESSAGES,
    "message.received": Kind.MESSAGES,
    "client.created": Kind.CARD,
    "client.updated": Kind.DETAILS,
    "client.note_written": Kind.NOTES,
    "client.note_edited": Kind.NOTES,
    "client.note_pinned": Kind.NOTES,
    "client.note_unpinned": Kind.NOTES,
    "client.note_deleted": Kind.NOTES,
    "client.note_restored": Kind.NOTES,
    "client.health_written": Kind.NOTES,
    "client.health_deleted": Kind.NOTES,
    "client.address_undeliverable": Kind.MAILS,
    "client.address_deliverable": Kind.MAILS,
    "client.consent_requested": Kind.CONSENT,
    "client.consent_confirmed": Kind.CONSENT,
    "client.unsubscribed": Kind.CONSENT,
    "client.consent_granted": Kind.CONSENT,
    "client.consent_withdrawn": Kind.CONSENT,
    "client.consent_lapsed": Kind.CONSENT,
    "client.consent_holds_again": Kind.CONSENT,
    "client.categories_added": Kind.CATEGORIES,
    "client.categories_removed": Kind.CATEGORIES,
    "client.treatcard_changed": Kind.TREATCARD,
    "client.prior_use_noted": Kind.TREATCARD,
    "client.prior_use_withdrawn": Kind.TREATCARD,
    **{action_of(cause): Kind.TREATCARD for cause in Cause},
    "client.status_changed": Kind.STATUS,
    MERGED: Kind.CARD,
    "client.merged_away": Kind.CARD,
    "client.merge_undone": Kind.CARD,
    "client.separated": Kind.CARD,
    "client.told_apart": Kind.CARD,
    "client.told_apart_undone": Kind.CARD,
    "client.data_disclosed": Kind.CARD,
    "client.erased": Kind.CARD,
    "client.imported": Kind.CARD,
    "client.import_joined": Kind.CARD,
    "client.import_undone": Kind.CARD,
    "client.import_removed": Kind.CARD,
}
# How a sale came to what it was, which the sale itself tells.
QUIET = frozenset(
    {
        *("sale.opened", "sale.line_added", "sale.line_changed", "sale.line_removed", "sale.line_restored"),
        "sale.payment_taken",
    }
)
# A message is told when it is written; of its mail only that it did not arrive.
_TOLD = ~Q(action__in=QUIET) & ~sent_as(message_letters.WRITER)
_OF_APPOINTMENT, _OF_MESSAGE = Q(subject_kind="appointment"), Q(subject_kind=MESSAGE)
_OF_MAIL = Q(subject_kind=MAIL)
_ORDER = keyset.Order(("at", "id"), descending=True)
PAGE = 20


class _WentInto(Func):
    """Whether a column names one of the cards that went into a card, also by way of another one.

    An array, so that the index is asked for each of them; hardly ever there are any.
    """

    output_field = BooleanField()
    arg_joiner = " = ANY(ARRAY(WITH RECURSIVE gone AS (SELECT id FROM clients_client WHERE merged_into_id = "
    template = (
        "%(expressions)s UNION SELECT card.id FROM clients_client card JOIN gone ON card.merged_into_id = gone.id) "
        "SELECT id FROM gone))"
    )


@dataclass(frozen=True, slots=True)
class History:
    """One page of entries, where it goes on and back, and what the whole history has: kinds, and whether a merge."""

    entries: Sequence[AuditEntry]
    next: str | None
    previous: str | None
    kinds: list[Kind]
    merged: bool


def history_of(client_id: UUID, *, kind: Kind | None = None, limit: int = PAGE, cursor: str | None = None) -> History:
    """Return one page of what happened on a card of the open salon, of one kind or of all.

    What is recorded of an appointment belongs to the client who had it then, and to the card that hers went into.
    An empty page names no kinds. Raises: keyset.InvalidCursor.
    """
    entries = AuditEntry.objects.filter(_TOLD)
    if kind is not None:
        entries = entries.filter(action__in=[action for action in ACTIONS if ACTIONS[action] == kind])
    went_into_hers = Q(_WentInto("client_id", Value(client_id)))
    parts = [entries.filter(one) for one in (Q(subject_id=client_id), Q(client_id=client_id), went_into_hers)]
    # One statement: the kinds come along with the rows.
    own = AuditEntry.objects.filter(_TOLD, Q(subject_id=client_id) | Q(client_id=client_id) | went_into_hers)
    actions = ArraySubquery(own.values("action").distinct())
    rows = AuditEntry.objects.annotate(
        all_actions=actions,
        gist=gist_within("subject_id", where=_OF_APPOINTMENT),
        message=message_within("subject_id", where=_OF_MESSAGE),
        mailing=mailing_within("subject_id", where=_OF_MAIL),
    )
    page = keyset.page(rows, _ORDER, limit=limit, cursor=cursor, parts=parts)
    done: set[str] = set(page.rows[0].all_actions) if page.rows else set()  # type: ignore[attr-defined]
    found = {kind_of(action) for action in done}
    return History(page.rows, page.next, page.previous, [one for one in Kind if one in found], MERGED in done)


def kind_of(action: str) -> Kind:
    """Return what an action is about; one that is not known (of a later release, say) is about the card."""
    return ACTIONS.get(action, Kind.CARD)
