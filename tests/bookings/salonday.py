"""Builders of a salon's day: people with hours, services, clients, appointments. To be called in a salon's scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from psycopg.types.multirange import TimestamptzMultirange
from psycopg.types.range import Range

from bookings.busy import Minutes, busy_periods
from bookings.models import Appointment, AppointmentItem
from bookings.states import TAKING_TIME, Source, State
from clients.classification import CreatedVia, Reason, Status
from clients.models import Client
from clients.models.card import ClientNumbers
from salon.catalogue.models import Absence, AbsenceKind, Schedule, ScheduleInterval, Service, StaffMember, StaffService
from salon.folding import fold
from salon.identity.roles import ActorKind
from tests.conftest import NOW

BERLIN = ZoneInfo("Europe/Berlin")
# A Tuesday, three days after NOW.
DAY = date(2026, 11, 24)
MONDAY_TO_SATURDAY = range(1, 7)
NINE_TO_SIX = ((9 * 60, 18 * 60),)


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    """Return a time of day on the salon's clock, Tuesday's if not said otherwise."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=BERLIN)


def make_service(
    name: str = "Schneiden",
    apply: int = 60,
    processing: int = 0,
    finish: int = 0,
    *,
    buffer: int = 0,
    price: str = "59.00",
    **given: Any,
) -> Service:
    """Put a service into the catalogue: `apply` minutes of work, or work, processing and work again."""
    return Service.objects.create(
        name=name,
        name_key=fold(name),
        apply_minutes=apply,
        processing_minutes=processing,
        finish_minutes=finish,
        buffer_minutes=buffer,
        price=Decimal(price),
        created_at=NOW,
        **given,
    )


def make_staff(
    name: str = "Anna",
    services: Sequence[Service] = (),
    *,
    weekdays: Sequence[int] = MONDAY_TO_SATURDAY,
    hours: Sequence[tuple[int, int]] = NINE_TO_SIX,
    valid_from: date = date(2020, 1, 1),
    **given: Any,
) -> StaffMember:
    """Hire somebody who can do these services and works so; 9 to 18, Monday to Saturday."""
    staff = StaffMember.objects.create(name=name, name_key=fold(name), created_at=NOW, **given)
    StaffService.objects.bulk_create(StaffService(staff=staff, service=service) for service in services)
    schedule = Schedule.objects.create(staff=staff, valid_from=valid_from)
    ScheduleInterval.objects.bulk_create(
        ScheduleInterval(schedule=schedule, weekday=weekday, starts_minute=starts, ends_minute=ends)
        for weekday in weekdays
        for starts, ends in hours
    )
    return staff


def make_absence(
    staff: StaffMember, starts_at: datetime, ends_at: datetime, kind: AbsenceKind = AbsenceKind.VACATION, note: str = ""
) -> Absence:
    """Let somebody be away, or blocked."""
    return Absence.objects.create(
        staff=staff, kind=kind, starts_at=starts_at, ends_at=ends_at, note=note, created_at=NOW
    )


def make_client(first_name: str = "Lena", last_name: str = "Vogel", **given: Any) -> Client:
    """Put a card on file, as staff would have; listed on NOW's day if not said otherwise."""
    details = {
        "number": Client.objects.count() + 1,
        "listed_on": NOW.date(),
        "created_via": CreatedVia.STAFF,
        "status": Status.RETURNING,
        "status_reason": Reason.LISTED,
        "sort_key": fold(f"{last_name} {first_name}"),
        "created_at": NOW,
        "updated_at": NOW,
    }
    client = Client.objects.create(first_name=first_name, last_name=last_name, **{**details, **given})
    # The next card that the software makes gets the number behind it.
    ClientNumbers.objects.update_or_create(defaults={"last_number": client.number})
    client.refresh_from_db()
    return client


def make_appointment(
    *done: tuple[Service, StaffMember],
    starts_at: datetime | None = None,
    client: Client | None = None,
    state: State = State.BOOKED,
    **given: Any,
) -> Appointment:
    """Write an appointment with these services one after the other, as if it had been booked: no rule is asked."""
    begin = starts_at or at(10)
    items = []
    start = begin
    for position, (service, staff) in enumerate(done):
        minutes = Minutes(
            service.apply_minutes, service.processing_minutes, service.finish_minutes, service.buffer_minutes
        )
        periods = busy_periods(start, minutes)
        item = AppointmentItem(
            position=position,
            service=service,
            staff=staff,
            starts_at=start,
            ends_at=busy_periods(start, Minutes(minutes.duration))[0].ends_at,
            busy=TimestamptzMultirange([Range(one.starts_at, one.ends_at, "[)") for one in periods]),
            active=state in TAKING_TIME,
            counts_as_visit=service.counts_as_visit,
            list_price=service.price,
            price=service.price,
        )
        item.minutes = minutes
        items.append(item)
        start = item.ends_at
    verdict = {"client_status": client.status, "client_status_reason": client.status_reason} if client else {}
    ended = {"cancelled_at": NOW} if state == State.CANCELLED else {}
    appointment = Appointment.objects.create(
        client=client,
        state=state,
        starts_at=begin,
        ends_at=start,
        **{
            "source": Source.STAFF,
            "booked_by_kind": ActorKind.USER,
            "booked_by_name": "Empfang",
            "created_at": NOW,
            "updated_at": NOW,
            **verdict,
            **ended,
            **given,
        },
    )
    for item in items:
        item.appointment = appointment
    AppointmentItem.objects.bulk_create(items)
    return appointment


@dataclass(frozen=True, slots=True)
class SalonDay:
    """Two people who do everything, three services, one client; the calendar is empty.

    `cut` takes 60 minutes, `colour` 30 + 35 + 25 with the processing in between, `brows` 15.
    """

    anna: StaffMember
    bora: StaffMember
    cut: Service
    colour: Service
    brows: Service
    lena: Client


def a_salon_day() -> SalonDay:
    """Return a small salon with an empty calendar."""
    cut = make_service("Schneiden", 60, price="59.00", position=1)
    colour = make_service("Ansatzfarbe", 30, 35, 25, price="62.00", position=2)
    brows = make_service("Brauen zupfen", 15, price="12.00", position=3)
    everything = [cut, colour, brows]
    return SalonDay(
        anna=make_staff("Anna", everything, position=1, colour=1),
        bora=make_staff("Bora", everything, position=2, colour=2),
        cut=cut,
        colour=colour,
        brows=brows,
        lena=make_client(),
    )
