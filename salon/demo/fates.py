"""What became of each appointment of the diary, and when it was booked, by whom. Pure (domain.md §11)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from bookings.states import Source, State
from clients.classification import CreatedVia, Facts, Reason
from salon.demo.diary import Diary, Slotted
from salon.demo.history import Entry
from salon.demo.lives import Life
from salon.demo.people import Person

_CANCELLED_BECAUSE = ("Krank", "Termin im Büro", "Kind ist krank", "Zug fällt aus", "", "", "", "")
_NOTES = ("Bringt ihre Tochter mit.", "Bitte pünktlich anfangen.", "Möchte den Fensterplatz.", "Zehn Minuten später.")
# Nobody comes earlier than so.
EARLY = timedelta(minutes=15)
# Cards are made at this time of their day.
LISTED_AT = time(10, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Visit:
    """One appointment as it is to be written; `met_as`: what its booking found where it made the card itself."""

    who: int | None
    day: date
    slotted: tuple[Slotted, ...]
    starts_at: datetime
    ends_at: datetime
    state: State
    source: Source
    booked_at: datetime
    booked_by: str = ""
    cancelled_at: datetime | None = None
    cancel_reason: str = ""
    note: str = ""
    met_as: Reason | None = None
    bought: tuple[str, ...] = ()

    @property
    def changed_at(self) -> datetime:
        """When it became what it is."""
        if self.state == State.BOOKED:
            return self.booked_at
        if self.state == State.ARRIVED:
            return max(self.booked_at, self.starts_at - EARLY)
        return self.cancelled_at or self.ends_at

    def was_by(self, moment: datetime) -> bool:
        """Return whether it had taken place by then."""
        return self.state == State.COMPLETED and self.ends_at <= moment


def fates_of(
    entries: Iterable[Entry],
    lives: Sequence[Life],
    diary: Diary,
    random: Random,
    *,
    desk: Sequence[str],
    now: datetime,
    zone: ZoneInfo,
) -> list[Visit]:
    """Return every appointment with what became of it, in the order of their starts; `desk` are those who book."""
    found = sorted((_raw(entry, diary, zone, now) for entry in entries), key=lambda one: one.starts_at)
    found = _today_by_the_clock(found, now, zone)
    booked: list[Visit] = []
    before: defaultdict[int, list[Visit]] = defaultdict(list)
    for visit in found:
        if visit.who is None:
            moment = min(visit.starts_at, now)
            booked.append(replace(visit, booked_at=moment, booked_by=random.choice(desk)))
        else:
            life = lives[visit.who]
            booked.append(_told(_booked(visit, life, before[visit.who], random, desk, now), random, now))
            before[visit.who].append(booked[-1])
    return booked


def facts_at(person: Person, visits: Iterable[Visit], moment: datetime) -> Facts:
    """Return what somebody's card said at a moment."""
    days = [visit.day for visit in visits if visit.was_by(moment)]
    carried = (person.carried_first_visit_on, person.carried_last_visit_on)
    return Facts(
        person.listed_on,
        person.created_via,
        min((*days, *filter(None, carried[:1])), default=None),
        max((*days, *filter(None, carried[1:])), default=None),
    )


def _raw(entry: Entry, diary: Diary, zone: ZoneInfo, now: datetime) -> Visit:
    midnight = datetime.combine(entry.day, time(), zone)
    # The clock is never changed by day.
    starts_at, ends_at = (
        (midnight + timedelta(minutes=minute)).astimezone(UTC)
        for minute in (entry.slotted[0].at, diary.ends_at(entry.slotted))
    )
    state = entry.state or (State.COMPLETED if ends_at <= now else State.BOOKED if starts_at > now else State.ARRIVED)
    return Visit(entry.who, entry.day, entry.slotted, starts_at, ends_at, state, Source.STAFF, now, bought=entry.bought)


def _today_by_the_clock(visits: list[Visit], now: datetime, zone: ZoneInfo) -> list[Visit]:
    """Let one of today's clients not have come, and, if nobody is there, the next one be early."""
    today = now.astimezone(zone).date()
    mine = [place for place, visit in enumerate(visits) if visit.day == today and visit.who is not None]
    been = [place for place in mine if visits[place].state == State.COMPLETED]
    if been:
        missed = been[len(been) // 2]
        visits[missed] = replace(visits[missed], state=State.NO_SHOW)
    if not any(visits[place].state == State.ARRIVED for place in mine):
        coming = (place for place in mine if visits[place].state == State.BOOKED)
        early = next(coming, None)
        if early is not None and visits[early].starts_at - now <= EARLY:
            visits[early] = replace(visits[early], state=State.ARRIVED)
    return visits


def _booked(
    visit: Visit, life: Life, before: Sequence[Visit], random: Random, desk: Sequence[str], now: datetime
) -> Visit:
    """Return an appointment with when and how it was booked."""
    listed_at = datetime.combine(life.person.listed_on, LISTED_AT)
    if life.met_as and not before:
        return replace(visit, booked_at=listed_at, source=Source.ONLINE, met_as=life.met_as)
    earliest = listed_at + timedelta(minutes=3)
    last = next((one for one in reversed(before) if one.was_by(min(now, visit.starts_at))), None)
    if last and random.random() < 0.35:
        at_the_till = last.ends_at + timedelta(minutes=random.randrange(2, 9))
        return replace(visit, booked_at=min(at_the_till, now), booked_by=random.choice(desk))
    lead = timedelta(days=1 + int(random.expovariate(1 / 8)), minutes=random.randrange(-180, 180))
    booked_at = max(visit.starts_at - lead, earliest)
    if booked_at > now:
        booked_at = max(earliest, now - timedelta(minutes=random.randrange(30, 3 * 24 * 60)))
    shares = {CreatedVia.ONLINE_BOOKING: 0.8, CreatedVia.STAFF: 0.35, CreatedVia.IMPORT: 0.4}
    if life.person.details.email and random.random() < shares[life.person.created_via]:
        return replace(visit, booked_at=booked_at, source=Source.ONLINE)
    return replace(visit, booked_at=booked_at, booked_by=random.choice(desk))


def _told(visit: Visit, random: Random, now: datetime) -> Visit:
    """Return an appointment with what was said of it."""
    if visit.state == State.CANCELLED:
        latest = min(visit.starts_at, now)
        cancelled_at = visit.booked_at + (latest - visit.booked_at) * random.random()
        return replace(visit, cancelled_at=cancelled_at, cancel_reason=random.choice(_CANCELLED_BECAUSE))
    if random.random() < 0.03:
        return replace(visit, note=random.choice(_NOTES))
    return visit
