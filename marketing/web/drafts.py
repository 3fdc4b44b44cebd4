"""A rule while somebody builds it: incomplete, changed part by part, read from the form that shows it (ui.md §2.7).

A part is called by its place in the tree: (1, 0) is the first part of the second; the whole rule is ().
"""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field as each_with
from itertools import count
from typing import Any

from django.http import QueryDict

from clients.details import LONGEST
from marketing.rule import DEEPEST, MOST_CONDITIONS, MOST_VALUES, Group, Match, as_json
from marketing.vocabulary import FIELDS, Kind

Place = tuple[int, ...]
# Several values in one field, with a comma and a space between them.
LONGEST_TYPED = MOST_VALUES * (LONGEST["postal_code"] + 2)
_BETWEEN = re.compile("[,;]")


@dataclass(slots=True)
class DraftCondition:
    """One condition: `takes` are the values its operator takes, `many` those of which there are any number."""

    field: str
    operator: str
    takes: list[str] = each_with(default_factory=list)
    many: list[str] = each_with(default_factory=list)

    def lacks(self, where: str) -> bool:
        """Return whether nobody has entered anything yet at this place, as in `values.1`."""
        number = where.removeprefix("values.")
        return number in map(str, range(len(self.takes))) and not self.takes[int(number)].strip()

    @property
    def json(self) -> dict[str, Any]:
        """The condition as `rule.parse` reads it."""
        return {"field": self.field, "operator": self.operator, "values": [*self.takes, *self.many]}


@dataclass(slots=True)
class DraftGroup:
    """One group, with or without parts."""

    match: str = Match.ALL
    negated: bool = False
    parts: "list[DraftGroup | DraftCondition]" = each_with(default_factory=list)

    @property
    def json(self) -> dict[str, Any]:
        """The group as `rule.parse` reads it."""
        return {"match": self.match, "negated": self.negated, "parts": [part.json for part in self.parts]}


# How a group asks for its parts, as one choice says it: joined by what, and negated or not.
ASKS = {
    "all": (Match.ALL, False),
    "any": (Match.ANY, False),
    "none": (Match.ANY, True),
    "not_all": (Match.ALL, True),
}
# What a number is before anybody has entered one; the others are empty.
_BEGINS_WITH = {Kind.DAYS: "30", Kind.MONTHS: "12", Kind.PERCENT: "10"}


def written(place: Place) -> str:
    """Return a place as the names of form fields carry it."""
    return ".".join(map(str, place))


def field_of(part: DraftCondition, place: Place, where: str) -> str:
    """Return the name of the form field that holds a value of a condition; `where` is its place, as in `values.1`."""
    number = where.removeprefix("values.")
    is_taken = number in map(str, range(len(part.takes)))
    return f"value:{written(place)}.{number}" if is_taken else f"many:{written(place)}"


def place_in(text: str) -> Place | None:
    """Read a place again, None where it is none."""
    numbers = text.split(".") if text else []
    if len(numbers) > DEEPEST + 1 or not all(one.isascii() and one.isdecimal() and len(one) < 4 for one in numbers):
        return None
    return tuple(map(int, numbers))


def draft_of(rule: Group) -> DraftGroup:
    """Return a rule to be changed."""
    return _group_from(as_json(rule))


def _group_from(entered: dict[str, Any]) -> DraftGroup:
    parts = [_group_from(part) if "parts" in part else _condition_from(part) for part in entered["parts"]]
    return DraftGroup(entered["match"], entered["negated"], parts)


def _condition_from(entered: dict[str, Any]) -> DraftCondition:
    values, ahead = [str(value) for value in entered["values"]], _ahead(entered["field"], entered["operator"])
    return DraftCondition(entered["field"], entered["operator"], values[:ahead], values[ahead:])


def read_draft(data: QueryDict) -> DraftGroup:
    """Return the rule as a form was sent; what no form sends is left out."""
    return _group_in(data, (), Counted())


@dataclass(slots=True)
class Counted:
    """How many parts were read so far."""

    parts: int = 0


def _group_in(data: QueryDict, at: Place, counted: Counted) -> DraftGroup:
    match, negated = ASKS.get(data.get(f"ask:{written(at)}", ""), ASKS["all"])
    group = DraftGroup(match, negated)
    for number in count():
        here = (*at, number)
        counted.parts += 1
        if counted.parts > 2 * MOST_CONDITIONS:
            break
        if f"field:{written(here)}" in data:
            if condition := _condition_in(data, here):
                group.parts.append(condition)
        elif f"ask:{written(here)}" in data and len(here) < DEEPEST:
            group.parts.append(_group_in(data, here, counted))
        else:
            break
    return group


def _condition_in(data: QueryDict, at: Place) -> DraftCondition | None:
    here = written(at)
    known = FIELDS.get(str(data[f"field:{here}"]))
    if known is None:
        return None
    operator = data.get(f"operator:{here}", "")
    if operator not in known.operators:
        operator = next(iter(known.operators))
    begins = _begins(known.name, operator)
    takes = [data.get(f"value:{here}.{number}", begin).strip()[:40] for number, begin in enumerate(begins)]
    return DraftCondition(
        known.name, operator, takes, _many(data.getlist(f"many:{here}"), known.operators[operator].many)
    )


def _many(sent: list[str], kind: Kind | None) -> list[str]:
    if kind is None:
        return []
    if kind == Kind.POSTCODE:
        # Whatever was typed is kept whole: that it is more than a rule takes, or too long, the rule says.
        return list(dict.fromkeys(one.strip() for one in _BETWEEN.split(",".join(sent)) if one.strip()))
    return list(dict.fromkeys(sent))[:MOST_VALUES]


def _ahead(name: str, operator: str) -> int:
    return len(FIELDS[name].operators[operator].takes)


def _begins(name: str, operator: str) -> list[str]:
    return [_BEGINS_WITH.get(kind, "") for kind in FIELDS[name].operators[operator].takes]


def part_at(draft: DraftGroup, place: Place) -> DraftGroup | DraftCondition | None:
    """Return a part, None where there is none (any more)."""
    found: DraftGroup | DraftCondition = draft
    for number in place:
        if not isinstance(found, DraftGroup) or number >= len(found.parts):
            return None
        found = found.parts[number]
    return found


def _group_at(draft: DraftGroup, place: Place) -> DraftGroup | None:
    found = part_at(draft, place)
    return found if isinstance(found, DraftGroup) else None


def height(part: DraftGroup | DraftCondition) -> int:
    """Return how many groups stand in each other in a part; none in a condition."""
    return 1 + max(map(height, part.parts), default=0) if isinstance(part, DraftGroup) else 0


def conditions(part: DraftGroup | DraftCondition) -> Iterator[DraftCondition]:
    """Return the conditions of a part, however deep."""
    if isinstance(part, DraftCondition):
        yield part
    else:
        for one in part.parts:
            yield from conditions(one)


def without(group: DraftGroup, places: Collection[Place], at: Place = ()) -> DraftGroup:
    """Return a group without the parts at these places, and without the groups that this leaves empty."""
    left: list[DraftGroup | DraftCondition] = []
    for number, part in enumerate(group.parts):
        here = (*at, number)
        if here in places:
            continue
        if isinstance(part, DraftCondition):
            left.append(part)
        elif (inner := without(part, places, here)).parts:
            left.append(inner)
    # Where nothing is left to ask, nothing is asked: not even that nothing be true.
    return DraftGroup(group.match, group.negated and bool(left), left)


def may_hold(place: Place, part: DraftGroup | DraftCondition) -> bool:
    """Whether a group at a place could hold a part without standing too deep."""
    return len(place) + 1 + height(part) <= DEEPEST


def change(draft: DraftGroup, asked: str) -> Place | None:
    """Do to a draft what a button of its form asks, and return where to go on; None where it cannot be done.

    `add:<group>:<field>`, `group:<group>`, `remove:<part>`, `up:<part>`, `down:<part>`, `put:<part>:<group>:<number>`.
    """
    name, _colon, rest = asked.partition(":")
    told = rest.split(":")
    takes, do = _DOES.get(name, (0, _remove))
    with suppress(ValueError):
        return do(draft, *told) if len(told) == takes else None
    return None


def _read(text: str) -> Place:
    place = place_in(text)
    if place is None:
        raise ValueError(text)
    return place


def _add(draft: DraftGroup, at: str, name: str) -> Place | None:
    place = _read(at)
    group, known = _group_at(draft, place), FIELDS.get(name)
    if group is None or known is None or sum(1 for _one in conditions(draft)) >= MOST_CONDITIONS:
        return None
    operator = next(iter(known.operators.values()))
    group.parts.append(DraftCondition(name, operator.name, _begins(name, operator.name)))
    return (*place, len(group.parts) - 1)


def _add_group(draft: DraftGroup, at: str) -> Place | None:
    place = _read(at)
    group = _group_at(draft, place)
    # What joins the same way as around it would say nothing.
    if group is None or not may_hold(place, made := DraftGroup(Match.ANY if group.match == Match.ALL else Match.ALL)):
        return None
    group.parts.append(made)
    return (*place, len(group.parts) - 1)


def _remove(draft: DraftGroup, at: str) -> Place | None:
    place = _read(at)
    group = _group_at(draft, place[:-1]) if place else None
    if group is None or place[-1] >= len(group.parts):
        return None
    del group.parts[place[-1]]
    return (*place[:-1], min(place[-1], len(group.parts) - 1)) if group.parts else place[:-1]


def _up(draft: DraftGroup, at: str) -> Place | None:
    """Move a part ahead of what is read before it: into a group's end, or out of its own."""
    place = _read(at)
    part = part_at(draft, place) if place else None
    if part is None:
        return None
    *around, number = place
    if number == 0:
        return _put_at(draft, place, tuple(around[:-1]), around[-1]) if around else None
    beside = (*around, number - 1)
    before = part_at(draft, beside)
    if isinstance(before, DraftGroup) and may_hold(beside, part):
        return _put_at(draft, place, beside, len(before.parts))
    return _put_at(draft, place, tuple(around), number - 1)


def _down(draft: DraftGroup, at: str) -> Place | None:
    """Move a part behind what is read after it: into a group's beginning, or out of its own."""
    place = _read(at)
    part, group = (part_at(draft, place), _group_at(draft, place[:-1])) if place else (None, None)
    if part is None or group is None:
        return None
    *around, number = place
    if number == len(group.parts) - 1:
        return _put_at(draft, place, tuple(around[:-1]), around[-1] + 1) if around else None
    beside = (*around, number + 1)
    if isinstance(part_at(draft, beside), DraftGroup) and may_hold(beside, part):
        return _put_at(draft, place, beside, 0)
    return _put_at(draft, place, tuple(around), number + 2)


def _put(draft: DraftGroup, at: str, into: str, number: str) -> Place | None:
    return _put_at(draft, _read(at), _read(into), int(number))


def _put_at(draft: DraftGroup, at: Place, into: Place, number: int) -> Place | None:
    """Move a part before the one that has a number in a group; return where it stands then."""
    part, old, new = part_at(draft, at), _group_at(draft, at[:-1]) if at else None, _group_at(draft, into)
    if part is None or old is None or new is None or into[: len(at)] == at or not may_hold(into, part):
        return None
    number = max(0, min(number, len(new.parts)))
    del old.parts[at[-1]]
    if old is new and at[-1] < number:
        number -= 1
    new.parts.insert(number, part)
    # What stood behind the part in its old group has moved up by one.
    depth = len(at) - 1
    if len(into) > depth and into[:depth] == at[:-1] and into[depth] > at[depth]:
        into = (*into[:depth], into[depth] - 1, *into[depth + 1 :])
    return (*into, number)


# How many things each is told, and what does it.
_DOES: dict[str, tuple[int, Callable[..., Place | None]]] = {
    "add": (2, _add),
    "group": (1, _add_group),
    "remove": (1, _remove),
    "up": (1, _up),
    "down": (1, _down),
    "put": (3, _put),
}
