"""The fields of a new appointment that are typed: when, and a note; the rest are buttons (`bookings.web.draft`)."""

from datetime import datetime

from django import forms
from django.utils.translation import gettext_lazy as _

from bookings.web.draft import Draft, Who
from bookings.web.wording import moment_at
from salon.catalogue.web.fields import DayField
from salon.tenancy.models import Salon


class WhenForm(forms.Form):
    """A day and a time on the salon's clock, as browsers send them or as people type them."""

    day = DayField(label=_("Day"), required=False)
    at = forms.TimeField(
        label=_("Start"),
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": "300"}),
        error_messages={"invalid": _("Please enter a time such as 14:30.")},
    )

    def moment(self, salon: Salon) -> datetime | None:
        """Return the instant that was entered; what is missing or impossible is told beside its field."""
        day, at = self.cleaned_data.get("day"), self.cleaned_data.get("at")
        if day is None and "day" not in self.errors:
            self.add_error("day", _("Please choose a day."))
        if at is None and "at" not in self.errors:
            self.add_error("at", _("Please choose a time."))
        if day is None or at is None:
            return None
        moment = moment_at(salon, day, at)
        if moment is None:
            self.add_error("at", _("The clocks go forward that night: this time does not exist."))
        return moment


class BookingForm(WhenForm):
    """What is typed of a new appointment; filled from a draft, so that its buttons can change it."""

    note = forms.CharField(
        label=_("Note on the appointment"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": "1"}),
    )

    def __init__(self, draft: Draft) -> None:
        super().__init__({"day": draft.day, "at": draft.at, "note": draft.note})
        self.draft = draft

    def complain(self) -> None:
        """Say what is missing for a booking beside or above the fields."""
        if self.draft.who is Who.NOBODY_YET:
            self.add_error(None, _("Please choose a client, or a walk-in."))
        if not self.draft.lines:
            self.add_error(None, _("Please choose at least one service."))
