"""What a mail server tells that could not deliver a mail (RFC 3464, and Exim's header from before it)."""

import re
from dataclasses import dataclass
from email.message import Message
from email.utils import parseaddr

LONGEST_SAID = 200
_STATUS = re.compile(r"(?<![.\d])[245]\.\d{1,3}\.\d{1,3}(?![.\d]*\d)")
# As it answers another mail server, where it names no status.
_REPLY = re.compile(r"\b([45])[0-5]\d[ -]")
_FOLDED = re.compile(r"\r?\n[ \t]+")
# What says nothing of the address: the sender is wrong, the mailbox is full, the mail is too large, not to be read, or
# taken for spam.
_NOT_OF_ADDRESS = re.compile(r"5\.(?:1\.[78]|2\.[23]|3\.4|6\.\d+|7\.\d+)")
# Somewhere in the first of its words the mail server says why.
_MOST_WORDS = 10_000


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail that was not delivered for good: to which address, with which status (`5.1.1`; "" where none is named),
    and what was said of it; `message_id` and `reply_to` are those of the mail, where it came along."""

    address: str
    status: str
    said: str
    message_id: str
    reply_to: str

    @property
    def is_permanent(self) -> bool:
        """Whether nothing can be delivered to this address, whatever it is."""
        return self.status.startswith("5.") and not _NOT_OF_ADDRESS.fullmatch(self.status)


def bounce_of(message: Message, text: str) -> Bounce | None:
    """Return what a mail tells of one that was not delivered, None where it tells nothing like that; `text` is what it
    says to people."""
    told, returned, payload = "", "", message.get_payload()
    # What stands deeper belongs to a mail that somebody passed on.
    parts = payload if isinstance(payload, list) else []
    for part in (one for one in parts if isinstance(one, Message)):
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            told += _fields(part)
        elif kind in {"message/rfc822", "text/rfc822-headers"}:
            returned += _fields(part)
    named = parseaddr(str(message.get("X-Failed-Recipients", "")).split(",")[0])[1]
    if _field(told, "Action").lower() != "failed" and not (named and not told):
        return None
    said = _field(told, "Diagnostic-Code").partition(";")[2].strip()
    reply_to = parseaddr(_field(returned, "Reply-To"))[1]
    return Bounce(
        address=_clean(_address(told) or named),
        status=_status(_field(told, "Status"), said, text[:_MOST_WORDS]),
        said=_clean(said)[:LONGEST_SAID],
        message_id=_clean(_field(returned, "Message-ID")),
        reply_to=_clean(reply_to),
    )


def _address(told: str) -> str:
    """Return where it was to go to: as it was written first, before anybody passed it on."""
    found = _field(told, "Original-Recipient") or _field(told, "Final-Recipient")
    return parseaddr(found.partition(";")[2])[1]


def _status(given: str, *words: str) -> str:
    """Return the first status that is named; the more of it is told, the better."""
    named = [found[0] for found in map(_STATUS.search, (given, *words)) if found]
    # What is only a class is told more of by the words.
    exact = [one for one in named if not one.endswith(".0.0")]
    if found := next(iter([*exact, *named]), ""):
        return found
    replies = (found[1] for found in map(_REPLY.search, words) if found)
    return next((f"{kind}.0.0" for kind in replies), "")


def _fields(part: Message) -> str:
    """Return the header lines within a part, whichever way it was taken apart."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        raw = part.get_payload(decode=True)
        return raw.decode("utf-8", errors="replace") if isinstance(raw, bytes) else ""
    lines: list[str] = []
    for one in payload:
        if isinstance(one, Message):
            lines += [f"{name}: {value}" for name, value in one.raw_items()]
            rest = one.get_payload()
            lines.append(rest if isinstance(rest, str) else "")
    return "\n".join(lines) + "\n"


def _field(told: str, name: str) -> str:
    found = re.search(rf"^{re.escape(name)}[ \t]*:(.*)$", _FOLDED.sub(" ", told), re.IGNORECASE | re.MULTILINE)
    return found[1].strip() if found else ""


def _clean(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", errors="replace").decode()
