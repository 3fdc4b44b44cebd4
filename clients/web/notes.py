"""Notes and health data on the client card (ui.md §2.4)."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clients.cards import ConflictingChange, get_client
from clients.consent import holds
from clients.models import Client, ConsentPurpose, HealthRecord, Note
from clients.notes import (
    HealthConsentMissing,
    NoteChanged,
    delete_note,
    edit_note,
    health_of,
    note_on,
    notes_of,
    pin_note,
    restore_note,
    write_health,
    write_note,
)
from clients.web.facts import CHANGED
from salon.errors import InvalidInput
from salon.identity.roles import Permission
from salon.tenancy.models import new_id
from salon.web.access import SalonRequest, requires


@dataclass(frozen=True, slots=True)
class ShownNote:
    """One note as the card shows it."""

    id: UUID
    text: str
    pinned: bool
    author_name: str
    written_at: datetime
    edited: bool
    edit_url: str
    pin_url: str
    delete_url: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What was entered and could not be kept as it is: for a new note, or for the one with this id."""

    note_id: UUID | None
    text: str
    pinned: bool = False
    error: str | Promise = ""
    seen: str = ""
    theirs: str = ""


@dataclass(frozen=True, slots=True)
class NotesPanel:
    """The notes of one card, and the form for the next one."""

    notes: list[ShownNote]
    write_url: str | None
    form_id: UUID
    draft: Draft | None = None

    @property
    def alerts(self) -> list[ShownNote]:
        """The pinned ones."""
        return [note for note in self.notes if note.pinned]


def notes_panel(request: SalonRequest, client: Client, draft: Draft | None = None) -> NotesPanel:
    """Return the notes of a card for `clients/_notes.html` and `clients/_alerts.html`."""
    writes = Permission.CLIENTS_WRITE in request.actor.permissions
    url = reverse("clients:notes", args=[request.salon.slug, client.pk]) if writes else None
    return NotesPanel([_shown(request, note) for note in notes_of(client.pk)], url, new_id(), draft)


def _shown(request: SalonRequest, note: Note) -> ShownNote:
    def url(name: str) -> str:
        return reverse(f"clients:{name}", args=[request.salon.slug, note.pk])

    return ShownNote(
        id=note.pk,
        text=note.text,
        pinned=note.pinned,
        author_name=note.author_name,
        written_at=note.written_at,
        edited=note.edited_at is not None,
        edit_url=url("note_edit"),
        pin_url=url("note_pin"),
        delete_url=url("note_delete"),
    )


@requires(Permission.CLIENTS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def write(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """Put a new note on the card; asked for alone, show the notes as they stand."""
    client = get_client(client_id)
    if request.method != "POST":
        return _panel(request, client)
    text, pinned = request.POST.get("text", ""), "pinned" in request.POST
    try:
        write_note(
            actor=request.actor,
            client_id=client.pk,
            text=text,
            pinned=pinned,
            now=timezone.now(),
            note_id=_form_id(request),
        )
    except InvalidInput as refusal:
        return _panel(request, client, Draft(None, text, pinned, error=refusal.errors[0].message))
    return _panel(request, client)


def _form_id(request: SalonRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("form_id", ""))
    except ValueError:
        return None


@requires(Permission.CLIENTS_WRITE)
@require_http_methods(["GET", "POST"])
def edit(request: SalonRequest, note_id: UUID) -> HttpResponse:
    """Rewrite a note where it stands; what somebody else wrote meanwhile is shown beside what was entered."""
    note, client = _found(note_id)
    if request.method == "GET":
        return _panel(request, client, Draft(note.pk, note.text, seen=note.text))
    text, read = request.POST.get("text", ""), request.POST.get("seen", "")
    seen = None if request.POST.get("confirm") == "mine" else read
    try:
        edit_note(actor=request.actor, note_id=note.pk, text=text, seen=seen, now=timezone.now())
    except InvalidInput as refusal:
        return _panel(request, client, Draft(note.pk, text, error=refusal.errors[0].message, seen=read))
    except NoteChanged as refusal:
        return _panel(request, client, Draft(note.pk, text, error=refusal.message, theirs=refusal.note.text, seen=read))
    return _panel(request, client)


@requires(Permission.CLIENTS_WRITE)
@require_POST
def pin(request: SalonRequest, note_id: UUID) -> HttpResponse:
    """Make a note an alert, or take the pin out."""
    note, client = _found(note_id)
    pin_note(actor=request.actor, note_id=note.pk, pinned=request.POST.get("pinned") == "yes", now=timezone.now())
    return _panel(request, client)


@requires(Permission.CLIENTS_WRITE)
@require_POST
def delete(request: SalonRequest, note_id: UUID) -> HttpResponse:
    """Take a note off the card, and offer it back."""
    note, client = _found(note_id)
    delete_note(actor=request.actor, note_id=note.pk, now=timezone.now())
    undo = reverse("clients:note_restore", args=[request.salon.slug, note.pk])
    return _panel(request, client, toast=_("The note is deleted."), undo_url=undo)


@requires(Permission.CLIENTS_WRITE)
@require_POST
def restore(request: SalonRequest, note_id: UUID) -> HttpResponse:
    """Put a deleted note back."""
    note, client = _found(note_id)
    restore_note(actor=request.actor, note_id=note.pk, now=timezone.now())
    return _panel(request, client)


def _found(note_id: UUID) -> tuple[Note, Client]:
    note = note_on(note_id)
    return note, get_client(note.client_id)


def _panel(
    request: SalonRequest, client: Client, draft: Draft | None = None, *, toast: str = "", undo_url: str = ""
) -> HttpResponse:
    """Answer with the panel alone, or without a script with the way back to the card."""
    if not request.htmx and draft is None:
        return redirect(f"{reverse('client_card', args=[request.salon.slug, client.pk])}#notes")
    context = {
        "panel": notes_panel(request, client, draft),
        "card_url": reverse("client_card", args=[request.salon.slug, client.pk]),
        "client_name": client.full_name,
        "toast": toast,
        "undo_url": undo_url,
    }
    refused = draft is not None and bool(draft.error)
    template = "clients/_notes_answer.html" if request.htmx else "clients/notes.html"
    response = render(request, template, context, status=422 if refused else 200)
    if request.method == "POST" and not refused:
        response["HX-Trigger"] = CHANGED
    return response


@dataclass(frozen=True, slots=True)
class HealthPanel:
    """The health data of one card, and whether they may be written."""

    record: HealthRecord | None
    consented: bool
    write_url: str | None
    text: str = ""
    error: str | Promise = ""
    seen: str = ""
    theirs: str = ""


def health_panel(request: SalonRequest, client: Client, *, consented: bool | None = None) -> HealthPanel:
    """Return the health data of a card for `clients/_health.html`; `consented`: what the ledger says, where known."""
    writes = Permission.CLIENTS_WRITE in request.actor.permissions
    url = reverse("clients:health", args=[request.salon.slug, client.pk]) if writes else None
    if consented is None:
        consented = holds(client.pk, ConsentPurpose.HEALTH_DATA)
    # Without consent nothing is stored.
    found = health_of(client.pk) if consented else None
    stored = found.text if found else ""
    return HealthPanel(found, consented, url, stored, seen=stored)


@requires(Permission.CLIENTS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def health(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """Replace the health data of a card; what somebody else wrote meanwhile is shown beside what was entered.

    Asked for alone, show them as they stand.
    """
    client = get_client(client_id)
    card_url = reverse("client_card", args=[request.salon.slug, client.pk])
    if request.method != "POST":
        if not request.htmx:
            return redirect(f"{card_url}#health")
        return render(request, "clients/_health.html", {"panel": health_panel(request, client), "card_url": card_url})
    text, read = request.POST.get("text", ""), request.POST.get("seen")
    seen = None if request.POST.get("confirm") == "mine" else read
    error: str | Promise = ""
    conflict = False
    try:
        write_health(actor=request.actor, client_id=client.pk, text=text, seen=seen, now=timezone.now())
    except InvalidInput as refusal:
        error = refusal.errors[0].message
    except HealthConsentMissing as refusal:
        error = refusal.message
    except ConflictingChange as refusal:
        error, conflict = refusal.message, True
    if not request.htmx and not error:
        return redirect(f"{card_url}#health")
    panel = health_panel(request, client)
    if error:
        stored = panel.text
        # Where nothing stands any more, nothing is overwritten.
        seen = read or "" if stored else ""
        panel = replace(panel, text=text, error=error, seen=seen, theirs=stored if conflict else "")
    context = {"panel": panel, "card_url": card_url, "client_name": client.full_name}
    template = "clients/_health.html" if request.htmx else "clients/health.html"
    response = render(request, template, context, status=422 if error else 200)
    if not error:
        response["HX-Trigger"] = CHANGED
    return response
