"""The form that issues a key: it parses; what is accepted is decided by the operation."""

from django import forms
from django.utils.translation import gettext_lazy as _

from salon.api.keys import LIFETIME
from salon.api.scopes import ASKED_FOR

_LIFETIMES = [(30, _("30 days")), (90, _("90 days")), (LIFETIME.days, _("1 year")), (2 * LIFETIME.days, _("2 years"))]


class KeyForm(forms.Form):
    """What the key is for, what it may do, and for how long."""

    name = forms.CharField(
        label=_("What is it for?"), required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    lifetime = forms.TypedChoiceField(label=_("Valid for"), choices=_LIFETIMES, initial=LIFETIME.days, coerce=int)
    key_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    scopes = forms.MultipleChoiceField(
        label=_("What may it do?"),
        required=False,
        choices=[(scope.value, scope.label) for scope in ASKED_FOR],
        widget=forms.CheckboxSelectMultiple,
    )
