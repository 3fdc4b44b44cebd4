"""The waiting list: who would come if a time became free, and which time suits whom now (domain.md §5)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from bookings.booking import Booked
from bookings.bounds import Bounds
from bookings.mails import Telling
from bookings.models import WaitingEntry, WaitingService, WaitingState
from bookings.placing import ItemWish
from bookings.rewarding import book_with_rewards
from bookings.slots import Search, Slot, Wish, first_slots
from bookings.states import Source
from bookings.visits import lock_cards
from clients.cards import lock_client
from salon.audit.recording import Change, record
from salon.catalogue.models import Service, StaffMember
from salon.errors import FieldError, InvalidInput, NotFound
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon

MOST_SERVICES = 12
LONGEST_NOTE = 300
# Nobody waits longer than this, and so far ahead a free time is looked for.
LONGEST_WAIT = timedelta(days=366)
LOOKED_AHEAD = timedelta(days=31)
DAY_MINUTES = 24 * 60
SUBJECT = "waiting_entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Longing:
    """What somebody waits for: these services one after the other, by somebody or (None) by anybody, on one of some
    days (both included) and between two minutes of the day."""

    service_ids: tuple[UUID, ...]
    starts_on: date
    ends_on: date
    staff_id: UUID | None = None
    from_minute: int = 0
    until_minute: int = DAY_MINUTES
    note: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry with its services in order, and the first time that suits it, if one is free."""

    entry: WaitingEntry
    services: list[Service]
    slot: Slot | None


def add_waiting(*, actor: Actor, salon: Salon, client_id: UUID, longing: Longing, now: datetime) -> WaitingEntry:
    """Put a client on the waiting list.

    Raises: NotAllowed, InvalidInput.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    with transaction.atomic():
        try:
            client = lock_client(client_id)
        except NotFound as gone:
            raise InvalidInput([FieldError("client", "not_found", _("There is no such client."))]) from gone
        _check(longing, today=salon.date_at(now))
        entry = WaitingEntry(client=client, created_by_name=actor.name, created_at=now)
        _fill(entry, longing)
        entry.save(force_insert=True)
        services = _put_services(entry, longing)
        _record(actor, "waiting.added", entry, {}, _told(entry, services), now)
    return entry


def change_waiting(*, actor: Actor, salon: Salon, entry_id: UUID, longing: Longing, now: datetime) -> WaitingEntry:
    """Let somebody wait for something else.

    Raises: NotAllowed, NotFound, InvalidInput.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    with transaction.atomic():
        entry = _lock(entry_id, WaitingState.WAITING)
        _check(longing, today=salon.date_at(now))
        before = _told(entry, _services(entry))
        _fill(entry, longing)
        entry.save(update_fields=["staff", "starts_on", "ends_on", "from_minute", "until_minute", "note"])
        WaitingService.objects.filter(entry=entry).delete()
        after = _told(entry, _put_services(entry, longing))
        if after != before:
            _record(actor, "waiting.changed", entry, before, after, now)
    return entry


def remove_waiting(*, actor: Actor, entry_id: UUID, now: datetime) -> WaitingEntry:
    """Take somebody off the list; `restore_waiting` puts her back.

    Raises: NotAllowed, NotFound.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    with transaction.atomic():
        entry = _lock(entry_id, WaitingState.WAITING)
        entry.state, entry.closed_at = WaitingState.REMOVED, now
        entry.save(update_fields=["state", "closed_at"])
        _record(actor, "waiting.removed", entry, _told(entry, _services(entry)), {}, now)
    return entry


def restore_waiting(*, actor: Actor, entry_id: UUID, now: datetime) -> WaitingEntry:
    """Put somebody back on the list as she was.

    Raises: NotAllowed, NotFound.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    with transaction.atomic():
        entry = _lock(entry_id, WaitingState.REMOVED)
        entry.state, entry.closed_at = WaitingState.WAITING, None
        entry.save(update_fields=["state", "closed_at"])
        _record(actor, "waiting.restored", entry, {}, _told(entry, _services(entry)), now)
    return entry


def book_waiting(
    *,
    actor: Actor,
    salon: Salon,
    entry_id: UUID,
    starts_at: datetime,
    items: Sequence[ItemWish],
    client_id: UUID | None,
    now: datetime,
    note: str = "",
    appointment_id: UUID | None = None,
    card_is_new: bool = False,
    telling: Telling = Telling.BY_RULES,
    rewards: Sequence[UUID] = (),
) -> Booked:
    """Book at the desk for somebody who waits, and take her off the list: both or neither.

    Of two who do it at once the second only books; so does whoever books for another client in the end.
    Raises: as `book_with_rewards` does.
    """
    with transaction.atomic():
        # As everywhere: first the cards, then what hangs on them.
        waits = WaitingEntry.objects.filter(pk=entry_id).values_list("client_id", flat=True).first()
        lock_cards({one for one in (waits, client_id) if one})
        entry = WaitingEntry.objects.select_for_update().filter(pk=entry_id, state=WaitingState.WAITING).first()
        booked = book_with_rewards(
            actor=actor,
            salon=salon,
            starts_at=starts_at,
            items=items,
            client_id=client_id,
            source=Source.STAFF,
            bounds=Bounds.DESK,
            now=now,
            note=note,
            appointment_id=appointment_id,
            card_is_new=card_is_new,
            telling=telling,
            rewards=rewards,
        )
        if entry is not None and entry.client_id == client_id:
            entry.state, entry.closed_at, entry.appointment = WaitingState.BOOKED, now, booked.appointment
            entry.save(update_fields=["state", "closed_at", "appointment"])
            _record(actor, "waiting.booked", entry, _told(entry, _services(entry)), {}, now)
    return booked


def get_waiting(entry_id: UUID) -> WaitingEntry:
    """Return an entry that still waits, with its client.

    Raises: NotFound.
    """
    entry = _open_entries().filter(pk=entry_id).first()
    if entry is None:
        raise NotFound
    return entry


def count_waiting(*, today: date) -> int:
    """Return how many wait for a day that is still to come."""
    return WaitingEntry.objects.filter(state=WaitingState.WAITING, ends_on__gte=today).count()


def waiting_list(*, salon: Salon, now: datetime, day: date | None = None) -> list[Waiting]:
    """Return who waits, the longest first, and for each the first time that suits: on any of her days, or on one day,
    which those who do not wait for it are left out of. The same number of statements for any number of entries."""
    today = salon.date_at(now)
    rows = _open_entries().filter(ends_on__gte=today)
    if day is not None:
        rows = rows.filter(starts_on__lte=day, ends_on__gte=day)
    entries = list(rows.prefetch_related("services__service").order_by("created_at", "id"))
    searches = [_search(entry, today=today, day=day) for entry in entries]
    slots = first_slots(salon=salon, searches=searches, now=now)
    return [Waiting(entry, _services(entry), slot) for entry, slot in zip(entries, slots, strict=True)]


def lapsed_waiting(*, salon: Salon, now: datetime, limit: int = 20) -> list[Waiting]:
    """Return who waited for days that are over, the latest first."""
    rows = _open_entries().filter(ends_on__lt=salon.date_at(now)).prefetch_related("services__service")
    return [Waiting(entry, _services(entry), None) for entry in rows.order_by("-ends_on", "-id")[:limit]]


def longing_of(entry: WaitingEntry) -> Longing:
    """Return what an entry waits for."""
    return Longing(
        service_ids=tuple(service.pk for service in _services(entry)),
        starts_on=entry.starts_on,
        ends_on=entry.ends_on,
        staff_id=entry.staff_id,
        from_minute=entry.from_minute,
        until_minute=entry.until_minute,
        note=entry.note,
    )


def _open_entries() -> QuerySet[WaitingEntry]:
    return WaitingEntry.objects.filter(state=WaitingState.WAITING).select_related("client", "staff")


def _search(entry: WaitingEntry, *, today: date, day: date | None) -> Search:
    first, last = (day, day) if day else (entry.starts_on, min(entry.ends_on, today + LOOKED_AHEAD))
    wishes = tuple(Wish(service.pk, entry.staff_id) for service in _services(entry))
    return Search(wishes, first, last, entry.from_minute, entry.until_minute)


def _services(entry: WaitingEntry) -> list[Service]:
    wished = sorted(entry.services.all(), key=lambda one: one.position)
    return [one.service for one in wished]


def _lock(entry_id: UUID, state: WaitingState) -> WaitingEntry:
    rows = WaitingEntry.objects.select_for_update(of=("self",)).select_related("client")
    entry = rows.filter(pk=entry_id, state=state).first()
    if entry is None:
        raise NotFound
    return entry


def _fill(entry: WaitingEntry, longing: Longing) -> None:
    entry.staff_id = longing.staff_id
    entry.starts_on, entry.ends_on = longing.starts_on, longing.ends_on
    entry.from_minute, entry.until_minute = longing.from_minute, longing.until_minute
    entry.note = longing.note.strip()


def _put_services(entry: WaitingEntry, longing: Longing) -> list[Service]:
    known = Service.objects.in_bulk(longing.service_ids)
    WaitingService.objects.bulk_create(
        WaitingService(entry=entry, service_id=service_id, position=position)
        for position, service_id in enumerate(longing.service_ids)
    )
    return [known[service_id] for service_id in longing.service_ids]


def _check(longing: Longing, *, today: date) -> None:
    """Refuse what nobody can wait for.

    Raises: InvalidInput.
    """
    if errors := [*_errors_of_what(longing), *_errors_of_when(longing, today)]:
        raise InvalidInput(errors)


def _errors_of_what(longing: Longing) -> Iterator[FieldError]:
    wanted = set(longing.service_ids)
    if not wanted:
        yield FieldError("services", "required", _("Please choose at least one service."))
    elif len(longing.service_ids) > MOST_SERVICES:
        yield FieldError("services", "too_many", _("These are too many services for one appointment."))
    elif Service.objects.offered().filter(pk__in=wanted).count() != len(wanted):
        yield FieldError("services", "not_found", _("There is no such service."))
    if longing.staff_id and not StaffMember.objects.working().filter(pk=longing.staff_id).exists():
        yield FieldError("staff", "not_found", _("There is no such staff member."))
    if len(longing.note.strip()) > LONGEST_NOTE:
        yield FieldError("note", "too_long", _("This note is too long."))
    if "\x00" in longing.note:
        yield FieldError("note", "invalid", _("This text contains characters that cannot be stored."))


def _errors_of_when(longing: Longing, today: date) -> Iterator[FieldError]:
    if longing.ends_on < longing.starts_on:
        yield FieldError("ends_on", "order", _("The last day lies before the first."))
    elif longing.ends_on < today:
        yield FieldError("ends_on", "past", _("These days are over."))
    elif longing.ends_on > today + LONGEST_WAIT:
        yield FieldError("ends_on", "range", _("Nobody waits for more than a year."))
    if not 0 <= longing.from_minute < longing.until_minute <= DAY_MINUTES:
        yield FieldError("until_minute", "order", _("The end must be later than the start."))


def _told(entry: WaitingEntry, services: Sequence[Service]) -> dict[str, str]:
    """Return what is recorded of an entry."""
    told = {
        "services": ", ".join(service.name for service in services),
        "days": f"{entry.starts_on.isoformat()}/{entry.ends_on.isoformat()}",
        "staff": entry.staff.name if entry.staff else "",
        "note": entry.note,
    }
    if (entry.from_minute, entry.until_minute) != (0, DAY_MINUTES):
        told["hours"] = f"{_clock(entry.from_minute)}/{_clock(entry.until_minute)}"
    return told


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _record(
    actor: Actor, action: str, entry: WaitingEntry, old: dict[str, str], new: dict[str, str], now: datetime
) -> None:
    changes = [
        Change(name, old.get(name) or None, new.get(name) or None)
        for name in {**old, **new}
        if (old.get(name) or "") != (new.get(name) or "")
    ]
    record(
        actor=actor,
        action=action,
        subject_kind=SUBJECT,
        subject_id=entry.pk,
        changes=changes,
        now=now,
        client_id=entry.client_id,
    )
