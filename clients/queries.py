"""What was typed into a search, as ranges over the tokens of cards (domain.md §2)."""

import re
import sys
from dataclasses import dataclass
from uuid import UUID

from clients.models import TokenField
from clients.naming import without_salutation
from clients.tokens import SHORTEST_PHONE_TOKEN
from salon.folding import words

MOST_WORDS = 6
# In what order the fields of a card stand among the hits of a word, and of digits.
OF_WORDS = (TokenField.NAME, TokenField.EMAIL, TokenField.PLACE, TokenField.CARD)
OF_DIGITS = (
    TokenField.NAME,
    TokenField.NUMBER,
    TokenField.CARD,
    TokenField.EMAIL,
    TokenField.PHONE,
    TokenField.PLACE,
)

# What stands between the words of a name besides spaces: "Becker-Weiß", "D'Amico".
APART = "-'\u2019./,&+()"
_SPACES = str.maketrans(APART, " " * len(APART))

_PHONE_LIKE = re.compile(r"[+(]*[\d\s()/.-]+")
# As hits and cards write it: "Nr. 283", "Kunden-Nr. 283".
_NUMBER = re.compile(
    r"(?:#|(?:(?:kund(?:en|in|e)|clients?|customer)[\s-]*)?(?:nr|nummer|no|number)[.:]?)\s*(\d+)",
    re.IGNORECASE | re.ASCII,
)
# At least one dot tells a birthday from other digits.
_BORN = r"geb(?:oren|urtstag)?\b[.:]?|born\b|birthday\b:?|\*"
_BIRTHDAY = re.compile(
    rf"(?<!\S)(?P<born>(?:{_BORN})\s*)?(?P<day>\d{{1,2}})\.\s?(?P<month>\d{{1,2}})(?P<year>\.\s?\d{{0,4}})?(?![^\s,;])",
    re.IGNORECASE | re.ASCII,
)
# +49 (0)171 …: the trunk prefix is not dialled with the country's code.
_TRUNK_IN_BRACKETS = re.compile(r"(?<=\d)\s*\(0\)\s*")


@dataclass(frozen=True, slots=True)
class Range:
    """The tokens of some fields, in order of their numbers, that begin with `prefix`."""

    fields: tuple[TokenField, ...]
    prefix: str

    @property
    def numbers(self) -> str:
        """Its fields as an array of the database."""
        return f"'{{{','.join(str(int(field)) for field in self.fields)}}}'::smallint[]"

    @property
    def end(self) -> str:
        """A bound behind every token of the range, in byte order."""
        return self.prefix + chr(sys.maxunicode)

    def holds(self, hit: "Hit") -> bool:
        """Tell whether a hit was found in it."""
        return hit.field in self.fields and self.prefix <= hit.token < self.end


@dataclass(frozen=True, slots=True)
class Hit:
    """One card found, and the token that found it: the place to go on from."""

    client_id: UUID
    field: int
    token: str


@dataclass(frozen=True, slots=True)
class Word:
    """One word typed: a card meets it by a token in any of the ranges, best first."""

    ranges: tuple[Range, ...]
    typed: str = ""

    def place_of(self, hit: Hit) -> int | None:
        """Return in which of the ranges a hit was found; None where it was found by another word."""
        return next((place for place, one in enumerate(self.ranges) if one.holds(hit)), None)


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed: a card must meet every word."""

    words: tuple[Word, ...]

    @property
    def named(self) -> "Named | None":
        """The words that may all stand in one name, where there are several of them."""
        letters = tuple(word.typed for word in self.words if word.typed.isalpha())
        others = tuple(word for word in self.words if not word.typed.isalpha())
        return Named(letters, others) if len(letters) > 1 else None


@dataclass(frozen=True, slots=True)
class Named:
    """Cards with all of `letters` in their name, which each token of a name tells by itself, meeting `others` too."""

    letters: tuple[str, ...]
    others: tuple[Word, ...]

    @property
    def longest(self) -> str:
        """The word whose tokens are read: as a rule that of the fewest cards."""
        return max(self.letters, key=len)

    @property
    def ranges(self) -> tuple[Range, ...]:
        """What is read, best first: "anna mul" is Anna Müller before Annabel Müller, and so is "mul anna" with `mul` in
        full."""
        written: tuple[str, ...] = ()
        if len(self.letters) == 2:
            first, second = self.letters
            written = (f"{first} {second}", f"{first} {first} {second}")
        return tuple(Range((TokenField.NAME,), prefix) for prefix in (*written, self.longest))

    def place_of(self, hit: Hit) -> int | None:
        """Return in which of the ranges a hit was found; None where it is of another field or of other words."""
        told = f" {hit.token}".translate(_SPACES)
        if not all(f" {word}" in told for word in self.letters):
            return None
        return next((place for place, one in enumerate(self.ranges) if one.holds(hit)), None)


def parse_query(text: str) -> Query | None:
    """Read what was typed, in any writing of names, phones, e-mails and numbers; None when nothing is left of it."""
    text = _TRUNK_IN_BRACKETS.sub(" ", text.strip())
    if number := _NUMBER.fullmatch(text):
        return Query((Word((Range((TokenField.NUMBER,), number[1]),)),))
    if _PHONE_LIKE.fullmatch(text) and any(letter.isdigit() for letter in text):
        day = _BIRTHDAY.fullmatch(text)
        return Query((Word((*(_birthday_ranges(day) if day else ()), *_phone_ranges(text))),))
    text, born = _without_birthday(without_salutation(text))
    typed = list(dict.fromkeys(words(text)))[:MOST_WORDS]
    # A beginning of another word says nothing that the longer one does not.
    telling = [word for word in typed if not any(other.startswith(word) for other in typed if other != word)]
    asked = (*(Word(_word_ranges(word), word) for word in telling), *born)
    return Query(asked) if asked else None


def _without_birthday(text: str) -> tuple[str, list[Word]]:
    """Take a birthday out of what was typed: "Anna 29.2."."""
    for day in _BIRTHDAY.finditer(text):
        if ranges := _birthday_ranges(day):
            return f"{text[: day.start()]} {text[day.end() :]}", [Word(ranges, day[0])]
    return text, []


def _birthday_ranges(typed: re.Match[str]) -> tuple[Range, ...]:
    """Return what is read for a birthday with or without its year, of which two digits do; none for no such day."""
    day, month, year = int(typed["day"]), int(typed["month"]), (typed["year"] or "").lstrip(". ")
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return ()
    found = [f"{day:02}{month:02}{year}"]
    if len(year) == 2:
        found += [f"{day:02}{month:02}{century}{year}" for century in (19, 20)]
    elif typed["year"] is None and typed["month"] == "1":
        # October to December begin so, too.
        found.append(f"{day:02}1")
    return tuple(Range((TokenField.BIRTHDAY,), prefix) for prefix in found)


def _word_ranges(word: str) -> tuple[Range, ...]:
    prefixes = dict.fromkeys(OF_DIGITS if word.isdigit() else OF_WORDS, word)
    # "@gmx" asks for what "gmx" finds: no token of an address begins with a separator.
    prefixes[TokenField.EMAIL] = word.lstrip("@.+") or word
    if word.isdigit():
        prefixes[TokenField.PHONE] = _without_trunk(word) or word
    return _ranges(prefixes)


def _phone_ranges(text: str) -> tuple[Range, ...]:
    digits = "".join(letter for letter in text if letter.isdigit())
    international = _without_trunk(digits)
    prefixes = {TokenField.CARD: digits}
    if text.isdigit():
        prefixes |= {TokenField.NUMBER: digits, TokenField.PLACE: digits}
    if international and (len(digits) >= SHORTEST_PHONE_TOKEN or not text.isdigit()):
        prefixes[TokenField.PHONE] = international
    ranked = {field: prefixes[field] for field in OF_DIGITS if field in prefixes}
    return _ranges(ranked)


def _ranges(prefixes: dict[TokenField, str]) -> tuple[Range, ...]:
    """Return what is read for each field's prefix: neighbours in order of the index as one."""
    found: list[Range] = []
    for field, prefix in prefixes.items():
        if found and found[-1].prefix == prefix and found[-1].fields[-1] < field:
            found[-1] = Range((*found[-1].fields, field), prefix)
        else:
            found.append(Range((field,), prefix))
    return tuple(found)


def _without_trunk(digits: str) -> str:
    # 0049… and +49… are one number; a single 0 is the trunk prefix, which E.164 drops.
    return digits.removeprefix("00") if digits.startswith("00") else digits.removeprefix("0")
