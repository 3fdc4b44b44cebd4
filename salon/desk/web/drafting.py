"""The form of a draft: rates, whose purchases count, and every reward with its points and its matrix."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.eligibility import Matrix
from loyalty.rewards import standard_points
from loyalty.web.numbers import RateField, points_text
from salon.catalogue.models import ItemKind, Product, Service
from salon.catalogue.web.fields import whole_in
from salon.desk.replay import Holders, Offered
from salon.desk.simulation import Draft, RewardWish, Simulated
from salon.errors import InvalidInput
from salon.web.amounts import amount_text

_RATES = {"points_per_euro_services": "services", "points_per_euro_products": "products"}
_LONGEST = 9


class DraftForm(forms.Form):
    """Rates as they are tried out, and for whom."""

    services = RateField(label=gettext_lazy("Points for services"))
    products = RateField(label=gettext_lazy("Points for products"))
    holders = forms.ChoiceField(
        label=gettext_lazy("Whose purchases count"), choices=Holders.choices, widget=forms.RadioSelect
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One reward as it is entered; `given` unless it is left out of the draft. `before` are its points of today."""

    item: str
    name: str = ""
    price: str = ""
    standard: str = ""
    points: str = ""
    matrix: str = Matrix.FIRST_TIME.value
    given: bool = True
    before: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something of the catalogue that is no reward of the draft yet."""

    value: str
    label: str


def form_of(found: Simulated) -> DraftForm:
    """Return the form with the rates of what was tried out."""
    return DraftForm(
        initial={"services": found.new.services, "products": found.new.products, "holders": found.holders.value}
    )


def rows_of(found: Simulated, currency: str) -> list[Row]:
    """Return the rewards of today and of the draft, those that were left out among them."""
    drafted = {one.item_id: one for one in found.new.rewards}
    today = {one.item_id: one for one in found.old.rewards}
    rows = [_row(drafted.get(key, one), one, currency, given=key in drafted) for key, one in today.items()]
    return rows + [_row(one, None, currency, given=True) for key, one in drafted.items() if key not in today]


def rows_entered(entered: QueryDict, items: Sequence[Service | Product], currency: str) -> list[Row]:
    """Return the rewards as they were entered, each with what is wrong with it; the last line is for another one."""
    known = {_key(_kind(one), one.pk): one for one in items}
    given = set(entered.getlist("given"))
    lines = list(zip(*(entered.getlist(name) for name in ("item", "points", "matrix")), strict=False))
    rows = []
    for place, (item, typed, matrix) in enumerate(lines):
        found = known.get(item)
        points = whole_in(typed)
        row = Row(item=item, points=typed.strip(), matrix=matrix, given=item in given or place == len(lines) - 1)
        if found is not None:
            row = replace(row, name=found.name, price=amount_text(found.price, currency), standard=_standard(found))
        if not item:
            continue
        if found is None or matrix not in Matrix:
            row = replace(row, error=_("This is not in the catalogue (any more)."))
        elif typed.strip() and (points is None or not 0 <= points < 10**_LONGEST):
            row = replace(row, error=_("Enter a whole number."))
        else:
            row = replace(row, points="" if points is None else str(points))
        rows.append(row)
    return rows


def draft_of(form: DraftForm, given: Sequence[Row]) -> Draft:
    """Return what was entered; to be called on a valid form, with rows of which nothing is wrong."""
    return Draft(
        services=form.cleaned_data["services"],
        products=form.cleaned_data["products"],
        holders=Holders(form.cleaned_data["holders"]),
        rewards=[_wish(row) for row in given],
    )


def refused(form: DraftForm, rows: Sequence[Row], given: Sequence[Row], refusal: InvalidInput) -> list[Row]:
    """Say at its field what was refused; return the rows, each with what is wrong with it."""
    wrong: dict[str, str] = {}
    for error in refusal.errors:
        head, *rest = error.field.split(".")
        if rest:
            wrong[given[int(rest[0])].item] = str(error.message)
        else:
            form.add_error(_RATES.get(head), str(error.message))
    return [replace(row, error=wrong.get(row.item, "")) for row in rows]


def choices_besides(rows: Sequence[Row], items: Sequence[Service | Product], currency: str) -> list[Choice]:
    """Return what else of the catalogue could be tried out as a reward."""
    taken = {row.item for row in rows}
    found = ((_key(_kind(one), one.pk), one) for one in items)
    return [Choice(key, f"{one.name} · {amount_text(one.price, currency)}") for key, one in found if key not in taken]


def catalogue() -> list[Service | Product]:
    """Return what a reward can consist of, services first, in the order of the catalogue."""
    return [*Service.objects.offered().in_order(), *Product.objects.offered().in_order()]


def _row(one: Offered, before: Offered | None, currency: str, *, given: bool) -> Row:
    return Row(
        item=_key(one.kind, one.item_id),
        name=one.name,
        price=amount_text(one.price, currency),
        standard=str(standard_points(one.price)),
        points=str(one.points),
        matrix=one.matrix.value,
        given=given,
        before=points_text(before.points) if before and before.points != one.points else "",
    )


def _wish(row: Row) -> RewardWish:
    kind, _colon, item_id = row.item.partition(":")
    points = int(row.points) if row.points else None
    return RewardWish(kind=ItemKind(kind), item_id=UUID(item_id), points=points, matrix=Matrix(row.matrix))


def _key(kind: ItemKind, item_id: UUID) -> str:
    return f"{kind}:{item_id}"


def _kind(item: Service | Product) -> ItemKind:
    return ItemKind.SERVICE if isinstance(item, Service) else ItemKind.PRODUCT


def _standard(item: Service | Product) -> str:
    return str(standard_points(item.price))
