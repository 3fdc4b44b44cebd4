"""A message to one client in words: as it was written, in text and in simple HTML (domain.md §9.4).

It is no marketing: it says nothing of unsubscribing, and asks for no consent.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from salon.mail.letters import Draft, Letter
from salon.tenancy.models import Salon

# The name of `write` in CLIENT_LETTERS.
WRITER = "message"


def draft(*, subject: str, text: str, author: str, salon: Salon) -> Draft:
    """Return all that a message is to say."""
    return Draft(WRITER, {"subject": subject, "text": text, "author": author, "salon": salon.name})


def write(facts: Mapping[str, Any]) -> Letter:
    """Put into words what `draft` has noted."""
    with translation.override(settings.LANGUAGE_CODE):
        return Letter(
            subject=facts["subject"],
            text=render_to_string("marketing/mail/message.txt", dict(facts)).strip() + "\n",
            html=render_to_string("marketing/mail/message.html", dict(facts)),
        )
