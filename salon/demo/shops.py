"""The two salons of the demo, and what happens in each up to a moment and beyond: the same for the same day. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from random import Random
from zoneinfo import ZoneInfo

from salon.demo import offering, team, waiting
from salon.demo.absences import Away, absences_of, by_day
from salon.demo.accounts import Accounts
from salon.demo.days import is_closed
from salon.demo.diary import Diary
from salon.demo.fates import Visit, fates_of
from salon.demo.habits import often
from salon.demo.history import History
from salon.demo.lives import Life, invent_lives
from salon.demo.offering import Offering
from salon.demo.people import Person, with_belongings, with_treatcard
from salon.demo.stories import known_lives
from salon.demo.takings import Takings
from salon.demo.team import Colleague, Stretch
from salon.demo.till import Till
from salon.demo.treating import Treating
from salon.demo.waiting import Longing

# Kept free today for the story that is told with the demo: a Facial, and a Nassrasur behind it.
_STORY: Stretch = (14 * 60, 15 * 60 + 30)


@dataclass(frozen=True, slots=True)
class Shop:
    """One salon, where it is, what it sells, who works there, whom it knows, and since when it keeps its calendar here.

    Its phone number is of those that are kept free for fiction.
    """

    slug: str
    name: str
    street: str
    postal_code: str
    city: str
    phone: str
    website: str
    region: str
    clients: int
    offering: Offering
    team: tuple[Colleague, ...]
    weeks: int
    walk_ins: tuple[str, ...]
    waiting: tuple[Longing, ...]
    has_stories: bool = False


SHOPS = (
    Shop(
        "sonnenschein",
        "Salon Sonnenschein",
        "Sonnenscheingasse 5",
        "10999",
        "Berlin",
        "+493023125001",
        "https://sonnenschein.example",
        "BE",
        400,
        offering.SONNENSCHEIN,
        team.SONNENSCHEIN,
        78,
        ("Maschinenschnitt", "Herrenschnitt", "Föhnen", "Bart", "Brauen zupfen"),
        waiting.SONNENSCHEIN,
        has_stories=True,
    ),
    Shop(
        "barbier-am-dom",
        "Barbier am Dom",
        "Am Domblick 3",
        "50667",
        "Köln",
        "+492214710012",
        "https://barbier-am-dom.example",
        "NW",
        120,
        offering.BARBIER,
        team.BARBIER,
        8,
        ("Maschinenschnitt", "Bart", "Herrenschnitt"),
        waiting.BARBIER,
    ),
)


@dataclass(frozen=True, slots=True)
class Plot:
    """All there is to tell of a salon at a moment; the clients are in the order of their numbers."""

    today: date
    first_day: date
    special: date | None
    absences: Sequence[Away]
    lives: Sequence[Life]
    visits: Sequence[Visit]
    takings: Takings


def plot(shop: Shop, *, desk: Sequence[str], now: datetime, zone: ZoneInfo) -> Plot:
    """Return what has happened in a salon and what is booked; `desk` are those who book at its desk."""
    random = Random(shop.name)
    clock = now.astimezone(zone)
    today = clock.date()
    first_day = today - timedelta(weeks=shop.weeks)
    special = today if is_closed(shop.region, today) else None
    *known, illness = absences = absences_of(shop.team, region=shop.region, today=today)
    strangers = invent_lives(
        random, shop.team, today=today, first_day=first_day, city=shop.city, barber=not shop.has_stories
    )
    lives = list(known_lives(today)) if shop.has_stories else []
    lives += islice(strangers, shop.clients - len(lives))
    lives.sort(key=lambda life: life.person.listed_on)
    diary = Diary(shop.team, shop.offering.by_name, region=shop.region, special=special, away=by_day(known))
    if shop.has_stories:
        diary.keep_free(today, shop.team[0].name, _STORY)
    minute = clock.hour * 60 + clock.minute
    history = History(diary, lives, random, first_day=first_day, today=today, minute=minute, walk_ins=shop.walk_ins)
    history.fall_ill(illness.staff, illness.first)
    # Chances of their own: the hour changes nothing of the days before.
    visits = fates_of(history.live(), lives, diary, Random(shop.slug), desk=desk, now=now, zone=zone)
    lives = _as_they_are(shop, lives, visits, now, today)
    accounts, chances = Accounts(lives), Random(f"{shop.slug} till")
    treating = Treating(accounts, diary, shop.offering, chances, visits=visits, room=history.room, now=now, today=today)
    till = Till(accounts, diary, shop.offering, chances, desk=desk, now=now, today=today)
    for place, visit in enumerate(visits):
        visits[place] = treating.extended(place, visit, desk[0])
        till.charge(place, visits[place])
    takings = till.takings(visits)
    lives = [
        replace(life, person=replace(life.person, points=points))
        for life, points in zip(lives, takings.balances, strict=True)
    ]
    return Plot(today, first_day, special, absences, lives, visits, takings)


def _as_they_are(shop: Shop, lives: list[Life], visits: list[Visit], now: datetime, today: date) -> list[Life]:
    """Return the clients with what their cards say today."""
    of_each: list[list[Visit]] = [[] for _life in lives]
    for visit in visits:
        if visit.who is not None and visit.was_by(now):
            of_each[visit.who].append(visit)
    return [
        replace(life, person=_with_facts(shop.slug, life, own, place, today))
        for place, (life, own) in enumerate(zip(lives, of_each, strict=True))
    ]


def _with_facts(slug: str, life: Life, been: list[Visit], place: int, today: date) -> Person:
    random = Random(f"{slug} {place}")
    days = [visit.day for visit in been]
    person = replace(
        life.person,
        first_visit_on=min(days, default=None),
        last_visit_on=max(days, default=None),
        visits=len(days),
    )
    by = Counter(one.staff for visit in been for one in visit.slotted)
    if by.total() >= 4 and max(by.values()) > 0.7 * by.total() and random.random() < 0.6:
        person = replace(person, preferred_staff=often(by))
    if life.is_known:
        return person
    person = with_belongings(random, person, place=place, today=today)
    # What has to do with money is the same at any hour: of today's visits it knows nothing.
    before = sum(day < today for day in days) + person.carried_visits
    return with_treatcard(Random(f"{slug} treatcard {place}"), person, visits=before, place=place)
