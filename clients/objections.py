"""Which e-mail addresses want no news: what one card says holds for every card with its address (domain.md §9.3)."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Lower

from clients.models import CardState, Client, ConsentEntry, ConsentPurpose, Decision

_NEWS = ConsentPurpose.EMAIL_MARKETING
type Addresses = QuerySet[Any, Any]


def objected_addresses() -> Addresses:
    """Return the addresses in small letters, as a subquery, of whoever wants no news and has not agreed anew since.

    Only a consent that holds takes an objection back, on this card or on another one with the address; being asked
    anew does not. It starts from the withdrawals, of which there are few.
    """
    later = {"at__gt": OuterRef("at"), "decision": Decision.GRANTED, "purpose": _NEWS}
    here = ConsentEntry.objects.filter(client_id=OuterRef("client_id"), **later)
    twins = Client.objects.listed().filter(email_consent=True, email_consent_at__gt=OuterRef("at"))
    there = twins.annotate(_folded=Lower("email")).filter(_folded=OuterRef("_folded"))
    return _withdrawn().filter(~Exists(here), ~Exists(there)).values("_folded")


def once_objected_addresses() -> Addresses:
    """Return, as `objected_addresses`, the addresses of whoever ever wanted no news, whatever was said since."""
    return _withdrawn().values("_folded")


def who_objected(emails: Iterable[str]) -> set[str]:
    """Return which of these addresses want no news, in small letters."""
    folded = {email.lower() for email in emails if email}
    if not folded:
        return set()
    return set(objected_addresses().filter(_folded__in=folded).values_list("_folded", flat=True))


def _withdrawn() -> QuerySet[Any, Any]:
    said = ConsentEntry.objects.filter(purpose=_NEWS, decision=Decision.WITHDRAWN, client__state=CardState.LISTED)
    return said.exclude(client__email="").annotate(_folded=Lower("client__email"))
