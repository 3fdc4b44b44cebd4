"""When two cards may be one person's: pure rules over what stands on them (domain.md §2, Duplicates)."""

from dataclasses import dataclass

from salon.folding import words

# Up to so many letters one slip of the keyboard is forgiven, beyond them two.
SHORT_NAME = 11


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is compared: its folded words as they stand on the card, as text and in order of the alphabet, and
    which letters it has (a bit each)."""

    words: tuple[str, ...]
    text: str
    ordered: tuple[str, ...]
    letters: int

    @property
    def turned(self) -> str:
        """The words with the first one last."""
        return " ".join((*self.words[1:], *self.words[:1]))


def name_of(first_name: str, last_name: str) -> Name:
    """Return both names of a card as one, folded."""
    found = tuple(words(f"{first_name} {last_name}"))
    letters = 0
    for letter in "".join(found):
        letters |= 1 << (ord(letter) % 61)
    return Name(found, " ".join(found), tuple(sorted(found)), letters)


def alike_names(one: Name, other: Name) -> bool:
    """Return whether two names may be one person's.

    They are when they have the same words in any order; when all words of one (two at least) stand in the other; or
    when one becomes the other, in either order of first and last name, by one slip (a letter too many, too few, wrong,
    or two swapped), by two slips where both are longer than eleven letters.
    """
    if not one.words or not other.words:
        return False
    if one.ordered == other.ordered:
        return True
    if one.letters & other.letters in {one.letters, other.letters} and _within(one, other):
        return True
    most = 1 if min(len(one.text), len(other.text)) <= SHORT_NAME else 2
    # Each slip changes at most two letters' presence: tells most pairs apart without looking at their order.
    if (one.letters ^ other.letters).bit_count() > 2 * most or abs(len(one.text) - len(other.text)) > most:
        return False
    pairs = ((one.text, other.text), (one.text, other.turned), (other.text, one.turned))
    return any(slips(left, right, most) <= most for left, right in pairs)


def _within(one: Name, other: Name) -> bool:
    fewer, more = sorted((set(one.words), set(other.words)), key=len)
    return len(fewer) > 1 and fewer <= more


def slips(one: str, other: str, most: int) -> int:
    """Return how many letters must be added, dropped, replaced or swapped with their neighbour to make one text of
    the other; `most + 1` stands for any number beyond `most`."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for down, letter in enumerate(one, 1):
        earlier, before, row = before, row, [down]
        for right, facing in enumerate(other, 1):
            cost = min(before[right] + 1, row[right - 1] + 1, before[right - 1] + (letter != facing))
            if down > 1 and right > 1 and letter == other[right - 2] and one[down - 2] == facing:
                cost = min(cost, earlier[right - 2] + 1)
            row.append(cost)
        if min(*row, *(before or [0])) > most:
            return most + 1
    return min(row[-1], most + 1)


def alike_birthdays(one: tuple[int, int, int | None] | None, other: tuple[int, int, int | None] | None) -> bool:
    """Return whether two birthdays (day, month, year if known) can be the same: a missing year differs from none."""
    if one is None or other is None:
        return False
    years = {year for *_day, year in (one, other) if year}
    return one[:2] == other[:2] and len(years) <= 1
