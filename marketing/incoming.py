"""A mail that came in, within bounds: who wrote it to whom, what it says, and whether a program wrote it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email import policy
from email.feedparser import BytesFeedParser
from email.utils import parseaddr
from hashlib import sha256
from typing import Any

import structlog
from anymail.inbound import AnymailInboundMessage

from marketing.bounces import Bounce, bounce_of
from marketing.imaging import MOST_BYTES
from marketing.quoting import text_of

log = structlog.get_logger()
LONGEST_SUBJECT = 200
LONGEST_TEXT = 50_000
MOST_ATTACHMENTS = 20
_LONGEST_HTML = 1_000_000
_LONGEST_NAME = 120
_LONGEST_ID = 255
# Where a mail was brought to, besides who it says it is for.
_BROUGHT_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")
_MOST_ADDRESSES = 50
# A mail is read piece by piece until it has so many parts: what a client says stands in the first of them, and parts in
# parts could go on without end.
MOST_PARTS = 100
_PIECE = 1024
# Where a program tells that it has answered by itself (RFC 3834, and what was there before it).
_BY_ITSELF = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress")
_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})


@dataclass(frozen=True, slots=True)
class Incoming:
    """What is kept of a mail; `message_id` tells two of them apart also where its program has given it none.

    `in_reply_to` is what the mail that it answers is called, and `bounce` what it tells of one that was not delivered.
    `pictures` are what files are made of that are said to be pictures, by their place among the `attachments`.
    """

    recipients: tuple[str, ...]
    sender: str
    subject: str
    text: str
    message_id: str
    automatic: bool
    attachments: tuple[str, ...]
    in_reply_to: str = ""
    bounce: Bounce | None = None
    pictures: Mapping[int, bytes] = field(default_factory=dict)


def read_mail(raw: bytes) -> AnymailInboundMessage:
    """Read a mail as a mail server has it; one of very many parts, beside or in each other, as far as the first."""
    parts: list[AnymailInboundMessage] = []

    def part(**given: Any) -> AnymailInboundMessage:
        parts.append(AnymailInboundMessage(**given))
        return parts[-1]

    parser = BytesFeedParser(part, policy=policy.default)
    for start in range(0, len(raw), _PIECE):
        if len(parts) > MOST_PARTS:
            log.warning("mail_cut", read=start, left=len(raw) - start)
            message = parser.close()
            # Half of it at most.
            parts[-1].set_payload("")
            return message
        parser.feed(raw[start : start + _PIECE])
    return parser.close()


def incoming_of(message: AnymailInboundMessage, *, recipient: str = "") -> Incoming:
    """Return what is kept of a mail; `recipient` is the address that whoever took it in has brought it to."""
    brought = [recipient, message.envelope_recipient or ""]
    for name in _BROUGHT_TO:
        brought += [address for address in _addresses(message, name) if address]
    sender = next(iter(_addresses(message, "From")), "") or _clean(message.envelope_sender or "")
    subject, text = _line(message["Subject"], LONGEST_SUBJECT), _said(message)
    bounce = bounce_of(message, text)
    # Where a mail server sends it to is the sender of all; whose mail it was, that mail says.
    brought += [bounce.reply_to] if bounce and bounce.reply_to else []
    files = _files(message)
    return Incoming(
        recipients=tuple(dict.fromkeys(one for one in brought if one))[:_MOST_ADDRESSES],
        sender=sender[:254],
        subject=subject,
        text=text,
        message_id=_known_as(message, sender, subject, text),
        automatic=_is_automatic(message),
        attachments=tuple(_line(part.get_filename() or part.get_content_type(), _LONGEST_NAME) for part in files),
        pictures={place: content for place, part in enumerate(files) if (content := _picture(part))},
        in_reply_to=_line(message["In-Reply-To"], _LONGEST_ID),
        bounce=bounce,
    )


def _said(message: AnymailInboundMessage) -> str:
    text = _body(message, "text/plain")
    if not text.strip():
        text = text_of(_body(message, "text/html")[:_LONGEST_HTML])
    return "\n".join(_clean(text)[:LONGEST_TEXT].splitlines()).strip()


def _body(message: AnymailInboundMessage, content_type: str) -> str:
    """Return the first part of a kind, whatever it says of its characters."""
    for part in message.walk():
        if part.get_content_type() == content_type and not part.is_attachment():
            return _decoded(part.get_payload(decode=True), part.get_content_charset("utf-8"))
    return ""


def _decoded(payload: object, charset: str) -> str:
    if not isinstance(payload, bytes):
        return ""
    try:
        return payload.decode(charset)
    except (LookupError, ValueError):
        return payload.decode("utf-8", errors="replace")


def _files(message: AnymailInboundMessage) -> list[AnymailInboundMessage]:
    found = [part for part in message.walk() if not part.is_multipart() and _is_file(part)]
    return found[:MOST_ATTACHMENTS]


def _picture(part: AnymailInboundMessage) -> bytes:
    """Return what a file is made of that may be a picture; nothing of any other."""
    content = part.get_payload(decode=True) if part.get_content_maintype() == "image" else b""
    return content if isinstance(content, bytes) and len(content) <= MOST_BYTES else b""


def _is_file(part: AnymailInboundMessage) -> bool:
    return (
        part.get_content_maintype() == "image"
        or part.get_content_disposition() == "attachment"
        or (part.get_content_disposition() == "inline" and bool(part.get_filename()))
    )


def _is_automatic(message: AnymailInboundMessage) -> bool:
    submitted = _line(message["Auto-Submitted"], 40).partition(";")[0].strip().lower()
    if submitted and submitted != "no":
        return True
    if _line(message["Precedence"], 40).lower() in _BULK:
        return True
    return message.get_content_type() == "multipart/report" or any(name in message for name in _BY_ITSELF)


def _known_as(message: AnymailInboundMessage, sender: str, subject: str, text: str) -> str:
    given = _line(message["Message-ID"], 2000)
    if given and len(given) <= _LONGEST_ID:
        return given
    known = given or "\n".join((sender, subject, _line(message["Date"], 100), text))
    return f"sha256:{sha256(known.encode()).hexdigest()}"


def _addresses(message: AnymailInboundMessage, name: str) -> list[str]:
    found = []
    for value in message.get_all(name) or []:
        for one in str(value).split(",")[:_MOST_ADDRESSES]:
            address = _clean(parseaddr(one)[1])
            if "@" in address:
                found.append(address)
    return found


def _line(value: object, longest: int) -> str:
    return " ".join(_clean(str(value or "")).split())[:longest]


def _clean(text: str) -> str:
    """Return text that the database can hold."""
    return text.replace("\x00", "").encode("utf-8", errors="replace").decode()
