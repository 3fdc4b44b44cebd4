"""*Kunden » Exporte*: a file is asked for, watched while it is written, and fetched (ui.md §2.3)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clients.selection import selected_ids
from clients.web.selection import leading_to, refused, selection_of
from salon.desk.exporting import (
    AlreadyAsked,
    Download,
    NotFailed,
    NotReady,
    get_export,
    list_exports,
    open_export,
    open_linked,
    read_link,
    request_export,
    retry_export,
)
from salon.desk.models import UNFINISHED, Export, ExportError, ExportState, FileFormat
from salon.errors import NotFound
from salon.identity.roles import Permission
from salon.tenancy import directory
from salon.tenancy.context import salon_scope
from salon.web.access import SalonRequest, public, requires

SHOWN = 50


@dataclass(frozen=True, slots=True)
class ShownExport:
    """One file as its line shows it."""

    id: UUID
    state: str
    title: str
    format_label: str
    asked_by: str
    created_at: datetime
    expires_at: datetime | None
    row_count: int
    rows: str
    progress: str
    percent: int
    error: str
    size: int
    is_night: bool
    is_unfinished: bool
    url: str
    download_url: str
    retry_url: str


@requires(Permission.EXPORT)
@require_POST
def export(request: SalonRequest) -> HttpResponse:
    """Ask for a file of all clients, or of those that the list's form marks."""
    selection = None
    if "list" in request.POST or "client" in request.POST:
        marked = selection_of(request)
        if marked.empty:
            return refused(request, _("Mark the clients in the list first."))
        everybody = marked.ids is None and not marked.typed and marked.meeting is None
        selection = None if everybody else selected_ids(marked)
    given = request.POST.get("format", "").upper()
    request_export(
        actor=request.actor,
        file_format=FileFormat(given) if given in FileFormat else FileFormat.XLSX,
        language=get_language() or "de",
        selection=selection,
        now=timezone.now(),
    )
    return leading_to(request, reverse("client_exports", args=[request.salon.slug]))


@requires(Permission.EXPORT)
@never_cache
@require_safe
def exports(request: SalonRequest) -> HttpResponse:
    """All files that are there or on their way."""
    shown = [_shown(request, one) for one in list_exports(now=timezone.now(), limit=SHOWN)]
    context = {
        "exports": [one for one in shown if not one.is_night],
        "nights": [one for one in shown if one.is_night],
        "is_unfinished": any(one.is_unfinished for one in shown),
        "export_url": reverse("client_export", args=[request.salon.slug]),
        "clients_url": reverse("clients:list", args=[request.salon.slug]),
    }
    return render(request, "desk/exports.html", context)


@requires(Permission.EXPORT)
@never_cache
@require_safe
def progress(request: SalonRequest, export_id: UUID) -> HttpResponse:
    """One line of the page, as it is by now; says so once when its file is ready."""
    found = get_export(export_id, now=timezone.now())
    if not request.htmx:
        return redirect("client_exports", request.salon.slug)
    return render(request, "desk/_export.html", {"one": _shown(request, found), "is_answer": True})


@requires(Permission.EXPORT)
@require_POST
def retry(request: SalonRequest, export_id: UUID) -> HttpResponse:
    """Have a file that failed written after all."""
    try:
        retry_export(actor=request.actor, export_id=export_id, now=timezone.now())
    except (AlreadyAsked, NotFailed) as refusal:
        messages.info(request, str(refusal.message))
    return redirect("client_exports", request.salon.slug)


@requires(Permission.EXPORT)
@require_safe
def download(request: SalonRequest, export_id: UUID) -> HttpResponse | FileResponse:
    """Send a finished file."""
    try:
        found = open_export(actor=request.actor, salon=request.salon, export_id=export_id, now=timezone.now())
    except NotReady as refusal:
        messages.info(request, str(refusal.message))
        return redirect("client_exports", request.salon.slug)
    return _sent(found)


@public("the signed address is the secret; it leads to one file of one salon, for ten minutes")
@require_safe
def linked(request: SalonRequest, secret: str) -> FileResponse:
    """Send the file that an address of the API leads to."""
    try:
        salon_id, export_id = read_link(secret)
        with salon_scope(salon_id):
            found = open_linked(salon=directory.get_salon(salon_id), export_id=export_id, now=timezone.now())
    except (NotFound, NotReady) as refusal:
        raise Http404 from refusal
    return _sent(found)


def _sent(found: Download) -> FileResponse:
    response = FileResponse(found.file, as_attachment=True, filename=found.name, content_type=found.content_type)
    response["Content-Length"] = str(found.size)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _shown(request: SalonRequest, one: Export) -> ShownExport:
    args = [request.salon.slug, one.pk]
    rows, total = (number_format(count, force_grouping=True) for count in (one.rows, one.total))
    return ShownExport(
        id=one.pk,
        state=one.state,
        title=_title(one),
        format_label=FileFormat(one.file_format).name,
        asked_by=one.requested_by_name,
        created_at=one.created_at,
        expires_at=one.expires_at,
        row_count=one.rows,
        rows=rows,
        progress=_("%(rows)s of %(total)s") % {"rows": rows, "total": total} if one.total else "",
        percent=one.percent,
        error=str(ExportError(one.error).label) if one.error else "",
        size=one.size,
        is_night=one.night_of is not None,
        is_unfinished=one.state in UNFINISHED,
        url=reverse("client_export_progress", args=args),
        download_url=reverse("client_export_download", args=args) if one.state == ExportState.DONE else "",
        retry_url=reverse("client_export_retry", args=args) if one.state == ExportState.FAILED else "",
    )


def _title(one: Export) -> str:
    if one.night_of:
        return _("All clients, last night's file")
    return _("All clients") if one.selection is None else _("Selected clients")
