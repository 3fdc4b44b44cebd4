"""The list of services or of products: in groups, in order, with what each costs and how long it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from salon.catalogue import listing
from salon.catalogue.models import CatalogueGroup, ItemKind, Product, Service, SpecialOffer
from salon.catalogue.ordering import Direction
from salon.catalogue.reading import all_services, performers, working_staff
from salon.catalogue.web import shown
from salon.errors import DomainError
from salon.web.access import SalonRequest
from salon.web.amounts import amount_text


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between the pages of services and those of products."""

    kind: ItemKind
    word: str
    plural: str
    title: Promise
    lead: Promise
    new_word: Promise
    empty: Promise
    icon: str
    saved: Promise
    archived: Promise
    restored: Promise

    def url(self, request: SalonRequest, action: str = "", pk: UUID | None = None) -> str:
        """Return the address of the list, of an action, or of one thing."""
        name = f"{self.plural}_{action}" if action else self.plural
        if pk is not None and not action:
            name = self.word
        return reverse(name, args=[request.salon.slug, *([pk] if pk else [])])


SERVICES = Kind(
    kind=ItemKind.SERVICE,
    word="service",
    plural="services",
    title=gettext_lazy("All services"),
    lead=gettext_lazy("What can be booked: how long it takes, what it costs, and who does it."),
    new_word=gettext_lazy("New service"),
    empty=gettext_lazy("There are no services yet: nothing can be booked."),
    icon="scissors",
    saved=gettext_lazy("“%(name)s” is saved."),
    archived=gettext_lazy("“%(name)s” is archived. What is booked stays booked."),
    restored=gettext_lazy("“%(name)s” is offered again."),
)
PRODUCTS = Kind(
    kind=ItemKind.PRODUCT,
    word="product",
    plural="products",
    title=gettext_lazy("Products"),
    lead=gettext_lazy("What is sold over the counter. A barcode finds it at checkout."),
    new_word=gettext_lazy("New product"),
    empty=gettext_lazy("There are no products yet."),
    icon="package",
    saved=gettext_lazy("“%(name)s” is saved."),
    archived=gettext_lazy("“%(name)s” is archived."),
    restored=gettext_lazy("“%(name)s” is offered again."),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One service or product in its group."""

    item: Service | Product
    price: str
    offer: str
    bar: shown.Bar | None
    performers: Sequence[shown.Performer]
    first: bool
    last: bool
    here: bool
    edit_url: str
    archive_url: str
    move_url: str


@dataclass(frozen=True, slots=True)
class Section:
    """One group on the page."""

    group: CatalogueGroup | None
    rows: list[Row]
    first: bool
    last: bool
    new_url: str
    rename_url: str
    move_url: str


@dataclass(frozen=True, slots=True)
class _About:
    """What the rows show besides the things themselves."""

    request: SalonRequest
    kind: Kind
    at: str
    longest: int
    offers: Mapping[UUID, SpecialOffer]
    performers: Mapping[UUID, Sequence[shown.Performer]]

    def row(self, item: Service | Product, place: int, many: int) -> Row:
        """Return one of `many` things that stand in a group, at its place."""
        offer, currency = self.offers.get(item.pk), self.request.salon.currency
        return Row(
            item=item,
            price=amount_text(item.price, currency),
            offer=amount_text(offer.price, currency) if offer else "",
            bar=shown.bar_of(item, self.longest) if isinstance(item, Service) else None,
            performers=self.performers.get(item.pk, ()),
            first=place == 0,
            last=place == many - 1,
            here=str(item.pk) == self.at,
            edit_url=self.kind.url(self.request, pk=item.pk),
            archive_url=self.kind.url(self.request, "archive", item.pk),
            move_url=self.kind.url(self.request, "move", item.pk),
        )

    def section(self, group: CatalogueGroup | None, items: Sequence[Service | Product], ends: list[UUID]) -> Section:
        """Return a group and what stands in it; `ends` are the first and the last of the groups."""
        slug = self.request.salon.slug
        return Section(
            group=group,
            rows=[self.row(item, place, len(items)) for place, item in enumerate(items)],
            first=group is not None and group.pk == ends[0],
            last=group is not None and group.pk == ends[-1],
            new_url=f"{self.kind.url(self.request, 'new')}?group={group.pk if group else ''}",
            rename_url=reverse("groups_edit", args=[slug, group.pk]) if group else "",
            move_url=reverse("groups_move", args=[slug, group.pk]) if group else "",
        )


def _sections(request: SalonRequest, kind: Kind, at: str) -> list[Section]:
    groups = listing.groups_of(kind.kind)
    offers = listing.offers_on(request.salon.date_at(timezone.now()))
    ends = [one.pk for one in groups]
    if kind is PRODUCTS:
        about = _About(request, kind, at, 0, offers, {})
        return [about.section(one.group, one.items, ends) for one in listing.shelves(groups, listing.all_products())]
    services = all_services()
    by = shown.performers_of(working_staff(), performers([one.pk for one in services]))
    about = _About(request, kind, at, shown.scale(services), offers, by)
    return [about.section(one.group, one.items, ends) for one in listing.shelves(groups, services)]


def catalogue_context(request: SalonRequest, kind: Kind, *, at: str = "", moved: str = "") -> dict[str, Any]:
    """Return what the list of services or products shows."""
    sections = _sections(request, kind, at)
    archived: Sequence[Service | Product] = (
        listing.archived_services() if kind is SERVICES else listing.archived_products()
    )
    slug = request.salon.slug
    return {
        "kind": kind,
        "sections": sections,
        "empty": not any(section.rows for section in sections),
        "archived": [(one, kind.url(request, "restore", one.pk)) for one in archived],
        "new_url": kind.url(request, "new"),
        "new_group_url": f"{reverse('groups_new', args=[slug])}?kind={kind.kind.value}",
        "tabs": tabs(request, kind.plural),
        "settings_url": reverse("settings", args=[slug]),
        "moved": moved,
    }


def tabs(request: SalonRequest, current: str) -> list[dict[str, Any]]:
    """Return the pages of the catalogue, as tabs above each of them."""
    named = {"services": SERVICES.title, "products": PRODUCTS.title, "offers": gettext_lazy("Special offers")}
    return [
        {"label": label, "url": reverse(name, args=[request.salon.slug]), "current": name == current}
        for name, label in named.items()
    ]


def moved_answer(request: SalonRequest, kind: Kind, text: str, at: str = "") -> HttpResponse:
    """Answer a move: to a script the list as it stands now, and what to read out; else the whole page."""
    if not request.htmx:
        return redirect(f"{kind.url(request)}?at={at}" if at else kind.url(request))
    return render(request, "catalogue/_goods.html", catalogue_context(request, kind, moved=text))


def direction_asked(request: HttpRequest) -> Direction:
    """Return where something is to be moved.

    Raises: DomainError.
    """
    try:
        return Direction(request.POST.get("direction", ""))
    except ValueError as error:
        raise DomainError(_("Up or down?")) from error
