"""A receptionist without a script: fills in the form that a page shows, and presses its buttons."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client as Browser

from bookings.models import Appointment
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon

START = "/s/sonnenschein/calendar/"


@dataclass
class Form(HTMLParser):
    """What a form would send, and the buttons it has."""

    wanted: str
    values: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)
    inside: bool = False
    select: str = ""
    area: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        name = found.get("name") or ""
        if tag == "form":
            self.inside = found.get("id") == self.wanted
        elif not self.inside:
            return
        elif tag == "input" and (found.get("type") not in {"checkbox", "radio"} or "checked" in found):
            self.values.setdefault(name, []).append(found.get("value") or "")
        elif tag == "select":
            self.select = name
            self.values.setdefault(name, []).append("")
        elif tag == "option" and "selected" in found:
            self.values[self.select][-1] = found.get("value") or ""
        elif tag == "textarea":
            self.area = name
            self.values[name] = [""]
        elif tag == "button" and found.get("value"):
            self.buttons.append(found["value"] or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        self.area = "" if tag == "textarea" else self.area

    def handle_data(self, data: str) -> None:
        if self.area:
            self.values[self.area] = [data.strip()]


class Desk:
    """One signed-in browser at the booking form."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.page: Any = None

    def open(self, query: str = "") -> "Desk":
        """Open the empty form."""
        self.page = self.browser.get(f"{START}new/{query}")
        assert self.page.status_code == 200
        return self

    def press(self, act: str = "", **typed: str) -> HttpResponse:
        """Press a button of the form after typing something into its fields."""
        data = {**self.form.values, **typed, "act": act}
        self.page = self.browser.post(f"{START}new/", data)
        return self.page  # type: ignore[no-any-return]

    @property
    def form(self) -> Form:
        """What the form would send as it stands."""
        form = Form("booking")
        form.feed(self.text)
        return form

    @property
    def text(self) -> str:
        """The page."""
        return str(self.page.content.decode())


def all_booked(salon: Salon) -> list[Appointment]:
    """Return all appointments, oldest first, with their items."""
    with salon_scope(salon.pk):
        return list(Appointment.objects.order_by("created_at").prefetch_related("items"))
