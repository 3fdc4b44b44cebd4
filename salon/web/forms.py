"""What every form shares."""

from django import forms
from django.utils.translation import gettext_noop

from salon.errors import FieldError

# Django's own German says du to people; translated here, these say Sie.
gettext_noop("Enter a valid email address.")


def show_errors(form: forms.Form, errors: list[FieldError]) -> None:
    """Show an operation's errors beside their fields, the rest above the form."""
    for error in errors:
        form.add_error(error.field if error.field in form.fields else None, str(error.message))
