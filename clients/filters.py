"""How a list of clients is narrowed, said once for browser and API (ui.md §2.3, api.md)."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, timedelta
from functools import partial, reduce
from operator import and_
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.utils.dates import MONTHS
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, DateFilter, Filter, FilterSet, UUIDFilter

from clients.classification import CreatedVia, Reason, Status
from clients.listing import Sort
from clients.models import CategoryAssignment, Client
from salon import keyset

LONGEST_AGO = 36_500
# More than any card holds.
MOST_POINTS = 1_000_000_000
USUAL_DAYS = 90
MOST_CATEGORIES = 50
# Up to so many cards, reading those of a category is cheaper than asking each card on the way for its own.
FEW = 2000
# So many times as far as usual the list is walked along where they are read: gathering them all takes as long.
FURTHER = 4
# What a card can say of its client; the other reasons are those of people without one.
REASONS = (Reason.RECENT_VISIT, Reason.LISTED, Reason.FIRST_VISIT_PENDING, Reason.LAPSED)


class YesNo(TextChoices):
    """Whether something is so."""

    YES = "yes", _("yes")
    NO = "no", _("no")


class Visited(TextChoices):
    """When the last successful visit was."""

    WITHIN = "within", _("within the last … days")
    AGO = "ago", _("longer ago than … days")
    NEVER = "never", _("never")


class Contact(TextChoices):
    """What a card says about reaching its client."""

    NONE = "none", _("no phone and no e-mail")


class _ExistsForEach(Exists):
    """Looks into the index for one row, where the planner would hash a category of forty thousand cards first."""

    template = "EXISTS(SELECT 1 FROM (%(subquery)s OFFSET 0) one)"


def in_categories(category_ids: Iterable[UUID], exists: type[Exists] = Exists) -> Q:
    """Cards with any of these categories."""
    return Q(exists(_assigned(category_ids).filter(client=OuterRef("pk"))))


def _among_few(category_ids: Iterable[UUID]) -> Q:
    """The same, of categories with few cards: those are hashed once."""
    return Q(pk__in=_assigned(category_ids).values("client"))


def _assigned(category_ids: Iterable[UUID]) -> QuerySet[CategoryAssignment]:
    return CategoryAssignment.objects.filter(category__in=list(category_ids))


def with_status(status: str) -> Q:
    """Cards with this verdict."""
    return Q(status=status)


def _last_visit(value: str, days: int | None, today: date) -> Q:
    if value == Visited.NEVER:
        return Q(last_success_key=date.min)
    since = today - timedelta(days=days or 0)
    if value == Visited.WITHIN:
        return Q(last_success_key__gte=since)
    return Q(last_success_key__gt=date.min, last_success_key__lt=since)


# What each filter asks of a card, by its name in the address.
_MEETS: dict[str, Callable[[Any], Q]] = {
    "status": with_status,
    "reason": lambda reason: Q(status_reason=reason),
    "first_from": lambda day: Q(first_success_on__gte=day),
    "first_to": lambda day: Q(first_success_on__lte=day),
    "staff": lambda staff_id: Q(preferred_staff=staff_id),
    "consent": lambda said: Q(email_consent=said == YesNo.YES),
    "blocked": lambda said: Q(blocked=said == YesNo.YES),
    "contact": lambda _none: Q(email="", mobile="", landline=""),
    "birthday": lambda month: Q(birth_month=int(month), birth_day__isnull=False),
    "via": lambda via: Q(created_via=via),
    "listed_from": lambda day: Q(listed_on__gte=day),
    "listed_to": lambda day: Q(listed_on__lte=day),
    "points_from": lambda points: Q(points__gte=points),
    "points_to": lambda points: Q(points__lte=points),
    "treatcard": lambda said: ~Q(treatcard_number="") if said == YesNo.YES else Q(treatcard_number=""),
}


_BOUNDS: dict[Sort | None, frozenset[str]] = {
    Sort.LAST_VISIT: frozenset({"status", "last_visit", "days"}),
    Sort.LISTED_ON: frozenset({"listed_from", "listed_to"}),
    Sort.POINTS: frozenset({"points_from", "points_to"}),
}


class _Ids(forms.Field):
    """Several ids, each a value of its own in the address."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[UUID]:
        """Return the ids, each once.

        Raises: ValidationError.
        """
        try:
            ids = [UUID(one) for one in value or []]
        except ValueError as error:
            raise ValidationError(_("Choose one of the values offered."), code="invalid_choice") from error
        return list(dict.fromkeys(ids))[:MOST_CATEGORIES]


class _IdsFilter(Filter):  # type: ignore[misc]
    field_class = _Ids


class _WholeFilter(Filter):  # type: ignore[misc]
    field_class = forms.IntegerField


def _day(label: Promise) -> DateFilter:
    return DateFilter(label=label, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))


class CardFilters(FilterSet):  # type: ignore[misc]
    """The filters of the client list; each asks something of a card, and a card must meet them all."""

    category = _IdsFilter(label=_("Category"))
    status = ChoiceFilter(choices=Status.choices, label=_("Status"), empty_label=_("any"))
    reason = ChoiceFilter(choices=[(one.value, one.label) for one in REASONS], label=_("Reason"), empty_label=_("any"))
    last_visit = ChoiceFilter(choices=Visited.choices, label=_("Last visit"), empty_label=_("any"))
    days = _WholeFilter(label=_("Days"), min_value=1, max_value=LONGEST_AGO)
    first_from = _day(_("First visit from"))
    first_to = _day(_("First visit until"))
    # Who can be chosen says whoever shows the filters.
    staff = UUIDFilter(label=_("Preferred staff member"), widget=forms.Select)
    consent = ChoiceFilter(choices=YesNo.choices, label=_("News by e-mail"), empty_label=_("any"))
    blocked = ChoiceFilter(choices=YesNo.choices, label=_("Blocked"), empty_label=_("any"))
    contact = ChoiceFilter(choices=Contact.choices, label=_("Contact data"), empty_label=_("any"))
    birthday = ChoiceFilter(
        choices=[(str(month), name) for month, name in MONTHS.items()], label=_("Birthday in"), empty_label=_("any")
    )
    via = ChoiceFilter(choices=CreatedVia.choices, label=_("Card made by"), empty_label=_("any"))
    listed_from = _day(_("Client since, from"))
    listed_to = _day(_("Client since, until"))
    treatcard = ChoiceFilter(choices=YesNo.choices, label=_("Has a Treatcard"), empty_label=_("any"))
    points_from = _WholeFilter(label=_("Points, from"), min_value=-MOST_POINTS, max_value=MOST_POINTS)
    points_to = _WholeFilter(label=_("Points, until"), min_value=-MOST_POINTS, max_value=MOST_POINTS)

    def __init__(self, data: Mapping[str, Any], *, today: date, only: Collection[str] | None = None) -> None:
        self.today = today
        if only is not None:
            # Making all the fields takes longer than the list's own statement.
            self.base_filters: Any = {name: self.declared_filters[name] for name in only}
        super().__init__(data, queryset=Client.objects.none())

    @property
    def values(self) -> dict[str, Any]:
        """What is asked for, by name; what cannot be read asks for nothing."""
        form = self.form
        form.is_valid()
        given = {name: value for name, value in form.cleaned_data.items() if value not in (None, "", [])}
        if given.get("last_visit") in {Visited.WITHIN, Visited.AGO}:
            given.setdefault("days", USUAL_DAYS)
        else:
            given.pop("days", None)
        return given

    def meeting(self, sort: Sort | None = None) -> keyset.Meeting | None:
        """What a card must meet, None where everybody does; without what bounds the list in that order."""
        given = {name: value for name, value in self.values.items() if name not in _BOUNDS.get(sort, ())}
        if not given:
            return None
        condition = self._condition(given, in_categories)
        if sort is None:
            return keyset.Meeting(condition, None)
        if "category" in given and _assigned(given["category"])[:FEW].count() < FEW:
            return keyset.Meeting(condition, self._condition(given, _among_few), reach=FURTHER)
        return keyset.Meeting(condition, self._condition(given, partial(in_categories, exists=_ExistsForEach)))

    def bounds(self, sort: Sort) -> Q:
        """What the index of that order knows of a card: it bounds the list instead of being looked for along it."""
        given = {name: value for name, value in self.values.items() if name in _BOUNDS.get(sort, ())}
        return self._condition(given, in_categories)

    def _condition(self, given: Mapping[str, Any], in_any: Callable[[Iterable[UUID]], Q]) -> Q:
        found = [_MEETS[name](value) for name, value in given.items() if name in _MEETS]
        if "category" in given:
            found.append(in_any(given["category"]))
        if "last_visit" in given:
            found.append(_last_visit(given["last_visit"], given.get("days"), self.today))
        return reduce(and_, found, Q())
