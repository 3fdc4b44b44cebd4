"""Forms around identity: they parse; what is accepted is decided by the operations."""

from django import forms
from django.utils.translation import gettext_lazy as _

from salon.identity.roles import Role


def _password(label: object, autocomplete: str) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, max_length=1000, widget=widget)  # type: ignore[arg-type]


def _email() -> forms.CharField:
    # Not an EmailField: whether an address can be one is the operation's to say.
    widget = forms.EmailInput(attrs={"autocomplete": "username"})
    return forms.CharField(label=_("E-mail"), max_length=254, widget=widget)


class SignInForm(forms.Form):
    """E-mail, password, and where to go then."""

    email = _email()
    password = _password(_("Password"), "current-password")
    next = forms.CharField(required=False, widget=forms.HiddenInput)


class ResetRequestForm(forms.Form):
    """Whose password is forgotten."""

    email = _email()


class NewPasswordForm(forms.Form):
    """The password from now on."""

    password = _password(_("New password"), "new-password")


class NewUserForm(forms.Form):
    """Who accepts an invitation without having an account."""

    name = forms.CharField(label=_("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = _password(_("Password"), "new-password")


class InviteForm(forms.Form):
    """Whom to invite, as what."""

    email = forms.CharField(label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.STAFF)


class RoleForm(forms.Form):
    """A member's role from now on."""

    role = forms.ChoiceField(choices=Role.choices)
