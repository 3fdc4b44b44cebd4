"""Changing an open sale at the till: one button, one operation, and the sale as it is then (ui.md §2.5)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bookings.checkout import sales
from bookings.checkout.lines import MOST_UNITS
from bookings.checkout.reading import SaleView, get_sale
from bookings.checkout.sales import ChangedLine, LineKind, LineWish, MethodNotAllowed, Overpaid
from bookings.models import Method, Payment, SaleLine, SaleState
from bookings.web.checkout_entered import Refused, amount_in, created_text, number_in
from bookings.web.checkout_goods import LONGEST, goods_for, scanned
from bookings.web.checkout_meanwhile import changed_meanwhile, seen_in
from bookings.web.checkout_sale import Answer, show_sale
from bookings.web.checkout_shown import typed_text
from bookings.web.draft import uuid_in
from bookings.web.new_client import NewClient, doubts_about, empty_client, entered_client, make_client
from bookings.web.search import client_hits
from bookings.web.taken_off import bring_back, kept_in, removed_text, signed
from bookings.web.wording import price_text
from clients.treatcard import set_treatcard
from salon.errors import DomainError, InvalidInput, NotFound, VersionConflict
from salon.identity.roles import Permission
from salon.tenancy.models import Salon
from salon.web.access import SalonRequest, requires


@dataclass(frozen=True, slots=True)
class Change:
    """One press of a button: of which sale, by whom; `value` stands behind the button's name."""

    request: SalonRequest
    view: SaleView
    value: str
    now: datetime

    def entered(self, name: str) -> str:
        """Return what was typed; the button of a message carries it in its address."""
        return (self.request.POST.get(name) or self.request.GET.get(name, "")).strip()

    @property
    def given(self) -> dict[str, Any]:
        """What every operation is given."""
        request = self.request
        return {"actor": request.actor, "salon": request.salon, "sale_id": self.view.sale.pk, "now": self.now}

    def seen(self) -> int | None:
        """Return the version of the sale that the form was made from."""
        return number_in(self.entered("version"))

    def undone_by(self, **act: object) -> str:
        """Return the address whose button takes a change back."""
        url = reverse("sale_change", args=[self.request.salon.slug, self.view.sale.pk])
        return f"{url}?{urlencode({name: value for name, value in act.items() if value not in (None, '')})}"


@requires(Permission.SALES_WRITE)
@require_POST
def sale_change(request: SalonRequest, sale_id: UUID) -> HttpResponse:
    """Do what a button of the till says; what is refused changes nothing and keeps what was typed."""
    view = get_sale(sale_id)
    name, _colon, value = (request.POST.get("act") or request.GET.get("act", "")).partition(":")
    act = ACTS.get(name)
    if act is None:
        return show_sale(request, sale_id, Answer())
    about = f"line-{value}" if name == "line" else ABOUT.get(name, "lines")
    refused = Answer(about=about, typed={one: str(text) for one, text in request.POST.items()})
    try:
        answer = act(Change(request, view, value, timezone.now()))
    except Refused as refusal:
        answer = replace(refused, errors=refusal.errors)
    except VersionConflict:
        answer = _outdated(request, sale_id, refused)
    except Overpaid as refusal:
        answer = replace(refused, errors={"amount": _too_much(refusal.due, request.salon)})
    except MethodNotAllowed as refusal:
        answer = replace(refused, errors={"method": str(refusal.message)})
    except InvalidInput as refusal:
        answer = refused.with_errors(refusal, beside=FIELDS.get(name, ()))
    except NotFound:
        answer = replace(refused, refusal=_("This is not part of the sale any more."))
    except DomainError as refusal:
        answer = replace(refused, refusal=refusal.message)
    return show_sale(request, sale_id, answer)


def _outdated(request: SalonRequest, sale_id: UUID, refused: Answer) -> Answer:
    """Say what has changed; who was taking all that was due is asked for all that is due now."""
    seen = seen_in(request.POST.get("was", ""))
    typed = dict(refused.typed)
    if seen and seen.is_all(typed.get("amount", "")):
        del typed["amount"]
    return replace(refused, typed=typed, refusal=changed_meanwhile(get_sale(sale_id), seen, request.salon))


def _too_much(due: Decimal, salon: Salon) -> str:
    words = {"due": price_text(abs(due), salon)}
    if due < 0:
        return _("%(due)s too much were paid already.") % words
    return _("Only %(due)s are still to be paid.") % words


def wish_of(entered: Callable[[str], str], value: str) -> LineWish | None:
    """Return what `add:<kind>:<id>` wishes for; None where it makes no sense."""
    kind, _colon, text = value.partition(":")
    item_id = uuid_in(text)
    if item_id is None or kind not in {"service", "product"}:
        return None
    price = entered("price")
    wish = LineWish(
        LineKind(kind.upper()),
        quantity=number_in(entered("quantity")) or 1,
        price=amount_in(price, "price") if price else None,
        staff_id=uuid_in(entered("staff")),
    )
    return replace(wish, service_id=item_id) if kind == "service" else replace(wish, product_id=item_id)


def _add(change: Change) -> Answer:
    wish = wish_of(change.entered, change.value)
    return _put(change, wish) if wish else Answer()


def _put(change: Change, wish: LineWish) -> Answer:
    """Put something on the sale; one more of a product that stands there is one unit more."""
    same = next((line for line in change.view.lines if _is_same(line, wish)), None)
    if same is None:
        sales.add_line(**change.given, wish=wish)
    else:
        changes = ChangedLine(quantity=same.quantity + wish.quantity)
        sales.change_line(**change.given, line_id=same.pk, changes=changes, version=change.view.sale.version)
    return Answer(focus="goods")


def _is_same(line: SaleLine, wish: LineWish) -> bool:
    return (
        wish.kind is LineKind.PRODUCT
        and line.kind == LineKind.PRODUCT
        and line.product_id == wish.product_id
        and line.own_price is None
        and wish.price is None
        and line.quantity + wish.quantity <= MOST_UNITS
    )


def _scan(change: Change) -> Answer:
    """Put on the sale what was scanned, or the one thing that fits or is called so; else offer what fits."""
    typed = change.entered("goods_q")[:LONGEST]
    if not typed:
        raise Refused(goods_q=_("Type a name, or scan a barcode."))
    if product := scanned(typed):
        return _put(change, LineWish(LineKind.PRODUCT, product_id=product.pk))
    salon = change.request.salon
    goods = goods_for(typed, salon, salon.date_at(change.now))
    if not goods.shelves:
        raise Refused(goods_q=_("Nothing found for “%(query)s”.") % {"query": typed})
    if wish := wish_of(lambda _name: "", goods.sure.removeprefix("add:")):
        return _put(change, wish)
    return Answer(goods=goods, about="goods", typed={"goods_q": typed}, focus="goods")


def _by_amount(kind: LineKind, field: str) -> "Act":
    def put(change: Change) -> Answer:
        amount = amount_in(change.entered(field), field)
        if not amount:
            raise Refused(**{field: _("Enter an amount.")})
        wish = LineWish(
            kind,
            quantity=number_in(change.entered("quantity")) or 1,
            price=amount,
            staff_id=uuid_in(change.entered("staff")),
        )
        sales.add_line(**change.given, wish=wish)
        return Answer()

    return put


def _reward(change: Change) -> Answer:
    reward_id = uuid_in(change.value)
    if reward_id is None:
        return Answer()
    sales.redeem_at_checkout(**change.given, reward_id=reward_id)
    return Answer(toast=_("Redeemed: the points are taken off."))


def _line(change: Change) -> SaleLine:
    line_id = uuid_in(change.value)
    found = next((line for line in change.view.lines if line.pk == line_id), None)
    if found is None:
        raise NotFound
    return found


def _count(step: int) -> "Act":
    def count(change: Change) -> Answer:
        line = _line(change)
        changes = ChangedLine(quantity=line.quantity + step)
        sales.change_line(**change.given, line_id=line.pk, changes=changes, version=change.view.sale.version)
        return Answer(focus=f"line-{line.pk}")

    return count


def _set(change: Change) -> Answer:
    """Set how many units there are: as the script counts them together before it sends."""
    line = _line(change)
    quantity = _quantity(change, line)
    if quantity != line.quantity:
        sales.change_line(**change.given, line_id=line.pk, changes=ChangedLine(quantity=quantity))
    return Answer(focus=f"line-{line.pk}")


def _quantity(change: Change, line: SaleLine) -> int:
    typed = change.entered("quantity")
    if not typed:
        return line.quantity
    quantity = number_in(typed)
    if quantity is None:
        raise Refused(quantity=_("Enter a whole number from 1 to %(most)d.") % {"most": MOST_UNITS})
    return quantity


def _change_line(change: Change) -> Answer:
    """Change what is different of one line: how many, for how much each, by whom."""
    line = _line(change)
    changes = ChangedLine()
    if (quantity := _quantity(change, line)) != line.quantity:
        changes["quantity"] = quantity
    typed = change.entered("price")
    if not typed and line.own_price is not None:
        changes["price"] = None
    elif typed and (price := amount_in(typed, "price")) != line.unit_price:
        changes["price"] = price
    if "staff" in change.request.POST and (staff_id := uuid_in(change.entered("staff"))) != line.staff_id:
        changes["staff_id"] = staff_id
    if changes:
        sales.change_line(**change.given, line_id=line.pk, changes=changes, version=change.seen())
    return Answer(focus=f"line-{line.pk}")


def _drop(change: Change) -> Answer:
    line = _line(change)
    taken = sales.remove_line(**change.given, line_id=line.pk)
    return Answer(toast=removed_text(taken, line), undo=change.undone_by(act=f"back:{signed(taken)}"))


def _back(change: Change) -> Answer:
    """Put back what was taken off."""
    kept = kept_in(change.value)
    bring_back(kept, **change.given)
    return Answer(focus=f"line-{kept['line']['id']}" if "line" in kept else "goods")


def _find(change: Change) -> Answer:
    typed = change.entered("client_q")[:LONGEST]
    if not typed:
        return Answer(focus="client")
    return Answer(
        clients=client_hits(typed, change.request.salon), about="client", typed={"client_q": typed}, focus="client"
    )


def _client(change: Change) -> Answer:
    client_id = uuid_in(change.value)
    if client_id is None:
        return Answer()
    sales.set_client(**change.given, client_id=client_id)
    return Answer(focus="goods")


def _no_client(change: Change) -> Answer:
    sales.set_client(**change.given, client_id=None)
    return Answer(focus="client")


def _new_client(change: Change) -> Answer:
    """Ask for what a card is made of, with what was searched for in vain."""
    return Answer(about="client", new=empty_client(change.entered("client_q")))


def _create_client(change: Change) -> Answer:
    """Make a card, and let the sale be its client's: both or neither."""
    with transaction.atomic():
        made = make_client(change.request, entered_client(change.request), anyway=change.value == "anyway")
        if isinstance(made, NewClient):
            return Answer(about="client", new=made)
        sales.set_client(**change.given, client_id=made.pk)
    salon = change.request.salon
    doubts = doubts_about(made, salon, salon.date_at(change.now))
    return Answer(toast=created_text(made, doubts), tone="warning" if doubts else "success", focus="goods")


def _treatcard(change: Change) -> Answer:
    """Give the client a Treatcard: what is typed or scanned, else a number is made."""
    client_id = change.view.sale.client_id
    if client_id is None:
        raise NotFound
    number = None if change.value == "generate" else change.entered("treatcard")
    actor = change.request.actor
    try:
        client = set_treatcard(actor=actor, client_id=client_id, number=number, seen="", now=change.now)
    except InvalidInput as refusal:
        raise Refused(treatcard=str(refusal.errors[0].message)) from refusal
    return Answer(
        toast=_("The Treatcard has the number %(number)s.") % {"number": client.treatcard_number}, focus="goods"
    )


def _pay(change: Change) -> Answer:
    method = change.entered("method")
    if method not in Method:
        raise Refused(method=_("Choose how it is paid."))
    amount = amount_in(change.entered("amount"), "amount")
    paid = sales.pay(
        **change.given,
        method=Method(method),
        amount=amount,
        reference=change.entered("reference"),
        version=change.seen(),
    )
    if paid.state != SaleState.OPEN:
        return Answer(toast=_("Paid: sale no. %(number)s.") % {"number": paid.number}, focus="done")
    words = {"amount": price_text(amount, change.request.salon)}
    return Answer(toast=_("%(amount)s taken.") % words, focus="amount")


def _settle(change: Change) -> Answer:
    """Close a sale of which nothing is due."""
    paid = sales.pay(**change.given, method=Method.CARD, amount=Decimal(0), version=change.seen())
    return Answer(toast=_("Closed: sale no. %(number)s.") % {"number": paid.number}, focus="done")


def _unpay(change: Change) -> Answer:
    payment_id = uuid_in(change.value)
    payment = next((one for one in change.view.payments if one.pk == payment_id), None)
    if payment is None:
        raise NotFound
    request = change.request
    corrected = sales.is_correction(payment, actor=request.actor, salon=request.salon, now=change.now)
    sales.remove_payment(**change.given, payment_id=payment.pk, reason=change.entered("reason"))
    words = {"amount": price_text(payment.amount, change.request.salon)}
    if not corrected:
        told = _("%(amount)s given back. That is noted here; the money itself you give back as it came.")
        return Answer(toast=told % words, focus="amount")
    return Answer(toast=_("%(amount)s taken off again.") % words, undo=_paying_again(change, payment), focus="amount")


def _paying_again(change: Change, payment: Payment) -> str:
    return change.undone_by(
        act="pay", method=payment.method, amount=typed_text(payment.amount), reference=payment.reference
    )


type Act = Callable[[Change], Answer]

ACTS: dict[str, Act] = {
    "add": _add,
    "scan": _scan,
    "tip": _by_amount(LineKind.TIP, "tip"),
    "voucher": _by_amount(LineKind.VOUCHER, "voucher"),
    "reward": _reward,
    "more": _count(1),
    "less": _count(-1),
    "set": _set,
    "line": _change_line,
    "drop": _drop,
    "back": _back,
    "find": _find,
    "client": _client,
    "no-client": _no_client,
    "new-client": _new_client,
    "create-client": _create_client,
    "treatcard": _treatcard,
    "pay": _pay,
    "settle": _settle,
    "unpay": _unpay,
}
# The fields of a form that a refusal stands beside.
FIELDS = {"pay": ("amount", "method", "reference"), "line": ("quantity", "price")}
# Which part of the page a refusal stands in; of a line's own form it is that line.
ABOUT = {
    "add": "goods",
    "scan": "goods",
    "tip": "tip",
    "voucher": "voucher",
    "reward": "points",
    "find": "client",
    "client": "client",
    "no-client": "client",
    "new-client": "client",
    "create-client": "client",
    "treatcard": "treatcard",
    "pay": "pay",
    "settle": "pay",
}
