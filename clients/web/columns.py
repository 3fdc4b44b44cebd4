"""The columns of the client list: which there are, what they show, and who chose which (ui.md §2.3)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from django.utils import dateformat
from django.utils.formats import get_format
from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from clients.classification import Status
from clients.listing import Sort, category_names
from clients.models import Client
from clients.web.handed_in import HANDED_IN
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
    NEXT_APPOINTMENT = "next_appointment", _("Next appointment")
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
    Column.POINTS: Sort.POINTS,
}


def chosen_columns(user: User) -> list[Column]:
    """Return the columns that a user sees, in the order of the page."""
    chosen = user.columns.get(PAGE)
    return [column for column in Column if column in (DEFAULT if chosen is None else chosen)]


def has_chosen(user: User) -> bool:
    """Return whether a user has chosen columns: then she sees these, however narrow the screen."""
    return PAGE in user.columns


@dataclass(frozen=True, slots=True)
class ListRow:
    """One client of the list; `html` is the row but for the box to mark it."""

    id: UUID
    number: str
    full_name: str
    card_url: str
    html: SafeString


@dataclass(frozen=True, slots=True)
class _Writing:
    """What cells are written with."""

    country: str
    day_format: str
    words: dict[str, str]
    categories: dict[UUID, list[str]]
    zone: ZoneInfo
    read: Mapping[Column, Mapping[UUID, datetime]]

    def day(self, day: date) -> str:
        return dateformat.format(day, self.day_format)


def rows_of(
    clients: Sequence[Client],
    columns: Collection[Column],
    *,
    salon: Salon,
    card_url: Callable[[UUID], str],
    now: datetime,
) -> list[ListRow]:
    """Return cards as rows of the list, in the same order; their categories come in one statement, and so does what
    another app knows.

    Rows are written here: by a template thirty of them took as long as all the rest of the page. Whatever comes from
    a card goes through `escape`.
    """
    ids = [client.pk for client in clients]
    writing = _Writing(
        country=salon.country,
        day_format=get_format("SHORT_DATE_FORMAT"),
        words={key: escape(str(word)) for key, word in _WORDS.items()},
        categories=category_names(ids) if Column.CATEGORIES in columns else {},
        zone=ZoneInfo(salon.timezone),
        read={column: HANDED_IN.days[column](ids, now) for column in columns if column in HANDED_IN.days},
    )
    cells = [(f'<td class="c-{column.value}">', _CELLS[column]) for column in columns]
    return [_row(client, card_url(client.pk), cells, writing) for client in clients]


def _row(client: Client, url: str, cells: list[tuple[str, "_Cell"]], writing: _Writing) -> ListRow:
    name = client.full_name
    blocked = f' <span class="badge danger">{_BAN}{writing.words["blocked"]}</span>' if client.blocked else ""
    number = f"{writing.words['no']} {client.number}"
    phone = display_phone(client.mobile or client.landline, writing.country)
    head = (
        f'<th scope="row"><a class="row-link" href="{escape(url)}">{escape(name)}</a>{blocked}'
        f'<small class="c-under">{f"{escape(phone)} · {number}" if phone else number}</small></th>'
    )
    html = head + "".join([f"{opening}{cell(client, writing)}</td>" for opening, cell in cells])
    return ListRow(client.pk, str(client.number), name, url, mark_safe(html))  # noqa: S308 - escaped piece by piece


_WORDS: dict[str, Promise] = {
    "no": _("No."),
    "no_contact": _("no contact"),
    "blocked": _("blocked"),
    "never": _("never"),
    "yes": _("agreed"),
    Status.NEW.value: Status.NEW.label,
    Status.RETURNING.value: Status.RETURNING.label,
}
_BAN = icon("ban", 12)
_CHECK = icon("check", 16)


def _phone(client: Client, writing: _Writing) -> str:
    if not (client.email or client.mobile or client.landline):
        return f'<span class="badge">{writing.words["no_contact"]}</span>'
    return escape(display_phone(client.mobile or client.landline, writing.country))


def _categories(client: Client, writing: _Writing) -> str:
    names = writing.categories.get(client.pk)
    if not names:
        return ""
    shown = [f'<span class="badge">{escape(name)}</span>' for name in names[:SHOWN_CATEGORIES]]
    if rest := names[SHOWN_CATEGORIES:]:
        shown.append(f'<span class="badge" title="{escape(", ".join(rest))}">+{len(rest)}</span>')
    return f'<span class="labels">{"".join(shown)}</span>'


def _status(client: Client, writing: _Writing) -> str:
    tone = "badge accent" if client.status == Status.NEW else "badge"
    return f'<span class="{tone}">{writing.words.get(client.status, "")}</span>'


def _last_visit(client: Client, writing: _Writing) -> str:
    if client.last_success_key == date.min:
        return f'<span class="faint">{writing.words["never"]}</span>'
    return writing.day(client.last_success_key)


def _next_appointment(client: Client, writing: _Writing) -> str:
    moment = writing.read.get(Column.NEXT_APPOINTMENT, {}).get(client.pk)
    return writing.day(moment.astimezone(writing.zone).date()) if moment else ""


def _consent(client: Client, writing: _Writing) -> str:
    return f'{_CHECK}<span class="visually-hidden">{writing.words["yes"]}</span>' if client.email_consent else ""


# Each returns HTML: what a card says is escaped.
_Cell = Callable[[Client, _Writing], str]
_CELLS: dict[Column, _Cell] = {
    Column.NUMBER: lambda client, _writing: str(client.number),
    Column.PHONE: _phone,
    Column.EMAIL: lambda client, _writing: escape(client.email),
    Column.CITY: lambda client, _writing: escape(client.city),
    Column.CATEGORIES: _categories,
    Column.STATUS: _status,
    Column.LAST_VISIT: _last_visit,
    Column.NEXT_APPOINTMENT: _next_appointment,
    Column.VISITS: lambda client, _writing: str(client.visits_in_all),
    Column.SINCE: lambda client, writing: writing.day(client.listed_on),
    Column.BIRTHDAY: lambda client, _writing: birthday_text(client),
    Column.TREATCARD: lambda client, _writing: escape(client.treatcard_number),
    Column.POINTS: lambda client, _writing: str(client.points) if client.treatcard_number or client.points else "",
    Column.CONSENT: _consent,
}
