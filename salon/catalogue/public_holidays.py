"""Public holidays by country and federal state or canton, as the library `holidays` knows them (domain.md §5)."""

from collections.abc import Mapping
from datetime import date
from functools import cache

from holidays import country_holidays


@cache
def public_holidays(country: str, region: str, year: int) -> Mapping[date, str]:
    """Return the holidays of a year with their German names; without a region those that the whole country keeps.

    Raises: NotImplementedError for a country or region that the library does not know.
    """
    return dict(sorted(country_holidays(country, subdiv=region or None, years=year, language="de").items()))
