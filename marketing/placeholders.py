"""What a text says differently to every client: `{{first_name}}`, or `{{first_name|Liebe Kundin}}` where she may have
none.

What is filled in is text and nothing else: no line break, nothing that turns the direction of writing, nothing a mail
program would take for an address in a client's own name. Nobody looks for placeholders in it again.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from django.utils import translation
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clients.details import Gender
from clients.naming import without_title

# What there is, each with what it stands for; in the order in which it is offered.
PLACEHOLDERS: dict[str, Promise] = {
    "greeting": _("Dear and first name, or Hello"),
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "salon": _("Name of the salon"),
    "last_visit": _("Date of the last visit"),
    "next_visit": _("Date of the next appointment"),
    "visits": _("Number of visits"),
    "points": _("Points"),
    "staff": _("Preferred staff member"),
    "treatcard": _("Number of the Treatcard"),
}
# A name, and what to say instead where there is nothing; never over a line's end.
PATTERN = re.compile(r"(?<!\{)\{\{([^{}|\r\n]*)(?:\|([^{}\r\n]*))?\}\}(?!\})")
# What somebody wrote who meant one: with one brace at an end.
_HALF = re.compile(rf"(?<!\{{)\{{\s*(?:{'|'.join(PLACEHOLDERS)})\s*[|}}]")
# What joins languages' letters stays: ZERO WIDTH NON-JOINER and JOINER.
_JOINERS = "\u200c\u200d"
# What makes an address of the letters on both sides, also in the widths of other scripts.
_IN_ADDRESS = re.compile(r"([.\u3002\uff0e\uff61](?=\w)|[:@](?=\S))")


@dataclass(frozen=True, slots=True)
class Person:
    """What placeholders tell of one client."""

    first_name: str = ""
    last_name: str = ""
    gender: str = ""
    points: int = 0
    visits: int = 0
    last_visit: date | None = None
    next_visit: date | None = None
    staff: str = ""
    treatcard: str = ""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One placeholder of a text, and what stands where there is nothing to fill in."""

    name: str
    fallback: str = ""

    def filled(self, values: Mapping[str, str]) -> str:
        """Return what it says."""
        return values.get(self.name, "") or self.fallback


def placeholder_of(match: re.Match[str]) -> Placeholder:
    """Return the placeholder that PATTERN has found."""
    return Placeholder(match[1].strip(), plain(match[2] or ""))


def pieces(text: str) -> Iterator[str | Placeholder]:
    """Return a text in pieces: words, and what is to be filled in between them."""
    end = 0
    for match in PATTERN.finditer(text):
        yield text[end : match.start()]
        yield placeholder_of(match)
        end = match.end()
    yield text[end:]


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return a line of plain text with everything filled in, in one pass."""
    written = ""
    for piece in pieces(text):
        written = joined(written, piece, values)
    return plain(written)


def fill_lines(text: str, values: Mapping[str, str]) -> str:
    """Return a text of several lines with everything filled in, in one pass; what says nothing stays as it stands, for
    somebody to see and to write something else."""
    told = (
        piece.filled(values) or f"{{{{{piece.name}}}}}" if isinstance(piece, Placeholder) else piece
        for piece in pieces(text)
    )
    return "".join(told).strip()


def silent(text: str, values: Mapping[str, str]) -> list[str]:
    """Return the names of placeholders that say nothing with these values, each once."""
    names = [one.name for one in pieces(text) if isinstance(one, Placeholder) and not one.filled(values)]
    return list(dict.fromkeys(names))


def joined(before: str, piece: str | Placeholder, values: Mapping[str, str]) -> str:
    """Return a text with the next piece behind it; where that says nothing, no gap is left."""
    said = piece.filled(values) if isinstance(piece, Placeholder) else piece
    return before + said if said or not isinstance(piece, Placeholder) else before.rstrip(" ")


def in_words(text: str) -> str:
    """Return a text for people to read who are no client: a placeholder's name in words where it will be filled in."""
    return "".join(f"[{_name(piece)}]" if isinstance(piece, Placeholder) else piece for piece in pieces(text))


def unknown(text: str) -> list[str]:
    """Return the names of placeholders that do not exist, each once."""
    names = [piece.name for piece in pieces(text) if isinstance(piece, Placeholder)]
    return [name for name in dict.fromkeys(names) if name not in PLACEHOLDERS]


def is_broken(text: str) -> bool:
    """Return whether something in words was meant as a placeholder and is none: a brace is missing."""
    return "{{" in text or _HALF.search(text) is not None


def values_for(person: Person, *, salon: str, language: str) -> dict[str, str]:
    """Return what every placeholder says to one client, as text, in a language."""
    first_name, last_name = name_of(without_title(person.first_name)), name_of(person.last_name)
    with translation.override(language):
        return {
            "greeting": _greeting(first_name, person.gender),
            "first_name": first_name,
            "last_name": last_name,
            "salon": plain(salon),
            "last_visit": date_format(person.last_visit, "DATE_FORMAT") if person.last_visit else "",
            "next_visit": date_format(person.next_visit, "DATE_FORMAT") if person.next_visit else "",
            "visits": number_format(person.visits, force_grouping=True),
            # Who has no Treatcard collects none: of her there is nothing to say, not that it is 0.
            "points": number_format(person.points, force_grouping=True) if person.treatcard else "",
            "staff": plain(person.staff),
            "treatcard": plain(person.treatcard),
        }


def plain(text: str) -> str:
    """Return text as one line: no control character, nothing invisible that changes how the rest is read."""
    seen = "".join(one if one in _JOINERS else _visible(one) for one in text)
    return " ".join(seen.split())


def name_of(text: str) -> str:
    """Return a client's name as text that no mail program makes a link of: "www.shop.example" is no name."""
    return _IN_ADDRESS.sub(r"\1 ", plain(text))


def _name(placeholder: Placeholder) -> str:
    return str(PLACEHOLDERS.get(placeholder.name, placeholder.name))


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    return "" if category in {"Cf", "Cs", "Co", "Cn"} else character


def _greeting(first_name: str, gender: str) -> str:
    if not first_name:
        return gettext("Hello")
    if gender == Gender.FEMALE:
        return gettext("Dear %(she)s") % {"she": first_name}
    if gender == Gender.MALE:
        return gettext("Dear %(he)s") % {"he": first_name}
    return gettext("Hello %(name)s") % {"name": first_name}
