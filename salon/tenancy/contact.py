"""How a salon is found and reached, as mails, receipts and public pages tell it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from salon.phone import display_phone
from salon.tenancy.models import Salon


@dataclass(frozen=True, slots=True)
class Contact:
    """Name, lines of the address, phone as people there write it, website; of a salon that has told less, less."""

    name: str
    address: tuple[str, ...]
    phone: str = ""
    website: str = ""

    @property
    def place(self) -> str:
        """Name and address in one line."""
        return ", ".join([self.name, *self.address])

    @property
    def reached_by(self) -> list[str]:
        """Phone and website, in the language that is active."""
        phone = gettext("Phone %(number)s") % {"number": self.phone} if self.phone else ""
        return [line for line in (phone, self.website_shown) if line]

    @property
    def website_shown(self) -> str:
        """The website as it stands on cards and shop windows."""
        return self.website.removeprefix("https://").removeprefix("http://").removesuffix("/")


def contact_of(salon: Salon) -> Contact:
    """Return how a salon is found and reached now."""
    lines = (salon.street, f"{salon.postal_code} {salon.city}".strip())
    phone = display_phone(salon.phone, salon.country)
    return Contact(salon.name, tuple(line for line in lines if line), phone, salon.website)


def contact_in(facts: Mapping[str, Any]) -> Contact:
    """Return a contact that was noted by `asdict`; what was noted before salons had an address tells the town."""
    address = facts["address"] if "address" in facts else filter(None, [facts["city"]])
    return Contact(facts["name"], tuple(address), facts.get("phone", ""), facts.get("website", ""))
