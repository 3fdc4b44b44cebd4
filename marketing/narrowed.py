"""What the client list is narrowed to, said as the rule of a segment (domain.md §9.1, ui.md §2.3)."""

from collections.abc import Callable, Mapping
from typing import Any

from clients.filters import Visited
from marketing.rule import EVERYBODY, Condition, Group, Match

# What of a filter's name and value a condition says, in which words.
_SAID: dict[str, Callable[[Any], Condition]] = {
    "category": lambda ids: Condition("category", "in", tuple(ids)),
    "status": lambda status: Condition("status", "in", (status,)),
    "reason": lambda reason: Condition("reason", "in", (reason,)),
    "staff": lambda staff_id: Condition("preferred_staff", "in", (staff_id,)),
    "consent": lambda said: Condition("email_consent", said),
    "blocked": lambda said: Condition("blocked", said),
    "birthday": lambda month: Condition("birthday", "in_month", (int(month),)),
    "treatcard": lambda said: Condition("treatcard", said),
    "points_from": lambda points: Condition("points", "at_least", (points,)),
    "points_to": lambda points: Condition("points", "at_most", (points,)),
}
_VISITED = {Visited.WITHIN: "within_last", Visited.AGO: "longer_ago"}
# Two filters that are one condition, which knows no day without the other.
_DAYS = {"first_visit": ("first_from", "first_to"), "listed": ("listed_from", "listed_to")}


def rule_of(values: Mapping[str, Any], segment: Group = EVERYBODY) -> Group | None:
    """Return the rule that means whom the list's filters mean, within a segment; None where no rule can say one of
    them. `values` are those of `CardFilters`."""
    left, parts = dict(values), [*_of_segment(segment)]
    if visited := left.pop("last_visit", None):
        days = left.pop("days", None)
        parts.append(Condition("last_visit", _VISITED.get(visited, "never"), () if days is None else (days,)))
    for field, (start, end) in _DAYS.items():
        if start in left and end in left:
            parts.append(Condition(field, "between", (left.pop(start), left.pop(end))))
    if left.keys() - _SAID.keys():
        return None
    return Group(Match.ALL, (*parts, *(_SAID[name](value) for name, value in left.items())))


def _of_segment(segment: Group) -> tuple[Group | Condition, ...]:
    if segment.match == Match.ALL and not segment.negated:
        return segment.parts
    return (segment,)
