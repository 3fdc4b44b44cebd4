"""Whatever is done to a calendar in whatever order, in the nights of the clock's changes too: nobody is double booked,
nothing is lost, no state is reached on a way that is not there, and nothing is refused that fits (quality.md §2).

A model that knows nothing but minutes says what must come of each step; the calendar is compared with it after each.
"""

import os
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bookings.models import Appointment
from bookings.scheduling import (
    Booked,
    ItemWish,
    LastItem,
    NotChangeable,
    NothingToUndo,
    SlotTaken,
    StateRefused,
    TooEarly,
    add_item,
    cancel,
    move,
    move_item,
    remove_item,
    resize_item,
    set_state,
    undo,
)
from bookings.states import State
from salon.catalogue.models import Service, StaffMember
from salon.errors import DomainError, VersionConflict
from salon.identity.roles import Actor
from salon.tenancy.models import Salon
from tests.bookings.acting import Desk
from tests.bookings.salonday import BERLIN, SalonDay, make_client, make_service, make_staff
from tests.conftest import NOW

# quality.md: 2,000 sequences before a release.
SEQUENCES, STEPS = (2000, 15) if os.environ.get("SOAK") else (25, 12)
ALL_DAY = ((0, 1440),)
# A plain morning, and the hours around both changes of the clock.
NIGHTS = [
    datetime(2026, 11, 24, 8, tzinfo=UTC),
    datetime(2026, 10, 24, 23, tzinfo=UTC),
    datetime(2027, 3, 27, 23, tzinfo=UTC),
]
WAYS = {
    State.BOOKED: {State.ARRIVED, State.COMPLETED, State.NO_SHOW, State.CANCELLED},
    State.ARRIVED: {State.COMPLETED, State.NO_SHOW, State.CANCELLED},
    State.COMPLETED: {State.NO_SHOW},
    State.NO_SHOW: {State.COMPLETED},
    State.CANCELLED: {State.BOOKED},
}
starts = st.builds(
    lambda night, quarter: (night + timedelta(minutes=15 * quarter)).astimezone(BERLIN),
    st.sampled_from(NIGHTS),
    st.integers(0, 19),
)
which = st.integers(0, 50)


@dataclass
class Known:
    """What the model knows of one item: `minutes` are work, processing, work, buffer."""

    staff: UUID
    start: datetime
    minutes: list[int]

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=sum(self.minutes[:3]))


@dataclass
class Visit:
    """What the model knows of one appointment, and how it was before what can be undone."""

    items: dict[UUID, Known]
    state: State = State.BOOKED
    version: int = 1
    past: "Visit | None" = None

    @property
    def takes_time(self) -> bool:
        return self.state in {State.BOOKED, State.ARRIVED, State.COMPLETED}

    @property
    def starts_on(self) -> date:
        return min(one.start for one in self.items.values()).astimezone(BERLIN).date()

    def taken(self) -> list[set[tuple[UUID, datetime]]]:
        """Return for each item every minute in which it takes its staff member."""
        return [self._minutes(one) for one in self.items.values()]

    def _minutes(self, one: Known) -> set[tuple[UUID, datetime]]:
        work, processing, finish, buffer = one.minutes
        later = [other.start for other in self.items.values() if other.staff == one.staff and other.start >= one.end]
        until = min([one.end + timedelta(minutes=buffer), *later])
        lasting = (until - one.start) // timedelta(minutes=1)
        idle = range(work, work + processing)
        return {(one.staff, one.start + timedelta(minutes=n)) for n in range(lasting) if not (finish and n in idle)}


@dataclass
class Calendar:
    """The model: all appointments, in the order in which they were made."""

    visits: dict[UUID, Visit] = field(default_factory=dict)

    def fits(self, visit: Visit, besides: UUID | None = None) -> bool:
        """Return whether nobody would be in two places."""
        mine = visit.taken()
        if sum(map(len, mine)) != len(set().union(*mine)):
            return False
        return not any(
            set().union(*mine) & set().union(*other.taken())
            for made, other in self.visits.items()
            if made != besides and other.takes_time
        )


class CalendarMachine(RuleBasedStateMachine):
    """Random hands on a calendar of two people."""

    desk: Desk
    services: list[Service]

    def __init__(self) -> None:
        super().__init__()
        self.calendar = Calendar()
        self.block = transaction.atomic()
        self.block.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    @property
    def people(self) -> list[StaffMember]:
        return [self.desk.day.anna, self.desk.day.bora]

    @initialize(start=starts)
    def open(self, start: datetime) -> None:
        """A day begins with one appointment."""
        self.book(start, [(0, 0)])

    @rule(start=starts, wishes=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), min_size=1, max_size=3))
    def book(self, start: datetime, wishes: list[tuple[int, int]]) -> None:
        visit, begin = Visit({}), start.astimezone(UTC)
        for place, (service, person) in enumerate(wishes):
            known = Known(self.people[person].pk, begin, _minutes_of(self.services[service]))
            visit.items[UUID(int=place)] = known
            begin = known.end
        asked = [ItemWish(self.services[service].pk, self.people[person].pk) for service, person in wishes]
        if not self.calendar.fits(visit):
            with pytest.raises(SlotTaken):
                self.desk.book(start, *asked)
            return
        booked = self.desk.book(start, *asked)
        visit.items = dict(zip([item.pk for item in booked.items], visit.items.values(), strict=True))
        self.calendar.visits[booked.appointment.pk] = visit

    @rule(start=starts, service=st.integers(0, 3))
    def book_anybody(self, start: datetime, service: int) -> None:
        begin = start.astimezone(UTC)
        free = []
        for person in self.people:
            visit = Visit({UUID(int=0): Known(person.pk, begin, _minutes_of(self.services[service]))})
            if self.calendar.fits(visit):
                free.append((self._busy_on(person, start), person.pk, visit))
        wish = ItemWish(self.services[service].pk)
        if not free:
            with pytest.raises(SlotTaken):
                self.desk.book(start, wish)
            return
        booked = self.desk.book(start, wish)
        least = min(busy for busy, _staff, _visit in free)
        chosen = next(one for one in free if one[1] == booked.items[0].staff_id)
        assert chosen[0] == least
        chosen[2].items = {booked.items[0].pk: chosen[2].items[UUID(int=0)]}
        self.calendar.visits[booked.appointment.pk] = chosen[2]

    def _busy_on(self, person: StaffMember, start: datetime) -> int:
        day = start.date()
        return sum(
            len(minutes)
            for visit in self.calendar.visits.values()
            if visit.takes_time
            for known, minutes in zip(visit.items.values(), visit.taken(), strict=True)
            if known.staff == person.pk and known.start.astimezone(BERLIN).date() == day
        )

    @rule(one=which, start=starts, person=st.integers(0, 1))
    def move(self, one: int, start: datetime, person: int) -> None:
        made, visit = self._pick(one)
        then = deepcopy(visit)
        by = start.astimezone(UTC) - min(known.start for known in then.items.values())
        first = next(iter(then.items))
        for known in then.items.values():
            known.start += by
        then.items[first].staff = self.people[person].pk
        given = {**self.desk.given, "appointment_id": made}
        self._change(
            made, then, lambda: move(**given, starts_at=start, staff={first: self.people[person].pk}), undoable=True
        )

    @rule(one=which, item=which, start=starts, person=st.integers(0, 1))
    def move_one(self, one: int, item: int, start: datetime, person: int) -> None:
        made, visit = self._pick(one)
        then = deepcopy(visit)
        item_id = list(then.items)[item % len(then.items)]
        then.items[item_id].start, then.items[item_id].staff = start.astimezone(UTC), self.people[person].pk
        if self._span(then) > timedelta(days=1):
            return
        staff_id = self.people[person].pk
        self._change(
            made,
            then,
            lambda: move_item(**self.desk.given, item_id=item_id, starts_at=start, staff_id=staff_id),
            undoable=True,
        )

    @rule(one=which, item=which, steps=st.integers(-2, 4))
    def resize(self, one: int, item: int, steps: int) -> None:
        made, visit = self._pick(one)
        then = deepcopy(visit)
        item_id = list(then.items)[item % len(then.items)]
        known = then.items[item_id]
        work = 2 if known.minutes[2] else 0
        if known.minutes[work] + 5 * steps < 5:
            return
        end = known.end
        known.minutes[work] += 5 * steps
        chain = sorted(then.items.items(), key=lambda pair: pair[1].start)
        for other_id, other in chain:
            if other_id != item_id and other.start == end:
                end = other.end
                other.start += timedelta(minutes=5 * steps)
        minutes = sum(known.minutes[:3])
        self._change(
            made, then, lambda: resize_item(**self.desk.given, item_id=item_id, minutes=minutes), undoable=True
        )

    @rule(one=which, service=st.integers(0, 3), person=st.integers(0, 1))
    def add(self, one: int, service: int, person: int) -> None:
        made, visit = self._pick(one)
        then = deepcopy(visit)
        end = max(known.end for known in then.items.values())
        then.items[UUID(int=0)] = Known(self.people[person].pk, end, _minutes_of(self.services[service]))
        wish = ItemWish(self.services[service].pk, self.people[person].pk)
        booked = self._change(made, then, lambda: add_item(**self.desk.given, appointment_id=made, item=wish))
        if booked:
            then.items[booked.items[-1].pk] = then.items.pop(UUID(int=0))

    @rule(one=which, item=which)
    def remove(self, one: int, item: int) -> None:
        made, visit = self._pick(one)
        item_id = list(visit.items)[item % len(visit.items)]
        # A buffer that had given way to it stays as it is: nothing to be refused, and nothing this model knows.
        if any(known.minutes[3] for known in visit.items.values()):
            return
        then = deepcopy(visit)
        del then.items[item_id]
        if not then.items and visit.state in {State.BOOKED, State.ARRIVED}:
            with pytest.raises(LastItem):
                remove_item(**self.desk.given, item_id=item_id)
            return
        self._change(made, then, lambda: remove_item(**self.desk.given, item_id=item_id))

    @rule(one=which, state=st.sampled_from(list(State)))
    def become(self, one: int, state: State) -> None:
        made, visit = self._pick(one)
        given = {**self.desk.given, "appointment_id": made}
        if state not in WAYS[visit.state]:
            with pytest.raises(StateRefused):
                set_state(**given, state=state)
            return
        if state in {State.COMPLETED, State.NO_SHOW} and visit.starts_on > NOW.astimezone(BERLIN).date():
            with pytest.raises(TooEarly):
                set_state(**given, state=state)
            return
        then = deepcopy(visit)
        then.state = state
        if then.takes_time and not visit.takes_time and not self.calendar.fits(then, made):
            with pytest.raises(SlotTaken):
                set_state(**given, state=state)
            return
        cancel(**given) if state == State.CANCELLED else set_state(**given, state=state)
        self._remember(made, visit, then)

    @rule(one=which, stale=st.integers(0, 4))
    def take_back(self, one: int, stale: int) -> None:
        made, visit = self._pick(one)
        given = {**self.desk.given, "appointment_id": made}
        if stale == 0:
            with pytest.raises(VersionConflict):
                undo(**given, version=visit.version - 1)
            return
        if visit.past is None:
            with pytest.raises(NothingToUndo):
                undo(**given, version=visit.version)
            return
        then = deepcopy(visit.past)
        then.version, then.past = visit.version + 1, None
        if then.takes_time and not self.calendar.fits(then, made):
            with pytest.raises(SlotTaken):
                undo(**given, version=visit.version)
            return
        undo(**given, version=visit.version)
        self.calendar.visits[made] = then

    def _pick(self, one: int) -> tuple[UUID, Visit]:
        made = list(self.calendar.visits)[one % len(self.calendar.visits)]
        return made, self.calendar.visits[made]

    def _change(self, made: UUID, then: Visit, act: Callable[[], Booked], *, undoable: bool = False) -> Booked | None:
        """Do something to the items of an appointment; the model says whether that is possible."""
        visit = self.calendar.visits[made]
        expected: type[DomainError] | None = None
        if visit.state not in {State.BOOKED, State.ARRIVED}:
            expected = NotChangeable
        elif not self.calendar.fits(then, made):
            expected = SlotTaken
        if then.items == visit.items and not expected:
            assert not act().changed
            return None
        if expected:
            with pytest.raises(expected):
                act()
            return None
        booked: Booked = act()
        self._remember(made, visit, then, undoable=undoable)
        return booked

    def _remember(self, made: UUID, visit: Visit, then: Visit, *, undoable: bool = True) -> None:
        then.version, then.past = visit.version + 1, deepcopy(visit) if undoable else None
        if then.past:
            then.past.past = None
        self.calendar.visits[made] = then

    def _span(self, visit: Visit) -> timedelta:
        known = visit.items.values()
        return max(one.end for one in known) - min(one.start for one in known)

    @invariant()
    def the_calendar_is_what_the_model_says(self) -> None:
        stored = {one.pk: one for one in Appointment.objects.prefetch_related("items")}
        assert set(stored) == set(self.calendar.visits)
        for made, visit in self.calendar.visits.items():
            one = stored[made]
            assert (one.state, one.version, one.undo is None) == (visit.state, visit.version, visit.past is None)
            assert {
                item.pk: (item.staff_id, item.starts_at, item.ends_at, item.active) for item in one.items.all()
            } == {
                item_id: (known.staff, known.start, known.end, visit.takes_time)
                for item_id, known in visit.items.items()
            }
            assert one.starts_at == min(known.start for known in visit.items.values())
            assert one.ends_at == max(known.end for known in visit.items.values())
            taken = {
                (item.staff_id, lower + timedelta(minutes=n))
                for item in one.items.all()
                for lower, upper in ((period.lower, period.upper) for period in item.busy)
                if lower and upper
                for n in range((upper - lower) // timedelta(minutes=1))
            }
            assert taken == set().union(*visit.taken())


def _minutes_of(service: Service) -> list[int]:
    return [service.apply_minutes, service.processing_minutes, service.finish_minutes, service.buffer_minutes]


@pytest.fixture
def machine(in_sonnenschein: Salon, front_desk: Actor) -> type[CalendarMachine]:
    services = [
        make_service("Schneiden", 60),
        make_service("Ansatzfarbe", 30, 35, 25),
        make_service("Bräunen", 30, buffer=10),
        make_service("Brauen zupfen", 15),
    ]
    week = {"weekdays": range(1, 8), "hours": ALL_DAY}
    day = SalonDay(
        anna=make_staff("Anna", services, position=1, **week),  # type: ignore[arg-type]
        bora=make_staff("Bora", services, position=2, **week),  # type: ignore[arg-type]
        cut=services[0],
        colour=services[1],
        brows=services[3],
        lena=make_client(),
    )
    CalendarMachine.desk = Desk(front_desk, in_sonnenschein, day)
    CalendarMachine.services = services
    return CalendarMachine


def test_no_hands_break_the_calendar(machine: type[CalendarMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
