"""The files salons bring along: whose they are, told by their headers, and which column means what (domain.md §10)."""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cache

from django.conf import settings
from django.db.models import TextChoices
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clients.details import LABELS
from clients.importing.tables import Sheet
from salon.folding import fold


class Target(StrEnum):
    """What a column can be taken for; the values of master data are the names of `ClientDetails`."""

    SKIP = ""
    NUMBER = "number"
    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    GENDER = "gender"
    BIRTHDAY = "birthday"
    EMAIL = "email"
    PHONE = "phone"
    MOBILE = "mobile"
    LANDLINE = "landline"
    STREET = "street"
    POSTAL_CODE = "postal_code"
    CITY = "city"
    CATEGORIES = "categories"
    NOTES = "notes"
    CONSENT = "consent"
    CONSENT_ON = "consent_on"
    LISTED_ON = "listed_on"
    FIRST_VISIT_ON = "first_visit_on"
    LAST_VISIT_ON = "last_visit_on"
    VISITS = "visits"
    SERVICES = "services"
    TREATCARD = "treatcard_number"
    POINTS = "points"
    STAFF = "preferred_staff"
    REFERRER = "referred_by"
    BLOCKED = "blocked"


# In the order in which the mapping page offers them.
TARGET_LABELS: dict[Target, Promise] = {
    Target.SKIP: _("Leave out"),
    Target.NAME: _("Name (first and last in one)"),
    Target.FIRST_NAME: LABELS["first_name"],
    Target.LAST_NAME: LABELS["last_name"],
    Target.EMAIL: LABELS["email"],
    Target.PHONE: _("Phone (mobile or landline)"),
    Target.MOBILE: LABELS["mobile"],
    Target.LANDLINE: LABELS["landline"],
    Target.STREET: LABELS["street"],
    Target.POSTAL_CODE: LABELS["postal_code"],
    Target.CITY: LABELS["city"],
    Target.BIRTHDAY: LABELS["birthday"],
    Target.GENDER: LABELS["gender"],
    Target.CATEGORIES: _("Client categories"),
    Target.NOTES: _("Notes"),
    Target.CONSENT: _("Consent to news by e-mail"),
    Target.CONSENT_ON: _("Consent given on"),
    Target.LISTED_ON: _("Client since"),
    Target.FIRST_VISIT_ON: _("First visit"),
    Target.LAST_VISIT_ON: _("Last visit"),
    Target.VISITS: _("Number of visits"),
    Target.SERVICES: _("Services had"),
    Target.TREATCARD: _("Treatcard number"),
    Target.POINTS: _("Treatcard points"),
    Target.STAFF: LABELS["preferred_staff"],
    Target.REFERRER: LABELS["referred_by"],
    Target.BLOCKED: LABELS["blocked"],
    Target.NUMBER: _("Client number of this salon"),
}
# What stands in files of faulty lines above the numbers of cards that were made of them.
CARD_MADE = _("Number of the card that was made")
# Several columns may be taken for one of these: their cells are put together.
REPEATABLE = frozenset({Target.SKIP, Target.CATEGORIES, Target.NOTES, Target.SERVICES, Target.PHONE})


class Format(TextChoices):
    """Whose file it is."""

    OURS = "OURS", _("our own export")
    SHORE = "SHORE", "Shore"
    TREATWELL = "TREATWELL", "Treatwell"
    PHOREST = "PHOREST", "Phorest"
    OTHER = "OTHER", _("another file")


# The columns of our own export, German and English (domain.md §10), and what a file of them is read as. The verdict,
# what is still to come and what was paid follow from other data and are not taken over.
OUR_COLUMNS: tuple[tuple[str, str, Target], ...] = (
    ("Kundennr.", "Client No.", Target.NUMBER),
    ("Vorname", "First name", Target.FIRST_NAME),
    ("Nachname", "Last name", Target.LAST_NAME),
    ("Geschlecht", "Gender", Target.GENDER),
    ("Geburtstag", "Birthday", Target.BIRTHDAY),
    ("E-Mail", "E-mail", Target.EMAIL),
    ("Mobil", "Mobile", Target.MOBILE),
    ("Festnetz", "Landline", Target.LANDLINE),
    ("Straße", "Street", Target.STREET),
    ("PLZ", "Postcode", Target.POSTAL_CODE),
    ("Ort", "Town", Target.CITY),
    ("Kategorien", "Categories", Target.CATEGORIES),
    ("Treatcard-Nr.", "Treatcard no.", Target.TREATCARD),
    ("Punkte", "Points", Target.POINTS),
    ("Status", "Status", Target.SKIP),
    ("Grund", "Reason", Target.SKIP),
    ("Kunde seit", "Client since", Target.LISTED_ON),
    ("Erster Termin", "First appointment", Target.FIRST_VISIT_ON),
    ("Letzter Termin", "Last appointment", Target.LAST_VISIT_ON),
    ("Nächster Termin", "Next appointment", Target.SKIP),
    ("Besuche", "Visits", Target.VISITS),
    ("Absagen", "Cancellations", Target.SKIP),
    ("Nicht erschienen", "No-shows", Target.SKIP),
    ("Umsatz Leistungen", "Revenue from services", Target.SKIP),
    ("Umsatz Artikel", "Revenue from products", Target.SKIP),
    ("Einwilligung E-Mail", "E-mail consent", Target.CONSENT),
    ("Einwilligung am", "Consent on", Target.CONSENT_ON),
    ("Quelle", "Source", Target.SKIP),
    ("Notizen", "Notes", Target.NOTES),
)
_SHORE = {
    "first_name": Target.FIRST_NAME,
    "last_name": Target.LAST_NAME,
    "gender": Target.GENDER,
    "email": Target.EMAIL,
    "mobile": Target.MOBILE,
    "birthday": Target.BIRTHDAY,
    "address_street": Target.STREET,
    "address_postal_code": Target.POSTAL_CODE,
    "address_city": Target.CITY,
    "notes": Target.NOTES,
    "tags": Target.CATEGORIES,
    "newsletter_status": Target.CONSENT,
}
_TREATWELL = {
    "name": Target.NAME,
    "phone": Target.PHONE,
    "email": Target.EMAIL,
    "note": Target.NOTES,
    "marketing": Target.CONSENT,
}
_PHOREST = {
    "First Name": Target.FIRST_NAME,
    "Last Name": Target.LAST_NAME,
    "Gender": Target.GENDER,
    "Date of Birth": Target.BIRTHDAY,
    "Email": Target.EMAIL,
    "Mobile": Target.MOBILE,
    "Landline": Target.LANDLINE,
    "Address": Target.STREET,
    "Postcode": Target.POSTAL_CODE,
    "City": Target.CITY,
    "Categories": Target.CATEGORIES,
    "Notes": Target.NOTES,
    "TreatCard Number": Target.TREATCARD,
    "TreatCard Points": Target.POINTS,
    "Client Since": Target.LISTED_ON,
    "First Visit": Target.FIRST_VISIT_ON,
    "Last Visit": Target.LAST_VISIT_ON,
    "Visits": Target.VISITS,
    "Services Had": Target.SERVICES,
    "Email Marketing": Target.CONSENT,
}
# Other words for the same, folded when compared.
_SYNONYMS: dict[Target, str] = {
    Target.NAME: "name, kunde, kundin, kundenname, full name, client, client name, customer, vollständiger name",
    Target.FIRST_NAME: "vorname, first name, firstname, given name, forename, rufname",
    Target.LAST_NAME: "nachname, last name, lastname, familienname, surname, family name, zuname",
    Target.GENDER: "geschlecht, gender, sex, anrede, salutation",
    Target.BIRTHDAY: "geburtstag, geburtsdatum, birthday, birthdate, date of birth, dob, birth date, geb, geb datum",
    Target.EMAIL: "e-mail, email, mail, e-mail-adresse, emailadresse, email address, mailadresse",
    Target.PHONE: "telefon, telefonnummer, phone, phone number, tel, tel nr, rufnummer, nummer",
    Target.MOBILE: "mobil, handy, mobile, mobiltelefon, handynummer, mobilnummer, mobile phone, mobile number, cell",
    Target.LANDLINE: "festnetz, landline, telefon privat, home phone, festnetznummer, telefon festnetz",
    Target.STREET: "straße, strasse, street, adresse, anschrift, address, address line 1, straße und hausnummer, "
    "straße hausnummer, straße hausnr, straße und hausnr, straße nr, straße u nr, straße und nr, address street",
    Target.POSTAL_CODE: "plz, postleitzahl, postcode, postal code, zip, zip code, zipcode, address postal code",
    Target.CITY: "ort, stadt, city, town, wohnort, address city",
    Target.CATEGORIES: "kategorien, kategorie, kundenkategorien, kundenkategorie, categories, category, tags, tag, "
    "gruppe, gruppen, kundengruppe, client categories",
    Target.NOTES: "notizen, notiz, notes, note, bemerkung, bemerkungen, kommentar, comment, comments, anmerkung",
    Target.CONSENT: "newsletter, newsletter status, marketing, werbung, einwilligung, einwilligung e-mail, "
    "email consent, e-mail marketing, email marketing, marketing consent, opt-in, consent",
    Target.CONSENT_ON: "einwilligung am, einwilligung vom, consent on, consent date, newsletter seit",
    Target.LISTED_ON: "kunde seit, kundin seit, client since, customer since, created at, angelegt am, erstellt am, "
    "registriert am, created",
    Target.FIRST_VISIT_ON: "erster termin, erster besuch, first visit, first appointment",
    Target.LAST_VISIT_ON: "letzter termin, letzter besuch, last visit, last appointment, zuletzt da",
    Target.VISITS: "besuche, anzahl besuche, termine, anzahl termine, visits, number of visits, appointments, "
    "total visits, visit count, no of visits, besuche gesamt, anzahl der besuche",
    Target.SERVICES: "leistungen, dienstleistungen, services, services had, behandlungen, treatments",
    Target.TREATCARD: "treatcard, treatcard-nr., treatcard-nummer, treatcard number, treatcard no., kartennummer, "
    "kundenkarte, card number, loyalty card",
    Target.POINTS: "punkte, punktestand, points, points balance, treatcard points, treatcard-punkte, loyalty points, "
    "bonuspunkte",
    Target.STAFF: "stammfriseur, stammfriseurin, stammfriseur/in, stammmitarbeiter, stammmitarbeiterin, stammstylist, "
    "bevorzugter mitarbeiter, preferred staff, preferred stylist, preferred staff member",
    Target.REFERRER: "empfohlen von, empfohlen durch, geworben von, referred by, referrer",
    Target.BLOCKED: "gesperrt, blockiert, sperrgrund, archiviert, archived, blocked, blacklisted",
}


_APART = re.compile(r"[\W_]+")


def key_of(header: str) -> str:
    """Return a heading in the form that headings are compared in: its letters and digits, folded, word by word."""
    return " ".join(_APART.split(fold(header))).strip()


def _keys(targets: Iterable[tuple[str, Target]]) -> dict[str, Target]:
    return {key_of(header): target for header, target in targets}


_OURS = (
    _keys((german, target) for german, _english, target in OUR_COLUMNS),
    _keys((english, target) for _german, english, target in OUR_COLUMNS),
)
# Elsewhere than in our own export a client's number is that of somebody else's client.
_GUESSED = frozenset(Target) - {Target.SKIP, Target.NUMBER}
_WHOSE = ("client ", "customer ")


@cache
def _words() -> dict[str, Target]:
    """Return the headings that are recognised in any file: the words above, and those of our own pages."""
    found: dict[str, Target] = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found |= {key_of(str(label)): target for target, label in TARGET_LABELS.items() if target in _GUESSED}
    return found | {key_of(word): target for target, listed in _SYNONYMS.items() for word in listed.split(",")}


@cache
def _cards_made() -> set[str]:
    found = set()
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found.add(key_of(str(CARD_MADE)))
    return found


def names_cards_made(heading: str) -> bool:
    """Tell whether below a heading stand numbers of cards that an import into this salon has made of the lines."""
    return key_of(heading) in _cards_made()


def _guess(key: str) -> Target:
    """Return what a heading means by itself, also with a word for whose it is before it: Client Mobile."""
    if key in _cards_made():
        return Target.NUMBER
    whose = next((word for word in _WHOSE if key.startswith(word)), "")
    return _words().get(key) or _words().get(key.removeprefix(whose), Target.SKIP)


# Whose file it is if the headings hold all of the first, and which column then means what.
_KNOWN: tuple[tuple[Format, frozenset[str], dict[str, Target]], ...] = (
    *((Format.OURS, frozenset(map(key_of, own)), meant) for own, meant in (
        (("Kundennr.", "Vorname", "Nachname", "Einwilligung E-Mail"), _OURS[0]),
        (("Client No.", "First name", "Last name", "E-mail consent"), _OURS[1]),
    )),
    (Format.SHORE, frozenset(map(key_of, ("first_name", "last_name", "newsletter_status"))), _keys(_SHORE.items())),
    (
        Format.PHOREST,
        frozenset(map(key_of, ("First Name", "Last Name", "TreatCard Number"))),
        _keys(_PHOREST.items()),
    ),
    (Format.TREATWELL, frozenset(map(key_of, ("name", "phone", "email", "marketing"))), _keys(_TREATWELL.items())),
)  # fmt: skip


# What stands in lines of clients and in no heading.
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"[+0(][\d ()/.-]{5,}")
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_NUMBERED = re.compile(r"(?:spalte|column) \d+")


def has_headings(first: Sequence[str]) -> bool:
    """Tell whether the first line of a file holds headings, and not a client already."""
    keys = [key_of(cell) for cell in first]
    if any(telling <= set(keys) for _format, telling, _meant in _KNOWN):
        return True
    known = sum(bool(_guess(key) or _NUMBERED.fullmatch(key)) for key in keys)
    # A word that is a heading elsewhere may be a name: Ort, Mail.
    return known > (1 if _is_client(first) else 0)


def place_of_headings(top: Sequence[Sequence[str]]) -> int | None:
    """Return which of the first lines of a file holds the headings, None where none does.

    Below the first one, with titles and headings of groups above it, that is a line of little else than known words.
    """
    place = 0 if top and has_headings(top[0]) else None
    most = _known_in(top[0]) if place == 0 else 1
    for index, cells in enumerate(top[1:], 1):
        known, filled = _known_in(cells), sum(bool(cell) for cell in cells)
        if known > most and known * 2 >= filled and not _is_client(cells):
            place, most = index, known
    return place


def likeliest(sheets: Sequence[Sheet]) -> str:
    """Return which of several sheets holds the list: the one with the most known headings, of equals the longest."""
    return max(sheets, key=lambda sheet: (max(map(_known_in, sheet.top), default=0), sheet.rows)).name


def _known_in(cells: Sequence[str]) -> int:
    return len({target for cell in cells if (target := _guess(key_of(cell)))})


def _is_client(cells: Sequence[str]) -> bool:
    return any(_EMAIL.fullmatch(cell) or _PHONE.fullmatch(cell) or _DATE.fullmatch(cell) for cell in cells)


def guess_contacts(samples: Sequence[Sequence[str]], width: int) -> list[Target]:
    """Guess by what stands in them which columns of a file without headings hold e-mail addresses and phones."""
    return _once([_contact([cells[at] for cells in samples if at < len(cells) and cells[at]]) for at in range(width)])


def _contact(cells: Sequence[str]) -> Target:
    if cells and all(map(_EMAIL.fullmatch, cells)):
        return Target.EMAIL
    if cells and all(_PHONE.fullmatch(cell) and not _DATE.fullmatch(cell) for cell in cells):
        return Target.PHONE
    return Target.SKIP


def recognise(header: Sequence[str]) -> tuple[Format, list[Target]]:
    """Tell by its headings whose file it is, and guess what each column means.

    Only our own export's client number is ours, and that of our files of faulty lines; elsewhere it names somebody
    else's client and is left out.
    """
    keys = [key_of(one) for one in header]
    for known, telling, meant in _KNOWN:
        if telling <= set(keys):
            return known, _once([meant[key] if key in meant else _guess(key) for key in keys])
    guessed = [_guess(key) for key in keys]
    if Target.FIRST_NAME in guessed and Target.LAST_NAME not in guessed:
        # `Name` beside `Vorname` is the last name.
        guessed = [Target.LAST_NAME if one is Target.NAME else one for one in guessed]
    elif Target.FIRST_NAME in guessed or Target.LAST_NAME in guessed:
        guessed = [Target.SKIP if one is Target.NAME else one for one in guessed]
    return Format.OTHER, _once(guessed)


def _once(targets: list[Target]) -> list[Target]:
    """Leave the first column of each meaning its meaning."""
    return [
        target if target in REPEATABLE or target not in targets[:index] else Target.SKIP
        for index, target in enumerate(targets)
    ]


SAMPLE = (
    ("Vorname", "Nachname", "E-Mail", "Mobil", "Geburtstag", "Straße", "PLZ", "Ort", "Kategorien", "Kunde seit",
     "Letzter Besuch", "Besuche", "Notizen"),
    ("Petra", "Lang", "petra.lang@mail.example", "0171 5550318", "21.11.1990", "Lindenstraße 4", "10969", "Berlin",
     "Stammkunden, Farbkundin", "03.05.2021", "14.10.2026", "23", "trinkt den Kaffee schwarz"),
    ("Jörg", "Müller", "", "030 5550199", "", "", "", "Berlin", "", "", "", "", ""),
)  # fmt: skip
