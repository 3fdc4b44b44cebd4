"""The receipt of a sale: to be printed, or sent by mail (domain.md §6)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from bookings.checkout.pricing import LineKind, Vat
from bookings.checkout.reading import SaleView, get_sale
from bookings.checkout.tills import sales_rules, till_mode_of
from bookings.had import had_by
from bookings.models import BookingRules, Method, PaymentKind, Refund, RefundKind, Sale, SaleLine, SaleState, TillMode
from bookings.prompting import Offer, judged
from clients.models import Client
from loyalty.eligibility import Refusal
from loyalty.rewards import live_rewards
from loyalty.rules import rules_now
from salon.errors import DomainError, FieldError, InvalidInput
from salon.identity.roles import Actor, Permission
from salon.mail.letters import Draft, Letter
from salon.mail.outbox import drop_unsent, send_client_mail
from salon.tenancy.contact import contact_in, contact_of
from salon.tenancy.models import Salon
from salon.web.amounts import amount_text

# The name of `write` in CLIENT_LETTERS.
_WRITER = "receipt"
# Whoever has not got it by then has gone home without it.
_WORTH_SENDING = timedelta(days=3)


class NoReceipt(DomainError):
    """Nothing is paid yet."""

    code = "sale_not_paid"
    message = _("There is a receipt once the sale is paid.")


class NobodyToWriteTo(DomainError):
    """The sale is nobody's."""

    code = "no_client"
    message = _("Without a client card there is nobody to write to: print the receipt.")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of something: what, more about it, how much."""

    words: str
    amount: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaxRow:
    """The tax in what was sold at one rate."""

    rate: str
    net: str
    vat: str
    gross: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt in words, in the language that is active."""

    head: list[str]
    number: str
    when: str
    client: str
    lines: list[Row]
    discount: str
    total: str
    taxes: list[TaxRow]
    payments: list[Row]
    refunds: list[Row]
    refunded_taxes: list[TaxRow]
    left: str
    points: str
    balance: str
    rewards: list[Row]
    no_till_receipt: bool
    void: bool
    foot: list[str]


def facts_of(view: SaleView, salon: Salon) -> dict[str, Any]:
    """Return all that a receipt says, as it is now.

    Raises: NoReceipt.
    """
    sale = view.sale
    if sale.number is None or sale.paid_at is None:
        raise NoReceipt
    rules = sales_rules()
    client = sale.client
    by_line = {line.pk: line for line in view.lines}
    return {
        "number": sale.number,
        "paid_at": sale.paid_at.isoformat(),
        "salon": {
            **asdict(contact_of(salon)),
            "timezone": salon.timezone,
            "currency": salon.currency,
        },
        "head": rules.receipt_head,
        "foot": rules.receipt_foot,
        "client": client.full_name if client else "",
        "lines": [_line_facts(line) for line in view.lines],
        "discount": str(view.discount),
        "total": str(sale.total),
        "taxes": _tax_facts(view.vat),
        "payments": [
            {
                "method": one.method,
                "deposit": one.kind == PaymentKind.DEPOSIT,
                "reference": one.reference,
                "on": one.taken_on.isoformat(),
                "amount": str(one.amount),
            }
            for one in view.payments
        ],
        "refunds": [
            {
                "kind": one.kind,
                "method": one.method,
                "reference": one.reference,
                "on": one.refunded_on.isoformat(),
                "amount": str(one.amount),
                "lines": [[part.quantity, by_line[part.line_id].label] for part in one.lines.all()],
            }
            for one in view.refunds
            if _stands(one)
        ],
        "refunded_taxes": _tax_facts(view.vat_back),
        "left": str(view.kept),
        "points": sale.points_earned,
        "balance": client.points if client and client.treatcard_number else None,
        "rewards": [[one.name, one.reward.points] for one in _rewards(client)] if client else [],
        "no_till_receipt": till_mode_of(salon, rules) is TillMode.EXTERNAL_TILL,
        "void": sale.state == SaleState.VOID,
    }


def _rewards(client: Client) -> list[Offer]:
    """Return the rewards that a client may know of: none unless the owner wants that (domain.md §7.2), and none that
    stays refused to her however many points she collects."""
    if not (client.treatcard_number and rules_now().clients_see_rewards):
        return []
    offers = judged(client, live_rewards(), had=had_by(client.pk))
    within_reach = [one for one in offers if set(one.refusals) <= {Refusal.NOT_ENOUGH_POINTS}]
    return sorted(within_reach, key=lambda one: (one.reward.points, one.name))


def receipt_from(facts: Mapping[str, Any]) -> Receipt:
    """Put into words what `facts_of` has noted."""
    salon = facts["salon"]

    def money(amount: str) -> str:
        return amount_text(Decimal(amount), salon["currency"])

    paid_at = datetime.fromisoformat(facts["paid_at"]).astimezone(ZoneInfo(salon["timezone"]))
    refunded = bool(facts["refunds"])
    return Receipt(
        head=_head(facts),
        number=str(facts["number"]),
        when=f"{date_format(paid_at, 'SHORT_DATE_FORMAT')}, {date_format(paid_at, gettext('H:i'))}",
        client=facts["client"],
        lines=[_row(line, money) for line in facts["lines"]],
        discount=money(facts["discount"]) if Decimal(facts["discount"]) else "",
        total=money(facts["total"]),
        taxes=[_tax(one, money) for one in facts["taxes"]],
        payments=[_paid(one, money) for one in facts["payments"]],
        refunds=[_back(one, money) for one in facts["refunds"]],
        refunded_taxes=[_tax(one, money) for one in facts["refunded_taxes"]],
        left=money(facts["left"]) if refunded else "",
        points=_points(facts["points"]) if facts["points"] else "",
        balance=_points(facts["balance"]) if facts["balance"] is not None else "",
        rewards=[Row(name, _points(points)) for name, points in facts["rewards"]],
        no_till_receipt=facts["no_till_receipt"],
        void=facts["void"],
        foot=facts["foot"].split("\n") if facts["foot"] else [],
    )


def _head(facts: Mapping[str, Any]) -> list[str]:
    """Return who sold it, and below that what the salon prints; alone where that begins with the salon's name."""
    contact, own = contact_in(facts["salon"]), facts["head"].split("\n") if facts["head"] else []
    if own and own[0].startswith(contact.name):
        return own
    return [contact.name, *contact.address, *contact.reached_by, *own]


def write(facts: Mapping[str, Any]) -> Letter:
    """Put a receipt that is to be sent into words."""
    with translation.override(settings.LANGUAGE_CODE), timezone.override(ZoneInfo(facts["salon"]["timezone"])):
        receipt = receipt_from(facts)
        words = {"number": receipt.number, "salon": facts["salon"]["name"]}
        subject = gettext("Your receipt no. %(number)s · %(salon)s") % words
        context = {
            "receipt": receipt,
            "salon": facts["salon"],
            "subject": subject,
            "can_answer": bool(facts["reply_to"]),
        }
        return Letter(
            subject=" ".join(subject.split())[:200],
            text=render_to_string("bookings/mail/receipt.txt", context).strip() + "\n",
            html=render_to_string("bookings/mail/receipt.html", context),
        )


def mail_receipt(*, actor: Actor, salon: Salon, sale_id: UUID, email: str, now: datetime) -> Sale:
    """Send a client the receipt of a sale, to this address; one that has not gone out yet goes instead of it.

    Raises: NotAllowed, NotFound, NoReceipt, NobodyToWriteTo, InvalidInput.
    """
    actor.require(Permission.SALES_WRITE)
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidInput([FieldError("email", "invalid", _("Enter a valid email address."))]) from error
    with transaction.atomic():
        # Behind the lock: of two presses of a button, one mail goes.
        Sale.objects.select_for_update(no_key=True).filter(pk=sale_id).first()
        view = get_sale(sale_id)
        facts = facts_of(view, salon)
        if view.sale.client_id is None:
            raise NobodyToWriteTo
        reply_to = (BookingRules.objects.first() or BookingRules()).reply_to
        drop_unsent(sale_id)
        send_client_mail(
            client_id=view.sale.client_id,
            about_id=sale_id,
            tells=sha256(f"receipt {view.sale.version}".encode()).hexdigest(),
            recipient=email,
            reply_to=reply_to,
            draft=Draft(_WRITER, {**facts, "reply_to": reply_to}),
            due_at=now,
            expires_at=now + _WORTH_SENDING,
            now=now,
        )
    return view.sale


def percent_text(percent: Decimal) -> str:
    """Return `10 %`."""
    number = number_format(percent.normalize() if percent % 1 else int(percent), use_l10n=True)
    return gettext("%(percent)s %%") % {"percent": number}


def discount_text(percent: Decimal, reason: str) -> str:
    """Return `10 % Stammkunden`, the percentage once: where a category's name says it, the name says all."""
    number = re.escape(f"{percent.normalize():f}").replace(r"\.", "[.,]")
    if re.search(rf"(?<![\d.,]){number}\s*%", reason):
        return reason
    return f"{percent_text(percent)} {reason}"


def _stands(refund: Refund) -> bool:
    return refund.removed_at is None and bool(refund.amount)


def _tax_facts(taxes: Iterable[Vat]) -> list[list[str]]:
    return [[str(one.rate), str(one.net), str(one.vat), str(one.gross)] for one in taxes]


def _line_facts(line: SaleLine) -> dict[str, Any]:
    offer = line.own_price is None and line.offer_price is not None
    return {
        "kind": line.kind,
        "name": line.name,
        "quantity": line.quantity,
        "unit": str(line.unit_price),
        "instead": str(line.list_price) if line.unit_price != line.list_price else "",
        "offer": offer,
        "percent": str(line.discount_percent) if line.discount else "",
        "discount": str(line.discount),
        "reason": line.discount_reason,
        "points": line.redemption.points if line.redemption else None,
        "rate": str(line.vat_rate),
        "price": str(line.final_price),
    }


def _row(line: Mapping[str, Any], money: Any) -> Row:
    name = line["name"] or str(LineKind(line["kind"]).label)
    details = []
    if line["points"] is not None:
        details.append(gettext("Reward for %(points)s") % {"points": _points(line["points"])})
    elif line["quantity"] > 1:
        details.append(f"{line['quantity']} × {money(line['unit'])}")
    if line["offer"]:
        details.append(
            gettext("Special offer instead of %(price)s") % {"price": money(line["instead"] or line["unit"])}
        )
    if line["percent"]:
        off = money(str(-Decimal(line["discount"])))
        details.append(f"{discount_text(Decimal(line['percent']), line['reason'])}: {off}")
    return Row(name, money(line["price"]), tuple(details))


def _tax(tax: list[str], money: Any) -> TaxRow:
    rate, net, vat, gross = tax
    return TaxRow(percent_text(Decimal(rate)), money(net), money(vat), money(gross))


def _paid(payment: Mapping[str, Any], money: Any) -> Row:
    words = str(Method(payment["method"]).label)
    if payment["deposit"]:
        words = gettext("Deposit, %(method)s") % {"method": words}
    details = (_day(payment["on"]), payment["reference"])
    return Row(words, money(payment["amount"]), tuple(filter(None, details)))


def _back(refund: Mapping[str, Any], money: Any) -> Row:
    words: Promise | str = RefundKind(refund["kind"]).label
    what = ", ".join(f"{quantity} × {name}" for quantity, name in refund["lines"])
    details = (_day(refund["on"]), str(Method(refund["method"]).label), refund["reference"], what)
    return Row(str(words), money(str(-Decimal(refund["amount"]))), tuple(filter(None, details)))


def _day(text: str) -> str:
    return date_format(date.fromisoformat(text), "SHORT_DATE_FORMAT")


def _points(points: int) -> str:
    number = number_format(points, use_l10n=True, force_grouping=True)
    return ngettext("%(points)s point", "%(points)s points", abs(points)) % {"points": number}
