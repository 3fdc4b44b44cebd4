"""Giving money back at the till, and declaring a sale void (ui.md §2.5)."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bookings.checkout.reading import get_sale
from bookings.checkout.refunding import refund
from bookings.checkout.reversing import Way
from bookings.checkout.voiding import void
from bookings.models import Method, RefundKind, Sale
from bookings.web.checkout_entered import Refused, number_in
from bookings.web.checkout_sale import Answer, show_sale
from bookings.web.checkout_shown import ways_text
from bookings.web.draft import uuid_in
from salon.errors import DomainError, InvalidInput, NotFound, VersionConflict
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires

_QUANTITY = "quantity-"


@requires(Permission.REFUNDS)
@require_http_methods(["GET", "HEAD", "POST"])
def sale_refund(request: SalonRequest, sale_id: UUID) -> HttpResponse:
    """Give back so many units of the lines of a sale."""
    if request.method != "POST":
        return _dialog(request, sale_id, "refund")

    def give_back() -> str:
        sale = refund(
            actor=request.actor,
            salon=request.salon,
            sale_id=sale_id,
            method=_method(request.POST.get("method", "")),
            lines=_quantities(request),
            reason=request.POST.get("reason", ""),
            reference=request.POST.get("reference", ""),
            version=number_in(request.POST.get("version", "")),
            now=timezone.now(),
        )
        return _("Given back. Sale no. %(number)s says so.") % {"number": sale.number}

    return _answer(request, sale_id, "refund", give_back)


@requires(Permission.SALES_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def sale_void(request: SalonRequest, sale_id: UUID) -> HttpResponse:
    """Declare a sale void, or throw away one that nothing was paid for."""
    if request.method != "POST":
        return _dialog(request, sale_id, "void")
    thrown_away: list[Sale] = []

    def declare() -> str:
        sale = void(
            actor=request.actor,
            salon=request.salon,
            sale_id=sale_id,
            reason=request.POST.get("reason", ""),
            reference=request.POST.get("reference", ""),
            version=number_in(request.POST.get("version", "")),
            now=timezone.now(),
        )
        if sale.number is None and not sale.paid:
            thrown_away.append(sale)
            return _("Thrown away: nothing was paid for it.")
        given = [one for one in get_sale(sale.pk).refunds if one.kind == RefundKind.VOID]
        money = ways_text([Way(Method(one.method), one.amount) for one in given], request.salon)
        if not money:
            return _("Void.")
        words = _("Void. To be given back by you now: %(sums)s. Points are taken back already.")
        return words % {"sums": money}

    response = _answer(request, sale_id, "void", declare)
    # Of what was only begun, there is nothing to look at.
    return redirect("checkout", request.salon.slug) if thrown_away and not request.htmx else response


def _dialog(request: SalonRequest, sale_id: UUID, name: str) -> HttpResponse:
    """Lead to the sale with a dialog open.

    Raises: NotFound.
    """
    get_sale(sale_id)
    return redirect(f"{reverse('sale', args=[request.salon.slug, sale_id])}?dialog={name}")


def _answer(request: SalonRequest, sale_id: UUID, about: str, act: Callable[[], str]) -> HttpResponse:
    refused = Answer(about=about, typed={name: str(text) for name, text in request.POST.items()})
    try:
        answer = Answer(toast=act())
    except Refused as refusal:
        answer = replace(refused, errors=refusal.errors)
    except VersionConflict:
        told = _("This sale has changed meanwhile: here it is as it is now. Nothing was booked.")
        answer = replace(refused, refusal=told)
    except NotFound:
        raise
    except InvalidInput as refusal:
        answer = refused.with_errors(refusal, beside={"reference"} if about == "refund" else ())
    except DomainError as refusal:
        answer = replace(refused, refusal=refusal.message)
    return show_sale(request, sale_id, answer)


def _method(text: str) -> Method | None:
    """Return how money goes back: None is as it came.

    Raises: Refused.
    """
    if not text:
        return None
    if text not in Method:
        raise Refused(method=_("Choose how it is given back."))
    return Method(text)


def _quantities(request: SalonRequest) -> dict[UUID, int]:
    """Return how many units of which line go back; nothing typed is none.

    Raises: Refused.
    """
    found = {}
    for name, text in request.POST.items():
        line_id = uuid_in(name.removeprefix(_QUANTITY)) if name.startswith(_QUANTITY) else None
        if line_id is None or not str(text).strip():
            continue
        quantity = number_in(str(text).strip())
        if quantity is None:
            raise Refused(lines=_("Enter a whole number, 1 or more."))
        if quantity:
            found[line_id] = quantity
    return found
