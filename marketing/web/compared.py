"""What somebody else has stored meanwhile, beside what is typed here: what differs is marked."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_WORDS = re.compile(r"\s+|\S+")
# Of more words and spaces than that, comparing may take seconds.
_MOST = 2_000


@dataclass(frozen=True, slots=True)
class Theirs:
    """One thing as it is stored, which differs from what is typed."""

    label: Promise | str
    words: SafeString


def theirs_beside(compared: Iterable[tuple[Promise | str, str, str]]) -> list[Theirs]:
    """Return what is stored otherwise than it is typed, of labels each with what is typed and what is stored."""
    return [Theirs(label, _marked(mine, theirs)) for label, mine, theirs in compared if mine != theirs]


def _marked(mine: str, theirs: str) -> SafeString:
    """Return a text for a page: what only it says is inserted, what only the other says is deleted; a very long one as
    it is."""
    old, new = _WORDS.findall(mine), _WORDS.findall(theirs)
    if max(len(old), len(new)) > _MOST:
        return escape(theirs)
    written: list[str] = []
    # Texts have nothing in common by their spaces alone: words changed next to each other are marked as one.
    for change, start, end, there, until in SequenceMatcher(str.isspace, old, new).get_opcodes():
        kept, gone = escape("".join(new[there:until])), escape("".join(old[start:end]))
        if change == "equal":
            written.append(kept)
        else:
            written += [f"<del>{gone}</del>" if gone else "", f"<ins>{kept}</ins>" if kept else ""]
    return mark_safe("".join(written))  # noqa: S308 - each part is escaped
