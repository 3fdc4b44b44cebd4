"""The history of a client in words, with what was before and after (ui.md §2.4)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db.models import TextChoices
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.agenda import Gist, read_gist
from clients.classification import Status
from clients.details import LABELS
from clients.models import Client, ConsentPurpose
from clients.web import points
from clients.web.shown import YES_FIELDS, worded
from marketing.web.photos import ShownPhoto
from salon.audit.models import AuditEntry
from salon.catalogue.models import StaffMember
from salon.desk.web import appointments, messages, sales, waiting
from salon.identity.roles import shown_name
from salon.mail import telling
from salon.tenancy.models import Salon

type Text = Promise | str


@dataclass(frozen=True, slots=True)
class Told:
    """How an action is told: its title and its icon."""

    title: Promise
    icon: str


WORDS = {
    **{
        action: Told(title, icon)
        for action, (title, icon) in {
            **appointments.TOLD,
            **sales.TOLD,
            **waiting.TOLD,
            **points.TOLD,
            **messages.TOLD,
        }.items()
    },
    telling.SENT: Told(_("E-mail sent"), "mail"),
    telling.FAILED: Told(_("E-mail not delivered"), "triangle-alert"),
    telling.EXPIRED: Told(_("E-mail not sent in time"), "triangle-alert"),
    "client.created": Told(_("Card created"), "user-plus"),
    "client.updated": Told(_("Card changed"), "pencil"),
    "client.note_written": Told(_("Note written"), "sticky-note"),
    "client.note_edited": Told(_("Note rewritten"), "sticky-note"),
    "client.note_pinned": Told(_("Note pinned"), "pin"),
    "client.note_unpinned": Told(_("Note no longer pinned"), "pin-off"),
    "client.note_deleted": Told(_("Note deleted"), "trash-2"),
    "client.note_restored": Told(_("Note restored"), "undo-2"),
    "client.health_written": Told(_("Health data written down"), "shield-alert"),
    "client.health_deleted": Told(_("Health data deleted"), "shield-off"),
    "client.consent_requested": Told(_("Consent asked for"), "mail-question-mark"),
    "client.consent_confirmed": Told(_("Consent confirmed by the link in the mail"), "circle-check"),
    "client.unsubscribed": Told(_("Unsubscribed from news"), "circle-x"),
    "client.consent_granted": Told(_("Consent given"), "circle-check"),
    "client.consent_withdrawn": Told(_("Consent withdrawn"), "circle-x"),
    "client.address_undeliverable": Told(_("Mails come back: the address is undeliverable"), "mail-x"),
    "client.address_deliverable": Told(_("Mails go to the address again"), "mail-check"),
    "client.consent_lapsed": Told(_("Consent to news ended: it held at the old e-mail address"), "mail-x"),
    "client.consent_holds_again": Told(_("Consent to news holds again: back at the address it was for"), "mail-check"),
    "client.categories_added": Told(_("Categories added"), "tag"),
    "client.categories_removed": Told(_("Categories removed"), "tag"),
    "client.treatcard_changed": Told(_("Treatcard number changed"), "credit-card"),
    "client.prior_use_noted": Told(_("Has had it before"), "history"),
    "client.prior_use_withdrawn": Told(_("Has not had it before"), "history"),
    "client.status_changed": Told(_("Verdict changed by the passing of time"), "clock"),
    "client.merged": Told(_("Another card went into this one"), "merge"),
    "client.merged_away": Told(_("This card went into another one"), "merge"),
    "client.merge_undone": Told(_("Merge undone"), "split"),
    "client.separated": Told(_("Taken out of another card again"), "split"),
    "client.told_apart": Told(_("Two people, says the team"), "users"),
    "client.told_apart_undone": Told(_("Perhaps one person after all"), "users"),
    "client.data_disclosed": Told(_("All data downloaded"), "download"),
    "client.erased": Told(_("Client erased"), "trash-2"),
    "client.imported": Told(_("Data imported"), "file-down"),
    "client.import_joined": Told(_("Filled in from a further line of the import"), "file-down"),
    "client.import_undone": Told(_("Import undone"), "undo-2"),
    "client.import_removed": Told(_("Import undone, card removed"), "undo-2"),
}
# First values of a new card stand beside the history already.
_WITHOUT_CHANGES = {"client.created"}
# These name what came or went, and nothing before and after it.
_NAMED = {"client.categories_added", "client.categories_removed"}
# What was decided is said by the title.
_SAID = "consent"
_FIELDS: dict[str, Text] = {
    **LABELS,
    **appointments.FIELDS,
    **waiting.FIELDS,
    "recipient": _("To"),
    "said": _("What the mail server said"),
    "item": _("Service or product"),
    "treatcard_number": _("Number"),
    "note": _("Text"),
    "purpose": "",
    "categories": _("Categories"),
    "status": _("Status"),
    "other_card": _("Client no."),
    "import": _("File"),
    "services": _("Services"),
    "notes": _("Notes"),
    "listed_on": _("Client since"),
    "carried_first_visit_on": _("First visit"),
    "carried_last_visit_on": _("Last visit"),
    "carried_visits": _("Visits"),
    "points": _("Points"),
    "carried_points": _("Points"),
}
_NOTE = _("Note")
# These name a card, or a staff member.
_OTHERS = {"referred_by", "preferred_staff"}
_DAYS = {"listed_on", "carried_first_visit_on", "carried_last_visit_on"}
_CHOICES: dict[str, type[TextChoices]] = {"purpose": ConsentPurpose, "status": Status}


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One field before and after, as text for people."""

    label: Text
    old: Text
    new: Text


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history; `about` says of which appointment it tells, `url` leads there.

    Of a message: what is to be known besides, its pictures, whether nobody has seen it, and where it can be answered.
    """

    id: UUID
    at: datetime
    actor_name: str
    icon: str
    title: Text
    changes: list[ShownChange]
    about: str = ""
    url: str = ""
    marks: Sequence[messages.Mark] = ()
    photos: Sequence[ShownPhoto] = ()
    is_unread: bool = False
    answer_url: str = ""


def shown_history(
    entries: Sequence[AuditEntry], salon: Salon, *, known: Iterable[Client] = (), campaigns: bool = False
) -> list[Event]:
    """Return entries of `history_of` as people read them, phones as people of the salon's country write them.

    Of cards that are `known`, and of those that referred them, no name need be looked up. `campaigns`: whoever reads it
    may see those, so that their mails can be opened.
    """
    names = _names(entries, known)
    return [_with_actor(_shown(entry, salon, names, campaigns), entry) for entry in entries]


def events_of(entries: Iterable[AuditEntry], salon: Salon, names: dict[str, str]) -> Iterator[Event]:
    """Return entries by themselves as people read them, without what they lead to; `names` are those of whom changes
    speak."""
    for entry in entries:
        entry.gist = entry.message = entry.mailing = None  # type: ignore[attr-defined]
        yield _with_actor(_shown(entry, salon, names, campaigns=False), entry)


def _with_actor(event: Event, entry: AuditEntry) -> Event:
    return replace(event, actor_name=shown_name(entry.actor_kind, entry.actor_name))


def _shown(entry: AuditEntry, salon: Salon, names: dict[str, str], campaigns: bool) -> Event:
    if entry.subject_kind == appointments.SUBJECT:
        return _of_appointment(entry, read_gist(entry.gist), salon)  # type: ignore[attr-defined]
    if entry.subject_kind == sales.SUBJECT:
        return _bare(entry, [], about=sales.about(entry.changes, salon), url=sales.sale_url(salon, entry.subject_id))
    if entry.subject_kind == messages.SUBJECT:
        return _of_message(entry, salon)
    if entry.subject_kind == telling.SUBJECT:
        return _of_mail(entry, salon, opens=campaigns)
    if tell := _BY_ITSELF.get(entry.subject_kind):
        return tell(entry)
    return _event(entry, salon.country, names)


def _of_waiting(entry: AuditEntry) -> Event:
    changes = []
    for change in entry.changes:
        field = change["field"] or ""
        if waiting.worth_telling(entry.action, field):
            old, new = (waiting.worded(field, change[side]) for side in ("old", "new"))
            changes.append(ShownChange(_NOTE if field == "note" else _FIELDS.get(field, field), old, new))
    return _bare(entry, changes, about=waiting.about(entry.action, entry.changes))


def _of_points(entry: AuditEntry) -> Event:
    old, new = points.balance(entry.changes)
    return _bare(entry, [ShownChange("", old, new)] if new else [], about=points.about(entry.changes))


def _of_message(entry: AuditEntry, salon: Salon) -> Event:
    told = entry.message  # type: ignore[attr-defined]
    about = next((change["new"] or "" for change in entry.changes if change["field"] == "subject"), "")
    text = messages.excerpt(told)
    event = _bare(entry, [ShownChange("", "", text)] if text else [], about=about)
    if not told:
        return event
    return replace(
        event,
        url=messages.thread_url(salon, entry.client_id, entry.subject_id),
        marks=messages.marks(told),
        photos=messages.photos(told, salon),
        is_unread=messages.is_unread(told),
        answer_url=messages.answer_url(salon, entry.client_id) if messages.is_answer(told) else "",
    )


def _of_mail(entry: AuditEntry, salon: Salon, *, opens: bool) -> Event:
    told = {change["field"]: change["new"] or "" for change in entry.changes}
    address = told.get("recipient", "")
    changes = [ShownChange(_FIELDS["recipient"], "", address)] if address else []
    mailing = entry.mailing if opens else None  # type: ignore[attr-defined]
    url = _mail_url(mailing, entry.subject_id, salon) if mailing else ""
    event = _bare(entry, changes, about=told.get("subject", ""), url=url)
    if entry.action == telling.SENT and settings.MAILS_STAY:
        return replace(event, title=_("E-mail written, not sent: no mail server is set up"), icon="inbox")
    return event


def _mail_url(mailing: Mapping[str, str | None], mail_id: UUID, salon: Salon) -> str:
    if mailing["campaign"]:
        return reverse("campaign_mail", args=[salon.slug, mailing["campaign"], mailing["client"]])
    return reverse("automation_mail", args=[salon.slug, mail_id])


# What needs no more than its entry to be told.
_BY_ITSELF = {waiting.SUBJECT: _of_waiting, points.SUBJECT: _of_points}


def _bare(entry: AuditEntry, changes: list[ShownChange], *, about: str, url: str = "") -> Event:
    told = WORDS.get(entry.action)
    title: Text = told.title if told else entry.action
    icon = told.icon if told else "history"
    return Event(entry.pk, entry.at, entry.actor_name, icon, title, changes, about=about, url=url)


def _of_appointment(entry: AuditEntry, gist: Gist | None, salon: Salon) -> Event:
    title, icon = appointments.title_of(entry.action, entry.changes) or (entry.action, "history")
    changes = []
    for change in entry.changes:
        field = change["field"] or ""
        if appointments.worth_telling(entry.action, field):
            old, new = (appointments.worded(field, change[side], salon) for side in ("old", "new"))
            label = _NOTE if field == "note" else _FIELDS.get(field, field)
            changes.append(ShownChange(label, old, new))
    return Event(
        entry.pk,
        entry.at,
        entry.actor_name,
        icon,
        title,
        changes,
        about=appointments.about(entry.action, entry.changes, gist, salon),
        url=appointments.appointment_url(salon, entry.subject_id) if gist else "",
    )


def _event(entry: AuditEntry, country: str, names: dict[str, str]) -> Event:
    told = WORDS.get(entry.action)
    title: Text = told.title if told else entry.action
    told_changes = [] if entry.action in _WITHOUT_CHANGES else entry.changes
    changes = [_change(change, country, names) for change in told_changes if change["field"] != _SAID]
    if entry.action in _NAMED:
        changes = [ShownChange("", "", change.new or change.old) for change in changes]
    if entry.action == "client.updated" and len(changes) == 1:
        # One change alone is told by its own name rather than by "card changed".
        title = gettext("%(field)s changed") % {"field": changes[0].label}
        changes = [ShownChange("", changes[0].old, changes[0].new)]
    return Event(entry.pk, entry.at, entry.actor_name, told.icon if told else "history", title, changes)


def _change(change: dict[str, str | None], country: str, names: dict[str, str]) -> ShownChange:
    field = change["field"] or ""
    old, new = (_value(field, change[side], country, names) for side in ("old", "new"))
    return ShownChange(_FIELDS.get(field, field), old, new)


def _value(field: str, value: str | None, country: str, names: dict[str, str]) -> Text:
    if field in YES_FIELDS:
        return worded(field, value, country)
    if not value:
        return ""
    if field in _OTHERS:
        return names.get(value, "–")
    if field in _CHOICES and value in _CHOICES[field]:
        return _CHOICES[field](value).label
    if field in _DAYS:
        return date_format(date.fromisoformat(value), "SHORT_DATE_FORMAT")
    return worded(field, value, country)


def _names(entries: Iterable[AuditEntry], known: Iterable[Client]) -> dict[str, str]:
    """Return the names of the cards and staff members that changes speak of."""
    names: dict[str, str] = {}
    for card in known:
        names |= {str(card.referred_by.pk): card.referred_by.full_name} if card.referred_by else {}
        names |= {str(card.preferred_staff.pk): card.preferred_staff.name} if card.preferred_staff else {}
    told = [(change["field"], change[side]) for entry in entries for change in entry.changes for side in ("old", "new")]
    if cards := {one for field, one in told if field == "referred_by" and one and one not in names}:
        rows = Client.objects.filter(pk__in=cards).only("first_name", "last_name")
        names |= {str(card.pk): card.full_name for card in rows}
    if people := {one for field, one in told if field == "preferred_staff" and one and one not in names}:
        names |= {str(pk): name for pk, name in StaffMember.objects.filter(pk__in=people).values_list("pk", "name")}
    return names
