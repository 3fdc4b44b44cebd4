"""What the columns of two cards become when one card goes into the other, and what they were again (domain.md §2)."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from clients.models import Client, ConsentEntry, Decision

# What people choose between where both cards say something: the columns of each belong together.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "first_name": ("first_name",),
    "last_name": ("last_name",),
    "gender": ("gender",),
    "birthday": ("birth_day", "birth_month", "birth_year"),
    "mobile": ("mobile",),
    "landline": ("landline",),
    "email": ("email",),
    "address": ("street", "postal_code", "city"),
    "preferred_staff": ("preferred_staff_id",),
    "referred_by": ("referred_by_id",),
    "treatcard_number": ("treatcard_number",),
}
_NAMES = ("first_name", "last_name")
_SUMS = ("visits", "carried_visits")
_LEAST = ("first_visit_on", "carried_first_visit_on")
_GREATEST = ("last_visit_on", "carried_last_visit_on")
_AGREED = ("email_consent_for", "email_consent_at")
# What is put back together, or not at all.
_GROUPS = (
    *FIELDS.values(),
    ("blocked", "blocked_reason"),
    ("matrix_exempt",),
    ("listed_on", "assumed_listed_on", "created_via"),
    _AGREED,
    *((column,) for column in (*_LEAST, *_GREATEST)),
)

_FIELDS = {field.attname: field for field in Client._meta.concrete_fields}

type Columns = dict[str, Any]


def combined(
    survivor: Client, duplicate: Client, *, wins: Collection[str], consent: ConsentEntry | None = None
) -> Columns:
    """Return the columns of the surviving card after a merge.

    Of each of FIELDS the survivor's value stays unless it is empty, or `wins` names the field and the duplicate has a
    value. Visits are combined: least first, greatest last, sums (domain.md §4.2). Listed since and how are those of
    the card that was listed first; who is blocked or exempt on either card is so on both. `consent` is the
    decision on news by e-mail that the survivor takes over: one of a client who agreed at another address than the
    one that is left holds no more.
    """
    after: Columns = {}
    for name, columns in FIELDS.items():
        mine, theirs = _values(survivor, columns), _values(duplicate, columns)
        if name == "referred_by":
            # Nobody refers herself.
            mine = (None,) if mine == (duplicate.pk,) else mine
            theirs = (None,) if theirs == (survivor.pk,) else theirs
        chosen = theirs if any(theirs) and (name in wins or not any(mine)) else mine
        after |= zip(columns, chosen, strict=True)
    after |= {column: getattr(survivor, column) + getattr(duplicate, column) for column in _SUMS}
    after |= {column: min(_known(survivor, duplicate, column), default=None) for column in _LEAST}
    after |= {column: max(_known(survivor, duplicate, column), default=None) for column in _GREATEST}
    earlier = min(survivor, duplicate, key=lambda card: (card.listed_on, card.number))
    after |= {name: getattr(earlier, name) for name in ("listed_on", "assumed_listed_on", "created_via")}
    blocking = survivor if survivor.blocked else duplicate
    after |= {"blocked": blocking.blocked, "blocked_reason": blocking.blocked_reason}
    after["matrix_exempt"] = survivor.matrix_exempt or duplicate.matrix_exempt
    after |= {"email_consent_for": survivor.email_consent_for, "email_consent_at": survivor.email_consent_at}
    if consent and consent.decision != Decision.REQUESTED:
        if consent.decision == Decision.GRANTED:
            after |= _agreed(after["email"], duplicate, survivor)
        else:
            after |= {"email_consent_for": None, "email_consent_at": consent.at}
    return after


def _agreed(email: str, *cards: Client) -> Columns:
    """Return where and when one of the cards agreed: at this address, if any of them did."""
    agreed = [card for card in cards if card.email_consent_for is not None]
    here = [card for card in agreed if str(card.email_consent_for).lower() == email.lower()]
    return {name: getattr(card, name) for card in (here or agreed)[:1] for name in _AGREED}


def _values(client: Client, columns: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(client, column) for column in columns)


def _known(one: Client, other: Client, column: str) -> list[date]:
    return [day for day in (getattr(one, column), getattr(other, column)) if day is not None]


def differences(client: Client, after: Columns) -> dict[str, list[Any]]:
    """Return before and after of each column that changes, in a form that JSON keeps; with those that belong to it."""
    changed = {column for column, value in after.items() if getattr(client, column) != value}
    together = {column for group in _GROUPS if changed.intersection(group) for column in group}
    return {
        column: [_kept(getattr(client, column)), _kept(value)]
        for column, value in after.items()
        if column in changed | together
    }


def separated(client: Client, changed: Mapping[str, list[Any]]) -> Columns:
    """Return the columns that a card gets back when a merge is undone.

    What was changed since the merge keeps the change; of sums only what the merge added is taken off again. Somebody
    who would be left without a name keeps the one she has.
    """
    back: Columns = {}
    for group in _GROUPS:
        touched = [column for column in group if column in changed]
        if all(getattr(client, column) == _read(column, changed[column][1]) for column in touched):
            back |= {column: _read(column, changed[column][0]) for column in touched}
    if not any(back.get(name, getattr(client, name)) for name in _NAMES):
        for name in _NAMES:
            back.pop(name, None)
    for column in _SUMS:
        if column in changed:
            before, after = changed[column]
            back[column] = max(0, getattr(client, column) - (after - before))
    return back


def _kept(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value) if isinstance(value, (UUID, str)) else value


def _read(column: str, kept: Any) -> Any:
    return kept if kept is None else _FIELDS[column].to_python(kept)
