"""What each client of the demo has been to the salon, before it kept its calendar here and since. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from bookings.states import State
from clients.classification import CreatedVia, Reason
from salon.demo.habits import Habit, habits_of
from salon.demo.people import Person, invent_cards
from salon.demo.team import Colleague


@dataclass(frozen=True, slots=True)
class Fixed:
    """One appointment that a story needs, so many days ago; `exactly`: on that very day, open or not.

    Without a state it is as the clock says; `bought` are products paid with it.
    """

    days_ago: int
    services: tuple[str, ...]
    staff: str
    state: State | None = State.COMPLETED
    bought: tuple[str, ...] = ()
    exactly: bool = False
    around: int = 14 * 60


@dataclass(frozen=True, slots=True)
class Life:
    """One client: the card, what she is used to, and between which days she comes for it (None: to this day).

    `met_as` is what the booking that made the card said of it, if a booking did.
    """

    person: Person
    habits: tuple[Habit, ...] = ()
    comes_from: date = date.max
    comes_until: date | None = None
    fixed: tuple[Fixed, ...] = ()
    met_as: Reason | None = None
    # A story says all there is on the card; what an invented client has, chance decides.
    is_known: bool = False


def invent_lives(
    random: Random, team: Sequence[Colleague], *, today: date, first_day: date, city: str, barber: bool
) -> Iterator[Life]:
    """Yield invented clients without end, with what they do from the first day of the calendar on.

    Whoever was listed before that day came with the import from the program used then.
    """
    for card in invent_cards(random, today=today, city=city, women=0.06 if barber else 0.62):
        listed_on = min(card.listed_on, today - timedelta(days=1))
        if listed_on < first_day:
            yield _carried(random, replace(card, listed_on=listed_on), team, first_day, today, barber=barber)
        else:
            yield _met_here(random, replace(card, listed_on=listed_on), team, today, barber=barber)


def _carried(
    random: Random, card: Person, team: Sequence[Colleague], first_day: date, today: date, *, barber: bool
) -> Life:
    person = replace(card, created_via=CreatedVia.IMPORT)
    if random.random() < 0.05:
        return Life(person)
    habits = habits_of(random, person, team, barber=barber, today=today)
    every = habits[0].every
    last = first_day - timedelta(days=1 + random.randrange(every))
    until = _until(random, person.listed_on, today)
    if until and until < first_day:
        last = until
    last = max(last, person.listed_on)
    visits = 1 + (last - person.listed_on).days // every
    had = [(name, max(1, visits // (2 * place))) for place, name in enumerate(habits[0].services, 1)]
    person = replace(
        person,
        carried_first_visit_on=person.listed_on if visits > 1 else last,
        carried_last_visit_on=last,
        carried_visits=visits,
        services=tuple(had),
    )
    if until and until < first_day:
        return Life(person)
    return Life(person, habits, max(first_day, last + timedelta(days=every)), until)


def _met_here(random: Random, card: Person, team: Sequence[Colleague], today: date, *, barber: bool) -> Life:
    online = bool(card.details.email or card.details.mobile) and random.random() < 0.45
    person = replace(card, created_via=CreatedVia.ONLINE_BOOKING if online else CreatedVia.STAFF)
    habits = habits_of(random, person, team, barber=barber, today=today)
    met_as = Reason.NOT_LISTED if online else None
    if random.random() < 0.08:
        # Made a card and was never seen: what was booked was missed or cancelled.
        days_ago = (today - person.listed_on).days - random.randrange(2, 9)
        state = random.choice((State.NO_SHOW, State.CANCELLED)) if days_ago > 0 else None
        fixed = (Fixed(days_ago, habits[0].services, habits[0].staff, state),) if online else ()
        return Life(person, fixed=fixed, met_as=met_as)
    comes_from = person.listed_on + timedelta(days=random.randrange(1, 8))
    return Life(person, habits, comes_from, _until(random, person.listed_on, today), met_as=met_as)


def _until(random: Random, listed_on: date, today: date) -> date | None:
    """Return the day after which somebody stays away; most do not."""
    if random.random() < 0.8:
        return None
    return listed_on + timedelta(days=random.randrange(1, max(2, (today - listed_on).days)))
