"""The facts of a card in groups: what stands there, and where it is changed (ui.md §2.4)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clients.details import LABELS
from clients.models import Client
from clients.web.shown import ShownClient, shown
from salon.errors import FieldError
from salon.identity.roles import Permission
from salon.web.access import SalonRequest

# What the card's other parts listen for: the history shows what happened without a reload.
CHANGED = "card-changed"


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that are shown and edited together."""

    key: str
    label: Promise
    fields: tuple[str, ...]
    permission: Permission = Permission.CLIENTS_WRITE
    template: str = "clients/_fact.html"


GROUPS = (
    Group("name", _("Name"), ("first_name", "last_name"), template="clients/_name.html"),
    Group("mobile", LABELS["mobile"], ("mobile",)),
    Group("landline", LABELS["landline"], ("landline",)),
    Group("email", LABELS["email"], ("email",)),
    Group("birthday", LABELS["birthday"], ("birthday",)),
    Group("address", _("Address"), ("street", "postal_code", "city")),
    Group("gender", LABELS["gender"], ("gender",)),
    Group("staff", LABELS["preferred_staff"], ("preferred_staff",)),
    Group("referral", LABELS["referred_by"], ("referred_by",)),
    Group("block", _("Online booking"), ("blocked", "blocked_reason")),
    Group("matrix", _("Matrix"), ("matrix_exempt",), Permission.MATRIX_EXEMPT),
)


type Text = Promise | str


@dataclass(frozen=True, slots=True)
class Content:
    """What a group says: its lines, a word beside them, and where it leads."""

    lines: list[Text]
    note: str = ""
    tone: str = ""
    icon: str = ""
    link_url: str = ""
    link_label: Text = ""

    @property
    def texts(self) -> list[str]:
        """The lines that say something."""
        return [str(line) for line in self.lines if line]


@dataclass(frozen=True, slots=True)
class Fact:
    """One group as the card shows it; without `form_url` whoever looks may not change it."""

    key: str
    label: Promise
    content: Content
    form_url: str | None
    edit_url: str
    warnings: list[FieldError] = field(default_factory=list)


def facts_of(request: SalonRequest, client: Client) -> dict[str, Fact]:
    """Return every group of a card by its key."""
    card = shown(client, request.salon, request.salon.date_at(timezone.now()))
    return {group.key: _fact(request, client, card, group) for group in GROUPS}


def fact_of(request: SalonRequest, client: Client, group: Group, warnings: list[FieldError]) -> Fact:
    """Return one group of a card, and what is odd about what was just entered."""
    card = shown(client, request.salon, request.salon.date_at(timezone.now()))
    return _fact(request, client, card, group, warnings)


def _fact(
    request: SalonRequest, client: Client, card: ShownClient, group: Group, warnings: list[FieldError] | None = None
) -> Fact:
    slug = request.salon.slug
    writes = group.permission in request.actor.permissions
    return Fact(
        key=group.key,
        label=group.label,
        content=_CONTENTS[group.key](client, card, slug),
        form_url=reverse(f"clients:field_{group.key}", args=[slug, client.pk]) if writes else None,
        edit_url=f"{reverse('clients:edit', args=[slug, client.pk])}#id_{group.fields[0]}",
        warnings=warnings or [],
    )


def _phone(display: str, uri: str) -> Content:
    return Content([display], icon="phone", link_url=uri, link_label=_("Call"))


def _email(_client: Client, card: ShownClient, _slug: str) -> Content:
    uri = f"mailto:{card.email}" if card.email else ""
    return Content([card.email], icon="mail", link_url=uri, link_label=_("Write an e-mail"))


def _referral(client: Client, _card: ShownClient, slug: str) -> Content:
    if not client.referred_by:
        return Content([])
    url = reverse("client_card", args=[slug, client.referred_by.pk])
    return Content([client.referred_by.full_name], icon="user", link_url=url, link_label=_("Open the card"))


def _block(client: Client, _card: ShownClient, _slug: str) -> Content:
    if client.blocked:
        return Content([_("blocked")], note=client.blocked_reason, tone="danger")
    return Content([_("allowed")])


def _matrix(client: Client, _card: ShownClient, _slug: str) -> Content:
    if client.matrix_exempt:
        return Content([_("switched off for this client")], tone="treat")
    return Content([_("active: rewards for the first time only")])


_CONTENTS: dict[str, Callable[[Client, ShownClient, str], Content]] = {
    "name": lambda _client, card, _slug: Content([card.full_name]),
    "mobile": lambda _client, card, _slug: _phone(card.mobile_display, card.mobile_uri),
    "landline": lambda _client, card, _slug: _phone(card.landline_display, card.landline_uri),
    "email": _email,
    "birthday": lambda _client, card, _slug: Content([card.birthday_display], note=card.age_text),
    "address": lambda _client, card, _slug: Content([card.street, f"{card.postal_code} {card.city}".strip()]),
    "gender": lambda _client, card, _slug: Content([card.gender_label]),
    "staff": lambda client, _card, _slug: Content([client.preferred_staff.name if client.preferred_staff else ""]),
    "referral": _referral,
    "block": _block,
    "matrix": _matrix,
}
