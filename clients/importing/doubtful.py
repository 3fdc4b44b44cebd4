"""What in a list of clients is none, and what in its notes is more than a note: pure (domain.md §2, §10)."""

import re
from dataclasses import replace

from clients.details import ClientDetails
from clients.importing.mapping import Wanted

# A, "Buchstabe A", "A–D", "--- A ---", "Sch", and lines of strokes.
_DIVIDER = re.compile(
    r"[\W\d_]*(?:(?:buchstabe|letter)\W+)?(?:sch|st|[^\W\d_](?:[\W_]+(?:(?:bis|to)\W+)?[^\W\d_])*)?[\W\d_]*"
)
_HEALTH = re.compile(
    r"allerg|\bppd\b|phenylendiamin|unverträglich|intoleran|asthma|diabet|epilep|schwanger|pregnan|stillend|neurodermit"
    r"|psoria|schuppenflechte|\bekzem|eczema|\bkrebs(?:erkrank|krank|patient|\b)|chemo(?:therap|\b)|\bhiv\b|hepatitis"
    r"|herzschrittmacher|pacemaker|herzfehler|bluthochdruck|blutverdünn|medikament|medication|depressi|migräne"
)


def is_only_a_name(wanted: Wanted) -> bool:
    """Return whether a line says nothing of its client but the name, and how to address her."""
    given = wanted.details
    name = ClientDetails(first_name=given.first_name, last_name=given.last_name, gender=given.gender)
    return replace(wanted, consent=None) == Wanted(name)


def looks_like_divider(details: ClientDetails) -> bool:
    """Return whether a name is none, but what parts a list by letters."""
    return bool(_DIVIDER.fullmatch(f"{details.first_name} {details.last_name}".strip().casefold()))


def looks_like_health(text: str) -> bool:
    """Return whether a note names an allergy, an illness or the like."""
    return bool(_HEALTH.search(text.casefold()))
