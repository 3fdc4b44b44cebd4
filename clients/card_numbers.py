"""What the number of a Treatcard may be: what printed cards say and scanners read (domain.md §7)."""

import re

SHORTEST, LONGEST = 3, 32
# No hyphen at either end, where a hand slips or a spreadsheet reads a formula.
_NUMBER = re.compile(r"[A-Z0-9](?:[A-Z0-9-]*[A-Z0-9])?")


def tidied(number: str) -> str:
    """Return a number as it is kept: without spaces, in capitals."""
    return "".join(number.split()).upper()


def fault_of(number: str) -> str | None:
    """Return the code of what is wrong with a number as it is kept, if anything: `required`, `invalid`, `min_length` or
    `max_length`."""
    if not number:
        return "required"
    if not _NUMBER.fullmatch(number):
        return "invalid"
    if len(number) < SHORTEST:
        return "min_length"
    return "max_length" if len(number) > LONGEST else None
