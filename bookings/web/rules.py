"""*Einstellungen » Terminregeln*: when times are offered, and what clients are told (ui.md §2.9)."""

from dataclasses import asdict

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy
from django.views.decorators.http import require_http_methods

from bookings.rules import LONGEST_HORIZON, LONGEST_LEAD, SLOTS, Rules, booking_rules, change_booking_rules
from salon.errors import InvalidInput
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors

_HOUR, _DAY = 60, 24 * 60
_HOURS = ngettext_lazy("%(count)d hour", "%(count)d hours", "count")
_DAYS = ngettext_lazy("%(count)d day", "%(count)d days", "count")
_LEADS = (0, 30, *(hours * _HOUR for hours in (1, 2, 4, 12, 24)), *(days * _DAY for days in (2, 3, 7)), LONGEST_LEAD)


def _lasting(minutes: int) -> str:
    if not minutes:
        return _("none")
    if minutes < _HOUR:
        return _("%(minutes)d min") % {"minutes": minutes}
    if minutes % _DAY == 0 and minutes > _DAY:
        return str(_DAYS % {"count": minutes // _DAY})
    return str(_HOURS % {"count": minutes // _HOUR})


class RulesForm(forms.Form):
    """The rules as they are entered."""

    slot_minutes = forms.TypedChoiceField(label=gettext_lazy("Offer starts every"), coerce=int)
    lead_minutes = forms.TypedChoiceField(
        label=gettext_lazy("Shortest notice"),
        coerce=int,
        help_text=gettext_lazy("For bookings from outside. At the desk you can book at once."),
    )
    horizon_days = forms.IntegerField(
        label=gettext_lazy("How many days ahead"),
        min_value=1,
        max_value=LONGEST_HORIZON,
        help_text=gettext_lazy("For bookings from outside. At the desk there is no limit."),
        error_messages={
            "min_value": gettext_lazy("Enter between 1 and 730 days."),
            "max_value": gettext_lazy("Enter between 1 and 730 days."),
        },
    )
    complete_by_itself = forms.BooleanField(
        label=gettext_lazy("Appointments complete by themselves"),
        required=False,
        help_text=gettext_lazy("Whatever ended and was neither cancelled nor missed counts as completed overnight."),
    )
    confirm = forms.BooleanField(
        label=gettext_lazy("Confirm appointments by mail"),
        required=False,
        help_text=gettext_lazy("When booked, moved or cancelled, with an entry for the client's calendar."),
    )
    remind = forms.BooleanField(
        label=gettext_lazy("Remind by mail 24 hours before"),
        required=False,
        help_text=gettext_lazy("Once, if the appointment still stands."),
    )
    reply_to = forms.EmailField(
        label=gettext_lazy("Answers go to"),
        required=False,
        help_text=gettext_lazy("Your salon's e-mail address. Without one, the mails do not invite an answer."),
    )

    def __init__(self, data: object, rules: Rules) -> None:
        super().__init__(data, initial=asdict(rules))  # type: ignore[arg-type]
        slots, leads = self.fields["slot_minutes"], self.fields["lead_minutes"]
        slots.choices = [(one, _lasting(one)) for one in SLOTS]  # type: ignore[attr-defined]
        known = sorted({*_LEADS, rules.lead_minutes})
        leads.choices = [(one, _lasting(one)) for one in known]  # type: ignore[attr-defined]


@requires(Permission.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def booking_rules_page(request: SalonRequest) -> HttpResponse:
    """Read and change the rules."""
    form = RulesForm(request.POST if request.method == "POST" else None, booking_rules())
    if form.is_valid():
        try:
            change_booking_rules(actor=request.actor, rules=Rules(**form.cleaned_data), now=timezone.now())
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        else:
            messages.success(request, _("Saved. What is booked stays as it is."))
            return redirect("booking_rules", request.salon.slug)
    context = {"form": form, "settings_url": reverse("settings", args=[request.salon.slug])}
    return render(request, "bookings/rules.html", context, status=422 if form.is_bound else 200)
