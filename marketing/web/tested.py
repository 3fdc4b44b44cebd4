"""What became of a test mail, told to whoever asked for it: on its way, sent, refused."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketing.testing import last_test
from salon.mail.models import ClientMail, MailState
from salon.web.access import SalonRequest

# In words, with an icon and the colour of the notice; what is in none of these states is still on its way.
_ENDED: dict[str, tuple[Promise, str, str]] = {
    MailState.SENT: (gettext_lazy("Test mail sent to %(address)s at %(at)s."), "check", "good"),
    MailState.REFUSED: (
        gettext_lazy("The mail server refuses the test mail to %(address)s (%(error)s). Nobody got it."),
        "circle-alert",
        "danger",
    ),
    MailState.DROPPED: (
        gettext_lazy("The test mail to %(address)s could not be sent in time. Please ask for another one."),
        "circle-alert",
        "warn",
    ),
}


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of the last test mail of whoever looks, in words; `moving` while that may change."""

    words: str
    icon: str
    tone: str
    moving: bool


def tested(request: SalonRequest, about_id: UUID) -> Tested | None:
    """Return what became of the last test mail about this to whoever looks, None where she has not asked for one."""
    mail = last_test(actor=request.actor, about_id=about_id, now=timezone.now())
    if mail is None:
        return None
    if mail.state in _ENDED:
        return _ended(mail)
    if mail.error:
        words = _("The mail server does not take the test mail yet (%(error)s); it is tried again by itself.")
        return Tested(words % {"error": mail.error}, "clock", "warn", moving=True)
    return Tested(_on_its_way(mail.recipient), "clock", "", moving=True)


def _ended(mail: ClientMail) -> Tested:
    if mail.state == MailState.SENT and settings.MAILS_STAY:
        return Tested(_on_its_way(mail.recipient), "inbox", "", moving=False)
    words, icon, tone = _ENDED[mail.state]
    at = date_format(timezone.localtime(mail.sent_at), "H:i") if mail.sent_at else ""
    return Tested(words % {"address": mail.recipient, "error": mail.error, "at": at}, icon, tone, moving=False)


def _on_its_way(address: str) -> str:
    """Return what became of a test mail, in words; without a mail server it goes nowhere."""
    if settings.MAILS_STAY:
        return _(
            "The test mail to %(address)s is written. No mail server is set up: the mails stay on this computer."
        ) % {"address": address}
    return _("The test mail is on its way to %(address)s.") % {"address": address}
