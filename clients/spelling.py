"""Other ways to write what sounds the same, as German names do: Schmidt, Schmitt, Schmied (domain.md §2)."""

import re
from itertools import combinations, product

# Folded letters that stand for one sound, each group the other ways to write any of it.
_SOUNDS = (
    ("ai", "ay", "ei", "ey"),
    ("i", "ie", "y"),
    ("d", "dt", "t", "th", "tt"),
    ("f", "ff", "ph", "v"),
    ("c", "ch", "ck", "k"),
    ("s", "ss"),
    ("tz", "z"),
    ("chs", "ks", "x"),
    *((letter, 2 * letter) for letter in "lmnpr"),
)
_WAYS = {way: tuple(other for other in group if other != way) for group in _SOUNDS for way in group}
# The longest first; "sch" is a sound of its own.
_SOUND = re.compile("|".join(["sch", *sorted(_WAYS, key=len, reverse=True), "."]))
# So many sounds of a word are written otherwise at once.
AT_ONCE = 2


def spelled_otherwise(word: str) -> set[str]:
    """Return the other ways to write a folded word that sound the same, with one sound or two written otherwise."""
    sounds = _SOUND.findall(word)
    places = [place for place, sound in enumerate(sounds) if sound in _WAYS]
    found = set()
    for many in range(1, AT_ONCE + 1):
        for chosen in combinations(places, many):
            for ways in product(*(_WAYS[sounds[place]] for place in chosen)):
                other = dict(zip(chosen, ways, strict=True))
                found.add("".join(other.get(place, sound) for place, sound in enumerate(sounds)))
    return found - {word}
