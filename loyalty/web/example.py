"""What rates come to, told by an example: 100 of services and 50 of products (ui.md §2.6)."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from loyalty.earning import Earning, Rates, points_for
from loyalty.rewards import standard_points
from loyalty.web.numbers import points_text, rate_text
from salon.catalogue.models import ItemKind
from salon.web.amounts import sign_of

SERVICES, PRODUCTS = Decimal(100), Decimal(50)
# What somebody saves up for.
TREAT = Decimal(25)


@dataclass(frozen=True, slots=True)
class Example:
    """The example in words of the language that is active; a script says the same while somebody types.

    `reach` is how much has to be spent for a reward, `reaches` are its patterns by what earns points at all.
    """

    services: str
    products: str
    total: str
    services_points: str
    products_points: str
    reach: str
    reaches: dict[str, str]
    one: str
    many: str


def example_of(services: Decimal | None, products: Decimal | None, currency: str) -> Example:
    """Return the example with these rates; what is not known counts as none."""
    rates = Rates(services=services or Decimal(0), products=products or Decimal(0), version=0)
    spent = ((ItemKind.SERVICE, SERVICES), (ItemKind.PRODUCT, PRODUCTS))
    total = points_for([Earning(kind, amount, 1, None) for kind, amount in spent], rates)
    reaches = _reaches(currency)
    kind = {(True, True): "both", (True, False): "services", (False, True): "products"}.get(
        (rates.services > 0, rates.products > 0), "none"
    )
    needed = {"services": _needed(rates.services), "products": _needed(rates.products)}
    return Example(
        services=_whole(SERVICES, currency),
        products=_whole(PRODUCTS, currency),
        total=points_text(total),
        services_points=rate_text(SERVICES * rates.services),
        products_points=rate_text(PRODUCTS * rates.products),
        reach=reaches[kind].replace("{services}", needed["services"]).replace("{products}", needed["products"]),
        reaches=reaches,
        one=points_text(1).replace("1", "{points}"),
        many=points_text(0).replace("0", "{points}"),
    )


def _reaches(currency: str) -> dict[str, str]:
    treat = _("A reward worth %(price)s costs %(points)s by the standard.") % {
        "price": _whole(TREAT, currency),
        "points": points_text(standard_points(TREAT)),
    }
    signed = {
        "services": f"{{services}}\N{NO-BREAK SPACE}{sign_of(currency)}",
        "products": f"{{products}}\N{NO-BREAK SPACE}{sign_of(currency)}",
    }
    ends = {
        "both": _("A client has them after %(services)s of services or %(products)s of products."),
        "services": _("A client has them after %(services)s of services; products give none."),
        "products": _("A client has them after %(products)s of products; services give none."),
        "none": _("With these rates nobody ever has them."),
    }
    return {kind: f"{treat} {end % signed}" for kind, end in ends.items()}


def _needed(rate: Decimal) -> str:
    if not rate:
        return ""
    euros = (standard_points(TREAT) / rate).to_integral_value(ROUND_CEILING)
    return number_format(euros, 0, use_l10n=True, force_grouping=True)


def _whole(amount: Decimal, currency: str) -> str:
    return f"{number_format(amount, 0)}\N{NO-BREAK SPACE}{sign_of(currency)}"
