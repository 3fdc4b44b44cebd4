"""What the invented clients are used to: what they have done, how often, when and by whom. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from salon.demo import names
from salon.demo.people import Person
from salon.demo.team import Colleague

# Weight, the services, and every how many days.
_Usage = tuple[int, tuple[str, ...], int, int]


@dataclass(frozen=True, slots=True)
class Habit:
    """One thing somebody comes for again and again: every so many days, best at that minute of the day."""

    services: tuple[str, ...]
    every: int
    staff: str = ""
    around: int = 12 * 60
    strictly: bool = False


_WOMENS: Sequence[_Usage] = (
    (22, ("Waschen-Schneiden-Föhnen",), 35, 63),
    (16, ("Ansatzfarbe", "Waschen-Schneiden-Föhnen"), 35, 49),
    (12, ("Ansatzfarbe", "Föhnen"), 28, 42),
    (6, ("Komplettfarbe", "Föhnen"), 42, 63),
    (6, ("Foliensträhnen", "Waschen-Schneiden-Föhnen"), 63, 91),
    (4, ("Balayage", "Glossing", "Föhnen"), 98, 140),
    (6, ("Waschen-Schneiden-Föhnen", "Pflegekur"), 35, 56),
    (8, ("Föhnen",), 7, 14),
    (5, ("Glossing", "Föhnen"), 28, 42),
    (2, ("Keratin",), 120, 160),
    (6, ("Facial",), 28, 42),
    (7, ("Shellac",), 19, 24),
)
_WOMENS_BESIDES: Sequence[_Usage] = (
    (20, ("Shellac",), 18, 25),
    (12, ("Maniküre",), 21, 35),
    (8, ("Maniküre", "Pediküre"), 28, 42),
    (12, ("Brauen zupfen",), 14, 28),
    (12, ("Facial",), 28, 42),
    (5, ("Facial", "Brauen zupfen"), 28, 42),
    (6, ("Anti-Aging",), 35, 49),
    (6, ("Wimpernlifting",), 42, 56),
    (6, ("Rückenmassage",), 21, 42),
    (2, ("Hochstecken",), 90, 180),
)
_MENS: Sequence[_Usage] = (
    (34, ("Herrenschnitt",), 21, 35),
    (18, ("Herrenschnitt", "Bart"), 21, 28),
    (14, ("Maschinenschnitt",), 14, 24),
    (12, ("Maschinenschnitt", "Bart"), 14, 21),
    (7, ("Bart",), 10, 16),
    (6, ("Nassrasur",), 10, 21),
    (3, ("Herrenschnitt", "Pflegekur"), 28, 42),
)
_MENS_BESIDES: Sequence[_Usage] = (
    (10, ("Rückenmassage",), 21, 42),
    (6, ("Facial",), 35, 49),
    (4, ("Pediküre",), 42, 56),
    (4, ("Nassrasur",), 21, 35),
)
_KIDS: Sequence[_Usage] = ((1, ("Kinder",), 35, 63),)
_BARBERS: Sequence[_Usage] = (
    (30, ("Herrenschnitt",), 21, 35),
    (25, ("Haare & Bart",), 18, 28),
    (15, ("Maschinenschnitt",), 14, 24),
    (12, ("Bart",), 8, 16),
    (8, ("Nassrasur",), 10, 21),
    (4, ("Kopfrasur",), 10, 21),
    (4, ("Herrenschnitt", "Grauhaarkaschierung"), 28, 42),
    (3, ("Herrenschnitt", "Pflegekur"), 28, 42),
)
# When people like to come: before work, in the morning, at noon, in the afternoon, after work.
_AROUND = (9 * 60, 10 * 60 + 30, 12 * 60, 14 * 60 + 30, 16 * 60 + 30, 18 * 60)


def habits_of(
    random: Random, person: Person, team: Sequence[Colleague], *, barber: bool, today: date
) -> tuple[Habit, ...]:
    """Return what somebody comes for: one thing most of the time, something else besides now and then."""
    age = _age(person, today)
    if age is not None and age < 14:
        usual, besides = _KIDS, None
    elif barber:
        usual, besides = (_KIDS if random.random() < 0.06 else _BARBERS), None
    elif person.details.first_name.split()[0] in names.MALE:
        usual, besides = _MENS, _MENS_BESIDES if random.random() < 0.35 else None
    else:
        usual, besides = _WOMENS, _WOMENS_BESIDES if random.random() < 0.75 else None
    around = random.choice(_AROUND)
    return tuple(_habit(random, one, around, team) for one in (usual, besides) if one)


def _habit(random: Random, usages: Sequence[_Usage], around: int, team: Sequence[Colleague]) -> Habit:
    _weight, services, shortest, longest = random.choices(usages, weights=[usage[0] for usage in usages])[0]
    able = [one.name for one in team if services[0] in one.services]
    likes = random.random()
    return Habit(
        services,
        random.randint(shortest, longest),
        staff=random.choice(able) if likes < 0.85 else "",
        around=around,
        strictly=likes < 0.5,
    )


def _age(person: Person, today: date) -> int | None:
    birthday = person.details.birthday
    return None if not birthday or birthday.startswith("-") else today.year - int(birthday[:4])


def often(done: Mapping[str, int]) -> str:
    """Return what was done most often, the first by name among equals."""
    return min(done, key=lambda name: (-done[name], name))
