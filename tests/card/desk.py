"""A client, and how her card is opened and changed in a browser."""

from typing import Any

from django.test import Client as Browser

from clients.details import ChangedDetails, ClientDetails
from clients.editing import create_client, update_client
from clients.models import Client, CreatedVia
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW

LIST = "/s/sonnenschein/clients/"
HTMX = {"HX-Request": "true"}
OWNER = system_actor("test")


def add_client(salon: Salon, first: str = "Petra", last: str = "Lang", **details: str) -> Client:
    with salon_scope(salon.pk):
        return create_client(
            actor=OWNER,
            salon=salon,
            details=ClientDetails(first, last, **details),
            created_via=CreatedVia.STAFF,
            now=NOW,
        ).client


def card_of(client: Client) -> str:
    return f"{LIST}{client.pk}/"


def stored_card(salon: Salon, client: Client) -> Client:
    with salon_scope(salon.pk):
        return Client.objects.get(pk=client.pk)


def change_facts(salon: Salon, client: Client, **changes: str) -> None:
    with salon_scope(salon.pk):
        given: ChangedDetails = changes  # type: ignore[assignment]
        update_client(actor=OWNER, salon=salon, client_id=client.pk, changes=given, now=NOW)


def open_form(browser: Browser, client: Client, group: str) -> dict[str, Any]:
    """Return what the form of a group sends when nobody touches it."""
    form = browser.get(f"{card_of(client)}fields/{group}/", headers=HTMX).context["form"]
    values = {name: form[name].value() for name in form.names}
    ticked = {name: value for name, value in values.items() if name not in {"blocked", "matrix_exempt"} or value}
    return {**ticked, **{f"was-{name}": value for name, value in form.shown_before.items()}}


def send_form(browser: Browser, client: Client, group: str, form: dict[str, Any]) -> Any:
    return browser.post(f"{card_of(client)}fields/{group}/", form, headers=HTMX)


def give_treatcard(browser: Browser, client: Client, **form: str) -> Any:
    return browser.post(f"{card_of(client)}treatcard/", form, headers=HTMX)
