"""What of an answer is new, and what it only quotes (domain.md §9.4).

Nothing is thrown away: both parts are kept, the new one is shown first. Where it is not clear which is which, all of it
is new: rather a quotation too much than an answer that nobody sees.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

# "Am Sa., 21. Nov. 2026 um 10:02 Uhr schrieb Salon <…>:", also broken over lines.
_HEADLINE = re.compile(
    r"^(?:am|on|le|el)\b.{0,300}?\b(?:schrieb|wrote|a écrit|escribió)\b.{0,200}:\s*$",
    re.IGNORECASE | re.DOTALL,
)
_HEADLINE_LINES = 3
# "-----Ursprüngliche Nachricht-----"
_RULE = re.compile(r"^\s*-{2,}\s*(?:urspr(?:ü|ue)ngliche nachricht|original message)\b", re.IGNORECASE)
# Outlook's block: "Von: …", "Gesendet: …", "An: …".
_FROM, _OTHERS = (
    re.compile(r"^\*?(?:von|from):\*?\s", re.IGNORECASE),
    re.compile(r"^\*?(?:gesendet|sent|an|to|datum|date):", re.IGNORECASE),
)
_LINE = re.compile(r"^\s*_{10,}\s*$")
_DEVICE = re.compile(
    r"^\s*(?:von meinem \S.{0,40} gesendet|gesendet (?:von|mit|aus|ueber|über) .{0,60}|sent from my .{0,60}"
    r"|get outlook for .{0,60}|outlook für .{0,60})\.?\s*$",
    re.IGNORECASE,
)
# A tag with its name; anything else in pointed brackets; words, also with a bracket that opens nothing. None of them
# goes beyond the next bracket that opens one, and nothing is read twice: a mail for nobody costs what its length does.
_TOKEN = re.compile(
    r"""<(?P<end>/?)(?P<tag>[a-z][a-z0-9]*)(?:"[^"<]*"|'[^'<]*'|[^<>"'])*+>|<[!?/a-z][^<>]*+>|(?P<words><?[^<]*+)""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Parts:
    """An answer in two: what somebody wrote, and what stands below it."""

    new: str
    rest: str


def parts_of(text: str) -> Parts:
    """Return what is new of an answer, and the quotation or signature behind it."""
    lines = text.splitlines()
    end = _signature(lines[: _quotation(lines)])
    new, rest = "\n".join(lines[:end]).strip(), "\n".join(lines[end:]).strip()
    return Parts(new, rest) if new else Parts(text.strip(), "")


def _quotation(lines: list[str]) -> int:
    """Return with which line the quotation begins, behind which nobody has written any more."""
    # Who answers below a quotation, or in it, has written there.
    written = [place for place, line in enumerate(lines[: _signature(lines)]) if line.strip() and line[:1] != ">"]
    last = written[-1] if written else -1
    for place, line in enumerate(lines):
        if _RULE.match(line) or _is_block(lines, place):
            return place
        length = _headline(lines, place)
        if length and last < place + length:
            return place
        if line.startswith(">") and last < place:
            return place
    return len(lines)


def _headline(lines: list[str], place: int) -> int:
    """Return how many lines say who wrote what follows, 0 where none does."""
    for length in range(1, _HEADLINE_LINES + 1):
        if _HEADLINE.match("\n".join(lines[place : place + length])):
            return length
    return 0


def _is_block(lines: list[str], place: int) -> bool:
    begins = place + 1 if _LINE.match(lines[place]) else place
    if begins >= len(lines) or not _FROM.match(lines[begins]):
        return False
    return sum(bool(_OTHERS.match(line)) for line in lines[begins + 1 : begins + 5]) >= 2


def _signature(lines: list[str]) -> int:
    """Return with which line the signature begins."""
    for place, line in enumerate(lines):
        if line.rstrip() == "--":
            return place
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return end - 1 if end and _DEVICE.match(lines[end - 1]) else len(lines)


def text_of(html: str) -> str:
    """Return what a mail says that has no text besides its HTML; quotations as lines that begin with `>`."""
    reader = _Reader()
    for part in _seen(html):
        for token in _TOKEN.finditer(part):
            if token["words"]:
                reader.say(unescape(token["words"]))
            elif token["tag"]:
                (reader.end if token["end"] else reader.begin)(token["tag"].lower())
    return reader.text()


def _seen(html: str) -> Iterator[str]:
    """Return what stands between the comments; behind one that does not end stands nothing."""
    end = 0
    while (begin := html.find("<!--", end)) >= 0:
        yield html[end:begin]
        close = html.find("-->", begin + 2)
        if close < 0:
            return
        end = close + 3
    yield html[end:]


class _Reader:
    """Collects the words, line by line."""

    _SILENT = frozenset({"head", "script", "style", "title", "template"})
    _BLOCKS = frozenset(
        {"address", "article", "blockquote", "div", "h1", "h2", "h3", "h4", "li", "ol", "p", "pre", "table", "tr", "ul"}
    )
    _DEEPEST = 9

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._words: list[str] = []
        self._silent = 0
        self._depth = 0

    def begin(self, tag: str) -> None:
        """Take in a tag that opens."""
        if tag == "body":
            # Whatever was left open before it.
            self._silent = 0
        if tag in self._SILENT:
            self._silent += 1
        if tag in self._BLOCKS or tag == "br":
            self._end_line(always=tag == "br")
        if tag == "p" and self._lines and self._lines[-1]:
            self._lines.append("")
        if tag == "blockquote":
            self._depth += 1

    def end(self, tag: str) -> None:
        """Take in a tag that closes."""
        if tag in self._SILENT and self._silent:
            self._silent -= 1
        if tag in self._BLOCKS:
            self._end_line()
        if tag == "blockquote" and self._depth:
            self._depth -= 1

    def say(self, words: str) -> None:
        """Take in words."""
        if not self._silent:
            self._words.append(words)

    def _end_line(self, *, always: bool = False) -> None:
        words = " ".join("".join(self._words).split())
        if words or always:
            quoted = ">" * min(self._depth, self._DEEPEST)
            self._lines.append(f"{quoted} {words}".strip() if quoted else words)
        self._words = []

    def text(self) -> str:
        """Return all of it."""
        self._end_line()
        return "\n".join(self._lines).strip()
