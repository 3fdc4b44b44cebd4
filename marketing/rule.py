"""Which clients a segment means: a tree of conditions, read from JSON and written to it (domain.md §9.1)."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from clients.details import LONGEST, OLDEST
from marketing.vocabulary import KNOWN, REFERENCES, Field, Kind, Operator
from salon.errors import FieldError, InvalidInput, Text
from salon.folding import tidy
from salon.money import NotMoney, parse_money

DEEPEST = 4
MOST_CONDITIONS = 40
MOST_VALUES = 50
# Clients marked one by one; who are more are described as a segment.
MOST_CLIENTS = 500
# What no salon has more of.
LONGEST_DAYS = 36_500
LONGEST_MONTHS = 1_200
MOST_VISITS = 100_000
MOST_POINTS = 1_000_000_000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,40}", re.ASCII)

type Value = str | int | Decimal | date | UUID
type WrongIds = Callable[[Kind, Mapping[str, UUID]], Iterable[FieldError]]


class Match(TextChoices):
    """How the parts of a group are joined."""

    ALL = "ALL", _("all of these")
    ANY = "ANY", _("at least one of these")


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that a client must meet: `values` are as many and of such kinds as its operator takes."""

    field: str
    operator: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Several things of which a client must meet all or any, or (negated) just not; without parts, nothing is asked."""

    match: Match
    parts: "tuple[Group | Condition, ...]" = ()
    negated: bool = False

    def conditions(self) -> Iterator[Condition]:
        """Return every condition in it, however deep."""
        for part in self.parts:
            if isinstance(part, Group):
                yield from part.conditions()
            else:
                yield part


EVERYBODY = Group(Match.ALL)


def parse(given: object, *, at: str = "rule", wrong_ids: WrongIds = lambda _kind, _places: ()) -> Group:
    """Read a rule as JSON has it; `wrong_ids` says what is wrong with the ids of one kind, which it gets by place.

    Raises: InvalidInput naming every place that is wrong, as in `rule.parts.0.values.1`.
    """
    reading = _Reading()
    group = reading.group(given, at, 1)
    if reading.conditions > MOST_CONDITIONS:
        reading.refuse(at, "max_length", _("At most %(most)d conditions fit here.") % {"most": MOST_CONDITIONS})
    else:
        for kind, places in reading.referred.items():
            reading.errors += wrong_ids(kind, places)
    if reading.errors or group is None:
        raise InvalidInput(reading.errors)
    return group


def as_json(group: Group) -> dict[str, Any]:
    """Return a rule as JSON has it."""
    return {
        "match": group.match.value,
        "negated": group.negated,
        "parts": [as_json(part) if isinstance(part, Group) else _condition_as_json(part) for part in group.parts],
    }


def referred(group: Group, kind: Kind) -> dict[str, UUID]:
    """Return the ids of one kind in a rule, by their place, as in `rule.parts.0.values.1`."""
    return dict(_referred(group, kind, "rule"))


def lists_clients(group: Group) -> bool:
    """Return whether a rule names clients one by one."""
    return bool(referred(group, Kind.CLIENT))


def _referred(group: Group, kind: Kind, at: str) -> Iterator[tuple[str, UUID]]:
    for place, part in enumerate(group.parts):
        here = f"{at}.parts.{place}"
        if isinstance(part, Group):
            yield from _referred(part, kind, here)
        elif KNOWN[part.field].operators[part.operator].many == kind:
            for number, value in enumerate(part.values):
                if isinstance(value, UUID):
                    yield f"{here}.values.{number}", value


def _condition_as_json(condition: Condition) -> dict[str, Any]:
    values = [value if isinstance(value, int) else str(value) for value in condition.values]
    return {"field": condition.field, "operator": condition.operator, "values": values}


def _most(operator: Operator) -> int:
    if operator.many is None:
        return 0
    return MOST_CLIENTS if operator.many == Kind.CLIENT else MOST_VALUES


def too_deep() -> str:
    """Return why a group does not fit into another one."""
    return _("Groups of conditions stand in each other at most %(deepest)d deep.") % {"deepest": DEEPEST}


class _Unread(Exception):
    """A value is not of its kind: why."""

    def __init__(self, code: str, message: Text) -> None:
        super().__init__(code)
        self.code, self.message = code, message


def _whole(value: object, lowest: int, highest: int) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _Unread("invalid", _("Enter a whole number."))
    if not lowest <= value <= highest:
        span = {"lowest": lowest, "highest": highest}
        raise _Unread("range", _("Enter a number from %(lowest)d to %(highest)d.") % span)
    return value


def _money(value: object) -> Decimal:
    try:
        if isinstance(value, str):
            return parse_money(value)
    except NotMoney:
        pass
    raise _Unread("invalid", _("Enter an amount such as 12 or 12.50."))


def _day(value: object) -> date:
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise _Unread("invalid", _("Enter a date."))


def _id(value: object) -> UUID:
    try:
        if isinstance(value, str):
            return UUID(value)
    except ValueError:
        pass
    raise _Unread("invalid", _("Choose one of the values offered."))


def _text(value: object, longest: int) -> str:
    if not isinstance(value, str):
        raise _Unread("invalid", _("Give a text."))
    text = tidy(value)
    if not text:
        raise _Unread("required", _("This is needed."))
    if len(text) > longest:
        raise _Unread("max_length", _("At most %(longest)d characters fit here.") % {"longest": longest})
    if not text.isprintable():
        raise _Unread("invalid", _("This contains a character that cannot be stored."))
    return text


def _whole_from(lowest: int, highest: int) -> Callable[[object], int]:
    return lambda value: _whole(value, lowest, highest)


_READ: dict[Kind, Callable[[object], Value]] = {
    Kind.DAYS: _whole_from(0, LONGEST_DAYS),
    Kind.MONTHS: _whole_from(1, LONGEST_MONTHS),
    Kind.VISITS: _whole_from(0, MOST_VISITS),
    Kind.TIMES: _whole_from(0, MOST_VISITS),
    Kind.POINTS: _whole_from(-MOST_POINTS, MOST_POINTS),
    Kind.PERCENT: _whole_from(1, 100),
    Kind.MONTH: _whole_from(1, 12),
    Kind.YEARS: _whole_from(0, OLDEST),
    Kind.MONEY: _money,
    Kind.DATE: _day,
    Kind.POSTCODE: lambda value: _text(value, LONGEST["postal_code"]),
    Kind.TOWN: lambda value: _text(value, LONGEST["city"]),
    **dict.fromkeys((*REFERENCES, Kind.CLIENT), _id),
}

# Of two such values the second is not less than the first.
_LESS: dict[tuple[Kind, ...], Text] = {
    (Kind.DATE, Kind.DATE): _("This day lies before the first."),
    (Kind.YEARS, Kind.YEARS): _("This number is smaller than the first."),
}


class _Reading:
    """One reading of a rule: what was wrong so far, how many conditions there were, and the ids in them by place."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []
        self.conditions = 0
        self.referred = defaultdict[Kind, dict[str, UUID]](dict)

    def refuse(self, at: str, code: str, message: Text) -> None:
        self.errors.append(FieldError(at, code, message))

    def group(self, given: object, at: str, depth: int) -> Group | None:
        entered = self._object(given, at, {"match", "negated", "parts"})
        if entered is None:
            return None
        match = self._choice(entered, at, "match", Match.values)
        negated = entered.get("negated", False)
        if not isinstance(negated, bool):
            self.refuse(f"{at}.negated", "invalid", _("Give true or false."))
        parts = self._list(entered, at, "parts", MOST_CONDITIONS)
        if depth > DEEPEST:
            self.refuse(at, "too_deep", too_deep())
            return None
        if depth > 1 and not parts and parts is not None:
            self.refuse(f"{at}.parts", "required", _("Add a condition, or remove the group of conditions."))
        read = [self._part(part, f"{at}.parts.{place}", depth) for place, part in enumerate(parts or [])]
        if match is None or not isinstance(negated, bool):
            return None
        return Group(Match(match), tuple(part for part in read if part is not None), negated)

    def _part(self, given: object, at: str, depth: int) -> Group | Condition | None:
        if isinstance(given, Mapping) and ("parts" in given or "match" in given):
            return self.group(given, at, depth + 1)
        self.conditions += 1
        return self._condition(given, at)

    def _condition(self, given: object, at: str) -> Condition | None:
        entered = self._object(given, at, {"field", "operator", "values"})
        if entered is None:
            return None
        name = self._choice(entered, at, "field", KNOWN)
        if name is None:
            return None
        field = KNOWN[name]
        wanted = self._choice(entered, at, "operator", field.operators)
        if wanted is None:
            return None
        operator = field.operators[wanted]
        valued = entered if "values" in entered else {**entered, "values": []}
        values = self._list(valued, at, "values", max(_most(operator), MOST_VALUES) + 1)
        if values is None:
            return None
        read = self._values(values, f"{at}.values", field, operator)
        return Condition(name, wanted, read)

    def _values(self, given: list[Any], at: str, field: Field, operator: Operator) -> tuple[Value, ...]:
        most = len(operator.takes) + _most(operator)
        least = len(operator.takes) + (1 if operator.many else 0)
        if len(given) < least:
            self.refuse(f"{at}.{len(given)}" if operator.takes else at, "required", _("This is needed."))
        for place in range(most, len(given)):
            self.refuse(f"{at}.{place}", "max_length", _("There are too many values."))
        read: list[Value] = []
        for place, value in enumerate(given[:most]):
            kind = operator.takes[place] if place < len(operator.takes) else operator.many
            try:
                read.append(self._value(value, kind, field))
            except _Unread as error:
                self.refuse(f"{at}.{place}", error.code, error.message)
            else:
                if kind and isinstance(read[-1], UUID):
                    self.referred[kind][f"{at}.{place}"] = read[-1]
        if operator.takes in _LESS and len(read) == 2 and cast(Any, read[0]) > read[1]:
            self.refuse(f"{at}.1", "range", _LESS[operator.takes])
        # Each once: said twice it would mean the same.
        ahead = len(operator.takes)
        return (*read[:ahead], *dict.fromkeys(read[ahead:]))

    def _value(self, value: object, kind: Kind | None, field: Field) -> Value:
        if kind != Kind.CHOICE:
            return _READ[kind](value) if kind else ""
        if not isinstance(value, str) or value not in {name for name, _label in field.choices}:
            raise _Unread("invalid_choice", _("Choose one of the values offered."))
        return value

    def _object(self, given: object, at: str, known: set[str]) -> Mapping[str, Any] | None:
        if not isinstance(given, Mapping):
            self.refuse(at, "invalid", _("Give an object."))
            return None
        for name in given:
            if name not in known:
                self.refuse(f"{at}.{name}", "unknown_field", _("There is no such field."))
        return given

    def _choice(self, entered: Mapping[str, Any], at: str, name: str, known: Any) -> str | None:
        if name not in entered:
            self.refuse(f"{at}.{name}", "required", _("This is needed."))
            return None
        value = entered[name]
        if not isinstance(value, str) or value not in known:
            self.refuse(f"{at}.{name}", "invalid_choice", _("Choose one of the values offered."))
            return None
        return value

    def _list(self, entered: Mapping[str, Any], at: str, name: str, most: int) -> list[Any] | None:
        value = entered.get(name)
        if value is None:
            self.refuse(f"{at}.{name}", "required", _("This is needed."))
        elif not isinstance(value, list):
            self.refuse(f"{at}.{name}", "invalid", _("Give a list."))
        elif len(value) > most:
            self.refuse(f"{at}.{name}", "max_length", _("There are too many values."))
        else:
            return value
        return None
