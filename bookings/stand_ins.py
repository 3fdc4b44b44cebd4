"""Nobody is there who was booked: which appointments stand in the way, who could do them instead, and what is still to
be done (domain.md §5)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from bookings.booking import Booked
from bookings.bounds import Bounds
from bookings.busy import LONGEST_ITEM, Minutes, Period, busy_periods, collides
from bookings.diary import diary_of
from bookings.gaps import Cause, Gap, gap_with_id, gaps_ahead, is_kept
from bookings.hours import misfits
from bookings.mails import announce_cancelled, announce_moved
from bookings.models import Appointment, AppointmentItem, GapTask
from bookings.models.appointments import MINUTES
from bookings.moving import move
from bookings.progress import cancel
from bookings.settling import wishes_of
from bookings.slots import Slot, alternatives
from bookings.states import CHANGEABLE
from bookings.team import team_for
from bookings.writing import changed, items_of, lock_appointment, save, tell
from salon.among import Among
from salon.catalogue.models import Absence, StaffMember
from salon.errors import DomainError, FieldError, InvalidInput, NotFound
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon

LONGEST_MESSAGE = 500
# So long it is listed what was done, and at least until it is over: new hours and public holidays have no end.
LISTED_FOR = timedelta(days=60)
_ITEMS = Prefetch("items", AppointmentItem.objects.select_related("service", "staff").order_by("position"))


class AlreadyArranged(DomainError):
    """The gap no longer stands over the appointment: somebody has arranged it."""

    code = "already_arranged"
    message = _("Somebody has arranged this appointment already.")


@dataclass(frozen=True, slots=True)
class Task:
    """An appointment that stood in the way, its items in order, and which of them still do; `able` could do those.

    `same_people`: at another time they would be there, it is the day that does not suit. `kept`: it stays as it is.
    """

    appointment: Appointment
    items: list[AppointmentItem]
    affected: list[AppointmentItem]
    able: list[StaffMember]
    same_people: bool = False
    kept: bool = False

    @property
    def done(self) -> bool:
        """Whether nothing of it is left to be done."""
        return not self.affected


@dataclass(frozen=True, slots=True)
class WorkList:
    """What a gap leaves to be done, in order of time."""

    gap: Gap
    tasks: list[Task]

    @property
    def done(self) -> int:
        """How many are done."""
        return sum(1 for task in self.tasks if task.done)


@dataclass(frozen=True, slots=True)
class OpenWork:
    """A gap that still stands over so many appointments: of an absence or of hours, of somebody; else `name` is why."""

    gap_id: UUID
    staff_name: str
    count: int
    cause: Cause = Cause.ABSENCE
    name: str = ""


def work_list(*, gap_id: UUID, now: datetime) -> WorkList:
    """Return the appointments that a gap stands over, and those that it did since somebody first looked.

    Whatever stands in the way is noted, so that it is still listed when it is done, for a while. The same number of
    statements for any number of them. Raises: NotFound.
    """
    gap = gap_with_id(gap_id, now=now)
    noted = GapTask.objects.filter(gap_id=gap_id)
    lately = noted.filter(created_at__gt=now - LISTED_FOR)
    near = (
        Q(Among("pk", lately.values("appointment_id")))
        | Q(Among("pk", noted.values("appointment_id")), ends_at__gt=now)
        | Q(Among("pk", _near(gap, now).values("appointment_id")))
    )
    rows = Appointment.objects.filter(near).select_related("client").prefetch_related(_ITEMS)
    rows = rows.annotate(noted=Exists(noted.filter(appointment_id=OuterRef("pk"))))
    found = [(one, list(one.items.all())) for one in rows.order_by("starts_at", "id")]
    affected = {one.pk: [item for item in items if gap.stands_over(item, one, now)] for one, items in found}
    listed = [(one, items) for one, items in found if affected[one.pk] or vars(one)["noted"]]
    _note(gap, [one.pk for one, _items in listed if not vars(one)["noted"]], now)
    able = _able([item for items in affected.values() for item in items], gap)
    same_people = gap.staff is None
    return WorkList(
        gap,
        [
            Task(
                one,
                items,
                affected[one.pk],
                able.get(one.pk, []) if affected[one.pk] else [],
                same_people,
                kept=not affected[one.pk] and any(gap.meets(item, one, now) for item in items),
            )
            for one, items in listed
        ],
    )


def open_work(*, now: datetime) -> list[OpenWork]:
    """Return the absences that still stand over appointments, and over how many each; in two statements."""
    # Of each absence the hours of its person: as a join it would be tried with every item there is.
    items = AppointmentItem.objects.filter(
        active=True,
        staff_id=OuterRef("staff_id"),
        starts_at__gt=OuterRef("starts_at") - LONGEST_ITEM,
        starts_at__lt=OuterRef("ends_at"),
        ends_at__gt=now,
    ).filter(starts_at__gt=now - LONGEST_ITEM)
    told = JSONObject(appointment="appointment_id", starts_at="starts_at", **{one: one for one in MINUTES})
    away = (
        Absence.objects.filter(ends_at__gt=now)
        .select_related("staff")
        .annotate(items=ArraySubquery(items.values(told=told)))
    )
    found = [
        (one, {UUID(item["appointment"]) for item in one.items if _collides(item, one)})
        for one in away.order_by("starts_at", "pk")
    ]
    among = Appointment.objects.filter(pk__in=set().union(*(ids for _one, ids in found)), state__in=CHANGEABLE)
    kept = dict(among.values_list("pk", "kept_at"))
    counted = [
        (one, sum(1 for pk in ids if pk in kept and not is_kept(kept[pk], one.decided_at))) for one, ids in found
    ]
    return [OpenWork(one.pk, one.staff.name, count) for one, count in counted if count]


def open_besides(*, salon: Salon, now: datetime) -> list[OpenWork]:
    """Return the hours, closures and holidays that stand over appointments, and over how many each; in a fixed number
    of statements."""
    gaps = [one for one in gaps_ahead(salon=salon, now=now) if one.away]
    if not gaps:
        return []
    counts = counted(gaps, now)
    return [
        OpenWork(gap.id, gap.staff.name if gap.staff else "", counts[gap.id], cause=gap.cause, name=gap.name)
        for gap in gaps
        if counts[gap.id]
    ]


def counted(gaps: Sequence[Gap], now: datetime) -> dict[UUID, int]:
    """Return over how many appointments each of these gaps, all with somebody away, stands; in one statement."""
    items = AppointmentItem.objects.filter(
        Q(*[one.near for one in gaps], _connector=Q.OR),
        active=True,
        starts_at__gt=now - LONGEST_ITEM,
        ends_at__gt=now,
        appointment__state__in=CHANGEABLE,
    )
    found = list(items.select_related("appointment"))
    return {
        gap.id: len({item.appointment_id for item in found if gap.stands_over(item, item.appointment, now)})
        for gap in gaps
    }


def _collides(item: Mapping[str, Any], absence: Absence) -> bool:
    periods = busy_periods(datetime.fromisoformat(item["starts_at"]), Minutes(*(item[name] for name in MINUTES)))
    return collides(periods, [Period(absence.starts_at, absence.ends_at)])


def other_times(task: Task, *, salon: Salon, now: datetime) -> list[Slot]:
    """Return the next three times at which an appointment could take place instead: what stood in the way by anybody,
    on another day than a closed one by the same people; in three statements."""
    appointment, items = task.appointment, task.items
    freed = set() if task.same_people else {item.pk for item in task.affected}
    wishes = [
        replace(wish, staff_id=None) if item.pk in freed else wish
        for item, wish in zip(items, wishes_of(items), strict=True)
    ]
    near = max(appointment.starts_at, now)
    try:
        return alternatives(salon=salon, wishes=wishes, near=near, now=now, bounds=Bounds.DESK, besides=appointment.pk)
    except InvalidInput:
        # Somebody else of it has left: the drawer of the appointment knows more.
        return []


def hand_over(
    *, actor: Actor, salon: Salon, gap_id: UUID, appointment_id: UUID, staff_id: UUID, now: datetime
) -> Booked:
    """Let a colleague do at the same time what a gap stands over, and tell the client.

    Raises: NotAllowed, NotFound, AlreadyArranged, InvalidInput, SlotTaken.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    with transaction.atomic():
        gap, appointment, _items, affected = _task(gap_id, appointment_id, now)
        _note(gap, [appointment_id], now)
        booked = move(
            actor=actor,
            salon=salon,
            appointment_id=appointment_id,
            starts_at=appointment.starts_at,
            staff={item.pk: staff_id for item in affected},
            now=now,
            version=appointment.version,
        )
        announce_moved(appointment=booked.appointment, now=now, salon=salon, items=booked.items)
    return booked


def put_off(
    *,
    actor: Actor,
    salon: Salon,
    gap_id: UUID,
    appointment_id: UUID,
    starts_at: datetime,
    staff_ids: Sequence[UUID],
    now: datetime,
) -> Booked:
    """Move an appointment to another time, its items to these staff members in order; its client is told.

    Raises: NotAllowed, NotFound, AlreadyArranged, InvalidInput, SlotTaken.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    with transaction.atomic():
        gap, appointment, items, _affected = _task(gap_id, appointment_id, now)
        _note(gap, [appointment_id], now)
        return move(
            actor=actor,
            salon=salon,
            appointment_id=appointment_id,
            starts_at=starts_at,
            staff={item.pk: staff_id for item, staff_id in zip(items, staff_ids, strict=False)},
            now=now,
            version=appointment.version,
        )


def call_off(*, actor: Actor, salon: Salon, gap_id: UUID, appointment_id: UUID, message: str, now: datetime) -> Booked:
    """Cancel an appointment that a gap stands over, with a message to the client, where there is one.

    Raises: NotAllowed, NotFound, AlreadyArranged, InvalidInput.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    text = message.replace("\r\n", "\n").strip()
    if len(text) > LONGEST_MESSAGE or "\x00" in text:
        raise InvalidInput([FieldError("message", "too_long", _("This message is too long."))])
    with transaction.atomic():
        gap, appointment, _items, _affected = _task(gap_id, appointment_id, now)
        _note(gap, [appointment_id], now)
        booked = cancel(
            actor=actor,
            salon=salon,
            appointment_id=appointment_id,
            reason=_reason(gap),
            now=now,
            version=appointment.version,
        )
        if text:
            announce_cancelled(appointment=booked.appointment, now=now, message=text, salon=salon, items=booked.items)
    return booked


def keep(
    *,
    actor: Actor,
    salon: Salon,  # noqa: ARG001 - as every operation on appointments
    gap_id: UUID,
    appointment_id: UUID,
    now: datetime,
) -> Booked:
    """Let an appointment that a gap stands over take place as it stands: somebody will be there all the same.

    Moved, or where something else is decided over it, it is to be arranged again. Raises: NotAllowed, NotFound,
    AlreadyArranged.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    with transaction.atomic():
        appointment = lock_appointment(appointment_id, None)
        gap, _appointment, items, _affected = _task(gap_id, appointment_id, now)
        _note(gap, [appointment_id], now)
        appointment.kept_at = now
        save(appointment, now=now, fields=("kept_at",))
        tell(actor, "appointment.kept", appointment, [changed("reason", None, _reason(gap))], now=now)
    return Booked(appointment, items, [])


def keep_no_more(
    *,
    actor: Actor,
    salon: Salon,  # noqa: ARG001 - as every operation on appointments
    appointment_id: UUID,
    now: datetime,
) -> Booked:
    """Take it back that an appointment stays as it is: it is to be arranged.

    Raises: NotAllowed, NotFound.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    with transaction.atomic():
        appointment = lock_appointment(appointment_id, None)
        items = items_of(appointment)
        if appointment.kept_at is None:
            return Booked(appointment, items, [], changed=False)
        appointment.kept_at = None
        save(appointment, now=now, fields=("kept_at",))
        tell(actor, "appointment.kept_no_more", appointment, [], now=now)
    return Booked(appointment, items, [])


def _reason(gap: Gap) -> str:
    if gap.staff is None:
        return str(_("The salon is closed that day."))
    if gap.cause == Cause.HOURS:
        return str(_("%(name)s does not work then.") % {"name": gap.staff.name})
    return str(_("%(name)s is away.") % {"name": gap.staff.name})


def _note(gap: Gap, appointment_ids: Collection[UUID], now: datetime) -> None:
    """Keep that these appointments stood in the way."""
    if appointment_ids:
        tasks = [GapTask(gap_id=gap.id, appointment_id=one, created_at=now) for one in sorted(appointment_ids)]
        GapTask.objects.bulk_create(tasks, ignore_conflicts=True)


def _near(gap: Gap, now: datetime) -> QuerySet[AppointmentItem]:
    """Return the items that may stand in the way; whether they do, their periods say."""
    return AppointmentItem.objects.filter(gap.near, active=True, ends_at__gt=now)


def _task(
    gap_id: UUID, appointment_id: UUID, now: datetime
) -> tuple[Gap, Appointment, list[AppointmentItem], list[AppointmentItem]]:
    """Return a gap, an appointment that it stands over, its items in order, and those it stands over.

    Raises: NotFound, AlreadyArranged.
    """
    gap = gap_with_id(gap_id, now=now)
    appointment = Appointment.objects.filter(pk=appointment_id).first()
    if appointment is None:
        raise NotFound
    items = list(appointment.items.select_related("service", "staff").order_by("position"))
    affected = [item for item in items if gap.stands_over(item, appointment, now)]
    if not affected:
        raise AlreadyArranged
    return gap, appointment, items, affected


def _able(items: Sequence[AppointmentItem], gap: Gap) -> dict[UUID, list[StaffMember]]:
    """Return for each appointment who could do all these items of it at their times: able, there, and free."""
    if not items or gap.staff is None:
        return {}
    team = team_for(item.service_id for item in items)
    others = [one for one in team.staff if one.pk != gap.staff.pk]
    taken = {item.pk: busy_periods(item.starts_at, item.minutes) for item in items}
    begin = min(periods[0].starts_at for periods in taken.values())
    end = max(periods[-1].ends_at for periods in taken.values())
    diary = diary_of([one.pk for one in others], begin, end, gap.salon)
    wanted: dict[UUID, list[AppointmentItem]] = defaultdict(list)
    for item in items:
        wanted[item.appointment_id].append(item)
    return {
        appointment_id: [
            one
            for one in others
            if all(
                one.pk in team.able[item.service_id]
                and not misfits(diary.there, one.pk, taken[item.pk])
                and not collides(taken[item.pk], diary.booked[one.pk])
                for item in own
            )
        ]
        for appointment_id, own in wanted.items()
    }
