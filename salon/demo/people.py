"""Inventing client cards: the same ones for the same seed and day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from clients.classification import Facts
from clients.details import Birthday, ClientDetails, Gender
from clients.models import CreatedVia
from salon.demo import names
from salon.folding import fold

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
LONGEST_LISTED = timedelta(days=6 * 365)


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
    points: int = 0
    email_consent: bool = False
    categories: tuple[str, ...] = ()
    note: str = ""

    @property
    def facts(self) -> Facts:
        """What the verdict on this card will be made of."""
        return Facts(self.listed_on, self.created_via, self.first_visit_on, self.last_visit_on)


def invent(random: Random, *, today: date, city: str) -> Iterator[Person]:
    """Yield cards without end; about one in forty lacks phone and e-mail."""
    while True:
        female = random.random() < 0.62
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
        via = random.choices(list(CreatedVia), weights=[6, 3, 2])[0]
        yield Person(details, listed_on, via)


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
