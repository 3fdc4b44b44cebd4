"""Two cards side by side: what is equal, what differs, and what becomes of it when they are merged (ui.md §2.4)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.agenda import agenda_of
from bookings.checkout.spent import spent_by
from bookings.web.wording import price_text
from clients.details import LABELS, Gender
from clients.models import Client
from clients.web.points import standing
from clients.web.shown import birthday_text
from salon.desk.web.appointments import when_of
from salon.desk.web.figures import whole
from salon.phone import display_phone
from salon.tenancy.models import Salon
from salon.web.access import SalonRequest

type Text = Promise | str


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two cards."""

    id: UUID
    version: int
    name: str
    number: str
    url: str
    listed_on: date
    last_visit: date | None


@dataclass(frozen=True, slots=True)
class Line:
    """One field of both cards. `open`: both say something else, so somebody chooses; `filled`: it comes from the other
    card, as this one is empty."""

    key: str
    label: Promise | str
    mine: str
    theirs: str

    @property
    def same(self) -> bool:
        """Whether both say the same."""
        return self.mine == self.theirs

    @property
    def open(self) -> bool:
        """Whether both say something, and not the same."""
        return bool(self.mine and self.theirs) and not self.same

    @property
    def filled(self) -> bool:
        """Whether only the other card says something."""
        return bool(self.theirs) and not self.mine


@dataclass(frozen=True, slots=True)
class Comparison:
    """The card that stays, the one that goes into it, and their fields; those that both leave empty are left out.

    `facts` is what nobody chooses between: by it one decides which card is to stay.
    """

    mine: Side
    theirs: Side
    lines: list[Line]
    facts: list[Line]


def _address(client: Client, salon: Salon) -> str:
    return ", ".join(part for part in (client.street, f"{client.postal_code} {client.city}".strip()) if part)


def _text(name: str) -> Callable[[Client, Salon], str]:
    return lambda client, _salon: str(getattr(client, name))


def _phone(name: str) -> Callable[[Client, Salon], str]:
    return lambda client, salon: display_phone(getattr(client, name), salon.country)


def _gender(client: Client, salon: Salon) -> str:
    return str(Gender(client.gender).label) if client.gender else ""


def _birthday(client: Client, salon: Salon) -> str:
    return birthday_text(client)


def _staff(client: Client, salon: Salon) -> str:
    return client.preferred_staff.name if client.preferred_staff else ""


# The fields of clients.combining.FIELDS that say something to people, in the order of the card.
_SHOWN: dict[str, tuple[Promise, Callable[[Client, Salon], str]]] = {
    "first_name": (LABELS["first_name"], _text("first_name")),
    "last_name": (LABELS["last_name"], _text("last_name")),
    "mobile": (LABELS["mobile"], _phone("mobile")),
    "landline": (LABELS["landline"], _phone("landline")),
    "email": (LABELS["email"], _text("email")),
    "birthday": (LABELS["birthday"], _birthday),
    "gender": (LABELS["gender"], _gender),
    "address": (_("Address"), _address),
    "preferred_staff": (LABELS["preferred_staff"], _staff),
    "treatcard_number": (_("Treatcard number"), _text("treatcard_number")),
}


def compare(
    request: SalonRequest,
    mine: Client,
    theirs: Client,
    *,
    more_facts: Callable[[Client], dict[Text, str]] | None = None,
) -> Comparison:
    """Return two cards as people compare them; the first one stays. `more_facts` are read of each by itself."""
    lines = [
        Line(key, label, read(mine, request.salon), read(theirs, request.salon))
        for key, (label, read) in _SHOWN.items()
    ]
    shown = [line for line in lines if line.mine or line.theirs]
    first, second = ({**_facts(one), **(more_facts(one) if more_facts else {})} for one in (mine, theirs))
    facts = [Line("", label, first[label], second[label]) for label in first]
    return Comparison(_side(request, mine), _side(request, theirs), shown, facts)


def bookings_and_revenue(salon: Salon, now: datetime) -> Callable[[Client], dict[Text, str]]:
    """Return a reader of what a card has before it and what was paid by its client."""

    def read(client: Client) -> dict[Text, str]:
        coming = agenda_of(client.pk, now=now).coming
        return {
            gettext("Revenue"): price_text(spent_by(client.pk), salon),
            gettext("Next appointment"): when_of(coming[0][0].starts_at, salon) if coming else "–",
        }

    return read


def _facts(client: Client) -> dict[Text, str]:
    return {gettext("Points"): standing(client.points), gettext("Visits"): _visits(client)}


def _visits(client: Client) -> str:
    count = whole(client.visits_in_all)
    # Taken over with the day of the last visit, but without how many there were.
    if client.carried_last_visit_on and not client.carried_visits:
        return gettext("%(count)s, earlier ones not counted") % {"count": count}
    return count


def _side(request: SalonRequest, client: Client) -> Side:
    return Side(
        id=client.pk,
        version=client.version,
        name=client.full_name,
        number=str(client.number),
        url=reverse("client_card", args=[request.salon.slug, client.pk]),
        listed_on=client.listed_on,
        last_visit=client.last_success_on,
    )
