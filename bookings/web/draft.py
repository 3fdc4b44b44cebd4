"""What has been entered for a new appointment so far: read from the form, changed by its buttons (ui.md §2.2).

Every button of the form sends the whole of it, and `act` says what is to become of it: `add:<service>`, `up:1`. So
nothing that was entered is ever lost, and all of it works without a script.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

from bookings.mails import Telling
from salon.tenancy.models import new_id

# More services than anybody has in one appointment.
MOST_LINES = 12


class Who(StrEnum):
    """Whom the appointment is for."""

    NOBODY_YET = ""
    CARD = "card"
    WALK_IN = "walk-in"
    NEW_CARD = "new"


@dataclass(frozen=True, slots=True)
class Line:
    """One service wished for, and by whom; None: whoever is free."""

    service_id: UUID
    staff_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A new appointment as far as it has been entered; `day` and `at` as typed.

    `card_is_new`: the client's card was made in this form.
    `appointment_id` is what it will be kept under, so that sending it twice books once. `column` is the staff member
    whose column was clicked: she gets what she can do. `waiting` is the entry of the waiting list that is served.
    `telling`: whether the client gets a confirmation; by the salon's rules until somebody has said so. `rewards` go
    with the services, for the client's points.
    """

    appointment_id: UUID
    who: Who = Who.NOBODY_YET
    client_id: UUID | None = None
    card_is_new: bool = False
    lines: tuple[Line, ...] = ()
    day: str = ""
    at: str = ""
    note: str = ""
    column: UUID | None = None
    waiting: UUID | None = None
    telling: Telling = Telling.BY_RULES
    rewards: tuple[UUID, ...] = ()

    def after(self, act: str) -> "Draft":
        """Return what a button makes of it; one that is not known changes nothing."""
        name, _colon, value = act.partition(":")
        change = _CHANGES.get(name)
        return change(self, value) if change else self

    @property
    def waiting_query(self) -> str:
        """What the address of a new entry of the waiting list says where no time suits."""
        asked = [("day", self.day), *(("service", str(line.service_id)) for line in self.lines)]
        asked += [("staff", str(line.staff_id)) for line in self.lines if line.staff_id]
        return urlencode([*asked, ("client", str(self.client_id))] if self.client_id else asked)

    def of_card(self, client_id: UUID, *, is_new: bool = False) -> "Draft":
        """Return it for the client with this card; `is_new`: it was made in this form."""
        return replace(self, who=Who.CARD, client_id=client_id, card_is_new=is_new, rewards=())

    def with_staff(self, staff_ids: list[UUID]) -> "Draft":
        """Return it with these staff members, one for each line."""
        lines = (replace(line, staff_id=staff_id) for line, staff_id in zip(self.lines, staff_ids, strict=False))
        return replace(self, lines=(*lines, *self.lines[len(staff_ids) :]))


def _choose_client(draft: Draft, value: str) -> Draft:
    client_id = uuid_in(value)
    return draft.of_card(client_id) if client_id else draft


def _be(who: Who) -> Callable[[Draft, str], Draft]:
    return lambda draft, _value: replace(draft, who=who, client_id=None, card_is_new=False, rewards=())


def _add(draft: Draft, value: str) -> Draft:
    service_id = uuid_in(value)
    if service_id is None or len(draft.lines) >= MOST_LINES:
        return draft
    return replace(draft, lines=(*draft.lines, Line(service_id)))


def _remove(draft: Draft, value: str) -> Draft:
    place = _place(draft, value)
    if place is None:
        return draft
    lines = draft.lines[:place] + draft.lines[place + 1 :]
    # A reward goes with a service that is paid for.
    return replace(draft, lines=lines, rewards=draft.rewards if lines else ())


def _shift(step: int) -> Callable[[Draft, str], Draft]:
    def shift(draft: Draft, value: str) -> Draft:
        place = _place(draft, value)
        if place is None or not 0 <= place + step < len(draft.lines):
            return draft
        lines = list(draft.lines)
        lines[place], lines[place + step] = lines[place + step], lines[place]
        return replace(draft, lines=tuple(lines))

    return shift


def _reward(draft: Draft, value: str) -> Draft:
    reward_id = uuid_in(value)
    if reward_id is None or draft.client_id is None or reward_id in draft.rewards or not draft.lines:
        return draft
    return replace(draft, rewards=(*draft.rewards, reward_id)[:MOST_LINES])


def _unreward(draft: Draft, value: str) -> Draft:
    return replace(draft, rewards=tuple(one for one in draft.rewards if one != uuid_in(value)))


def _start(draft: Draft, value: str) -> Draft:
    day, _t, at = value.partition("T")
    return replace(draft, day=day, at=at[:5])


def _day(draft: Draft, value: str) -> Draft:
    return replace(draft, day=value)


_CHANGES: dict[str, Callable[[Draft, str], Draft]] = {
    "client": _choose_client,
    "walk-in": _be(Who.WALK_IN),
    "new-client": _be(Who.NEW_CARD),
    "no-client": _be(Who.NOBODY_YET),
    "add": _add,
    "remove": _remove,
    "up": _shift(-1),
    "down": _shift(1),
    "reward": _reward,
    "unreward": _unreward,
    "start": _start,
    "day": _day,
}


def _place(draft: Draft, value: str) -> int | None:
    place = int(value) if value.isascii() and value.isdigit() else -1
    return place if 0 <= place < len(draft.lines) else None


def uuid_in(text: str | None) -> UUID | None:
    """Return the id that a text is, if it is one."""
    try:
        return UUID(text or "")
    except ValueError:
        return None


def draft_in(entered: QueryDict) -> Draft:
    """Return what a form sent; what makes no sense is left out."""
    who = entered.get("who", "")
    client_id = uuid_in(entered.get("client"))
    staff = [*map(uuid_in, entered.getlist("staff"))]
    services = entered.getlist("service")[:MOST_LINES]
    lines = [Line(one, staff[place] if place < len(staff) else None) for place, one in _ids(services)]
    known = Who(who) if who in Who else Who.NOBODY_YET
    if known is Who.CARD and client_id is None:
        known = Who.NOBODY_YET
    rewards = [one for _place, one in _ids(entered.getlist("reward")[:MOST_LINES])]
    return Draft(
        appointment_id=uuid_in(entered.get("appointment_id")) or new_id(),
        who=known,
        client_id=client_id if known is Who.CARD else None,
        card_is_new=known is Who.CARD and uuid_in(entered.get("new_card")) == client_id,
        lines=tuple(lines),
        day=entered.get("day", "")[:20],
        at=entered.get("at", "")[:20],
        note=entered.get("note", ""),
        column=uuid_in(entered.get("column")),
        waiting=uuid_in(entered.get("waiting")),
        telling=_telling(entered),
        rewards=tuple(dict.fromkeys(rewards)) if known is Who.CARD and lines else (),
    )


def _telling(entered: QueryDict) -> Telling:
    """Return what the box says, if it was there to be ticked; else what was said before."""
    said = entered.get("telling", "")
    if said in Telling:
        return Telling(said)
    return Telling.OMIT if "telling-asked" in entered else Telling.BY_RULES


def _ids(texts: list[str]) -> list[tuple[int, UUID]]:
    found = ((place, uuid_in(text)) for place, text in enumerate(texts))
    return [(place, one) for place, one in found if one]


def first_draft(asked: QueryDict, *, today: datetime) -> Draft:
    """Return what the address of an empty form says: `day`, `at`, `staff`, `client`, `walk-in`; from the waiting list
    `waiting`, every `service`, and `with` whom each; today is local."""
    client_id = uuid_in(asked.get("client"))
    who = Who.CARD if client_id else Who.WALK_IN if "walk-in" in asked else Who.NOBODY_YET
    return Draft(
        appointment_id=new_id(),
        who=who,
        client_id=client_id,
        lines=_asked_lines(asked),
        day=str(asked.get("day") or today.date().isoformat())[:20],
        at=str(asked.get("at") or "")[:5],
        column=uuid_in(asked.get("staff")),
        waiting=uuid_in(asked.get("waiting")),
    )


def _asked_lines(asked: QueryDict) -> tuple[Line, ...]:
    people = [*map(uuid_in, asked.getlist("with"))]
    services = asked.getlist("service")[:MOST_LINES]
    return tuple(Line(one, people[place] if place < len(people) else None) for place, one in _ids(services))
