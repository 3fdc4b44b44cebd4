"""One folding of text for search and comparison (domain.md §2, §4.1), and one for order."""

import re
import unicodedata

_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
# One pass from the left keeps prefixes: what folds a word's beginning is the beginning of the folded word.
_DIGRAPHS = re.compile("([aou])e")
_SEPARATORS = re.compile(r"[^\w@.+]+|_+")
_INNER = re.compile(r"[.+]+")


def fold(text: str) -> str:
    """Return `text` without case, accents and umlaut spelling: Müller, MUELLER and muller are `muller`."""
    return _DIGRAPHS.sub(r"\1", order_key(text))


def order_key(text: str) -> str:
    """Return `text` in the form that sorts as German lists do (DIN 5007-1): ä as a, ß as ss, but `ae` as it is."""
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(bare.casefold().split())


def words(text: str) -> list[str]:
    """Return the folded words of `text` in order, split at all but letters and digits; an e-mail stays whole."""
    found: list[str] = []
    for part in _SEPARATORS.split(fold(text)):
        found += [part] if "@" in part else _INNER.split(part)
    return [word for word in found if word]
