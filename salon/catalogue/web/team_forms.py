"""The forms of the team: who somebody is, what she can do, when she works, when she is away."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from salon.catalogue.models import Absence, AbsenceKind, StaffMember
from salon.catalogue.models.staff import COLOURS
from salon.catalogue.team import ChangedStaff, StaffDetails
from salon.catalogue.web.fields import ClockField, DayField
from salon.catalogue.weeks import (
    DAY_MINUTES,
    MOST_A_DAY,
    WEEKDAYS,
    NotATime,
    Stretch,
    by_weekday,
    parse_time,
    time_text,
)
from salon.errors import FieldError
from salon.tenancy.models import Salon

MONDAY = 1
# Which in German law are those on which shops may open.
WORKDAYS = range(MONDAY + 1, 7)


class StaffForm(forms.Form):
    """Name, colour and login of somebody in the team."""

    name = forms.CharField(label=_("Name in the calendar"), error_messages={"required": _("Enter a name.")})
    colour = forms.TypedChoiceField(
        label=_("Colour"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[(str(number), str(number)) for number in range(1, COLOURS + 1)],
        widget=forms.RadioSelect,
    )
    user_id = forms.TypedChoiceField(label=_("Login"), required=False, coerce=UUID, empty_value=None)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        logins: Iterable[tuple[UUID, str]],
        data: Mapping[str, Any] | None = None,
        *,
        member: StaffMember | None = None,
    ) -> None:
        first = (
            {"name": member.name, "colour": str(member.colour), "user_id": member.user_id, "version": member.version}
            if member
            else {}
        )
        super().__init__(data, auto_id="staff_%s", initial=first)
        login = self.fields["user_id"]
        if isinstance(login, forms.ChoiceField):
            login.choices = [("", _("no login")), *((str(pk), name) for pk, name in logins)]

    @property
    def details(self) -> StaffDetails:
        """What was entered, as somebody new; to be called on a valid form."""
        return StaffDetails(**self._entered)

    @property
    def changes(self) -> ChangedStaff:
        """What was entered, as changes; to be called on a valid form."""
        return cast(ChangedStaff, self._entered)

    @property
    def _entered(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("name", "colour", "user_id")}


@dataclass(slots=True)
class Pair:
    """From and to as they stand in the form."""

    start: str
    end: str
    wrong: bool = False


@dataclass(slots=True)
class Day:
    """One weekday of the form: its pairs, and what is wrong with them."""

    number: int
    pairs: list[Pair] = field(default_factory=list)
    error: str = ""
    # The pair that was just asked for takes the focus.
    focus: int | None = None

    @property
    def full(self) -> bool:
        """Whether no pair fits any more."""
        return len(self.pairs) >= MOST_A_DAY


class WeekForm:
    """A working week as it is typed: `from-1-0` and `to-1-0` are the first stretch of Monday, blank ones count for
    nothing. Its buttons work without a script: one more stretch, and Monday for every workday."""

    def __init__(self, days: dict[int, Day], valid_from: str) -> None:
        self.days = days
        self.valid_from = valid_from
        self.valid_from_error = ""

    @classmethod
    def of(cls, stretches: Iterable[Stretch], valid_from: date) -> "WeekForm":
        """Return the form that shows a week."""
        days = {
            day: Day(day, [Pair(time_text(one.starts_minute), time_text(one.ends_minute)) for one in found])
            for day, found in by_weekday(stretches).items()
        }
        return cls._with_room(days, valid_from.isoformat())

    @classmethod
    def entered(cls, data: Mapping[str, str]) -> "WeekForm":
        """Return the form as it was sent."""
        days = {}
        for day in WEEKDAYS:
            pairs = [
                Pair(data.get(f"from-{day}-{place}", "").strip(), data.get(f"to-{day}-{place}", "").strip())
                for place in range(MOST_A_DAY)
            ]
            days[day] = Day(day, [pair for pair in pairs if pair.start or pair.end])
        form = cls._with_room(days, data.get("valid_from", ""))
        more = data.get("more", "")
        if more.isascii() and more.isdigit() and int(more) in form.days:
            asked = form.days[int(more)]
            if not asked.full and asked.pairs[-1].start:
                asked.pairs.append(Pair("", ""))
            asked.focus = len(asked.pairs) - 1
        return form

    @classmethod
    def _with_room(cls, days: dict[int, Day], valid_from: str) -> "WeekForm":
        for day in days.values():
            if not day.pairs:
                day.pairs.append(Pair("", ""))
        return cls(days, valid_from)

    def copy_monday(self) -> None:
        """Let the other workdays be as Monday is."""
        for number in WORKDAYS:
            self.days[number].pairs = [Pair(one.start, one.end) for one in self.days[MONDAY].pairs]

    def read(self) -> tuple[date | None, list[Stretch]]:
        """Return the day and the week; what cannot be read is marked, and `is_wrong` then."""
        week = []
        for day in self.days.values():
            for pair in day.pairs:
                if not pair.start and not pair.end:
                    continue
                try:
                    week.append(Stretch(day.number, parse_time(pair.start), parse_time(pair.end)))
                except NotATime:
                    pair.wrong = True
                    day.error = str(_("Enter times such as 9:00 and 13:30."))
        try:
            return DayField().clean(self.valid_from), week
        except ValidationError as error:
            self.valid_from_error = error.messages[0]
            return None, week

    def show_errors(self, errors: Iterable[FieldError]) -> None:
        """Show an operation's errors beside their days."""
        for error in errors:
            number = error.field.removeprefix("weekday_")
            if number.isdigit():
                day = self.days[int(number)]
                day.error = str(error.message)
                for pair in day.pairs:
                    pair.wrong = True
            else:
                self.valid_from_error = str(error.message)

    @property
    def is_wrong(self) -> bool:
        """Whether anything is marked as wrong."""
        return bool(self.valid_from_error or any(day.error for day in self.days.values()))


class AbsenceForm(forms.Form):
    """From a day to a day; with times only a part of them."""

    kind = forms.ChoiceField(label=_("Kind"), choices=AbsenceKind.choices)
    from_day = DayField(label=_("From"))
    from_time = ClockField(label=_("Time"), required=False)
    to_day = DayField(label=_("Until and with"), required=False)
    to_time = ClockField(label=_("Time"), required=False)
    note = forms.CharField(label=_("Note"), required=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, salon: Salon, data: Mapping[str, Any] | None = None, *, absence: Absence | None = None) -> None:
        self._zone = ZoneInfo(salon.timezone)
        super().__init__(data, auto_id="absence_%s", initial=self._of(absence) if absence else {})

    @property
    def starts_at(self) -> datetime:
        """The instant it begins, on the salon's clock; to be called on a valid form."""
        return self._at(self.cleaned_data["from_day"], self.cleaned_data["from_time"] or 0)

    @property
    def ends_at(self) -> datetime:
        """The instant it ends; without a time the end of its last day."""
        last: date = self.cleaned_data["to_day"] or self.cleaned_data["from_day"]
        minutes = self.cleaned_data["to_time"]
        return self._at(last, DAY_MINUTES if minutes is None else minutes)

    def show_errors(self, errors: Iterable[FieldError]) -> None:
        """Show an operation's errors beside the fields they come from."""
        for error in errors:
            timed = {"starts_at": "from_time", "ends_at": "to_time" if self.cleaned_data["to_time"] else "to_day"}
            name = timed.get(error.field, error.field)
            self.add_error(name if name in self.fields else None, str(error.message))

    def _at(self, day: date, minutes: int) -> datetime:
        whole, rest = divmod(minutes, DAY_MINUTES)
        clock = time(rest // 60, rest % 60)
        return datetime.combine(day + timedelta(days=whole), clock, self._zone)

    def _of(self, absence: Absence) -> dict[str, Any]:
        starts, ends = absence.starts_at.astimezone(self._zone), absence.ends_at.astimezone(self._zone)
        start, end = starts.hour * 60 + starts.minute, ends.hour * 60 + ends.minute
        return {
            "kind": absence.kind,
            "from_day": starts.date(),
            "from_time": start or None,
            "to_day": ends.date() - timedelta(days=not end),
            "to_time": end or None,
            "note": absence.note,
            "version": absence.version,
        }


class ClosureForm(forms.Form):
    """Days on which the salon is closed, and why."""

    name = forms.CharField(label=_("Reason"), error_messages={"required": _("Enter a reason.")})
    starts_on = DayField(label=_("First day"))
    ends_on = DayField(label=_("Last day"), required=False)


class HolidaysForm(forms.Form):
    """Which public holidays a salon keeps."""

    region = forms.ChoiceField(label=_("Federal state"), required=False)
    closed = forms.BooleanField(label=_("Closed on public holidays"), required=False)

    def __init__(
        self, regions: Mapping[str, str], data: Mapping[str, Any] | None = None, *, initial: dict[str, Any]
    ) -> None:
        super().__init__(data, auto_id="holidays_%s", initial=initial)
        region = self.fields["region"]
        if isinstance(region, forms.ChoiceField):
            named = sorted(regions.items(), key=lambda one: one[1])
            region.choices = [("", _("only nationwide holidays")), *named]
