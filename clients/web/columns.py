"""The columns of the client list: which there are, what they show, and who chose which (ui.md §2.3)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import TextChoices
from django.utils import dateformat
from django.utils.formats import get_format
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from clients.categories import categories_of
from clients.classification import Status
from clients.listing import Sort
from clients.models import Category, Client
from clients.web.shown import birthday_text
from salon.identity.models import User
from salon.phone import display_phone
from salon.tenancy.models import Salon
from salon.web.templatetags.ui import icon

PAGE = "clients"
SHOWN_CATEGORIES = 2


class Column(TextChoices):
    """What a row can show beside the name, in the order of the page."""

    NUMBER = "number", _("No.")
    PHONE = "phone", _("Phone")
    EMAIL = "email", _("E-mail")
    CITY = "city", _("Town")
    CATEGORIES = "categories", _("Categories")
    STATUS = "status", _("Status")
    LAST_VISIT = "last_visit", _("Last visit")
    VISITS = "visits", _("Visits")
    SINCE = "since", _("Client since")
    BIRTHDAY = "birthday", _("Birthday")
    TREATCARD = "treatcard", _("Treatcard")
    POINTS = "points", _("Points")
    CONSENT = "consent", _("News by e-mail")


DEFAULT = (Column.NUMBER, Column.PHONE, Column.EMAIL, Column.CATEGORIES, Column.STATUS, Column.LAST_VISIT)
SORTS = {
    Column.NUMBER: Sort.NUMBER,
    Column.LAST_VISIT: Sort.LAST_VISIT,
    Column.VISITS: Sort.VISITS,
    Column.SINCE: Sort.LISTED_ON,
}


def chosen_columns(user: User) -> list[Column]:
    """Return the columns that a user sees, in the order of the page."""
    chosen = user.columns.get(PAGE)
    return [column for column in Column if column in (DEFAULT if chosen is None else chosen)]


@dataclass(frozen=True, slots=True)
class ListRow:
    """One client of the list; `cells` are those of the chosen columns, written already."""

    id: UUID
    number: str
    full_name: str
    under: str
    card_url: str
    blocked: bool
    cells: SafeString


@dataclass(frozen=True, slots=True)
class _Writing:
    """What cells are written with."""

    country: str
    day_format: str
    words: dict[str, str]
    categories: dict[UUID, list[Category]]

    def day(self, day: date) -> str:
        return dateformat.format(day, self.day_format)


def rows_of(
    clients: Sequence[Client], columns: Iterable[Column], *, salon: Salon, card_url: Callable[[UUID], str]
) -> list[ListRow]:
    """Return cards as rows of the list, in the same order; their categories come in one statement.

    Cells are written here and not by a template: thirty rows of eight cells took a third of the page's time there.
    """
    columns = list(columns)
    ids = [client.pk for client in clients]
    writing = _Writing(
        country=salon.country,
        day_format=get_format("SHORT_DATE_FORMAT"),
        words={key: str(word) for key, word in _WORDS.items()},
        categories=categories_of(ids) if ids and Column.CATEGORIES in columns else {},
    )
    cells = [(f"c-{column.value}", _CELLS[column]) for column in columns]
    return [
        ListRow(
            id=client.pk,
            number=str(client.number),
            full_name=client.full_name,
            under=" · ".join(part for part in (_phone_text(client, writing), f"{writing.words['no']} {client.number}") if part),
            card_url=card_url(client.pk),
            blocked=client.blocked,
            cells=format_html_join("", '<td class="{}">{}</td>', ((name, cell(client, writing)) for name, cell in cells)),
        )
        for client in clients
    ]


_WORDS: dict[str, Promise] = {
    "no": _("No."),
    "no_contact": _("no contact"),
    "never": _("never"),
    "yes": _("agreed"),
    Status.NEW.value: Status.NEW.label,
    Status.RETURNING.value: Status.RETURNING.label,
}


def _phone_text(client: Client, writing: _Writing) -> str:
    return display_phone(client.mobile or client.landline, writing.country)


def _phone(client: Client, writing: _Writing) -> str:
    if not (client.email or client.mobile or client.landline):
        return format_html('<span class="badge">{}</span>', writing.words["no_contact"])
    return _phone_text(client, writing)


def _categories(client: Client, writing: _Writing) -> str:
    names = [category.name for category in writing.categories.get(client.pk, [])]
    shown = format_html_join("", '<span class="badge">{}</span>', ((name,) for name in names[:SHOWN_CATEGORIES]))
    rest = names[SHOWN_CATEGORIES:]
    if rest:
        shown += format_html('<span class="badge" title="{}">+{}</span>', ", ".join(rest), len(rest))
    return format_html('<span class="labels">{}</span>', shown) if names else ""


def _status(client: Client, writing: _Writing) -> str:
    tone = "badge accent" if client.status == Status.NEW else "badge"
    return format_html('<span class="{}">{}</span>', tone, writing.words.get(client.status, ""))


def _last_visit(client: Client, writing: _Writing) -> str:
    if client.last_success_key == date.min:
        return format_html('<span class="faint">{}</span>', writing.words["never"])
    return writing.day(client.last_success_key)


def _consent(client: Client, writing: _Writing) -> str:
    return format_html('{}<span class="visually-hidden">{}</span>', icon("check", 16), writing.words["yes"]) if client.email_consent else ""


_CELLS: dict[Column, Callable[[Client, _Writing], str]] = {
    Column.NUMBER: lambda client, _writing: str(client.number),
    Column.PHONE: _phone,
    Column.EMAIL: lambda client, _writing: client.email,
    Column.CITY: lambda client, _writing: client.city,
    Column.CATEGORIES: _categories,
    Column.STATUS: _status,
    Column.LAST_VISIT: _last_visit,
    Column.VISITS: lambda client, _writing: str(client.visits_in_all),
    Column.SINCE: lambda client, writing: writing.day(client.listed_on),
    Column.BIRTHDAY: lambda client, _writing: birthday_text(client),
    Column.TREATCARD: lambda client, _writing: client.treatcard_number,
    Column.POINTS: lambda client, _writing: str(client.carried_points) if client.treatcard_number else "",
    Column.CONSENT: _consent,
}
