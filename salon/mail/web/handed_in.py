"""What apps above hand to the outgoing mail, which knows nothing of them; they do it with their addresses."""

from collections.abc import Callable
from dataclasses import dataclass

from salon.mail.models import ClientMail
from salon.web.access import SalonRequest

# Returns where an answer to a mail that has gone out can be written as its recipient would, "" where it cannot.
AnswerUrl = Callable[[SalonRequest, ClientMail], str]


@dataclass(slots=True)
class HandedIn:
    """How a mail of the outgoing mail is answered, to try it."""

    answer_url: AnswerUrl | None = None


HANDED_IN = HandedIn()
