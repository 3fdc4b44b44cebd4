"""The day sheet as it is printed: a page for each staff member, who can work from it (ui.md §2.1)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bookings.busy import STEP
from bookings.calendar import Column
from bookings.daysheet import Sheet, sheets_of
from bookings.models import Appointment, AppointmentItem
from bookings.states import State
from bookings.stretches import Stretch
from bookings.web.calendar import asked_for, chosen_staff
from bookings.web.drawer import calendar_url
from bookings.web.grid import CLOCK, hours_text
from bookings.web.wording import local, name_text, span_text
from clients.classification import Status
from clients.web.shown import shown
from salon.catalogue.models import AbsenceKind
from salon.identity.roles import Permission
from salon.tenancy.models import Salon
from salon.web.access import SalonRequest, requires


@dataclass(frozen=True, slots=True)
class Line:
    """One service of a visit: when, what, who does it, if somebody else, and from when to when it takes effect."""

    when: str
    service: str
    staff: str
    processing: str
    reward: bool


@dataclass(frozen=True, slots=True)
class Visit:
    """One appointment on somebody's sheet: nothing of what the card says of the client but how to reach her."""

    row: int
    when: str
    name: str
    phone: str
    status: Promise | str
    is_new: bool
    state: Promise | str
    lines: list[Line]
    note: str


@dataclass(frozen=True, slots=True)
class Off:
    """A time in which nothing is to be done: a break, an absence, what is blocked."""

    row: int
    when: str
    words: Promise | str


@dataclass(frozen=True, slots=True)
class Page:
    """What is printed for one staff member."""

    name: str
    hours: str
    closed: str
    entries: list[Visit | Off]


@requires(Permission.BOOKINGS_READ)
@require_safe
def day_sheet(request: SalonRequest) -> HttpResponse:
    """The sheets of those whose columns are shown."""
    day = asked_for(request).day
    sheets = sheets_of(salon=request.salon, day=day, staff_ids=chosen_staff(request) or None)
    context = {
        "day": day,
        "pages": [_page(one, request.salon) for one in sheets],
        "printed": local(timezone.now(), request.salon),
        "back_url": calendar_url(request, day),
    }
    return render(request, "bookings/day_sheet.html", context)


def _page(sheet: Sheet, salon: Salon) -> Page:
    column = sheet.column
    entries: list[Visit | Off] = [*_off(column), *(_visit(*one, sheet, salon) for one in sheet.visits)]
    hours = hours_text(column)
    words = _("{hours} h").format(hours=hours) if hours else ""
    return Page(column.name, words, column.closed, sorted(entries, key=lambda one: one.row))


def _off(column: Column) -> Iterator[Off]:
    for stretch in column.breaks:
        yield _off_at(stretch, _("Break"))
    for away in column.away:
        # Why somebody is not there is nobody's business who finds the sheet.
        blocked = away.kind == AbsenceKind.BLOCKED
        yield _off_at(away.stretch, (away.note or AbsenceKind.BLOCKED.label) if blocked else _("absent"))


def _off_at(stretch: Stretch, words: Promise | str) -> Off:
    end = stretch.end * STEP
    until = CLOCK[end] if end < len(CLOCK) else "24:00"
    return Off(stretch.row, _("%(start)s–%(end)s") % {"start": CLOCK[stretch.row * STEP], "end": until}, words)


def _visit(found: Appointment, hers: Sequence[AppointmentItem], sheet: Sheet, salon: Salon) -> Visit:
    day = sheet.column.day
    start = local(hers[0].starts_at, salon)
    card = shown(found.client, salon, day) if found.client else None
    return Visit(
        row=(start.hour * 60 + start.minute) // STEP if start.date() == day else 0,
        when=span_text(hers[0].starts_at, hers[-1].ends_at, salon),
        name=name_text(found.client) if found.client else _("Walk-in"),
        phone=(card.mobile_display or card.landline_display) if card else "",
        status=Status(found.client_status).label if found.client_status else "",
        is_new=found.client_status == Status.NEW,
        state=State(found.state).label if found.state != State.BOOKED else "",
        lines=[_line(item, sheet, salon) for item in found.items.all()],
        note=found.note,
    )


def _line(item: AppointmentItem, sheet: Sheet, salon: Salon) -> Line:
    applied = item.starts_at + timedelta(minutes=item.apply_minutes)
    finishing = applied + timedelta(minutes=item.processing_minutes)
    return Line(
        when=span_text(item.starts_at, item.ends_at, salon),
        service=item.service.name,
        staff="" if item.staff_id == sheet.column.staff_id else sheet.names.get(item.staff_id, ""),
        processing=span_text(applied, finishing, salon) if item.processing_minutes else "",
        reward=item.redemption_id is not None,
    )
