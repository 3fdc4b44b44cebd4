"""What a message about a change adds: that a mail will tell the client of it."""

from django.utils.translation import gettext as _

from bookings.mails import is_about_to_tell
from bookings.models import Appointment
from bookings.web.wording import name_text


def with_notice(words: str, appointment: Appointment) -> str:
    """Return words about a move or a cancellation and, where a mail waits, that it is written unless this is undone."""
    if appointment.client is None or not is_about_to_tell(appointment):
        return words
    notice = _("%(name)s gets an e-mail in two minutes.") % {"name": name_text(appointment.client)}
    return f"{words} {notice}"
