"""*Einstellungen » Kasse*: how money is taken, what becomes of deposits, what stands on receipts (ui.md §2.9)."""

from dataclasses import asdict

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from bookings.checkout.till_rules import (
    LONGEST_HOURS,
    LONGEST_WORDS,
    TillRules,
    change_till_rules,
    modes_for,
    till_rules,
)
from bookings.models import DepositRule, TillMode
from salon.errors import InvalidInput
from salon.identity.roles import Permission
from salon.tenancy.models import Salon
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors

_HOURS_ERROR = gettext_lazy("Enter at most 336 hours: 14 days.")


class TillForm(forms.Form):
    """The rules as they are entered."""

    till_mode = forms.ChoiceField(label=gettext_lazy("Cash and vouchers"), required=False, widget=forms.RadioSelect)
    deposit_rule = forms.ChoiceField(
        label=gettext_lazy("When an appointment is cancelled, what becomes of its deposit?"),
        choices=DepositRule.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("Not to come counts as cancelled when the appointment begins."),
    )
    deposit_hours = forms.IntegerField(
        label=gettext_lazy("Hours before the appointment"),
        min_value=0,
        max_value=LONGEST_HOURS,
        required=False,
        help_text=gettext_lazy("For “up to some hours before”."),
        error_messages={"min_value": _HOURS_ERROR, "max_value": _HOURS_ERROR},
    )
    receipt_head = forms.CharField(
        label=gettext_lazy("Above"),
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea,
        help_text=gettext_lazy(
            "Stands below name, address and phone of your salon: your tax number, say. If it begins with the name, it "
            "stands alone."
        ),
    )
    receipt_foot = forms.CharField(
        label=gettext_lazy("Below"),
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea,
        help_text=gettext_lazy("A word of thanks, say, or when you are open."),
    )

    def __init__(self, data: object, rules: TillRules, salon: Salon) -> None:
        super().__init__(data, initial=asdict(rules))  # type: ignore[arg-type]
        modes = modes_for(salon)
        self.fields["till_mode"].choices = [(one.value, one.label) for one in modes]  # type: ignore[attr-defined]
        if not rules.till_mode:
            self.initial["till_mode"] = modes[-1].value


@requires(Permission.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def till_rules_page(request: SalonRequest) -> HttpResponse:
    """Read and change the rules."""
    rules = till_rules()
    form = TillForm(request.POST if request.method == "POST" else None, rules, request.salon)
    if form.is_valid():
        try:
            change_till_rules(
                actor=request.actor, salon=request.salon, rules=_entered(form, rules, request.salon), now=timezone.now()
            )
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        else:
            messages.success(request, _("Saved. What was sold stays as it is."))
            return redirect("till_rules", request.salon.slug)
    context = {
        "form": form,
        "choosable": TillMode.OWN_TILL in modes_for(request.salon),
        "settings_url": reverse("settings", args=[request.salon.slug]),
    }
    return render(request, "bookings/checkout/rules.html", context, status=422 if form.is_bound else 200)


def _entered(form: TillForm, rules: TillRules, salon: Salon) -> TillRules:
    """Return the rules that were entered: hours left empty stay, and where there is one mode it goes without saying."""
    given = dict(form.cleaned_data)
    if given["deposit_hours"] is None:
        given["deposit_hours"] = rules.deposit_hours
    if len(modes_for(salon)) == 1 or (not rules.till_mode and given["till_mode"] == modes_for(salon)[-1]):
        given["till_mode"] = rules.till_mode
    given["receipt_head"] = given["receipt_head"].replace("\r\n", "\n")
    given["receipt_foot"] = given["receipt_foot"].replace("\r\n", "\n")
    return TillRules(**given)
