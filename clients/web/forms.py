"""The client card's form: parses input; what is accepted is decided by the operation."""

from typing import cast

from django import forms
from django.utils.translation import gettext_lazy as _

from clients.cards import details_of
from clients.details import LABELS, ChangedDetails, Gender
from clients.models import Client
from clients.web.shown import birthday_text
from salon.phone import display_phone


def _text(name: str, **attributes: str) -> forms.CharField:
    return forms.CharField(label=cast(str, LABELS[name]), required=False, widget=forms.TextInput(attrs=attributes))


class ClientForm(forms.Form):
    """All master data of one card."""

    first_name = _text("first_name", autocomplete="off", autofocus="autofocus")
    last_name = _text("last_name", autocomplete="off")
    mobile = _text("mobile", type="tel", autocomplete="off", inputmode="tel")
    email = _text("email", type="email", autocomplete="off", inputmode="email")
    gender = forms.CharField(label=cast(str, LABELS["gender"]), required=False, widget=forms.Select)
    birthday = forms.CharField(
        label=cast(str, LABELS["birthday"]), required=False, help_text=_("21.11.1990, or 21.11. without year")
    )
    landline = _text("landline", type="tel", autocomplete="off", inputmode="tel")
    street = _text("street", autocomplete="off")
    postal_code = _text("postal_code", autocomplete="off", inputmode="numeric")
    city = _text("city", autocomplete="off")
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: object = None, initial: dict[str, object] | None = None) -> None:
        super().__init__(data=data, initial=initial)  # type: ignore[arg-type]
        choices = [("", _("not given")), *Gender.choices]
        cast(forms.Select, self.fields["gender"].widget).choices = choices

    @property
    def changes(self) -> ChangedDetails:
        """What was entered, to be called on a valid form."""
        return cast(ChangedDetails, {name: self.cleaned_data[name] for name in LABELS})


def initial_of(client: Client, country: str) -> dict[str, object]:
    """Return a card as its form shows it: phones as people write them, the birthday in German writing."""
    details = details_of(client)
    return {
        **{name: getattr(details, name) for name in LABELS},
        "mobile": display_phone(details.mobile, country),
        "landline": display_phone(details.landline, country),
        "birthday": birthday_text(client),
        "version": client.version,
    }
