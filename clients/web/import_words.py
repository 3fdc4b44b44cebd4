"""What is said about lines of an import: why one is faulty, what one changes."""

from datetime import date

from django.utils import dateformat
from django.utils.formats import get_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.details import LABELS
from clients.importing.formats import TARGET_LABELS, Target
from clients.importing.mapping import ABOUT, ABOUT_EARLIEST, ABOUT_LATEST, ZERO_ADDED
from clients.importing.plans import MADE
from clients.importing.since import BY_FIRST_VISIT, BY_IMPORT, BY_LAST_VISIT
from clients.models import Decision
from clients.web.shown import worded

# Of a whole file.
REFUSALS: dict[str, Promise] = {
    "too_large": gettext_lazy("It is larger than 25 MB. Please split it; a workbook gets smaller when saved as CSV."),
    "empty": gettext_lazy("It holds no clients: a line of headings and at least one line below it are needed."),
    "too_many_rows": gettext_lazy("It has more than 100,000 lines. Please split it."),
    "too_many_columns": gettext_lazy("It has more than 200 columns. Please delete those you do not need."),
    "cell_too_long": gettext_lazy("One cell is longer than 32,767 characters."),
    "broken_quotes": gettext_lazy(
        "A quotation mark that begins a cell is not closed, so that nobody can tell where the cell ends. Please close "
        "or delete it."
    ),
    "unknown_encoding": gettext_lazy(
        "The letters of this file cannot be read. Please save it as “CSV UTF-8”, or as XLSX."
    ),
    "not_a_table": gettext_lazy("This is no table. Files of the kinds CSV, XLSX, XLS and ODS can be read."),
    "broken_workbook": gettext_lazy("The workbook is damaged. Please open it in your spreadsheet and save it anew."),
    "protected": gettext_lazy("The workbook is protected by a password. Please save it without one."),
    "zip_bomb": gettext_lazy("Unpacked, it is far too large. Please save it anew, or as CSV."),
    "too_complex": gettext_lazy("Reading it takes too much memory or time. Please save the clients alone as CSV."),
    "lost": gettext_lazy("The uploaded file is gone. Please upload it once more."),
}
_PROBLEMS: dict[str, Promise] = {
    "required": gettext_lazy("The name is missing."),
    "email.invalid": gettext_lazy("“%(cell)s” is not an e-mail address."),
    "mobile.invalid": gettext_lazy("“%(cell)s” cannot be a phone number."),
    "landline.invalid": gettext_lazy("“%(cell)s” cannot be a phone number."),
    "birthday.future": gettext_lazy("The birthday “%(cell)s” lies in the future."),
    "birthday.past": gettext_lazy("Born on “%(cell)s”: nobody is that old."),
    "birthday.invalid": gettext_lazy("“%(cell)s” is no recognisable date."),
    "no_such_day": gettext_lazy("There is no day “%(cell)s”."),
    "no_day": gettext_lazy("“%(cell)s” is no recognisable date."),
    "future": gettext_lazy("“%(cell)s” lies in the future."),
    "no_count": gettext_lazy("“%(cell)s” is not a whole number."),
    "max_length": gettext_lazy("This is too long: “%(cell)s”"),
    "category_too_long": gettext_lazy("A category's name has at most 60 characters: “%(cell)s”"),
    "service_too_long": gettext_lazy("A service's name has at most 120 characters: “%(cell)s”"),
    "first_after_last": gettext_lazy("The first visit is later than the last one."),
    "same_client_line": gettext_lazy("The same person as in line %(cell)s."),
    "joined_line": gettext_lazy("The same person as in line %(cell)s: it fills that card."),
    "too_many_of_her": gettext_lazy("Too many lines one after the other are of the same person."),
    "only_name": gettext_lazy("Nothing but a name stands there."),
    "health": gettext_lazy("“%(cell)s” looks like health data, which the card stores only after recorded consent."),
    "person_unknown": gettext_lazy("“%(cell)s” is nobody here, or several; it is kept as a note."),
    "treatcard_invalid": gettext_lazy(
        "“%(cell)s” is no Treatcard number: 3 to 32 letters A to Z, digits, and hyphens between them."
    ),
    "treatcard_taken": gettext_lazy("The Treatcard number %(cell)s belongs to another client."),
    "treatcard_line": gettext_lazy("Line %(cell)s has the same Treatcard number."),
    "look_alike": gettext_lazy("Looks like client no. %(cell)s, but is not surely the same."),
    "look_alike_line": gettext_lazy("Shares a phone number or an e-mail address with line %(cell)s."),
    "category_unknown": gettext_lazy("There is no category “%(cell)s”; it is left out."),
    "erased": gettext_lazy(
        "Client no. %(cell)s was erased here and is left out. Under “Change columns” all who were erased can be taken "
        "in again."
    ),
    "erased_again": gettext_lazy("Client no. %(cell)s was erased here and is taken in again."),
    "points_without_card": gettext_lazy(
        "The %(cell)s points are left out: points are collected on a Treatcard, and there is no number of one."
    ),
    "points_owed": gettext_lazy(
        "The balance begins below zero, with %(cell)s: nothing can be redeemed until it is made up for."
    ),
    "service_unknown": gettext_lazy("The salon has no service “%(cell)s”; it is kept on the card under this name."),
    "points_kept": gettext_lazy(
        "The balance of %(cell)s stays: a file opens the balance only of cards that have had no points here yet."
    ),
    "consent_objected": gettext_lazy("The consent is left out: news to this e-mail address were objected to."),
    "consent_ends": gettext_lazy(
        "The consent to news holds at the old address and ends with it. At the new one it can be asked for on the card."
    ),
    "consent_without_address": gettext_lazy(
        "The consent is left out: it would hold for an e-mail address, and the card does not have that of this line."
    ),
    "noted": gettext_lazy("“%(cell)s” is kept in full as a note."),
    "gender_unknown": gettext_lazy("“%(cell)s” is no known gender or salutation; it is left out."),
    "consent_without_words": gettext_lazy("The consent is left out, as nothing says where it comes from."),
    "": gettext_lazy("“%(cell)s” cannot be taken over."),
}
# What a change says that the file does not.
REMARKS: dict[str, Promise] = {
    BY_FIRST_VISIT: gettext_lazy("from the first visit"),
    BY_LAST_VISIT: gettext_lazy("from the last visit"),
    BY_IMPORT: gettext_lazy("the day of the import"),
    MADE: gettext_lazy("new category"),
    ABOUT: gettext_lazy("known only about"),
    ABOUT_EARLIEST: gettext_lazy("known only about, the earliest day it can be"),
    ABOUT_LATEST: gettext_lazy("known only about, the latest day it can be"),
    ZERO_ADDED: gettext_lazy("with the 0 that a spreadsheet takes away"),
}
# Why an undo left something.
KEPT: dict[str, Promise] = {
    "touched": gettext_lazy("Somebody has worked with this card since; it stays."),
    "in_use": gettext_lazy("Something refers to this card, an appointment for instance; it stays."),
    "gone": gettext_lazy("This card is not in use any more; nothing was done."),
    "field_changed": gettext_lazy("What somebody has changed since stays as it is; the rest was set back."),
}
_FACT_LABELS: dict[str, Promise] = {
    "carried_first_visit_on": TARGET_LABELS[Target.FIRST_VISIT_ON],
    "carried_last_visit_on": TARGET_LABELS[Target.LAST_VISIT_ON],
    "carried_visits": TARGET_LABELS[Target.VISITS],
    "points": TARGET_LABELS[Target.POINTS],
    "consent": TARGET_LABELS[Target.CONSENT],
}


def label_of(field: str) -> Promise | str:
    """Return what a field of a plan is called on the screen."""
    if field in LABELS or field in _FACT_LABELS:
        return LABELS.get(field) or _FACT_LABELS[field]
    return TARGET_LABELS[Target(field)] if field in set(Target) and field else field


def problem_words(problem: dict[str, str]) -> str:
    """Return a problem of a line as a sentence, with the name of its column."""
    target, code = problem["target"], problem["code"]
    words = _PROBLEMS.get(f"{target}.{code}") or _PROBLEMS.get(code) or _PROBLEMS[""]
    sentence = str(words) % {"cell": problem["cell"]}
    label = "" if target in {"", "first_name"} and code == "required" else label_of(target)
    return f"{label}: {sentence}" if label else sentence


def value_words(field: str, value: str | None, country: str) -> str:
    """Return an old or new value of a plan in the writing of the screen."""
    if not value:
        return ""
    if field == "consent":
        return _("yes") if value == Decision.GRANTED else _("no")
    if field.endswith("_on"):
        return dateformat.format(date.fromisoformat(value), get_format("SHORT_DATE_FORMAT"))
    return worded(field, value, country)
