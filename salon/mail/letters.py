"""What a mail to a client says: noted with the change that it tells of, put into words when it goes out.

What is noted is all that the words need, as it was at that moment, so nothing that changes afterwards gets into them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.utils.module_loading import import_string

from salon.mail.models import ClientMail

# What a writer of CLIENT_LETTERS sets of a mail.
WORDS = ("subject", "text", "html", "calendar", "calendar_method")


@dataclass(frozen=True, slots=True)
class Letter:
    """What a client is written: in plain text, in HTML, and as an entry for her calendar, where there is one."""

    subject: str
    text: str
    html: str = ""
    calendar: str = ""
    calendar_method: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter that is not in words yet: the name of its writer in CLIENT_LETTERS, and the facts that it is given."""

    writer: str
    facts: Mapping[str, Any]


def put_into_words(mail: ClientMail) -> None:
    """Let a mail say what is noted of it; one that is in words already stays as it is."""
    if mail.text:
        return
    write = cast(Callable[[Mapping[str, Any]], Letter], import_string(settings.CLIENT_LETTERS[mail.writer]))
    letter = write(mail.facts)
    for name in WORDS:
        setattr(mail, name, getattr(letter, name))
