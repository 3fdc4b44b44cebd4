"""Inventing client cards: the same ones for the same seed and day."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from clients.classification import Facts
from clients.details import Birthday, ClientDetails, Gender
from clients.models import CreatedVia
from salon.demo import names
from salon.folding import fold

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
LONGEST_LISTED = timedelta(days=6 * 365)


@dataclass(frozen=True, slots=True)
class NoteToBe:
    """One note on a card to be."""

    text: str
    author_name: str
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """One card to be: its details, since when and how it is listed, and what its owner has been to the salon."""

    details: ClientDetails
    listed_on: date
    created_via: CreatedVia
    first_visit_on: date | None = None
    last_visit_on: date | None = None
    visits: int = 0
    treatcard_number: str = ""
    # From which of her visits here, counted from 0, she has the Treatcard; the points she brought, and has today.
    treatcard_from: int = 0
    opening_points: int = 0
    points: int = 0
    email_consent: bool = False
    categories: tuple[str, ...] = ()
    notes: tuple[NoteToBe, ...] = ()
    services: tuple[tuple[str, int], ...] = ()
    carried_first_visit_on: date | None = None
    carried_last_visit_on: date | None = None
    carried_visits: int = 0
    preferred_staff: str = ""

    @property
    def facts(self) -> Facts:
        """What the verdict on this card will be made of."""
        return Facts(self.listed_on, self.created_via, self.first_success_on, self.last_success_on)

    @property
    def first_success_on(self) -> date | None:
        """The first visit of all, here or before."""
        return min(filter(None, (self.first_visit_on, self.carried_first_visit_on)), default=None)

    @property
    def last_success_on(self) -> date | None:
        """The last visit of all, here or before."""
        return max(filter(None, (self.last_visit_on, self.carried_last_visit_on)), default=None)

    @property
    def visits_in_all(self) -> int:
        """How often somebody came, here or before."""
        return self.visits + self.carried_visits


def invent(random: Random, *, today: date, city: str) -> Iterator[Person]:
    """Yield cards of clients who came before the salon kept its calendar here, without end."""
    for place, card in enumerate(invent_cards(random, today=today, city=city)):
        person = replace(card, **_visits(random, card, today))
        visits = person.carried_visits
        kinds = random.sample(_liked(person), k=min(visits, random.randrange(1, 5))) if visits else []
        counts = sorted((1 + int(random.random() * visits) for _ in kinds), reverse=True)
        person = replace(person, services=tuple(zip(kinds, counts, strict=True)))
        person = with_belongings(random, person, place=place, today=today)
        yield with_treatcard(random, person, visits=visits, place=place)


def invent_cards(random: Random, *, today: date, city: str, women: float = 0.62) -> Iterator[Person]:
    """Yield cards without end and without any visit; about one in forty lacks phone and e-mail."""
    while True:
        female = random.random() < women
        first = random.choice(names.FEMALE if female else names.MALE)
        if random.random() < 0.06:
            first += f" {random.choice(names.FEMALE if female else names.MALE)}"
        last = random.choice(names.DOUBLE if random.random() < 0.04 else names.LAST)
        gender = Gender.FEMALE if female else Gender.MALE
        reachable = random.random() > 0.025
        details = ClientDetails(
            first_name=first,
            last_name=last,
            gender=gender if random.random() < 0.9 else "",
            birthday=_birthday(random, today) if random.random() < 0.55 else "",
            mobile=_mobile(random) if reachable and random.random() < 0.93 else "",
            landline=_landline(random, city) if reachable and random.random() < 0.12 else "",
            email=_email(random, first, last) if reachable and random.random() < 0.7 else "",
            **_address(random, city),
        )
        listed_on = today - timedelta(days=int(random.random() ** 1.4 * LONGEST_LISTED.days))
        yield Person(details, listed_on, random.choices(list(CreatedVia), weights=[6, 3, 2])[0])


def _visits(random: Random, person: Person, today: date) -> dict[str, Any]:
    """Return first, last and number of visits: most come again and again, some stay away, some never came."""
    listed_for = (today - person.listed_on).days
    if random.random() < (0.22 if person.created_via == CreatedVia.ONLINE_BOOKING else 0.08):
        return {}
    stays_away = random.random() < 0.3
    ago = min(listed_for, int(random.expovariate(1 / (420 if stays_away else 45))))
    last = today - timedelta(days=ago)
    visits = 1 + int((last - person.listed_on).days / random.choice((28, 35, 42, 56, 90)))
    first = person.listed_on if visits > 1 else last
    return {"carried_first_visit_on": first, "carried_last_visit_on": last, "carried_visits": visits}


def with_belongings(random: Random, person: Person, *, place: int, today: date) -> Person:
    """Return somebody of some visits with what that brings: a consent, categories, a note."""
    notes: tuple[NoteToBe, ...] = ()
    email_consent = bool(person.details.email) and random.random() < 0.55
    categories = _categories(random, person, place, today)
    if random.random() < 0.12:
        text, pinned = random.choice(names.NOTES)
        notes = (NoteToBe(text, random.choice(names.AUTHORS), pinned),)
    return replace(person, email_consent=email_consent, categories=categories, notes=notes)


def with_treatcard(random: Random, person: Person, *, visits: int, place: int) -> Person:
    """Return somebody of so many visits with a Treatcard, if she has one, and the points that she has brought along."""
    if visits < 3 or random.random() > 0.5:
        return person
    opening = random.randrange(min(1500, 60 * person.carried_visits)) if person.carried_visits else 0
    return replace(
        person,
        # No two of a salon alike, and not in a row.
        treatcard_number=f"TC{place:06}{random.randrange(100):02}",
        treatcard_from=0 if opening else random.randrange(3),
        opening_points=opening,
        points=opening,
    )


def _liked(person: Person) -> list[str]:
    return names.MENS_SERVICES if person.details.gender == Gender.MALE else names.WOMENS_SERVICES


def _categories(random: Random, person: Person, place: int, today: date) -> tuple[str, ...]:
    chosen = {
        "Stammkunden": person.visits_in_all >= 20,
        "Neukunden": person.visits_in_all <= 1,
        "VIP": person.visits_in_all >= 40 and random.random() < 0.4,
        "Farbkundin": person.details.gender == Gender.FEMALE and random.random() < 0.3,
        "Barber": person.details.gender == Gender.MALE and random.random() < 0.4,
        "Produktkäufer": random.random() < 0.1,
        "Vormittag": random.random() < 0.08,
        "Inaktiv": person.last_success_on is not None and (today - person.last_success_on).days > 540,
        **_by_age(person.details.birthday, place, today),
    }
    return tuple(name for name, fits in chosen.items() if fits)


def _by_age(birthday: str, place: int, today: date) -> dict[str, bool]:
    """Return what the age says; what grants a discount is the same at any hour."""
    if not birthday or birthday.startswith("-"):
        return {}
    age = today.year - int(birthday[:4])
    return {
        "Kinder": age < 14,
        "Studenten −10 %": 19 <= age <= 26 and place % 5 < 2,
        "Rentner −10 %": age >= 66,
    }


def _birthday(random: Random, today: date) -> str:
    day = today - timedelta(days=random.randrange(5 * 365, 88 * 365))
    return Birthday(min(day.day, 28), day.month, day.year if random.random() < 0.7 else None).iso


def _mobile(random: Random) -> str:
    return f"+49{random.choice(names.MOBILE_CODES)}{random.randrange(10**6, 10**8):08}"


def _landline(random: Random, city: str) -> str:
    return f"+49{'30' if city == 'Berlin' else '221'}{random.randrange(2 * 10**6, 10**7)}"


def _email(random: Random, first: str, last: str) -> str:
    spelled = f"{first}.{last}".casefold().translate(_UMLAUTS).replace(" ", "-").replace("'", "")
    local = fold(spelled) if not spelled.isascii() else spelled
    return f"{local}{random.randrange(2, 99) if random.random() < 0.5 else ''}@{random.choice(names.MAIL_HOSTS)}"


def _address(random: Random, city: str) -> dict[str, str]:
    if random.random() < 0.45:
        return {}
    postal_code = random.choice(names.BERLIN if city == "Berlin" else names.KOELN)
    return {
        "street": f"{random.choice(names.STREETS)} {random.randrange(1, 180)}",
        "postal_code": postal_code,
        "city": city,
    }
