"""The form that issues a key: it parses; what is accepted is decided by the operation."""

from django import forms
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from salon.api.keys import LIFETIME
from salon.api.scopes import ASKED_FOR, Scope

_ALL = "all"

_LIFETIMES = [(30, _("30 days")), (90, _("90 days")), (LIFETIME.days, _("1 year")), (2 * LIFETIME.days, _("2 years"))]


def _said(scope: Scope) -> str:
    return format_html("{} <code>{}</code>", scope.label, scope.value)


_named = lazy(_said, SafeString)


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
        choices=[
            (_ALL, _("All of these")),
            *((one.value, _named(one)) for one in ASKED_FOR),
        ],
        widget=forms.CheckboxSelectMultiple,
    )

    def clean_scopes(self) -> list[str]:
        """Return the scopes that are ticked, or all that are offered."""
        ticked: list[str] = self.cleaned_data["scopes"]
        return [one.value for one in ASKED_FOR] if _ALL in ticked else ticked
