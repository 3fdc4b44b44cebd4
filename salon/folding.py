"""One folding of text for search and comparison (domain.md §2, §4.1), one for order, and what is kept of a text."""

import re
import unicodedata

_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
# One pass from the left keeps prefixes: what folds a word's beginning is the beginning of the folded word.
_DIGRAPHS = re.compile("([aou])e")
_SEPARATORS = re.compile(r"[^\w@.+]+|_+")
_INNER = re.compile(r"[.+]+")
# Not the zero-width joiner: families and professions among the emoji are made with it.
_INVISIBLE = re.compile("[\u200b\u200c\u200e\u200f\u2060\ufeff\u202a-\u202e\u2066-\u2069\u00ad\x01-\x08\x0e-\x1f\x7f]")


def fold(text: str) -> str:
    """Return `text` without case, accents and umlaut spelling: Müller, MUELLER and muller are `muller`."""
    return _DIGRAPHS.sub(r"\1", order_key(text))


def order_key(text: str) -> str:
    """Return `text` in the form that sorts as German lists do (DIN 5007-1): ä as a, ß as ss, but `ae` as it is."""
    if text.isascii():
        return " ".join(text.casefold().split())
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(bare.casefold().split())


def words(text: str) -> list[str]:
    """Return the folded words of `text` in order, split at all but letters and digits; an e-mail stays whole."""
    found: list[str] = []
    for part in _SEPARATORS.split(fold(text)):
        found += [part] if "@" in part else _INNER.split(part)
    return [word for word in found if word]


def tidy(text: str) -> str:
    """Return text with single spaces and without what nobody sees: control, zero-width and direction characters."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    seen = "".join(" " if letter.isspace() else letter for letter in text if not _INVISIBLE.match(letter))
    return " ".join(seen.split())
