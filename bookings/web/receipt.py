"""The receipt of a sale, to be printed or sent (ui.md §2.5)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from bookings.checkout.reading import get_sale
from bookings.checkout.receipts import NoReceipt, facts_of, mail_receipt, receipt_from
from bookings.web.checkout_sale import Answer, show_sale
from salon.errors import DomainError, InvalidInput, NotFound
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires


@requires(Permission.SALES_READ)
@require_safe
def sale_receipt(request: SalonRequest, sale_id: UUID) -> HttpResponse:
    """A receipt as it is printed; of what is not paid yet, there is none."""
    back_url = reverse("sale", args=[request.salon.slug, sale_id])
    view = get_sale(sale_id)
    try:
        receipt = receipt_from(facts_of(view, request.salon))
    except NoReceipt as refusal:
        messages.info(request, refusal.message)
        return redirect(back_url)
    return render(request, "bookings/checkout/receipt.html", {"receipt": receipt, "back_url": back_url})


@requires(Permission.SALES_WRITE)
@require_POST
def sale_mail_receipt(request: SalonRequest, sale_id: UUID) -> HttpResponse:
    """Send the receipt."""
    email = request.POST.get("email", "").strip()
    try:
        mail_receipt(actor=request.actor, salon=request.salon, sale_id=sale_id, email=email, now=timezone.now())
    except NotFound:
        raise
    except InvalidInput as refusal:
        errors = {error.field: str(error.message) for error in refusal.errors}
        return show_sale(request, sale_id, Answer(about="mail", errors=errors, typed={"email": email}))
    except DomainError as refusal:
        return show_sale(request, sale_id, Answer(about="mail", refusal=refusal.message, typed={"email": email}))
    toast = _("The receipt is on its way to %(email)s.") % {"email": email}
    return show_sale(request, sale_id, Answer(toast=toast))
