"""What every form shares."""

from django import forms

from salon.errors import FieldError


def show_errors(form: forms.Form, errors: list[FieldError]) -> None:
    """Show an operation's errors beside their fields, the rest above the form."""
    for error in errors:
        form.add_error(error.field if error.field in form.fields else None, str(error.message))
