"""A client's data in words that she can read: headings, values and times as her salon writes them (Art. 12 DSGVO)."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db.models import TextChoices
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.checkout.pricing import LineKind
from bookings.models import Method, PaymentKind, RefundKind, SaleState, WaitingState
from bookings.states import Source, State
from bookings.web.wording import local, price_text
from clients.classification import CreatedVia, Reason, Status
from clients.details import LABELS, Gender
from clients.disclosing import Record
from clients.models import CardState, Cause, Client, ConsentPurpose, ConsentSource, Decision, Likeness, ProposalState
from clients.web.shown import worded
from loyalty.models import Returned
from marketing.models import Direction, Occasion, RecipientReason, RecipientState
from salon.audit.models import AuditEntry
from salon.catalogue.models import StaffMember
from salon.desk.personal_data import PersonalData
from salon.desk.web.history import Event, events_of
from salon.identity.roles import ActorKind
from salon.mail.models import MailState
from salon.tenancy.models import Salon

type Cell = str | int | None
type Row = dict[str, Cell]

TITLES = {
    "client": gettext_lazy("Master data"),
    "categories": gettext_lazy("Categories"),
    "notes": gettext_lazy("Notes"),
    "health": gettext_lazy("Health data"),
    "consents": gettext_lazy("Consents"),
    "services": gettext_lazy("Services had before"),
    "points": gettext_lazy("Points"),
    "merges": gettext_lazy("Merges"),
    "possible_duplicates": gettext_lazy("Possible duplicates"),
    "imports": gettext_lazy("Imports"),
    "appointments": gettext_lazy("Appointments"),
    "waiting_list": gettext_lazy("Waiting list"),
    "sales": gettext_lazy("Sales"),
    "redemptions": gettext_lazy("Rewards redeemed"),
    "prior_uses": gettext_lazy("Had before"),
    "mails": gettext_lazy("Mails"),
    "messages": gettext_lazy("Messages"),
    "mailings": gettext_lazy("Campaigns"),
    "undeliverable": gettext_lazy("Undeliverable addresses"),
    "history": gettext_lazy("History"),
}
# What every field is called; a test compares them with what is disclosed.
HEADINGS: dict[str, Promise] = {
    **LABELS,
    "actor_kind": gettext_lazy("Written down by"),
    "actor_name": gettext_lazy("Name of who wrote it down"),
    "address": gettext_lazy("E-mail address"),
    "amount": gettext_lazy("Amount"),
    "answered_at": gettext_lazy("Answered at"),
    "assigned_at": gettext_lazy("Given on"),
    "at": gettext_lazy("When"),
    "attachments": gettext_lazy("Files that came along"),
    "author": gettext_lazy("Written by"),
    "author_name": gettext_lazy("Written by"),
    "automatic": gettext_lazy("Answered by a program"),
    "automation": gettext_lazy("Automatic mail"),
    "balance_after": gettext_lazy("Points afterwards"),
    "booked_as": gettext_lazy("Said when booking"),
    "booked_by_name": gettext_lazy("Booked by"),
    "campaign": gettext_lazy("Campaign"),
    "cancel_reason": gettext_lazy("Reason of the cancellation"),
    "cancelled_at": gettext_lazy("Cancelled at"),
    "carried_first_visit_on": gettext_lazy("First visit, as imported"),
    "carried_last_visit_on": gettext_lazy("Last visit, as imported"),
    "assumed_listed_on": gettext_lazy("Client since, as assumed by the import"),
    "carried_visits": gettext_lazy("Visits, as imported"),
    "cause": gettext_lazy("What for"),
    "cells": gettext_lazy("What the line said"),
    "client_evidence": gettext_lazy("What that was judged by"),
    "client_status": gettext_lazy("New or returning when booking"),
    "client_status_reason": gettext_lazy("Why new or returning"),
    "closed_at": gettext_lazy("Closed at"),
    "created_at": gettext_lazy("Created at"),
    "created_by_name": gettext_lazy("Created by"),
    "created_via": gettext_lazy("How the card came to be"),
    "decided_at": gettext_lazy("Decided at"),
    "decision": gettext_lazy("What was said"),
    "deleted_at": gettext_lazy("Deleted at"),
    "direction": gettext_lazy("Direction"),
    "discount": gettext_lazy("Discount"),
    "discount_reason": gettext_lazy("Discount for"),
    "done_at": gettext_lazy("Done at"),
    "edited_at": gettext_lazy("Changed at"),
    "email_consent": gettext_lazy("Consent to news by e-mail"),
    "email_consent_at": gettext_lazy("Consent decided at"),
    "email_consent_for": gettext_lazy("Consent for the address"),
    "ends_at": gettext_lazy("Ends at"),
    "ends_on": gettext_lazy("Last day"),
    "file": gettext_lazy("File"),
    "final_price": gettext_lazy("Price with discount"),
    "first_success_on": gettext_lazy("First visit in all"),
    "first_visit_on": gettext_lazy("First visit"),
    "from_minute": gettext_lazy("From"),
    "into": gettext_lazy("Into client no."),
    "item": gettext_lazy("Service or product"),
    "kind": gettext_lazy("Kind"),
    "last_success_on": gettext_lazy("Last visit in all"),
    "last_visit_on": gettext_lazy("Last visit"),
    "likeness": gettext_lazy("What is alike"),
    "line": gettext_lazy("Line"),
    "lines": gettext_lazy("Lines"),
    "list_price": gettext_lazy("Usual price"),
    "listed_on": gettext_lazy("Client since"),
    "merged_at": gettext_lazy("Merged at"),
    "method": gettext_lazy("Method"),
    "name": gettext_lazy("Name"),
    "note": gettext_lazy("Note"),
    "noted_at": gettext_lazy("Written at"),
    "noted_by_name": gettext_lazy("Written by"),
    "number": gettext_lazy("Number"),
    "occasion": gettext_lazy("Because of the day"),
    "opened_by_name": gettext_lazy("Opened by"),
    "other_address": gettext_lazy("From another address"),
    "paid": gettext_lazy("Paid"),
    "paid_at": gettext_lazy("Paid at"),
    "payments": gettext_lazy("Payments"),
    "pinned": gettext_lazy("Shown when booking"),
    "pictures": gettext_lazy("Pictures"),
    "points": gettext_lazy("Points"),
    "points_earned": gettext_lazy("Points for it"),
    "points_number": gettext_lazy("Entries of points"),
    "price": gettext_lazy("Price"),
    "proposed_at": gettext_lazy("Proposed at"),
    "purpose": gettext_lazy("For"),
    "quantity": gettext_lazy("Quantity"),
    "read_at": gettext_lazy("Read at"),
    "reason": gettext_lazy("Reason"),
    "recipient": gettext_lazy("To"),
    "redeemed_at": gettext_lazy("Redeemed at"),
    "reference": gettext_lazy("Reference"),
    "refunded": gettext_lazy("Refunded"),
    "refunded_amount": gettext_lazy("Amount refunded"),
    "refunded_at": gettext_lazy("Refunded at"),
    "refunds": gettext_lazy("Refunds"),
    "return_reason": gettext_lazy("Taken back because"),
    "returned_at": gettext_lazy("Taken back at"),
    "said": gettext_lazy("What the mail server said"),
    "sent_at": gettext_lazy("Sent at"),
    "service": gettext_lazy("Service"),
    "services": gettext_lazy("Services"),
    "source": gettext_lazy("Source"),
    "staff": gettext_lazy("With"),
    "starts_at": gettext_lazy("Begins at"),
    "starts_on": gettext_lazy("First day"),
    "state": gettext_lazy("State"),
    "status": gettext_lazy("New or returning"),
    "status_changes_on": gettext_lazy("Changes on"),
    "status_reason": gettext_lazy("Why new or returning"),
    "subject": gettext_lazy("Subject"),
    "taken_at": gettext_lazy("Paid at"),
    "text": gettext_lazy("Text"),
    "times": gettext_lazy("How often"),
    "total": gettext_lazy("Total"),
    "treatcard_number": gettext_lazy("Treatcard number"),
    "undone_at": gettext_lazy("Undone at"),
    "unsubscribed_at": gettext_lazy("Unsubscribed at"),
    "until_minute": gettext_lazy("Until"),
    "updated_at": gettext_lazy("Changed at"),
    "uploaded_at": gettext_lazy("Uploaded at"),
    "vat_rate": gettext_lazy("VAT in percent"),
    "version": gettext_lazy("Number of changes"),
    "visit_on": gettext_lazy("Counts as a visit on"),
    "visits": gettext_lazy("Visits"),
    "visits_in_all": gettext_lazy("Visits in all"),
    "void_reason": gettext_lazy("Void because"),
    "voided_at": gettext_lazy("Void since"),
    "wording": gettext_lazy("Wording"),
    "wording_number": gettext_lazy("Version of the wording"),
    "written_at": gettext_lazy("Written at"),
}
# The values that a field of a section, or of a part of one, can have.
CHOICES: dict[str, dict[str, type[TextChoices]]] = {
    "client": {"gender": Gender, "state": CardState, "created_via": CreatedVia, "status": Status},
    "client_evidence": {"created_via": CreatedVia},
    "consents": {"purpose": ConsentPurpose, "decision": Decision, "source": ConsentSource},
    "points": {"cause": Cause},
    "possible_duplicates": {"likeness": Likeness, "state": ProposalState},
    "appointments": {"state": State, "source": Source, "client_status": Status},
    "waiting_list": {"state": WaitingState},
    "sales": {"state": SaleState},
    "lines": {"kind": LineKind},
    "payments": {"kind": PaymentKind, "method": Method},
    "refunds": {"kind": RefundKind, "method": Method},
    "redemptions": {"return_reason": Returned},
    "mails": {"state": MailState},
    "messages": {"direction": Direction},
    "mailings": {"automation": Occasion, "state": RecipientState, "reason": RecipientReason},
}
_EVERYWHERE: dict[str, type[TextChoices]] = {
    "actor_kind": ActorKind,
    "status_reason": Reason,
    "client_status_reason": Reason,
}
_MONEY = {"amount", "discount", "final_price", "list_price", "paid", "price", "refunded_amount", "total"}
_MINUTES = {"from_minute", "until_minute"}
_PEOPLE = ("referred_by", "preferred_staff")
# Says for programs how a merge is undone (what it says of her stands on the sheet of her cards); is a picture itself.
_LEFT_OUT = {"kept_to_undo", "content"}


def sheets_of(found: PersonalData, salon: Salon) -> Iterator[tuple[str, list[Row]]]:
    """Return a title and rows for every section; of the cards, a row for every field and a column for every card."""
    reading = _Reading(salon, found)
    for section, records in found.sections.items():
        if section == "history":
            rows = [reading.event(one) for one in events_of(reading.entries, salon, reading.names)]
        else:
            rows = [reading.row(section, one) for one in records]
        if section == "client":
            rows = _turned(rows, records)
        yield str(TITLES[section]), rows or [{_("Nothing is stored."): None}]


def _turned(cards: list[Row], records: list[Record]) -> list[Row]:
    headings = list(cards[0]) if cards else []
    numbers = [str(record["number"]) for record in records]
    return [
        {_("Field"): heading, **{number: card[heading] for number, card in zip(numbers, cards, strict=True)}}
        for heading in headings
    ]


class _Reading:
    """One client's data being put into words: for which salon, and who is spoken of."""

    def __init__(self, salon: Salon, found: PersonalData) -> None:
        self.salon = salon
        self.entries = [
            AuditEntry(**{**one, "at": datetime.fromisoformat(str(one["at"]))}) for one in found.sections["history"]
        ]
        self.names = _names(found.sections["client"], self.entries)

    def row(self, section: str, record: Record) -> Row:
        told = {key: value for key, value in record.items() if key not in _LEFT_OUT}
        return {_heading(key): self._cell(section, key, value) for key, value in told.items()}

    def event(self, event: Event) -> Row:
        changes = [
            f"{change.label}: {change.old or '–'} → {change.new or '–'}"
            if change.label
            else f"{change.old} {change.new}"
            for change in event.changes
        ]
        return {
            _heading("at"): self._moment(event.at),
            _("What happened"): str(event.title),
            _("Of what"): event.about or None,
            _("Before and after"): "\n".join(text.strip() for text in changes) or None,
            _("By"): event.actor_name,
        }

    def _cell(self, section: str, key: str, value: object) -> Cell:
        match value:
            case None:
                return None
            case bool():
                return _("yes") if value else _("no")
            case dict():
                return self._sentence(key, value) or None
            case list():
                between = "\n" if any(isinstance(one, dict) for one in value) else ", "
                return between.join(str(cell) for one in value if (cell := self._cell(key, key, one))) or None
            case int():
                return f"{value // 60:02}:{value % 60:02}" if key in _MINUTES else value
        return self._text(section, key, str(value))

    def _sentence(self, section: str, record: Record) -> str:
        said = ((key, self._cell(section, key, value)) for key, value in record.items() if key not in _LEFT_OUT)
        return "; ".join(f"{_heading(key)}: {cell}" for key, cell in said if cell is not None)

    def _text(self, section: str, key: str, value: str) -> str:
        choices = {**_EVERYWHERE, **CHOICES.get(section, {})}.get(key)
        if choices is not None and value in choices.values:
            stays = settings.MAILS_STAY and value == MailState.SENT
            return _("written, not sent: no mail server is set up") if stays else str(choices(value).label)
        if key in _PEOPLE:
            return self.names.get(value, "–")
        if key in _MONEY or (section, key) == ("sales", "refunded"):
            return price_text(Decimal(value), self.salon)
        if key == "at" or key.endswith("_at"):
            return self._moment(datetime.fromisoformat(value))
        if key == "occasion" or key.endswith("_on"):
            return date_format(date.fromisoformat(value), "SHORT_DATE_FORMAT")
        return worded(key, value, self.salon.country) if section == "client" else value

    def _moment(self, moment: datetime) -> str:
        return date_format(local(moment, self.salon), "SHORT_DATETIME_FORMAT")


def _heading(key: str) -> str:
    return str(HEADINGS.get(key, key))


def _names(cards: Iterable[Record], entries: Iterable[AuditEntry]) -> dict[str, str]:
    """Return what the people are called whom cards and history speak of: of other clients, only their numbers."""
    told = [(name, card[name]) for card in cards for name in _PEOPLE]
    told += [(one["field"], one[side]) for entry in entries for one in entry.changes for side in ("old", "new")]
    numbers = Client.objects.filter(pk__in=[pk for name, pk in told if name == "referred_by" and pk])
    names = StaffMember.objects.filter(pk__in=[pk for name, pk in told if name == "preferred_staff" and pk])
    spoken = {str(card.pk): _("Client no. %(number)s") % {"number": card.number} for card in numbers.only("number")}
    return spoken | {str(pk): name for pk, name in names.values_list("pk", "name")}
