"""The columns of the client export, and what stands in them (domain.md §10)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    DateField,
    DateTimeField,
    ExpressionWrapper,
    F,
    Func,
    Min,
    Q,
    QuerySet,
    StringAgg,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.checkout.pricing import LineKind
from bookings.models import SaleState
from bookings.states import CHANGEABLE, State
from clients.classification import CreatedVia, Reason, Status
from clients.details import Gender
from clients.models import Category, Client
from salon.desk.workbook import Cell, Column, Kind

COLUMNS = (
    Column(gettext_lazy("Client No."), Kind.COUNT, 10),
    Column(gettext_lazy("First name"), Kind.TEXT, 16),
    Column(gettext_lazy("Last name"), Kind.TEXT, 18),
    Column(gettext_lazy("Gender"), Kind.TEXT, 11),
    Column(gettext_lazy("Birthday"), Kind.DATE, 12),
    Column(gettext_lazy("E-mail"), Kind.TEXT, 30),
    Column(gettext_lazy("Mobile"), Kind.PHONE, 17),
    Column(gettext_lazy("Landline"), Kind.PHONE, 17),
    Column(gettext_lazy("Street"), Kind.TEXT, 24),
    Column(gettext_lazy("Postcode"), Kind.DIGITS, 8),
    Column(gettext_lazy("Town"), Kind.TEXT, 16),
    Column(gettext_lazy("Categories"), Kind.TEXT, 26),
    Column(gettext_lazy("Treatcard no."), Kind.DIGITS, 15),
    Column(gettext_lazy("Points"), Kind.COUNT, 9),
    Column(gettext_lazy("Status"), Kind.TEXT, 14),
    Column(gettext_lazy("Reason"), Kind.TEXT, 30),
    Column(gettext_lazy("Client since"), Kind.DATE, 12),
    Column(gettext_lazy("First appointment"), Kind.DATE, 14),
    Column(gettext_lazy("Last appointment"), Kind.DATE, 14),
    Column(gettext_lazy("Next appointment"), Kind.DATE, 15),
    Column(gettext_lazy("Visits"), Kind.COUNT, 9),
    Column(gettext_lazy("Cancellations"), Kind.COUNT, 10),
    Column(gettext_lazy("No-shows"), Kind.COUNT, 16),
    Column(gettext_lazy("Revenue from services"), Kind.MONEY, 17),
    Column(gettext_lazy("Revenue from products"), Kind.MONEY, 15),
    Column(gettext_lazy("E-mail consent"), Kind.TEXT, 18),
    Column(gettext_lazy("Consent on"), Kind.DATE, 15),
    Column(gettext_lazy("Source"), Kind.TEXT, 18),
    Column(gettext_lazy("Notes"), Kind.TEXT, 48),
)
# Small enough to weigh little, large enough that its queries do.
BATCH = 5_000
# What a cell of a workbook holds, in UTF-16 units.
LONGEST_TEXT = 32_767
BETWEEN_CATEGORIES = "; "
BETWEEN_NOTES = "\n\n"


@dataclass(frozen=True, slots=True)
class Figures:
    """What other apps know of one client."""

    next_appointment: date | None = None
    cancellations: int = 0
    no_shows: int = 0


@dataclass(frozen=True, slots=True)
class Revenue:
    """What one client has paid for services and for products and kept, after all discounts."""

    services: float = 0.0
    products: float = 0.0


_NOTHING = Figures()
_NO_REVENUE = Revenue()


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of the file, in the order of COLUMNS, how many, and the number of the last client among them.

    The rows are put together as they are taken, once: without the database, and without all of them in memory twice.
    """

    rows: Iterator[tuple[Cell, ...]]
    size: int
    last_number: int


class Words:
    """The words of one language that cells are made of, looked up once for a whole file."""

    def __init__(self) -> None:
        self.gender = {str(value): str(label) for value, label in Gender.choices} | {"": None}
        self.status = {str(value): str(label) for value, label in Status.choices}
        self.reason = {str(value): str(label) for value, label in Reason.choices}
        self.source = {str(value): str(label) for value, label in CreatedVia.choices}
        self.consent = {True: _("yes"), False: _("no")}


def exported(selected: QuerySet[Any, UUID] | None) -> QuerySet[Client]:
    """Return the cards of the open salon that belong into an export: all in use, or those of them selected."""
    clients = Client.objects.listed()
    return clients if selected is None else clients.filter(pk__in=selected)


def next_batch(clients: QuerySet[Client], *, after: int, words: Words, zone: ZoneInfo, now: datetime) -> Batch | None:
    """Return the rows behind client number `after`, None when there are no more; six queries, however many rows.

    Days are those of `zone`, what is next lies behind `now`. Nothing of a card's health record is read (domain.md §2).
    """
    behind = clients.filter(number__gt=after)
    # "No" has a day only where she said so: not where she agreed at another address than the card has.
    # Not TruncDate, which has Python look at every row once more.
    decided_at = Case(When(email_consent=False, email_consent_for__isnull=False, then=None), default="email_consent_at")
    there = Func(Value(zone.key), decided_at, function="timezone", output_field=DateTimeField())
    consent_on = Cast(there, DateField())
    cards = list(behind.order_by("number").values_list(*_READ, consent_on, _ID)[:BATCH])
    if not cards:
        return None
    last_number = cards[-1][0]
    ids = [card[-1] for card in cards]
    told = _Told(behind.filter(number__lte=last_number), ids=(min(ids), max(ids)), zone=zone, now=now)
    return Batch(_rows(cards, told, words), len(cards), last_number)


_READ = (
    "number",
    "first_name",
    "last_name",
    "gender",
    "birth_day",
    "birth_month",
    "birth_year",
    "email",
    "mobile",
    "landline",
    "street",
    "postal_code",
    "city",
    "treatcard_number",
    "points",
    "status",
    "status_reason",
    "listed_on",
    "first_success_on",
    "last_success_on",
    "visits_in_all",
    "email_consent",
    "created_via",
)
# As text, which sorts as ids do: to make an object of each would cost as much as all of a card's dates.
_ID = Cast("pk", TextField())


class _Told:
    """What stands of some clients outside their cards' rows, by client number: one text each, made in the database.

    `ids` are the lowest and the highest of theirs. Ids ascend with time as numbers do, so what lies between them is
    little more than theirs: the database reads it in one go instead of searching for each client.
    """

    def __init__(self, clients: QuerySet[Client], *, ids: tuple[str, str], zone: ZoneInfo, now: datetime) -> None:
        first, last = ids
        self.categories = _categories(clients.filter(assignments__client__gte=first, assignments__client__lte=last))
        written = clients.filter(notes__client__gte=first, notes__client__lte=last, notes__deleted_at=None)
        texts = StringAgg("notes__text", Value(BETWEEN_NOTES), order_by=("notes__written_at", "notes__pk"))
        self.notes = {number: _fitting(text) for number, text in written.values_list("number").annotate(texts=texts)}
        self.figures = _figures(clients, ids, zone, now)
        self.revenue = _revenue(clients, ids)


def _categories(assigned: QuerySet[Client]) -> dict[int, str]:
    """Return the names of what is assigned to these clients, in their order, by client number."""
    names = dict(
        Category.objects.filter(deleted_at=None)
        .annotate(as_text=Cast("pk", TextField()))
        .order_by("name_key", "pk")
        .values_list("as_text", "name")
    )

    # Few sets of categories are had by many clients: to sort names for each client takes the database most of a batch.
    @cache
    def text_of(ids: str) -> str | None:
        had = set(ids.split())
        return _fitting(BETWEEN_CATEGORIES.join(name for pk, name in names.items() if pk in had)) or None

    sets = StringAgg(Cast("assignments__category", TextField()), Value(" "))
    return {number: text for number, ids in assigned.values_list("number").annotate(ids=sets) if (text := text_of(ids))}


def _fitting(text: str) -> str:
    """Return as much of a text as a cell holds."""
    if len(text) <= LONGEST_TEXT // 2:
        return text
    units = text.encode("utf-16-le")[: 2 * LONGEST_TEXT]
    return units.decode("utf-16-le", errors="ignore")


def _figures(clients: QuerySet[Client], ids: tuple[str, str], zone: ZoneInfo, now: datetime) -> dict[int, Figures]:
    """Return what appointments say of these clients, by number; one that is missing has no figures."""
    first, last = ids
    to_come = Q(appointments__state__in=CHANGEABLE, appointments__starts_at__gte=now)
    told = to_come | Q(appointments__state__in=[State.CANCELLED, State.NO_SHOW])
    booked = clients.filter(told, appointments__client__gte=first, appointments__client__lte=last)
    counted = booked.values_list("number").annotate(
        next_at=Min("appointments__starts_at", filter=to_come),
        cancelled=Count("appointments", filter=Q(appointments__state=State.CANCELLED)),
        missed=Count("appointments", filter=Q(appointments__state=State.NO_SHOW)),
    )
    return {
        number: Figures(next_at and next_at.astimezone(zone).date(), cancelled, missed)
        for number, next_at, cancelled, missed in counted
    }


def _revenue(clients: QuerySet[Client], ids: tuple[str, str]) -> dict[int, Revenue]:
    """Return what these clients have bought and kept, by number; one that is missing has bought nothing."""
    first, last = ids
    bought = clients.filter(
        sales__client__gte=first,
        sales__client__lte=last,
        sales__state__in=[SaleState.PAID, SaleState.PARTLY_REFUNDED],
        sales__lines__kind__in=[LineKind.SERVICE, LineKind.PRODUCT],
    )
    # In cents, as the database has them.
    kept = ExpressionWrapper(
        F("sales__lines__final_price") - F("sales__lines__refunded_amount"), output_field=BigIntegerField()
    )
    summed = bought.values_list("number").annotate(
        services=Sum(kept, filter=Q(sales__lines__kind=LineKind.SERVICE), default=0),
        products=Sum(kept, filter=Q(sales__lines__kind=LineKind.PRODUCT), default=0),
    )
    return {number: Revenue(float(services) / 100, float(products) / 100) for number, services, products in summed}


def _rows(cards: Iterable[tuple[Any, ...]], told: _Told, words: Words) -> Iterator[tuple[Cell, ...]]:
    for (
        number,
        first_name,
        last_name,
        gender,
        birth_day,
        birth_month,
        birth_year,
        email,
        mobile,
        landline,
        street,
        postal_code,
        city,
        treatcard_number,
        points,
        status,
        reason,
        listed_on,
        first_success_on,
        last_success_on,
        visits,
        email_consent,
        created_via,
        consent_on,
        _id,
    ) in cards:
        figures = told.figures.get(number, _NOTHING)
        revenue = told.revenue.get(number, _NO_REVENUE)
        yield (
            number,
            first_name,
            last_name,
            words.gender[gender],
            _birthday(birth_day, birth_month, birth_year),
            email,
            mobile,
            landline,
            street,
            postal_code,
            city,
            told.categories.get(number),
            treatcard_number,
            points,
            words.status[status],
            words.reason[reason],
            listed_on,
            first_success_on,
            last_success_on,
            figures.next_appointment,
            visits,
            figures.cancellations,
            figures.no_shows,
            revenue.services,
            revenue.products,
            words.consent[email_consent],
            consent_on,
            words.source[created_via],
            told.notes.get(number),
        )


def _birthday(day: int | None, month: int | None, year: int | None) -> Cell:
    if day is None or month is None:
        return None
    try:
        # A spreadsheet knows no day without a year, and none before 1900.
        return date(year, month, day) if year and year > 1900 else f"{day:02}.{month:02}.{year or ''}"
    except ValueError:
        return f"{day:02}.{month:02}.{year}"
