"""Somebody's browser at the till."""

from typing import Any
from uuid import UUID

from django.test import Client as Browser

from bookings.models import Payment, Sale, SaleLine
from tests.checkout.till import Till

START = "/s/sonnenschein/checkout/"
HTMX = {"HX-Request": "true", "HX-Target": "till"}


class Desk:
    """Somebody's browser at the till of Salon Sonnenschein, with the till itself to look into."""

    def __init__(self, browser: Browser, till: Till) -> None:
        self.browser = browser
        self.till = till
        self.sale_id: UUID | None = None

    def at(self, sale: Sale) -> "Desk":
        self.sale_id = sale.pk
        return self

    @property
    def sale(self) -> Sale:
        assert self.sale_id
        return Sale.objects.get(pk=self.sale_id)

    def see(self, **headers: str) -> str:
        answer = self.browser.get(f"{START}{self.sale_id}/", headers=headers)
        assert answer.status_code == 200
        return str(answer.content.decode())

    def press(self, act: str, *, htmx: bool = True, **typed: Any) -> Any:
        return self.browser.post(f"{START}{self.sale_id}/change/", {"act": act, **typed}, headers=HTMX if htmx else {})

    def refused(self, act: str, **typed: Any) -> str:
        """Press a button that changes nothing, and return the page."""
        before = self._all()
        answer = self.press(act, **typed)
        assert answer.status_code == 422, answer
        assert self._all() == before
        return str(answer.content.decode())

    def done(self, act: str, **typed: Any) -> str:
        answer = self.press(act, **typed)
        assert answer.status_code == 200, answer.content.decode()[:2000]
        return str(answer.content.decode())

    def _all(self) -> list[Any]:
        kinds = (Sale, SaleLine, Payment)
        return [list(kind.objects.order_by("pk").values()) for kind in kinds]
