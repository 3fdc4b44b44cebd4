"""A mail as it went out, read again long after: what it said is kept with whom it said it to."""

from marketing.letters import as_said
from marketing.models import Recipient
from salon.mail.letters import Letter


def letter_as_sent(one: Recipient, *, unsubscribe_url: str | None) -> Letter | None:
    """Return the mail that the mail server was given for somebody, None where its words are not kept.

    The way out is for whoever has the mail: it is given anew, or left out.
    """
    if not one.said:
        return None
    if one.campaign:
        subject, body = one.campaign.subject, one.campaign.body
    else:
        subject, body = one.said["subject"], one.said["body"]
    return as_said(subject, body, one.said, unsubscribe_url=unsubscribe_url)
