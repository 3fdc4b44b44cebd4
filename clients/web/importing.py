"""*Kunden » Importieren*: upload, columns, preview, result and undo, each at an address of its own import."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from clients.duplicates import open_pairs
from clients.importing import batches
from clients.importing.batches import WORKING, WrongMoment
from clients.importing.deciding import decide
from clients.importing.formats import SAMPLE
from clients.importing.lines import Found, cards_of, filled_since, leaves_cards, lines_of
from clients.importing.new_categories import say_what_is_meant, stored_names, to_be_made
from clients.importing.placing import place_headings, read_sheet, top_of
from clients.importing.stages import DUPLICATES
from clients.importing.tallies import tallies_of
from clients.models import ImportBatch, ImportState, Outcome
from clients.web.faulty_lines import faulty, faulty_workbook
from clients.web.import_doubtful import Doubtful
from clients.web.import_forms import ColumnsForm, TableForm, UploadForm, column_names
from clients.web.import_lines import Lines, lines_table
from clients.web.import_words import REFUSALS, label_of
from salon.errors import InvalidInput
from salon.identity.roles import Permission
from salon.keyset import InvalidCursor
from salon.tenancy.models import new_id
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors
from salon.web.uploads import was_too_large
from salon.work.queue import last_due


@dataclass(frozen=True, slots=True)
class Tab:
    """One kind of lines, and how many there are."""

    key: str
    label: object
    count: int
    url: str
    current: bool


@requires(Permission.CLIENTS_IMPORT)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: SalonRequest) -> HttpResponse:
    """The page that takes a file, and the imports so far."""
    if request.method != "POST":
        return _upload_page(request, UploadForm(initial={"batch_id": new_id()}))
    form = UploadForm(request.POST, request.FILES)
    if was_too_large(request):
        form.errors.pop("file", None)
        show_errors(form, batches.too_large().errors)
    elif form.is_valid():
        try:
            batch = batches.upload(
                actor=request.actor,
                file_name=form.cleaned_data["file"].name,
                content=form.cleaned_data["file"],
                now=timezone.now(),
                batch_id=form.cleaned_data["batch_id"],
            )
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        else:
            return _to(request, batch)
    return _upload_page(request, form)


def _upload_page(request: SalonRequest, form: UploadForm) -> HttpResponse:
    earlier = [
        {"batch": batch, "url": reverse("clients:import_batch", args=[request.salon.slug, batch.pk])}
        for batch in batches.recent_batches()
    ]
    return render(
        request, "clients/import.html", {"form": form, "earlier": earlier}, status=422 if form.is_bound else 200
    )


@requires(Permission.CLIENTS_IMPORT)
@require_GET
def sample(request: SalonRequest) -> HttpResponse:
    """A small file to fill in."""
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows(SAMPLE)
    response = HttpResponse(out.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, "kunden-beispiel.csv")
    return response


@requires(Permission.CLIENTS_IMPORT)
@never_cache
@require_GET
def import_batch(request: SalonRequest, import_id: UUID) -> HttpResponse:
    """One import, as far as it is; while a worker is at it, the part that tells how far comes again by itself."""
    batch = batches.get_batch(import_id)
    working = batch.state in WORKING
    if request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request:
        # What the progress ends with is another page: shown by the browser, at the same address.
        return _render(request, "clients/_import_progress.html", batch) if working else HttpResponseClientRefresh()
    if working:
        return _render(request, "clients/import_progress.html", batch)
    if batch.state == ImportState.MAPPING:
        return _columns_page(request, batch, ColumnsForm.of(batch))
    if batch.state == ImportState.REFUSED:
        reason = REFUSALS.get(batch.problem, REFUSALS["broken_workbook"])
        return _render(request, "clients/import_refused.html", batch, reason=reason)
    return _lines_page(request, batch)


def _columns_page(request: SalonRequest, batch: ImportBatch, form: ColumnsForm) -> HttpResponse:
    columns = form.columns(batches.samples_of(batch))
    place = TableForm(batch=batch, top=top_of(batch))
    lost = [column.heading for column in columns if column.is_lost]
    status = 422 if form.is_bound else 200
    return _render(
        request, "clients/import_columns.html", batch, status, form=form, place=place, columns=columns, lost=lost
    )


def _lines_page(request: SalonRequest, batch: ImportBatch) -> HttpResponse:
    here = reverse("clients:import_batch", args=[request.salon.slug, batch.pk])
    counts: dict[Outcome | Found, int] = {
        Outcome.CREATE: batch.created,
        Outcome.UPDATE: batch.updated,
        Outcome.SAME: batch.same,
        Outcome.FAULTY: batch.faulty,
    }
    found = {
        Found.INCOMPLETE: batch.incomplete,
        Found.ONLY_NAME: batch.only_a_name,
        Found.HEALTH: batch.with_health,
        Found.KEPT: batch.kept,
    }
    counts |= {one: count for one, count in found.items() if count}
    first = Found.KEPT if batch.kept else next((one for one, count in counts.items() if count), Outcome.CREATE)
    wanted = request.GET.get("show", "")
    shown = next((one for one in counts if one == wanted), first)
    labels = {
        Outcome.CREATE: _("New"),
        Outcome.UPDATE: _("Changed"),
        Outcome.SAME: _("Unchanged"),
        Outcome.FAULTY: _("Faulty"),
        Found.INCOMPLETE: _("With cells left out"),
        Found.ONLY_NAME: _("Only a name"),
        Found.HEALTH: _("Health data?"),
        Found.KEPT: _("Left over"),
    }
    tabs = [Tab(str(one), labels[one], counts[one], f"{here}?show={one}", shown == one) for one in counts]
    lines: Lines | None = None
    next_url = previous_url = None
    if batch.forgotten_at is None:
        try:
            page = lines_of(batch, outcome=shown, cursor=request.GET.get("page") or None)
        except InvalidCursor:
            return redirect(here)
        lines = lines_table(page.rows, cards_of(page.rows), batch, request.salon)
        next_url, previous_url = (
            cursor and f"{here}?{urlencode({'show': shown, 'page': cursor})}" for cursor in (page.next, page.previous)
        )
    names = column_names(batch.header)
    return _render(
        request,
        "clients/import_lines.html",
        batch,
        200,
        left_out=[names[index] for index in batch.left_out_columns],
        doubtful=Doubtful.of(batch, f"{here}?show="),
        tallies=_tallies(batch) if batch.state == ImportState.CHECKED else None,
        new_categories=to_be_made(batch) if batch.state == ImportState.CHECKED else [],
        stored_categories=stored_names() if batch.state == ImportState.CHECKED else [],
        tabs=tabs,
        lines=lines,
        shown=shown,
        next_url=next_url,
        previous_url=previous_url,
        **_undoing(request, batch),
        **_duplicates(request, batch),
    )


def _duplicates(request: SalonRequest, batch: ImportBatch) -> dict[str, object]:
    """Return how many pairs of cards wait to be looked at, and whether the salon's are still being compared."""
    if batch.state != ImportState.APPLIED or Permission.CLIENTS_MERGE not in request.actor.permissions:
        return {}
    return {
        "duplicates": open_pairs().count(),
        "comparing": last_due(task=DUPLICATES, subject_ids=[batch.pk]) is not None,
        "duplicates_url": reverse("client_duplicates", args=[request.salon.slug]),
    }


def _undoing(request: SalonRequest, batch: ImportBatch) -> dict[str, object]:
    """Return whether an import can be undone, for another time too, and which other one is to be undone before."""
    done = batch.state in {ImportState.APPLIED, ImportState.UNDONE} and batch.forgotten_at is None
    first = filled_since(batch) if done else None
    return {
        "undone_first": first,
        "undone_first_url": reverse("clients:import_batch", args=[request.salon.slug, first.pk]) if first else "",
        "can_be_undone": done and first is None and (batch.state == ImportState.APPLIED or leaves_cards(batch)),
    }


def _tallies(batch: ImportBatch) -> dict[str, object]:
    told = tallies_of(batch)
    left_out = [{"label": label_of(target), "lines": lines} for target, lines in told.left_out]
    return {"since_import": told.since_import, "left_out": left_out}


def _render(
    request: SalonRequest, template: str, batch: ImportBatch, status: int = 200, **more: object
) -> HttpResponse:
    address = [request.salon.slug, batch.pk]
    context = {
        "batch": batch,
        "percent": min(100 * batch.done // batch.lines, 100) if batch.lines else 0,
        "encoding_told": batch.encoding == "cp1252",
        "to_do": batch.created + batch.updated,
        "to_mend": batch.faulty + (batch.incomplete if batch.state != ImportState.CHECKED else 0),
        "urls": {
            name: reverse(f"clients:import_{name}", args=address)
            for name in (
                "batch",
                "table",
                "columns",
                "categories",
                "doubtful",
                "back",
                "begin",
                "undo",
                "discard",
                "faulty",
                "faulty_workbook",
            )
        },
        "imports_url": reverse("clients:import", args=[request.salon.slug]),
        **more,
    }
    response = render(request, template, context, status=status)
    response["Vary"] = "HX-Request"
    return response


@contextmanager
def _telling_who_comes_late(request: SalonRequest) -> Iterator[None]:
    """Tell somebody whose page is older than the import what has become of it, and go on to where it is."""
    try:
        yield
    except WrongMoment as moved:
        messages.info(request, str(moved.message))


@requires(Permission.CLIENTS_IMPORT)
@require_POST
def table(request: SalonRequest, import_id: UUID) -> HttpResponse:
    """Takes which sheet is read, and which line holds the headings."""
    batch = batches.get_batch(import_id)
    form = TableForm(request.POST, batch=batch, top=top_of(batch))
    with _telling_who_comes_late(request):
        try:
            # Somebody who chose while the table was another one sees the one that it is by now.
            if form.is_valid() and form.cleaned_data.get("sheet", batch.sheet) != batch.sheet:
                sheet = form.cleaned_data["sheet"]
                read_sheet(actor=request.actor, batch_id=batch.pk, sheet=sheet, now=timezone.now())
            elif form.is_valid():
                line = form.cleaned_data["heading_line"] or None
                place_headings(actor=request.actor, batch_id=batch.pk, salon=request.salon, line=line)
        except InvalidInput as refusal:
            messages.info(request, str(refusal.errors[0].message))
    return _to(request, batch)


@requires(Permission.CLIENTS_IMPORT)
@require_POST
def columns(request: SalonRequest, import_id: UUID) -> HttpResponse:
    """Takes what the columns mean, and has every line checked."""
    batch = batches.get_batch(import_id)
    form = ColumnsForm(request.POST, header=batch.header)
    if not form.is_valid():
        return _columns_page(request, batch, form)
    try:
        batches.choose(actor=request.actor, batch_id=batch.pk, choices=form.choices, now=timezone.now())
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
        return _columns_page(request, batch, form)
    except WrongMoment as moved:
        messages.info(request, str(moved.message))
    return _to(request, batch)


@requires(Permission.CLIENTS_IMPORT)
@require_POST
def categories(request: SalonRequest, import_id: UUID) -> HttpResponse:
    """Takes which categories of the salon those of the file mean, and has every line checked again."""
    batch = batches.get_batch(import_id)
    told = zip(request.POST.getlist("name"), request.POST.getlist("meant"), strict=False)
    meant = {name: other for name, other in told if other}
    with _telling_who_comes_late(request):
        try:
            say_what_is_meant(actor=request.actor, batch_id=batch.pk, meant=meant, now=timezone.now())
        except InvalidInput as refusal:
            messages.info(request, str(refusal.errors[0].message))
    return _to(request, batch)


@requires(Permission.CLIENTS_IMPORT)
@require_POST
def doubtful(request: SalonRequest, import_id: UUID) -> HttpResponse:
    """Takes what becomes of names alone and of health data in notes, and has every line checked again."""
    batch = batches.get_batch(import_id)
    with _telling_who_comes_late(request):
        try:
            decide(
                actor=request.actor,
                batch_id=batch.pk,
                only_names=request.POST.get("only_names", batch.only_names),
                health_notes=request.POST.get("health_notes", batch.health_notes),
                now=timezone.now(),
            )
        except InvalidInput as refusal:
            messages.info(request, str(refusal.errors[0].message))
    return _to(request, batch)


@requires(Permission.CLIENTS_IMPORT)
@require_POST
def back(request: SalonRequest, import_id: UUID) -> HttpResponse:
    """Leads from the preview back to the columns."""
    batch = batches.get_batch(import_id)
    with _telling_who_comes_late(request):
        batches.reconsider(actor=request.actor, batch_id=batch.pk)
    return _to(request, batch)


@requires(Permission.CLIENTS_IMPORT)
@require_POST
def begin(request: SalonRequest, import_id: UUID) -> HttpResponse:
    """Has written what the preview shows."""
    batch = batches.get_batch(import_id)
    with _telling_who_comes_late(request):
        batches.begin(actor=request.actor, batch_id=batch.pk, now=timezone.now())
    return _to(request, batch)


@requires(Permission.CLIENTS_IMPORT)
@require_POST
def undo(request: SalonRequest, import_id: UUID) -> HttpResponse:
    """Has an import taken back."""
    batch = batches.get_batch(import_id)
    with _telling_who_comes_late(request):
        batches.undo(actor=request.actor, batch_id=batch.pk, now=timezone.now())
    return _to(request, batch)


@requires(Permission.CLIENTS_IMPORT)
@require_POST
def discard(request: SalonRequest, import_id: UUID) -> HttpResponse:
    """Throws a file away of which nothing was imported."""
    batch = batches.get_batch(import_id)
    try:
        batches.discard(actor=request.actor, batch_id=batch.pk, now=timezone.now())
    except WrongMoment as moved:
        messages.info(request, str(moved.message))
        return _to(request, batch)
    messages.success(request, _("The file “%(name)s” is thrown away.") % {"name": batch.file_name})
    return redirect("clients:import", request.salon.slug)


def _to(request: SalonRequest, batch: ImportBatch) -> HttpResponse:
    return redirect("clients:import_batch", request.salon.slug, batch.pk)


urlpatterns = [
    path("import/", imports, name="import"),
    path("import/sample/", sample, name="import_sample"),
    path("import/<uuid:import_id>/", import_batch, name="import_batch"),
    path("import/<uuid:import_id>/columns/", columns, name="import_columns"),
    path("import/<uuid:import_id>/table/", table, name="import_table"),
    path("import/<uuid:import_id>/categories/", categories, name="import_categories"),
    path("import/<uuid:import_id>/doubtful/", doubtful, name="import_doubtful"),
    path("import/<uuid:import_id>/back/", back, name="import_back"),
    path("import/<uuid:import_id>/begin/", begin, name="import_begin"),
    path("import/<uuid:import_id>/undo/", undo, name="import_undo"),
    path("import/<uuid:import_id>/discard/", discard, name="import_discard"),
    path("import/<uuid:import_id>/faulty/", faulty, name="import_faulty"),
    path("import/<uuid:import_id>/faulty/workbook/", faulty_workbook, name="import_faulty_workbook"),
]
