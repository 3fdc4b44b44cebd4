"""One sale at the till: its lines at the left, its money at the right (ui.md §2.5)."""

import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from bookings.checkout.fingerprint import Glance, glance_at
from bookings.checkout.reading import SaleView, get_sale
from bookings.checkout.reversing import ways_back
from bookings.checkout.tills import methods_of, sales_rules, sells_vouchers, till_mode_of
from bookings.models import Method, SaleState, TillMode
from bookings.web.checkout_goods import Goods
from bookings.web.checkout_meanwhile import seen_text
from bookings.web.checkout_shown import (
    METHOD_ICONS,
    ShownLine,
    ShownPayment,
    ShownVat,
    full_price,
    points_of,
    shown_lines,
    shown_payments,
    shown_refunds,
    shown_returns,
    shown_vat,
    tip_choices,
    tip_in,
    typed_text,
    way_text,
    ways_text,
)
from bookings.web.new_client import NewClient
from bookings.web.offer import Choice
from bookings.web.person import Person, person_of
from bookings.web.search import Hit
from bookings.web.wording import local, price_text, when_text
from clients.models import Client
from loyalty.web.numbers import points_text
from salon.catalogue.reading import working_staff
from salon.errors import InvalidInput
from salon.identity.roles import Permission
from salon.money import cents
from salon.web.access import SalonRequest, requires

TILL = "till"
# What somebody came to the till for, as its address says (`?for=`): "" is to be paid.
DEPOSIT = "deposit"
BADGES = {
    SaleState.OPEN: ("pencil-line", ""),
    SaleState.PAID: ("circle-check", "good"),
    SaleState.PARTLY_REFUNDED: ("undo-2", "warn"),
    SaleState.REFUNDED: ("undo-2", "warn"),
    SaleState.VOID: ("ban", "danger"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a button came to: a toast where it worked, with what takes it back; else why not, and what was typed.

    `about` is the part of the page that a refusal concerns; `errors` stand beside their fields there. `new` are the
    fields of a card to be made.
    """

    toast: str = ""
    tone: str = "success"
    undo: str = ""
    refusal: Promise | str = ""
    about: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    goods: Goods | None = None
    clients: list[Hit] | None = None
    new: NewClient | None = None
    focus: str = ""

    @property
    def refused(self) -> bool:
        """Whether nothing was changed."""
        return bool(self.refusal or self.errors or (self.new and self.new.refused))

    def with_errors(self, refusal: InvalidInput, *, beside: Container[str]) -> "Answer":
        """Return the answer with what is wrong beside these fields, and what is with anything else as a notice."""
        said = {error.field: str(error.message) for error in refusal.errors}
        fields = {name: text for name, text in said.items() if name in beside}
        return replace(self, errors=fields, refusal=" ".join(text for name, text in said.items() if name not in fields))

    def in_one(self, about: str) -> "Answer":
        """Return the answer as one notice, for where its fields are not on the page any more."""
        told = [text for text in (str(self.refusal), *self.errors.values()) if text]
        return replace(self, about=about, refusal=" ".join(told), errors={})

    @property
    def asks(self) -> bool:
        """Whether something was only looked for."""
        return self.goods is not None or self.clients is not None or self.new is not None

    @property
    def found_nobody(self) -> bool:
        """Whether a client was looked for in vain."""
        return self.clients == [] and bool(self.typed.get("client_q"))


@dataclass(frozen=True, slots=True)
class MethodChoice:
    """A way to pay, as a tile."""

    value: str
    label: Promise | str
    icon: str
    chosen: bool
    wants_reference: bool


@dataclass(frozen=True, slots=True)
class ShownSale:
    """A sale in words."""

    id: UUID
    version: str
    number: str
    state: str
    state_label: Promise | str
    icon: str
    tone: str
    open: bool
    lines: list[ShownLine]
    tip_for: list[Choice]
    payments: list[ShownPayment]
    refunds: list[ShownPayment]
    full: str
    discount: str
    tip: str
    total: str
    paid: str
    kept: str
    keeps: bool
    going_back: str
    ways_back: str
    asks_receipt: bool
    refunded: str
    due: str
    due_cents: str
    overpaid: bool
    vat: list[ShownVat]
    appointment_when: str
    appointment_url: str
    beforehand: bool
    earned: str
    void_reason: str
    opened: str

    @property
    def is_tip_for_somebody(self) -> bool:
        """Whether it is known whom a tip would be for."""
        return any(one.chosen for one in self.tip_for)

    @property
    def refundable(self) -> bool:
        """Whether there is something to give back."""
        return self.state in {SaleState.PAID, SaleState.PARTLY_REFUNDED}

    @property
    def voidable(self) -> bool:
        """Whether it can be declared void, or what was kept of it be given back."""
        return self.state != SaleState.VOID or self.keeps

    @property
    def returnable(self) -> bool:
        """Whether a payment can be taken back by whoever looks at it."""
        return any(one.corrects or one.gives_back for one in self.payments)

    @property
    def settles(self) -> bool:
        """Whether nothing is due although there is something on it: it only has to be closed."""
        return self.open and bool(self.lines) and self.due_cents == "0"


@requires(Permission.SALES_READ)
@require_safe
def sale(request: SalonRequest, sale_id: UUID) -> HttpResponse:
    """One sale: open at the till, or as it was paid; a page that has it open asks again every few seconds."""
    if _in_till(request) and request.headers.get("If-None-Match") == _tag(_glance(request, sale_id)):
        return HttpResponseNotModified()
    return show_sale(request, sale_id, Answer())


def show_sale(request: SalonRequest, sale_id: UUID, answer: Answer) -> HttpResponse:
    """Answer with a sale as it is by now; without a script a change leads to its page.

    Raises: NotFound.
    """
    url = reverse("sale", args=[request.salon.slug, sale_id])
    if request.method == "POST" and not (request.htmx or answer.refused or answer.asks):
        if answer.toast:
            level = messages.WARNING if answer.tone == "warning" else messages.SUCCESS
            messages.add_message(request, level, answer.toast, extra_tags=answer.undo)
        return redirect(url)
    now = timezone.now()
    # Before the sale itself is read: at worst a page that is new already is asked for once more.
    glance = _glance(request, sale_id)
    view = get_sale(sale_id)
    may = request.actor.permissions
    writes = Permission.SALES_WRITE in may
    shown = _shown(request, view, answer, now)
    answer = _where_it_is_seen(answer, shown)
    client = view.sale.client
    context = {
        "sale": shown,
        "person": whose(request, client, now, alerts=glance.alerts),
        "points": points_of(view, request.salon, writes=writes) if shown.open else None,
        "answer": answer,
        "writes": writes,
        "makes_clients": Permission.CLIENTS_WRITE in may,
        "prices": Permission.PRICE_OVERRIDE in may,
        "refunds": Permission.REFUNDS in may,
        "pay": _payment_form(request, view, shown, answer),
        "was": seen_text(view),
        "tag": _tag(glance),
        "follow_url": sale_url(request, sale_id, purpose_of(request)),
        "email": answer.typed.get("email") or (client.email if client else ""),
        **urls(request, sale_id),
    }
    template = "bookings/checkout/_till.html" if _in_till(request) else "bookings/checkout/sale.html"
    response = render(request, template, context, status=422 if answer.refused else 200)
    response["Vary"] = "HX-Request, HX-Target"
    return response


def _glance(request: SalonRequest, sale_id: UUID) -> Glance:
    return glance_at(sale_id, purpose_of(request), get_language() or "", *sorted(request.actor.permissions))


def _tag(glance: Glance) -> str:
    return f'"{glance.fingerprint}"'


def _where_it_is_seen(answer: Answer, shown: ShownSale) -> Answer:
    """Return an answer told where the page has a place for it: meanwhile the sale may be paid, given back, or void."""
    gone = {"pay": not shown.open, "refund": not shown.refundable, "void": not shown.voidable}
    if not (answer.refused and gone.get(answer.about)):
        return answer
    return answer.in_one("pay" if answer.about == "pay" else "")


def purpose_of(request: SalonRequest) -> str:
    """Return what somebody came to the till for."""
    said = request.POST.get("for") or request.GET.get("for")
    return DEPOSIT if said == DEPOSIT else ""


def sale_url(request: SalonRequest, sale_id: UUID, purpose: str = "") -> str:
    """Return the address of a sale at the till."""
    url = reverse("sale", args=[request.salon.slug, sale_id])
    return f"{url}?for={purpose}" if purpose else url


def urls(request: SalonRequest, sale_id: UUID | None = None) -> dict[str, str]:
    """Return where the till's forms go."""
    slug = request.salon.slug
    found = {
        "goods_url": reverse("sale_goods", args=[slug]),
        "clients_url": f"{reverse('booking_clients', args=[slug])}?new",
        "checkout_url": reverse("checkout", args=[slug]),
        "new_url": reverse("sale_new", args=[slug]),
    }
    if sale_id:
        found["change_url"] = reverse("sale_change", args=[slug, sale_id])
    return found


def whose(
    request: SalonRequest, client: Client | None, now: datetime, *, alerts: Sequence[str] | None = None
) -> Person | None:
    """Return a client as the till shows her; one that was erased is only a name."""
    return person_of(request, client, request.salon.date_at(now), alerts=alerts) if client else None


def _in_till(request: SalonRequest) -> bool:
    return bool(request.htmx) and request.htmx.target == TILL


def _shown(request: SalonRequest, view: SaleView, answer: Answer, now: datetime) -> ShownSale:
    salon, found = request.salon, view.sale
    state = SaleState(found.state)
    ways = ways_back(view.payments, view.refunds)
    team, tip = working_staff(), tip_in(view)
    icon, tone = BADGES[state]
    appointment = view.appointment
    where = ""
    if appointment and Permission.BOOKINGS_READ in request.actor.permissions:
        day = local(appointment.starts_at, salon).date().isoformat()
        where = f"{reverse('calendar', args=[salon.slug])}?day={day}&appointment={appointment.pk}"
    return ShownSale(
        id=found.pk,
        version=str(found.version),
        number=str(found.number or ""),
        state=state,
        state_label=state.label,
        icon=icon,
        tone=tone,
        open=state is SaleState.OPEN,
        lines=shown_lines(view, salon, answer.typed, team),
        tip_for=tip_choices(view, team, answer.typed.get("staff", "") if answer.about == "tip" else ""),
        payments=shown_payments(view, salon, actor=request.actor, now=now),
        refunds=[*shown_returns(view, salon), *shown_refunds([*view.refunds, *view.undone], salon)],
        full=price_text(full_price(view), salon),
        discount=price_text(-view.discount, salon) if view.discount else "",
        tip=price_text(tip, salon) if tip else "",
        total=price_text(found.total, salon),
        paid=price_text(found.paid, salon) if found.paid else "",
        kept=price_text(view.kept, salon),
        keeps=found.lapsed and view.kept > 0,
        going_back=ways_text(ways, salon),
        ways_back=json.dumps([[way_text(one), cents(one.amount)] for one in ways]),
        asks_receipt=any(one.method is Method.EXTERNAL_TILL for one in ways),
        refunded=price_text(-found.refunded, salon) if found.refunded else "",
        due=price_text(abs(view.due), salon),
        due_cents=str(int(view.due * 100)),
        overpaid=view.due < 0,
        vat=shown_vat(view, salon),
        appointment_when=when_text(appointment.starts_at, appointment.ends_at, salon) if appointment else "",
        appointment_url=where,
        beforehand=appointment is not None and appointment.starts_at > now,
        earned=points_text(found.points_earned) if found.points_earned else "",
        void_reason=found.void_reason,
        opened=found.opened_by_name,
    )


def _payment_form(request: SalonRequest, view: SaleView, shown: ShownSale, answer: Answer) -> dict[str, object]:
    """Return what is entered of a payment: all that is due; of a deposit, what somebody types."""
    if view.sale.state == SaleState.VOID:
        return {}
    mode = till_mode_of(request.salon, sales_rules())
    methods = methods_of(mode)
    typed = answer.typed if answer.about in {"pay", "refund"} else {}
    # What goes back does as it came, if nobody says otherwise.
    chosen = typed.get("method") or (methods[0] if shown.open else "")
    purpose = purpose_of(request) if shown.beforehand else ""
    amount = "" if purpose else typed_text(max(view.due, view.due * 0))
    return {
        "purpose": purpose,
        "amount": typed.get("amount", amount),
        "reference": typed.get("reference", ""),
        "due_typed": typed_text(max(view.due, view.due * 0)),
        "as_it_came": not chosen,
        "own_till": mode is TillMode.OWN_TILL,
        "sells_vouchers": sells_vouchers(methods),
        "methods": [
            MethodChoice(one.value, one.label, METHOD_ICONS[one], one == chosen, one is Method.EXTERNAL_TILL)
            for one in methods
        ],
    }
