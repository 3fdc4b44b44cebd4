"""What every page of a salon shows around its content (ui.md §1)."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from salon.identity.roles import Permission


@dataclass(frozen=True, slots=True)
class Section:
    """One entry of the rail: its page, who may open it, and what it holds."""

    key: str
    label: Promise
    icon: str
    route: str
    permission: Permission


SECTIONS = (
    Section("calendar", _("Calendar"), "calendar", "calendar", Permission.BOOKINGS_READ),
    Section("clients", _("Clients"), "users", "clients:list", Permission.CLIENTS_READ),
    Section("checkout", _("Checkout"), "shopping-cart", "checkout", Permission.WORK),
    Section("marketing", _("Marketing"), "megaphone", "marketing", Permission.MARKETING),
    Section("reports", _("Reports"), "chart-column", "reports", Permission.REPORTS_READ),
    Section("settings", _("Settings"), "settings", "settings", Permission.SETTINGS),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the frame, `current` where the page shown belongs to it."""

    key: str
    label: Promise | str
    icon: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class SalonLink:
    """One salon of the switcher."""

    name: str
    city: str
    slug: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """Rail, switcher, search and menus for one user in one salon."""

    sections: list[Link]
    salons: list[SalonLink]
    role_label: Promise | str
    new_client_url: str | None
    new_appointment_url: str | None
    messages_url: str | None
    search_url: str
    sign_out_url: str
    language_url: str


def frame(request: HttpRequest) -> dict[str, object]:
    """Add `frame` (None outside the salons) and the `layout` that fits pages found anywhere, such as a 404."""
    salon = getattr(request, "salon", None)
    if salon is None:
        return {"frame": None, "layout": "public.html"}
    here = f"/{request.path.split('/')[3]}/"
    links = []
    for section in SECTIONS:
        if section.permission in request.actor.permissions:  # type: ignore[attr-defined]
            url = reverse(section.route, args=[salon.slug])
            links.append(Link(section.key, section.label, section.icon, url, url.endswith(here)))
    entrances = request.entrances  # type: ignore[attr-defined]
    return {
        "layout": "frame.html",
        "frame": Frame(
            sections=links,
            salons=[
                SalonLink(
                    one.salon.name,
                    one.salon.city,
                    one.salon.slug,
                    reverse("calendar", args=[one.salon.slug]),
                    one.salon == salon,
                )
                for one in entrances
            ],
            role_label=next(one.role.label for one in entrances if one.salon == salon),
            new_client_url=(
                reverse("clients:create", args=[salon.slug])
                if Permission.CLIENTS_WRITE in request.actor.permissions  # type: ignore[attr-defined]
                else None
            ),
            new_appointment_url=(
                reverse("booking_new", args=[salon.slug])
                if Permission.BOOKINGS_WRITE in request.actor.permissions  # type: ignore[attr-defined]
                else None
            ),
            messages_url=(
                reverse("messages", args=[salon.slug])
                if Permission.CLIENTS_READ in request.actor.permissions  # type: ignore[attr-defined]
                else None
            ),
            search_url=reverse("search", args=[salon.slug]),
            sign_out_url=reverse("sign_out"),
            language_url=reverse("set_language"),
        ),
    }
