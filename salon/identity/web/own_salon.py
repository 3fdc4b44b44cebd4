"""*Einstellungen » Salon*: its name, where it is, how it is reached (ui.md §2.9)."""

from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from salon.errors import InvalidInput, VersionConflict
from salon.identity.roles import Permission
from salon.phone import display_phone
from salon.tenancy import directory
from salon.tenancy.details import LONGEST, SalonDetails, change_salon, details_of
from salon.tenancy.models import Salon
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors

_CURRENCIES = {"EUR": gettext_lazy("Euro (EUR)"), "CHF": gettext_lazy("Swiss francs (CHF)")}


class SalonForm(forms.Form):
    """The details as they are entered; what can be kept, the operation says."""

    name = forms.CharField(
        label=gettext_lazy("Salon's name"),
        max_length=LONGEST["name"],
        error_messages={"required": gettext_lazy("Enter the name of your salon.")},
    )
    street = forms.CharField(label=gettext_lazy("Street and number"), required=False, max_length=LONGEST["street"])
    postal_code = forms.CharField(label=gettext_lazy("Postcode"), required=False, max_length=LONGEST["postal_code"])
    city = forms.CharField(label=gettext_lazy("Town"), required=False, max_length=LONGEST["city"])
    phone = forms.CharField(
        label=gettext_lazy("Phone"),
        required=False,
        max_length=LONGEST["phone"],
        help_text=gettext_lazy("Whoever cannot come calls this number: it stands in every mail about an appointment."),
    )
    website = forms.CharField(label=gettext_lazy("Website"), required=False, max_length=LONGEST["website"])
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    @property
    def details(self) -> SalonDetails:
        """What was entered; to be called on a valid form."""
        return SalonDetails(**{name: text for name, text in self.cleaned_data.items() if name != "version"})


def _shown(salon: Salon) -> dict[str, Any]:
    phone = display_phone(salon.phone, salon.country)
    return asdict(details_of(salon)) | {"phone": phone, "version": salon.version}


@requires(Permission.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def salon_details(request: SalonRequest) -> HttpResponse:
    """Read and change what the salon says of itself; whoever saves behind somebody else is told, and keeps what was
    entered."""
    form = SalonForm(request.POST if request.method == "POST" else None, initial=_shown(request.salon))
    if form.is_valid():
        version = form.cleaned_data["version"]
        try:
            saved = change_salon(actor=request.actor, details=form.details, version=version, now=timezone.now())
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        except VersionConflict as refusal:
            # Saved once more, it is saved over what is told now.
            now = directory.get_salon(request.salon.pk).version
            form = SalonForm({**request.POST.dict(), "version": str(now)})
            form.add_error(None, str(refusal.message))
        else:
            if saved.version != version:
                messages.success(request, _("Saved. Mails and receipts tell it from now on."))
            else:
                messages.info(request, _("Nothing was changed."))
            return redirect("salon_details", request.salon.slug)
    context = {
        "form": form,
        "country": request.salon.get_country_display(),
        "timezone": request.salon.timezone,
        "currency": _CURRENCIES.get(request.salon.currency, request.salon.currency),
        "settings_url": reverse("settings", args=[request.salon.slug]),
    }
    return render(request, "identity/salon.html", context, status=422 if form.is_bound else 200)
