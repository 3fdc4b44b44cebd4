"""The builder of a rule as a page shows it: every part with its inputs, and what is wrong with it (ui.md §2.7)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.dates import MONTHS
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from marketing.choosing import towns
from marketing.rule import MOST_CONDITIONS, too_deep
from marketing.vocabulary import FIELDS, REFERENCES, Kind, Operator
from marketing.web.drafts import (
    ASKS,
    LONGEST_TYPED,
    DraftCondition,
    DraftGroup,
    Place,
    conditions,
    may_hold,
    written,
)
from marketing.web.rule_words import rows_of
from salon.catalogue.models import Product, Service, StaffMember
from salon.errors import FieldError
from salon.web.amounts import sign_of

# More of them stand in a list that opens. Categories are looked through by eye.
MOST_CHIPS = 12
MOST_CATEGORY_CHIPS = 30
ICONS = {
    "category": "tag",
    "status": "badge-check",
    "reason": "badge-info",
    "first_visit": "calendar-plus",
    "last_visit": "calendar-check",
    "next_visit": "calendar-clock",
    "visits": "repeat",
    "no_shows": "calendar-x",
    "spent": "banknote",
    "top_spenders": "crown",
    "service": "scissors",
    "product": "shopping-bag",
    "weekday": "calendar-days",
    "time_of_day": "clock",
    "preferred_staff": "user-check",
    "birthday": "cake",
    "age": "id-card",
    "gender": "venus-and-mars",
    "postal_code": "map-pin",
    "town": "house",
    "points": "star",
    "treatcard": "gift",
    "email_consent": "mail-check",
    "campaign": "mails",
    "written_to": "send",
    "lapsing": "hourglass",
    "overdue": "timer",
    "blocked": "ban",
    "listed": "user-plus",
}
_MENU: tuple[tuple[Promise, tuple[str, ...]], ...] = (
    (
        _("Who they are"),
        ("category", "gender", "age", "birthday", "postal_code", "town", "preferred_staff", "listed", "blocked"),
    ),
    (
        _("When they come"),
        ("last_visit", "next_visit", "first_visit", "visits", "no_shows", "overdue", "weekday", "time_of_day"),
    ),
    (_("New or returning"), ("status", "reason", "lapsing")),
    (_("What they buy"), ("service", "product", "spent", "top_spenders")),
    (_("Treatcard and news"), ("points", "treatcard", "email_consent", "campaign", "written_to")),
)
ASK_LABELS = {
    "all": _("all of these are true"),
    "any": _("at least one of these is true"),
    "none": _("none of these is true"),
    "not_all": _("not all of these are true"),
}
# Days, months and percent stand in the words of every operator that takes them.
_UNITS: dict[Kind, Promise] = {
    Kind.VISITS: _("visits"),
    Kind.TIMES: _("times"),
    Kind.POINTS: _("points"),
    Kind.YEARS: _("years"),
}
_LONGEST = 12


@dataclass(frozen=True, slots=True)
class Option:
    """One value to choose; `gone` is one that was chosen and is not offered any more."""

    value: str
    label: Promise | str
    on: bool
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Input:
    """One value to enter, or to choose from `options`; or (POSTCODE) several with commas between them. `after` are the
    words of its operator that stand behind it."""

    name: str
    kind: str
    value: str
    label: str
    unit: Promise | str
    options: list[Option]
    wrong: bool
    after: str = ""
    longest: int = _LONGEST


@dataclass(frozen=True, slots=True)
class AddGroup:
    """One part of the menu of what can be asked."""

    label: Promise
    fields: list[tuple[str, str, Promise | str]]


@dataclass(frozen=True, slots=True)
class Frame:
    """What every part has: its place, whether it can move up and down, what is wrong, and what has the focus of it."""

    at: str
    key: str
    first: bool
    last: bool
    errors: list[str]
    focus: str


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """One group: how it asks for its parts, and what it may still take; `too_deep` says why no group fits into it."""

    frame: Frame
    ask: str
    asks: list[Option]
    parts: "list[ShownGroup | ShownCondition]"
    may_add: bool
    too_deep: str
    is_group: bool = True


@dataclass(frozen=True, slots=True)
class ShownCondition:
    """One condition with its inputs; `plain` where its operators are all there is to choose, `listed` where what can be
    chosen is too much to be seen at once, `nothing` where the salon has nothing of the kind."""

    frame: Frame
    name: str
    label: Promise | str
    icon: str
    operators: list[Option]
    plain: bool
    inputs: list[Input]
    many: list[Option]
    listed: bool
    chosen: str
    nothing: bool
    is_group: bool = False


_PART = re.compile(r"(?:\.parts\.(\d+))")


def errors_by_place(errors: Iterable[FieldError]) -> dict[Place, list[tuple[str, str]]]:
    """Return what is wrong with a rule by the part it is wrong with: where in it, and the words."""
    found: dict[Place, list[tuple[str, str]]] = {}
    for error in errors:
        if not error.field.startswith("rule"):
            continue
        place = tuple(int(number) for number in _PART.findall(error.field))
        rest = _PART.sub("", error.field).removeprefix("rule").lstrip(".")
        found.setdefault(place, []).append((rest, str(error.message)))
    return found


def menu() -> list[AddGroup]:
    """Return everything that can be asked, as the menu shows it."""
    return [AddGroup(label, [(name, ICONS[name], FIELDS[name].label) for name in names]) for label, names in _MENU]


class Builder:
    """Shows one draft: reads what the salon has of the kinds asked for, each once."""

    def __init__(
        self,
        draft: DraftGroup,
        *,
        currency: str,
        errors: Mapping[Place, list[tuple[str, str]]] | None = None,
        focus: tuple[Place, str] | None = None,
    ) -> None:
        self._draft, self._currency = draft, currency
        self._errors = errors or {}
        self._focus = focus
        self._full = sum(1 for _one in conditions(draft)) >= MOST_CONDITIONS
        self._offered: dict[Kind, list[tuple[str, str]]] = {}
        self._labels: dict[Kind, dict[str, str]] = {}
        self._read()

    def shown(self) -> ShownGroup:
        """Return the whole rule."""
        return self._group(self._draft, (), self._frame((), first=True, last=True))

    def _read(self) -> None:
        wanted: dict[Kind, set[str]] = {}
        for one in conditions(self._draft):
            kind = _operator(one).many
            if kind == Kind.TOWN and kind not in self._offered:
                self._offered[kind] = [(town, town) for town in towns()]
            elif kind in REFERENCES:
                wanted.setdefault(kind, set()).update(one.many)
        for kind, ids in wanted.items():
            self._offered[kind] = [(str(pk), name) for pk, name in _offered(kind).values_list("pk", "name")]
            known = dict(self._offered[kind])
            if missing := [one for one in ids - known.keys() if _is_id(one)]:
                known |= {str(pk): name for pk, name in rows_of(kind).filter(pk__in=missing).values_list("pk", "name")}
            self._labels[kind] = known

    def _frame(self, place: Place, *, first: bool, last: bool) -> Frame:
        focus = self._focus[1] if self._focus and self._focus[0] == place else ""
        words = list(dict.fromkeys(words for _where, words in self._errors.get(place, ())))
        return Frame(written(place), "-".join(map(str, place)), first, last, words, focus)

    def _group(self, group: DraftGroup, place: Place, frame: Frame) -> ShownGroup:
        ask = next(name for name, said in ASKS.items() if said == (group.match, group.negated))
        ends = len(group.parts) - 1
        return ShownGroup(
            frame=frame,
            ask=ask,
            asks=[Option(name, label, name == ask) for name, label in ASK_LABELS.items()],
            parts=[
                self._part(part, (*place, number), first=not place and number == 0, last=not place and number == ends)
                for number, part in enumerate(group.parts)
            ],
            may_add=not self._full,
            too_deep="" if may_hold(place, DraftGroup()) else too_deep(),
        )

    def _part(
        self, part: DraftGroup | DraftCondition, place: Place, *, first: bool, last: bool
    ) -> ShownGroup | ShownCondition:
        frame = self._frame(place, first=first, last=last)
        if isinstance(part, DraftGroup):
            return self._group(part, place, frame)
        known, operator = FIELDS[part.field], _operator(part)
        wrong = {where for where, _words in self._errors.get(place, ())}
        typed = operator.many == Kind.POSTCODE
        many = [] if typed else self._many(part, operator)
        return ShownCondition(
            frame=frame,
            name=part.field,
            label=known.label,
            icon=ICONS[part.field],
            operators=[Option(one.name, one.head, one is operator) for one in known.operators.values()],
            plain=all(not one.takes and not one.many for one in known.operators.values()),
            inputs=[
                self._input(part, place, number, kind, wrong=f"values.{number}" in wrong)
                for number, kind in enumerate(operator.takes)
            ]
            + ([_typed(part, place, wrong=bool(wrong))] if typed else []),
            many=many,
            listed=len(many) > (MOST_CATEGORY_CHIPS if operator.many == Kind.CATEGORY else MOST_CHIPS),
            chosen=", ".join(str(one.label) for one in many if one.on),
            nothing=operator.many is not None and not typed and not many,
        )

    def _many(self, part: DraftCondition, operator: Operator) -> list[Option]:
        if operator.many is None:
            return []
        if operator.many == Kind.TOWN:
            return _places(part.many, [name for name, _label in self._offered[Kind.TOWN]])
        chosen = set(part.many)
        if operator.many == Kind.CHOICE:
            return [Option(value, label, value in chosen) for value, label in FIELDS[part.field].choices]
        offered, labels = self._offered[operator.many], self._labels[operator.many]
        found = [Option(value, name, value in chosen) for value, name in offered]
        # What is archived or deleted by now stays chosen until somebody takes it out.
        gone = sorted(chosen - {value for value, _name in offered})
        return found + [
            Option(one, labels.get(one) or _("does not exist any more"), on=True, gone=True) for one in gone
        ]

    def _input(self, part: DraftCondition, place: Place, number: int, kind: Kind, *, wrong: bool) -> Input:
        value = part.takes[number]
        options = [Option(str(month), name, str(month) == value) for month, name in MONTHS.items()]
        unit = sign_of(self._currency) if kind == Kind.MONEY else _UNITS.get(kind, "")
        if kind in _operator(part).takes[number + 1 :]:
            # "18 to 30 years" names them once.
            unit = ""
        label = f"{FIELDS[part.field].label}: {_operator(part).label}"
        if len(part.takes) > 1:
            label += f" ({number + 1})"
        name = f"value:{written(place)}.{number}"
        after = _operator(part).words[number]
        return Input(name, kind.value, value, label, unit, options if kind == Kind.MONTH else [], wrong, after)


def _typed(part: DraftCondition, place: Place, *, wrong: bool) -> Input:
    label = f"{FIELDS[part.field].label}: {_operator(part).label}"
    name = f"many:{written(place)}"
    return Input(name, Kind.POSTCODE.value, ", ".join(part.many), label, "", [], wrong, longest=LONGEST_TYPED)


def _places(chosen: list[str], offered: list[str]) -> list[Option]:
    """Return the towns to choose from; where nobody lives any more, it stays until somebody takes it out."""
    said = {name.casefold(): name for name in chosen}
    found = [Option(name, name, name.casefold() in said) for name in offered]
    gone = sorted(said.keys() - {name.casefold() for name in offered})
    return found + [Option(said[name], said[name], on=True, gone=True) for name in gone]


def _operator(part: DraftCondition) -> Operator:
    return FIELDS[part.field].operators[part.operator]


def _offered(kind: Kind) -> Any:
    if kind == Kind.CATEGORY:
        return rows_of(kind).order_by("name_key", "id")
    if kind == Kind.STAFF:
        return StaffMember.objects.working().in_order()
    if kind == Kind.CAMPAIGN:
        return rows_of(kind).filter(started_at__isnull=False).order_by("-started_at", "-id")
    return (Service if kind == Kind.SERVICE else Product).objects.offered().in_order()


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
