"""From the cells of one line to the card it asks for: which column means what, and how it is written."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clients.card_numbers import tidied
from clients.details import YES, ClientDetails, accept
from clients.importing.cells import gender_of, has_lost_its_zero, says_nothing
from clients.importing.contacts import contacts_in
from clients.importing.days import in_figures, span_of, without_about
from clients.importing.formats import Target
from clients.importing.noting import joined, written
from clients.labels import LONGEST_NAME as LONGEST_CATEGORY
from clients.labels import CategoryDetails
from clients.naming import full_name_in
from salon.errors import InvalidInput
from salon.folding import fold, tidy

LONGEST_SERVICE = 120
LONGEST_TREATCARD = 40
LONGEST_TOLD = 200
MOST = 1_000_000_000
# How a cell was read that says less than the card asks for, or less than it said once.
ABOUT, ABOUT_EARLIEST, ABOUT_LATEST, ZERO_ADDED = "about", "about_earliest", "about_latest", "zero_added"


class DayOrder(TextChoices):
    """Which of two numbers of a date is the day."""

    DMY = "DMY", _("day first: 03.05.2026 is 3 May")
    MDY = "MDY", _("month first: 03/05/2026 is 5 March")


@dataclass(frozen=True, slots=True)
class Mapping:
    """How the cells of one file are read: what each column is taken for, and in which writing."""

    targets: tuple[Target, ...]
    country: str
    today: date
    day_order: DayOrder = DayOrder.DMY
    short_postcodes: bool = False
    # Whether it is our own export, in which every postcode is a text and as it should be.
    own_file: bool = False
    # Whether a faulty cell is left out and the rest of its line taken over.
    leave_out_cells: bool = False
    # What parts the entries of a cell that lists several.
    separators: str = ";,|\n"
    # Which category is meant by one of the file, by the key of its name.
    meant_categories: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a line cannot be taken over: `code` in words elsewhere, the column it stands in, and what it says there."""

    target: str
    code: str
    cell: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one line says of one client; None and empty is what it does not say."""

    details: ClientDetails = field(default_factory=ClientDetails)
    number: int | None = None
    treatcard_number: str = ""
    points: int | None = None
    visits: int | None = None
    first_visit_on: date | None = None
    last_visit_on: date | None = None
    listed_on: date | None = None
    consent: bool | None = None
    consent_on: date | None = None
    categories: tuple[str, ...] = ()
    services: tuple[tuple[str, int], ...] = ()
    note: str = ""
    # As they are called in the file.
    staff: str = ""
    referrer: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """A line as it was understood: what it asks for, without which cells, or why it cannot be taken over.

    `hints` are what is odd in it, `remarks` how some columns were read.
    """

    wanted: Wanted
    problems: tuple[Problem, ...] = ()
    left_out: tuple[Problem, ...] = ()
    hints: tuple[Problem, ...] = ()
    remarks: tuple[tuple[Target, str], ...] = ()


# Without these a line says of nobody anything.
_WHOSE = frozenset({Target.NUMBER, Target.FIRST_NAME, Target.LAST_NAME})
# What is written down even where it is no number and no address.
_CONTACTS = (Target.MOBILE, Target.LANDLINE, Target.EMAIL)
# Days that may be known about. Whoever came in 2019 was on file by then; and she is forgotten no sooner than is sure.
_FROM = frozenset({Target.LISTED_ON, Target.FIRST_VISIT_ON})
_UNTIL = frozenset({Target.LAST_VISIT_ON})


def read_cells(cells: Sequence[str], mapping: Mapping) -> Read:
    """Understand one line; every problem is named at once, and columns left out are not looked at.

    Where faulty cells are left out the line is understood without them, unless they say whose it is.
    """
    left_out: tuple[Problem, ...] = ()
    while True:
        read = _Line(mapping, cells).read()
        mended = _without(cells, mapping, read.problems) if mapping.leave_out_cells else cells
        if mended == cells or any(one.target in _WHOSE for one in read.problems):
            if read.problems:
                return replace(read, problems=(*left_out, *read.problems))
            lost = [written(one.target, one.cell) for one in left_out if one.target in _CONTACTS and one.cell]
            wanted = replace(read.wanted, note=joined(read.wanted.note, *lost))
            return replace(read, wanted=wanted, left_out=left_out)
        left_out += read.problems
        cells = mended


def _without(cells: Sequence[str], mapping: Mapping, problems: Sequence[Problem]) -> list[str]:
    faulty = {one.target for one in problems}
    phones = {one.cell for one in problems if one.target in {Target.MOBILE, Target.LANDLINE}}
    return [
        "" if target in faulty or (target is Target.PHONE and cell.strip()[:LONGEST_TOLD] in phones) else cell
        for target, cell in zip(mapping.targets, cells, strict=False)
    ]


def _word(text: str) -> str:
    return " ".join(fold(text).replace("-", " ").replace("_", " ").split())


_YES = frozenset(
    map(_word, ("1", "ja", "j", "yes", "y", "true", "wahr", "x", "✓", "subscribed", "opt-in", "granted", "erteilt"))
)
_NO = frozenset(
    map(_word, ("0", "nein", "n", "no", "false", "falsch", "unsubscribed", "opt-out", "withdrawn", "widerrufen"))
)
_COUNT = re.compile(r"(?P<name>.+?)\s*(?:[x×*]\s*(?P<a>\d{1,4})|\((?P<b>\d{1,4})\s*[x×]?\)|:\s*(?P<c>\d{1,4}))")
_COUNTED = re.compile(r"(?P<a>\d{1,4})\s*[x×*]\s*(?P<name>.+)")
_DAY = re.compile(r"(\d{1,4})\s*[./-]\s*(\d{1,2})\s*[./-]\s*(\d{1,4})(?:[T\s,].*)?", re.DOTALL)
_MONTH_DAY = re.compile(r"(\d{1,2})\s*/\s*(\d{1,2})/?")


class NoDay(Exception):
    """No day of the calendar in a writing that is known."""


def parse_day(text: str, order: DayOrder, *, latest: int) -> date:
    """Read `2026-05-03`, `03.05.2026`, `3.5.26` or, by `order`, `05/03/2026`; a time behind it is passed over.

    A year of two digits is one of the hundred years that end with `latest`. Raises: NoDay.
    """
    match = _DAY.fullmatch(text.strip())
    if not match:
        raise NoDay(text)
    first, second, third = match.groups()
    if len(first) == 4:
        year, month, day = int(first), int(second), int(third)
    else:
        year = int(third)
        day, month = (int(second), int(first)) if order == DayOrder.MDY else (int(first), int(second))
        if len(third) == 2:
            year += latest // 100 * 100
            year -= 100 if year > latest else 0
        elif len(third) != 4:
            raise NoDay(text)
    try:
        return date(year, month, day)
    except ValueError as error:
        raise NoDay(text) from error


def guess_day_order(cells: Iterable[str]) -> DayOrder:
    """Tell from dates with slashes or dots whether the day or the month stands first; in doubt the day."""
    votes: Counter[DayOrder] = Counter()
    for cell in cells:
        if match := _DAY.fullmatch(cell.strip()):
            first, second = int(match[1]), int(match[2])
            votes[DayOrder.DMY] += 12 < first <= 31
            votes[DayOrder.MDY] += 12 < second <= 31 and len(match[1]) < 3
    return DayOrder.MDY if votes[DayOrder.MDY] > votes[DayOrder.DMY] else DayOrder.DMY


def left_out(lines: Iterable[Sequence[str]], targets: Sequence[Target]) -> set[int]:
    """Return which columns hold something in one of these lines, and are taken for nothing."""
    skipped = [index for index, target in enumerate(targets) if target is Target.SKIP]
    return {index for cells in lines for index in skipped if index < len(cells) and cells[index].strip()}


def lost_zeros(cells: Iterable[str], country: str) -> bool:
    """Tell whether a spreadsheet has taken the leading zeros from German postcodes: most have four digits."""
    lengths = [len(cell) for cell in cells if cell.isdigit()]
    return country == "DE" and lengths.count(4) * 2 > len(lengths)


def listed(text: str, separators: str) -> list[str]:
    """Return the entries of a cell that lists several, parted by any of these letters."""
    return list(dict.fromkeys(tidy(one) for one in re.split(f"[{re.escape(separators)}]", text) if tidy(one)))


def services_of(text: str) -> dict[str, int]:
    """Read services had with how often: `Föhnen x3; 2 x Ansatzfarbe; Glossing (4); Pflegekur`."""
    found: dict[str, int] = {}
    for one in re.split(r"[;|\n]", text) if re.search(r"[;|\n]", text) else text.split(","):
        if not tidy(one):
            continue
        match = _COUNT.fullmatch(tidy(one)) or _COUNTED.fullmatch(tidy(one))
        name = match["name"].strip() if match else tidy(one)
        times = (
            next((int(count) for key, count in match.groupdict().items() if key != "name" and count), 1) if match else 1
        )
        found[name] = found.get(name, 0) + max(times, 1)
    return found


class _Line:
    """One line being understood."""

    def __init__(self, mapping: Mapping, cells: Sequence[str]) -> None:
        self.mapping = mapping
        self.problems: list[Problem] = []
        self.hints: list[Problem] = []
        self.remarks: list[tuple[Target, str]] = []
        self.noted: list[str] = []
        self.cells: dict[Target, list[str]] = {}
        for target, cell in zip(mapping.targets, cells, strict=False):
            if target is not Target.SKIP and cell.strip() and not says_nothing(target, cell.strip()):
                self.cells.setdefault(target, []).append(cell.strip())

    def text(self, target: Target) -> str:
        return "\n".join(self.cells.get(target, ()))

    def refuse(self, target: str, code: str, cell: str = "") -> None:
        self.problems.append(Problem(target, code, cell[:LONGEST_TOLD]))

    def read(self) -> Read:
        details = self._details()
        consent = self._consent()
        wanted = Wanted(
            details=details,
            number=self._count(Target.NUMBER),
            treatcard_number=self._treatcard(),
            points=self._points(),
            visits=self._count(Target.VISITS),
            first_visit_on=self._day(Target.FIRST_VISIT_ON),
            last_visit_on=self._day(Target.LAST_VISIT_ON),
            listed_on=self._day(Target.LISTED_ON),
            consent=consent,
            consent_on=self._day(Target.CONSENT_ON) if consent else None,
            categories=self._categories(),
            services=self._services(),
            note=joined(self.text(Target.NOTES).replace("\r\n", "\n").strip(), *self.noted),
            staff=tidy(self.text(Target.STAFF))[:LONGEST_TOLD],
            referrer=tidy(self.text(Target.REFERRER))[:LONGEST_TOLD],
        )
        if wanted.first_visit_on and wanted.last_visit_on and wanted.first_visit_on > wanted.last_visit_on:
            self.refuse(Target.FIRST_VISIT_ON, "first_after_last", self.text(Target.FIRST_VISIT_ON))
        return Read(wanted, tuple(self.problems), hints=tuple(self.hints), remarks=tuple(self.remarks))

    def _details(self) -> ClientDetails:
        whole = full_name_in(self.text(Target.NAME))
        contacts = contacts_in(self.cells, self.mapping.country)
        self.noted = [written(target, cell) for target, cell in contacts.noted]
        self.hints += [Problem(target, "noted", cell[:LONGEST_TOLD]) for target, cell in contacts.noted]
        blocked = self._block_reason()
        given = ClientDetails(
            first_name=self.text(Target.FIRST_NAME) or whole.first,
            last_name=self.text(Target.LAST_NAME) or whole.last,
            gender=self._gender() or whole.gender,
            birthday=self._birthday(),
            mobile=contacts.mobile,
            landline=contacts.landline,
            email=contacts.email,
            street=self.text(Target.STREET),
            postal_code=self._postal_code(),
            city=self.text(Target.CITY),
            blocked=YES if blocked else "",
            blocked_reason=blocked,
        )
        try:
            return accept(given, country=self.mapping.country, today=self.mapping.today).details
        except InvalidInput as refusal:
            for error in refusal.errors:
                column = Target.BLOCKED if error.field == "blocked_reason" else error.field
                if not any(one.target == column for one in self.problems):
                    self.refuse(column, error.code, getattr(given, error.field, ""))
            return given

    def _block_reason(self) -> str:
        text = tidy(self.text(Target.BLOCKED))
        word = _word(text)
        if not word or word in _NO:
            return ""
        return gettext("So it was in the software before") if word in _YES else text

    def _gender(self) -> str:
        text = self.text(Target.GENDER)
        gender = gender_of(text)
        if text and not gender:
            self.hints.append(Problem(Target.GENDER, "gender_unknown", text[:LONGEST_TOLD]))
        return gender or ""

    def _birthday(self) -> str:
        text = in_figures(self.text(Target.BIRTHDAY), month_first=self.mapping.day_order == DayOrder.MDY)
        if not text:
            return ""
        try:
            day = parse_day(text, self.mapping.day_order, latest=self.mapping.today.year)
            if day > self.mapping.today:
                # Nobody is born in the future: of two digits, this year is that of a hundred years ago.
                day = parse_day(text, self.mapping.day_order, latest=self.mapping.today.year - 1)
        except NoDay:
            # A day without its year, or nonsense: the rule of the card says which.
            if self.mapping.day_order == DayOrder.MDY and (match := _MONTH_DAY.fullmatch(text)):
                return f"--{int(match[1]):02}-{int(match[2]):02}"
            return text
        return day.isoformat()

    def _postal_code(self) -> str:
        text = self.text(Target.POSTAL_CODE)
        may_be_lost = self.mapping.short_postcodes or (self.mapping.country == "DE" and not self.mapping.own_file)
        if not may_be_lost or not has_lost_its_zero(text):
            return text
        self.remarks.append((Target.POSTAL_CODE, ZERO_ADDED))
        return text.zfill(5)

    def _treatcard(self) -> str:
        number = tidied(self.text(Target.TREATCARD))
        if len(number) > LONGEST_TREATCARD:
            self.refuse(Target.TREATCARD, "max_length", number)
        elif not number.isprintable():
            self.refuse(Target.TREATCARD, "invalid", number)
        return number

    def _points(self) -> int | None:
        # A balance below zero is one, too: what was redeemed has been refunded.
        text = self.text(Target.POINTS)
        owed = text[:1] in {"-", "−"}
        count = self._count(Target.POINTS, text.lstrip("-−") if owed else text)
        return -count if owed and count else count

    def _count(self, target: Target, text: str | None = None) -> int | None:
        text = self.text(target) if text is None else text
        if not text:
            return None
        # 1.234 and 1,234 are thousands, 12.0 and 12,00 are whole.
        plain = re.sub(r"(?<=\d)[.,](?=\d{3}(?:\D|$))", "", text.replace("\u00a0", "").replace(" ", ""))
        plain = re.sub(r"[.,]0{1,2}$", "", plain)
        if not re.fullmatch(r"\d{1,10}", plain, re.ASCII) or int(plain) > MOST:
            self.refuse(target, "no_count", text)
            return None
        return int(plain)

    def _day(self, target: Target) -> date | None:
        text, order = self.text(target), self.mapping.day_order
        if not text:
            return None
        plain, about = without_about(text) if target in _FROM | _UNTIL else (text, False)
        how = ABOUT if about else ""
        try:
            plain = in_figures(plain, month_first=order == DayOrder.MDY)
            day = parse_day(plain, order, latest=self.mapping.today.year)
        except NoDay:
            span = span_of(plain) if target in _FROM | _UNTIL else None
            if span is None:
                self.refuse(target, "no_day", text)
                return None
            first, last = span
            day, how = (first, ABOUT_EARLIEST) if target in _FROM else (last, ABOUT_LATEST)
            if how == ABOUT_LATEST and first <= self.mapping.today:
                day = min(last, self.mapping.today)
        if day > self.mapping.today:
            self.refuse(target, "future", text)
        elif day.year < 1900:
            self.refuse(target, "no_day", text)
        elif how:
            self.remarks.append((target, how))
        return day

    def _consent(self) -> bool | None:
        word = _word(self.text(Target.CONSENT))
        # Nothing but a clear yes is a consent.
        return True if word in _YES else False if word in _NO else None

    def _categories(self) -> tuple[str, ...]:
        meant = self.mapping.meant_categories
        told = listed(self.text(Target.CATEGORIES), self.mapping.separators)
        names = list(dict.fromkeys(meant.get(CategoryDetails(name=name).name_key, name) for name in told))
        for name in names:
            if len(name) > LONGEST_CATEGORY:
                self.refuse(Target.CATEGORIES, "category_too_long", name)
        return tuple(names)

    def _services(self) -> tuple[tuple[str, int], ...]:
        found = services_of(self.text(Target.SERVICES))
        for name in found:
            if len(name) > LONGEST_SERVICE:
                self.refuse(Target.SERVICES, "service_too_long", name)
        return tuple(sorted(found.items()))
