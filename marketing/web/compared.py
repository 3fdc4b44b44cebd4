"""What somebody else has stored meanwhile, beside what is typed here: what differs is marked."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_WORDS = re.compile(r"\s+|\S+")


@dataclass(frozen=True, slots=True)
class Theirs:
    """Subject and text as they are stored; `differs` where anything is marked in them."""

    subject: SafeString
    text: SafeString
    differs: bool


def theirs_beside(mine: tuple[str, str], theirs: tuple[str, str]) -> Theirs:
    """Return a stored subject and text, compared with those that are typed."""
    subject, text = (_marked(*pair) for pair in zip(mine, theirs, strict=True))
    return Theirs(subject, text, mine != theirs)


def _marked(mine: str, theirs: str) -> SafeString:
    """Return a text for a page: what only it says is inserted, what only the other says is deleted."""
    # Forms send each line's end as two characters.
    old, new = _WORDS.findall(mine.replace("\r\n", "\n")), _WORDS.findall(theirs.replace("\r\n", "\n"))
    written: list[str] = []
    # Texts have nothing in common by their spaces alone: words changed next to each other are marked as one.
    for change, start, end, there, until in SequenceMatcher(str.isspace, old, new).get_opcodes():
        kept, gone = escape("".join(new[there:until])), escape("".join(old[start:end]))
        if change == "equal":
            written.append(kept)
        else:
            written += [f"<del>{gone}</del>" if gone else "", f"<ins>{kept}</ins>" if kept else ""]
    return mark_safe("".join(written))  # noqa: S308 - each part is escaped
