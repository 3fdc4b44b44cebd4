"""A mail in a frame of its own on a page of ours: what the page may load, and what the mail itself may.

Whatever a mail says, nothing in it runs, is fetched from elsewhere, is sent anywhere or leads the page around it away.
"""

import re
from typing import Protocol

from django.conf import settings
from django.http import HttpResponse
from django.utils.csp import CSP
from django.utils.html import escape, urlize

# A page that shows a mail in a frame.
WITH_FRAME: dict[str, list[str]] = {**settings.SECURE_CSP, "frame-src": [CSP.SELF]}
# Where pictures that mails show are served; everything else of this installation is none of a mail's business.
_PICTURES = f"{settings.BASE_URL.rstrip('/')}/pictures/"
# The mail itself: styles of its own, pictures that were made for mails, no script; shown by our own pages alone.
MAIL: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "img-src": [_PICTURES],
    "form-action": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.SELF],
    "sandbox": ["allow-same-origin", "allow-popups", "allow-popups-to-escape-sandbox"],
}
_TEXT = """<!DOCTYPE html>
<html lang="{language}"><head><base target="_blank"><meta charset="utf-8"><title>{subject}</title></head>
<body style="margin:0;background:#fff;color:#1c1b1a"><pre style="margin:16px;font:14px/21px ui-monospace,monospace;\
white-space:pre-wrap;overflow-wrap:anywhere">{text}</pre></body></html>
"""
# Ahead of all that a mail says, so that nothing in it comes first: a link that somebody tries opens beside the page.
_BESIDE = '<!DOCTYPE html><base target="_blank">'
# What may name another place for itself. Of two attributes alike a browser takes the first, and without quotes they
# break no attribute that only quotes such a tag.
_AIMS = re.compile(r"<(a|area|form)(?=[\t\n\f\r />])", re.IGNORECASE | re.ASCII)
_AWAY = r"<\1 target=_blank rel=noopener "


class Readable(Protocol):
    """What is shown of a mail, stored or not."""

    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def html(self) -> str: ...


def framed(mail: Readable, part: str | None) -> HttpResponse:
    """Return a mail for a frame: as HTML, or (`text`, or where it has no HTML) its plain part.

    To be called by a view under the policy `MAIL`, and in the salon's own frames only.
    """
    if part == "text" or not mail.html:
        words = {"subject": escape(mail.subject), "text": urlize(mail.text, autoescape=True)}
        return HttpResponse(_TEXT.format(language=settings.LANGUAGE_CODE, **words))
    return HttpResponse(_BESIDE + _AIMS.sub(_AWAY, mail.html))
