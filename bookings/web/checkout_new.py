"""A new sale: of an appointment, or of whatever somebody comes in for (ui.md §2.5).

Nothing is written before something is on it; what is typed first opens it, once, under the id that the form carries.
"""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.appointments import get_appointment
from bookings.checkout.pricing import NOTHING
from bookings.checkout.reading import sale_of
from bookings.checkout.sales import AlreadyOpened, LineKind, LineWish, SaleAlreadyPaid, open_sale
from bookings.checkout.tills import methods_of, sales_rules, sells_vouchers, till_mode_of
from bookings.models import Sale
from bookings.web.checkout_changes import wish_of
from bookings.web.checkout_entered import Refused, amount_in, created_text
from bookings.web.checkout_goods import LONGEST, goods_for, scanned
from bookings.web.checkout_sale import Answer, purpose_of, sale_url, urls, whose
from bookings.web.draft import uuid_in
from bookings.web.new_client import NewClient, doubts_about, empty_client, entered_client, make_client
from bookings.web.search import client_hits
from bookings.web.wording import price_text, when_text
from clients.cards import MergedAway, get_client
from clients.models import Client
from salon.errors import DomainError, InvalidInput, NotFound
from salon.identity.roles import Permission
from salon.tenancy.models import new_id
from salon.web.access import SalonRequest, requires


@requires(Permission.SALES_WRITE)
def sale_new(request: SalonRequest) -> HttpResponse:
    """An empty till; its first line, or an appointment, opens the sale."""
    appointment_id = uuid_in(request.POST.get("appointment") or request.GET.get("appointment"))
    if appointment_id:
        return _of_appointment(request, appointment_id)
    if request.method != "POST":
        return _form(request, Answer(focus="goods" if request.GET.get("client") else "client"))
    name, _colon, value = request.POST.get("act", "").partition(":")
    refused = Answer(
        about=name if name in {"tip", "voucher"} else "goods",
        typed={one: str(text) for one, text in request.POST.items()},
    )
    try:
        answer = _act(request, name, value)
    except Refused as refusal:
        answer = replace(refused, errors=refusal.errors)
    except InvalidInput as refusal:
        answer = replace(refused, refusal=" ".join(str(error.message) for error in refusal.errors))
    except DomainError as refusal:
        answer = replace(refused, refusal=refusal.message)
    return _form(request, answer) if isinstance(answer, Answer) else answer


def _act(request: SalonRequest, name: str, value: str) -> HttpResponse | Answer:
    """Do what a button of the empty till says.

    Raises: Refused, DomainError.
    """
    if name in _WHOSE:
        return _WHOSE[name](request, value)
    client_id = uuid_in(request.POST.get("client"))
    if name == "scan":
        found = _scanned(request)
        return found if isinstance(found, Answer) else _open(request, client_id, found)
    if name in {"tip", "voucher"}:
        amount = amount_in(request.POST.get(name, "").strip(), name)
        return _open(request, client_id, LineWish(LineKind(name.upper()), price=amount))
    wish = wish_of(lambda one: request.POST.get(one, "").strip(), value) if name == "add" else None
    return _open(request, client_id, wish) if wish else Answer()


def _find(request: SalonRequest, _value: str) -> Answer:
    typed = request.POST.get("client_q", "").strip()[:LONGEST]
    hits = client_hits(typed, request.salon) if typed else []
    return Answer(clients=hits, about="client", typed={"client_q": typed}, focus="client")


def _choose(request: SalonRequest, value: str) -> HttpResponse:
    return redirect(_address(request, uuid_in(value)))


def _new_client(request: SalonRequest, _value: str) -> Answer:
    return Answer(about="client", new=empty_client(request.POST.get("client_q", "")))


def _create_client(request: SalonRequest, value: str) -> HttpResponse | Answer:
    made = make_client(request, entered_client(request), anyway=value == "anyway")
    if isinstance(made, NewClient):
        return Answer(about="client", new=made)
    doubts = doubts_about(made, request.salon, request.salon.date_at(timezone.now()))
    messages.add_message(request, messages.WARNING if doubts else messages.SUCCESS, created_text(made, doubts))
    return redirect(_address(request, made.pk))


_WHOSE: dict[str, Callable[[SalonRequest, str], HttpResponse | Answer]] = {
    "find": _find,
    "client": _choose,
    "no-client": _choose,
    "new-client": _new_client,
    "create-client": _create_client,
}


def _address(request: SalonRequest, client_id: UUID | None) -> str:
    url = reverse("sale_new", args=[request.salon.slug])
    return f"{url}?client={client_id}" if client_id else url


def _scanned(request: SalonRequest) -> LineWish | Answer:
    typed = request.POST.get("goods_q", "").strip()[:LONGEST]
    if not typed:
        raise Refused(goods_q=_("Type a name, or scan a barcode."))
    if product := scanned(typed):
        return LineWish(LineKind.PRODUCT, product_id=product.pk)
    goods = goods_for(typed, request.salon, request.salon.date_at(timezone.now()))
    if not goods.shelves:
        raise Refused(goods_q=_("Nothing found for “%(query)s”.") % {"query": typed})
    wish = wish_of(lambda _name: "", goods.sure.removeprefix("add:"))
    return wish or Answer(goods=goods, about="goods", typed={"goods_q": typed}, focus="goods")


def _open(request: SalonRequest, client_id: UUID | None, wish: LineWish) -> HttpResponse:
    sale_id = uuid_in(request.POST.get("sale_id")) or new_id()
    try:
        open_sale(
            actor=request.actor,
            salon=request.salon,
            client_id=client_id,
            lines=[wish],
            sale_id=sale_id,
            now=timezone.now(),
        )
    except AlreadyOpened:
        # The form came twice; the id may also be one that another salon has used.
        if not Sale.objects.filter(pk=sale_id).exists():
            raise
    return redirect("sale", request.salon.slug, sale_id)


def _of_appointment(request: SalonRequest, appointment_id: UUID) -> HttpResponse:
    """Lead to the sale of an appointment; opening it takes a press of a button, not only a link.

    Raises: NotFound, NotChargeable.
    """
    appointment = get_appointment(appointment_id)
    purpose = purpose_of(request)
    found = sale_of(appointment.pk)
    if found:
        return redirect(sale_url(request, found.sale.pk, purpose))
    if request.method != "POST":
        when = when_text(appointment.starts_at, appointment.ends_at, request.salon)
        context = {"appointment": appointment, "when": when, "purpose": purpose, **urls(request)}
        return render(request, "bookings/checkout/appointment.html", context)
    try:
        opened = open_sale(actor=request.actor, salon=request.salon, appointment_id=appointment.pk, now=timezone.now())
    except SaleAlreadyPaid:
        paid = sale_of(appointment.pk)
        if paid is None:
            raise
        return redirect(sale_url(request, paid.sale.pk))
    return redirect(sale_url(request, opened.pk, purpose))


def _form(request: SalonRequest, answer: Answer) -> HttpResponse:
    asked = request.POST if request.method == "POST" else request.GET
    client = _card(uuid_in(asked.get("client")))
    context = {
        "person": whose(request, client, timezone.now()),
        "sale_id": uuid_in(asked.get("sale_id")) or new_id(),
        "answer": answer,
        "nothing": price_text(NOTHING, request.salon),
        "writes": True,
        "makes_clients": Permission.CLIENTS_WRITE in request.actor.permissions,
        "pay": {"sells_vouchers": sells_vouchers(methods_of(till_mode_of(request.salon, sales_rules())))},
        **urls(request),
        "change_url": reverse("sale_new", args=[request.salon.slug]),
    }
    return render(request, "bookings/checkout/new.html", context, status=422 if answer.refused else 200)


def _card(client_id: UUID | None) -> Client | None:
    """Return the card that is chosen; one that is gone by now is not."""
    if client_id is None:
        return None
    try:
        return get_client(client_id)
    except MergedAway as merged:
        return _card(merged.survivor_id)
    except NotFound:
        return None
