"""The client card's form: parses input; what is accepted is decided by the operation."""

from collections.abc import Mapping
from typing import cast

from django import forms
from django.utils.translation import gettext_lazy as _

from clients.details import LABELS, ChangedDetails, Gender
from clients.models import Client
from clients.web.shown import birthday_text
from salon.phone import display_phone

# The fields of the form; what else a card has is changed where it stands.
ENTERED = (
    "first_name",
    "last_name",
    "gender",
    "birthday",
    "mobile",
    "landline",
    "email",
    "street",
    "postal_code",
    "city",
)


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
    # What the card was made of when the form was shown: the id of a new card, the values of an old one.
    card_id = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, str] | None = None, initial: dict[str, object] | None = None) -> None:
        super().__init__(data=data, initial=initial)
        choices = [("", _("not given")), *Gender.choices]
        cast(forms.Select, self.fields["gender"].widget).choices = choices

    @property
    def shown_before(self) -> dict[str, str]:
        """The values that stood on the card when the form was shown, to be sent along."""
        if self.is_bound:
            return {name: self.data[f"was-{name}"] for name in ENTERED if f"was-{name}" in self.data}
        return {name: str(self.initial[name]) for name in ENTERED} if self.initial.keys() >= set(ENTERED) else {}

    @property
    def told(self) -> dict[str, str]:
        """What somebody else entered meanwhile, as a conflict told it."""
        return {name: self.data[f"told-{name}"] for name in ENTERED if f"told-{name}" in self.data}

    @property
    def overwritten(self) -> ChangedDetails:
        """What stood where something else was entered, where a conflict was told: what it told."""
        return cast(ChangedDetails, {**self.seen, **self.told})

    @property
    def changes(self) -> ChangedDetails:
        """What was entered and is not what stood there; to be called on a valid form."""
        before = self.shown_before
        entered = {name: self.cleaned_data[name] for name in ENTERED}
        return cast(ChangedDetails, {name: text for name, text in entered.items() if before.get(name) != text})

    @property
    def seen(self) -> ChangedDetails:
        """What stood where something else was entered."""
        before = self.shown_before
        return cast(ChangedDetails, {name: before[name] for name in self.changes if name in before})


def initial_of(client: Client, country: str) -> dict[str, object]:
    """Return a card as its form shows it: phones as people write them, the birthday in German writing."""
    details = client.details
    return {
        **{name: getattr(details, name) for name in ENTERED},
        "mobile": display_phone(details.mobile, country),
        "landline": display_phone(details.landline, country),
        "birthday": birthday_text(client),
    }
