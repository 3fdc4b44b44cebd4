"""A name written in one as first and last name, with the title and the salutation told apart (domain.md §2)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clients.details import Gender
from salon.folding import tidy

HONORIFICS = {
    **dict.fromkeys(("frau", "fr", "frl", "fräulein", "mrs", "ms", "miss"), Gender.FEMALE),
    **dict.fromkeys(("herr", "herrn", "hr", "hrn", "mr"), Gender.MALE),
}
_PARTICLES = frozenset("von van de del della der den di da zu zum zur dos la le ten ter vom el al".split())  # noqa: SIM905
# With one of these in front, written so, there is nothing but a last name: Van, Al and Le are first names, too.
_IN_FRONT = frozenset({"von", "Von", "vom", "Vom", "zum", "Zum", "zur", "Zur", "van", "zu", "de", "der", "den"})
_DEGREE = r"(?:(?:univ\.?-?)?prof(?:essor(?:in)?)?|d?dr|dr\.?-ing|pd|priv\.?-doz|dipl\.?-\w+)\.?|m?mag\.|ing\."
_SUBJECT = r"(?:med|dent|vet|jur|phil|rer|nat|pol|oec|theol|habil|h\.?c)\."
# As Python and PostgreSQL read it, without regard to case.
ONLY_TITLES = rf"^((?:{_DEGREE}|{_SUBJECT})\s*)+$"
_TITLE = re.compile(rf"{_DEGREE}|{_SUBJECT}", re.IGNORECASE)
_SUBJECTS = re.compile(_SUBJECT, re.IGNORECASE)
# "Dr.Weber", "Dr.med.Weber".
_GLUED = re.compile(r"(?<!\S)(?:(?:prof|dr|med|hr|fr)\.)+(?=[^\W\d_])", re.IGNORECASE)
_BEGINNING = re.compile(r"(?:^|(?<=[-'’]))[^\W\d_]")


@dataclass(frozen=True, slots=True)
class FullName:
    """A first name with the title in front of it, a last name with its particles, and what the salutation says."""

    first: str = ""
    last: str = ""
    gender: str = ""


def full_name_in(text: str) -> FullName:
    """Part a name in one: `Frau Anna von der Au`, `Müller, Jörg`, `Dr. Weber`.

    A card has no field for a title: it stands in front of the first name, where nothing of it is lost and the list is
    in order of last names. A single word is a first name, with a title or a salutation a last name.
    """
    spaced = _GLUED.sub(lambda glued: glued[0].replace(".", ". "), tidy(text))
    before, comma, behind = spaced.partition(",")
    titles = [word for word in spaced.replace(",", " ").split() if _TITLE.fullmatch(word)]
    left, left_genders = _without_honorific(_bare(before), whole=False)
    right, right_genders = _without_honorific(_bare(behind.replace(",", " ")), whole=bool(left))
    genders = left_genders | right_genders
    if not left and not right:
        return FullName(tidy(text))
    if right:
        # "Au, Anna von der".
        ends = next((at for at in range(1, len(right)) if all(map(_is_particle, right[at:]))), len(right))
        first, last = right[:ends], [*right[ends:], *left]
    elif len(left) == 1:
        first, last = ([], left) if titles or genders or comma else (left, [])
    else:
        begins = _beginning_of_last(left)
        first, last = left[:begins], left[begins:]
    gender = genders.pop() if len(genders) == 1 else ""
    return FullName(" ".join([*titles, *first]), " ".join(last), gender)


def typed_name_in(text: str) -> FullName:
    """Part what was typed into a search, where nobody writes capitals: "anna von der au" is Anna von der Au."""
    found = full_name_in(text)
    last = [word if _is_particle(word) else _capitalised(word) for word in found.last.split()]
    return replace(found, first=" ".join(map(_capitalised, found.first.split())), last=" ".join(last))


def without_salutation(text: str) -> str:
    """Return what was typed to find somebody without the salutation in front: "Frau Müller" is Müller.

    It narrows nothing, as of many nobody has noted whether to say Frau or Herr. "Herr" alone is a name, so is
    "Herr, Thomas"; and "fr mül" is looking for Franziska.
    """
    spaced = _GLUED.sub(lambda glued: glued[0].replace(".", ". "), text)
    before, _space, behind = spaced.strip().partition(" ")
    said = before.lower() != "fr" and _said_to(before)
    return behind.strip() if said and behind.strip() else text


def without_title(first_name: str) -> str:
    """Return a card's first name as somebody is called by it: "Dr. Anna" is Anna, "Dr." alone nobody."""
    words = first_name.split()
    called = next((at for at, word in enumerate(words) if not _TITLE.fullmatch(word)), len(words))
    return " ".join(words[called:])


def _bare(text: str) -> list[str]:
    return [word for word in text.split() if not _TITLE.fullmatch(word)]


def _without_honorific(words: list[str], *, whole: bool) -> tuple[list[str], set[str]]:
    """Return the words without the salutation in front, and whose it is. `whole`: it may be all there is; else it is a
    name, as of Herr, Thomas."""
    genders: set[str] = set()
    while len(words) > (0 if whole else 1) and (gender := _said_to(words[0])):
        genders.add(gender)
        words = words[1:]
    return words, genders


def _said_to(word: str) -> str | None:
    """Return the gender that a salutation tells, None for any other word."""
    return HONORIFICS.get(word.rstrip(".").lower())


def _beginning_of_last(words: Sequence[str]) -> int:
    """Return where the last name begins in two words or more: at its first particle, else with the last word."""
    for at, word in enumerate(words[:-1]):
        if _is_particle(word) and (at or word in _IN_FRONT or _is_particle(words[at + 1])):
            return at
    return len(words) - 1


def _is_particle(word: str) -> bool:
    return word.lower() in _PARTICLES


def _capitalised(word: str) -> str:
    if word != word.lower() or _SUBJECTS.fullmatch(word):
        return word
    return _BEGINNING.sub(lambda letter: letter[0].upper(), word)
