"""Cells that grown lists are full of: nothing said in words, several numbers or addresses in one (domain.md §10)."""

import re
from dataclasses import dataclass

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from clients.details import Gender
from clients.importing.formats import Target
from salon.folding import fold
from salon.phone import InvalidPhone, parse_phone


@dataclass(frozen=True, slots=True)
class Found:
    """The numbers or addresses of a cell as they are written, and whether the cell says nothing else."""

    entries: tuple[str, ...] = ()
    alone: bool = True


_NOTHING = re.compile(
    r"kein(?:s|e|er|es)?|keine angabe|unbek\.?|unbekannt|nicht (?:bekannt|vorhanden)|entfallt|#?n\.? ?/? ?a\.?|#nv|"
    r"k\.? ?a\.?|nan|null|none|(?:not k|unk)nown"
)
_MARKS = re.compile(r"[\s\-–—_./?*]+")
# Where the words for nothing may be words for something: a surname, a clear no.
_IN_FULL = frozenset({Target.NAME, Target.FIRST_NAME, Target.LAST_NAME, Target.CONSENT})


def says_nothing(target: Target, cell: str) -> bool:
    """Tell whether a cell is filled only to say that there is nothing to say: `-`, `keins`, `unbek.`, `k. A.`."""
    return bool(_MARKS.fullmatch(cell)) or (target not in _IN_FULL and bool(_NOTHING.fullmatch(fold(cell).strip())))


_GENDERS = {
    **dict.fromkeys(
        ("w", "f", "female", "weiblich", "weibl", "frau", "fr", "fraulein", "frl", "mrs", "ms", "miss", "woman"),
        Gender.FEMALE,
    ),
    **dict.fromkeys(("m", "male", "mannlich", "mannl", "mann", "herr", "herrn", "hr", "hrn", "mr", "man"), Gender.MALE),
    **dict.fromkeys(("d", "x", "diverse", "divers", "div", "other"), Gender.DIVERSE),
}
_ALSO_DIVERSE = {"non binary", "non-binary"}


def gender_of(text: str) -> Gender | None:
    """Read a gender or a salutation, also one with a title: `w`, `Hr.`, `Frau Dr.`; None where it is neither."""
    folded = fold(text).strip()
    found = {_GENDERS[word] for word in re.findall(r"\w+", folded) if word in _GENDERS}
    if folded in _ALSO_DIVERSE:
        return Gender.DIVERSE
    return found.pop() if len(found) == 1 else None


# The German postcodes that begin with 0, as numbers.
_EASTERN = (
    (1067, 1998),
    (2625, 2999),
    (3042, 3253),
    (4103, 4936),
    (6108, 6928),
    (7318, 7989),
    (8056, 8648),
    (9111, 9669),
)
_VIENNA = range(1070, 1240, 10)


def has_lost_its_zero(postal_code: str) -> bool:
    """Tell whether four digits are a German postcode that a spreadsheet took for a number."""
    if not re.fullmatch(r"\d{4}", postal_code, re.ASCII) or int(postal_code) in _VIENNA:
        return False
    return any(first <= int(postal_code) <= last for first, last in _EASTERN)


_BETWEEN = re.compile(r"[;,|\r\n&]|\s/\s|\b(?:od|oder|or|und|and|u|bzw)\b\.?", re.IGNORECASE)
_NUMBER = re.compile(r"[+(\d][\d\s()/.–-]{4,}\d", re.ASCII)
# At most the fifteen digits that one number can have.
_PLAIN = re.compile(r"\+?(?:[ ()/.–-]*\d){1,15}", re.ASCII)
_NEXT = re.compile(r"[\s/]+(?=[+0])")
_LABELS = frozenset(
    {"tel", "telefon", "mobil", "handy", "festnetz", "fon", "phone", "mobile", "nr", "mail", "e", "email"}
)


def numbers_in(text: str, country: str) -> Found:
    """Return the phone numbers of a cell: `0171 … od. 030 …`, `0175 … (Mutter)`; none where there is none for sure."""
    if _PLAIN.fullmatch(text) or _is_number(text, country, known=True):
        return Found((text,))
    numbers: list[str] = []
    rest = ""
    for piece in _BETWEEN.split(text):
        end = 0
        for match in _NUMBER.finditer(piece):
            here = _parted(match[0], country)
            numbers += here
            rest += f" {piece[end : match.start()]}{'' if here else match[0]}"
            end = match.end()
        rest += f" {piece[end:]}"
    alone = _says_no_more(rest)
    if numbers and (len(numbers) > 1 or not alone or text.strip() not in numbers):
        return Found(tuple(numbers), alone)
    return Found((text,)) if _is_number(text, country, known=False) else Found()


def _parted(text: str, country: str) -> list[str]:
    if _is_number(text, country, known=True):
        return [text]
    parts = _NEXT.split(text)
    if len(parts) > 1 and all(_is_number(part, country, known=True) for part in parts):
        return parts
    return [text] if _is_number(text, country, known=False) else []


def _is_number(text: str, country: str, *, known: bool) -> bool:
    if any(letter.isalpha() for letter in text) or "\n" in text.strip():
        # Letters would be taken for digits, as on the keys of a telephone.
        return False
    try:
        phone = parse_phone(text, country)
    except InvalidPhone:
        return False
    return phone.valid or not known


def is_landline(text: str, country: str) -> bool:
    """Tell whether a number is one of the landline."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.FIXED_LINE


def e164_of(text: str, country: str) -> str:
    """Return a number in the form that numbers are compared in; what is none, as it is."""
    try:
        return parse_phone(text, country).e164
    except InvalidPhone:
        return text


_ADDRESS = re.compile(r"[^\s;,|<>()\[\]\"]+@[^\s;,|<>()\[\]\"]+")


def addresses_in(text: str) -> Found:
    """Return the e-mail addresses of a cell: `a@example.de; b@example.de`, `Ida Rot <ida@example.de>`."""
    found = [(match[0], match[0].removeprefix("mailto:")) for match in _ADDRESS.finditer(text)]
    valid = [(written, address) for written, address in found if _is_address(address)]
    rest = text
    for written, _address in valid:
        rest = rest.replace(written, " ")
    return Found(tuple(dict.fromkeys(address for _written, address in valid)), _says_no_more(_BETWEEN.sub(" ", rest)))


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _says_no_more(rest: str) -> bool:
    return set(re.findall(r"\w+", rest.lower())) <= _LABELS
