"""One rule, two interfaces: what the till's page refuses is what the API refuses (architecture.md §2).

Each refusal meets the same prepared sale twice: by the form of the page, and by a call. Both tell the same, the page in
German beside the field or as a notice, the API by status, code and field; and nothing is written by either.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from django.test import Client as Browser

from bookings.models import Appointment, AppointmentItem, Payment, Refund, RefundLine, Sale, SaleLine
from clients.models import Client, PointsEntry
from loyalty.models import Redemption
from salon.audit.models import AuditEntry
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import NOBODY, Caller, IssueKey
from tests.checkout import scenes
from tests.checkout.scenes import Ids, Scene
from tests.checkout.till import AFTER, MANAGER, Till, a_till

pytestmark = pytest.mark.django_db

WRITTEN = (
    Sale, SaleLine, Payment, Refund, RefundLine, Redemption, PointsEntry, Appointment, AppointmentItem, AuditEntry,
    Client,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pressed:
    """A form of the page: which one of a sale, and what it holds; `{…}` is of the scene."""

    form: str
    typed: dict[str, str]


@dataclass(frozen=True, slots=True)
class Called:
    """A call of the API; `{…}` is of the scene."""

    method: str
    path: str
    body: object = None
    version: str = ""


def act(name: str, **typed: str) -> Pressed:
    return Pressed("{sale}/change/", {"act": name, "version": "{version}", **typed})


def paying(amount: str = "27,50", method: str = "CARD", reference: str = "") -> Pressed:
    return act("pay", amount=amount, method=method, reference=reference)


def payment(amount: str = "27.50", method: str = "CARD", reference: str = "") -> Called:
    return Called("POST", "sales/{sale}/payments", {"method": method, "amount": amount, "reference": reference or None})


def line_form(quantity: str = "1", price: str = "") -> Pressed:
    return act("line:{line}", quantity=quantity, price=price)


def line_change(**body: Any) -> Called:
    return Called("PATCH", "sales/{sale}/lines/{line}", body)


def line_gone() -> Called:
    return Called("DELETE", "sales/{sale}/lines/{line}")


def more(**body: Any) -> Called:
    return Called("POST", "sales/{sale}/lines", body)


def refund_form(units: str = "1", method: str = "CARD", **typed: str) -> Pressed:
    return Pressed("{sale}/refund/", {"quantity-{line}": units, "method": method, "version": "{version}", **typed})


def refunded(units: int = 1, method: str = "CARD", **body: Any) -> Called:
    given = {"method": method, "lines": [{"line": "{line}", "quantity": units}], **body}
    return Called("POST", "sales/{sale}/refunds", given)


def void_form(**typed: str) -> Pressed:
    return Pressed("{sale}/void/", {"version": "{version}", **typed})


def voided(**body: Any) -> Called:
    return Called("POST", "sales/{sale}/void", body)


def _filled(given: Any, ids: Ids) -> Any:
    if isinstance(given, str):
        return given.format(**ids)
    if isinstance(given, dict):
        return {_filled(name, ids): _filled(one, ids) for name, one in given.items()}
    if isinstance(given, list):
        return [_filled(one, ids) for one in given]
    return given


NOTICE, PAGE = "notice", "page"
_REFUSED = re.compile(r'<section class="soon">.*?<p>(.*?)</p>', re.DOTALL)
_ALERT = re.compile(r'<(p|div)\b([^>]*\brole="alert"[^>]*)>(.*?)</\1>', re.DOTALL)


def _said(page: str) -> dict[str, str]:
    """Return what a page tells, by the id of where it does: by `NOTICE` of one without, by `PAGE` where that is all."""
    found = {}
    if alone := _REFUSED.search(page):
        found[PAGE] = _plain(unescape(alone.group(1)))
    for _tag, attributes, inner in _ALERT.findall(page):
        named = re.search(r'\bid="([^"]+)"', attributes)
        found[named.group(1) if named else NOTICE] = _plain(unescape(re.sub(r"<[^>]+>", " ", inner)))
    return found


def _plain(words: str) -> str:
    return " ".join(words.split())


@dataclass(frozen=True, slots=True)
class Counter:
    """A till with a browser and a program at it."""

    till: Till
    browser: Browser
    api: Caller

    def set_up(self, scene: Scene) -> Ids:
        with salon_scope(self.till.salon.pk):
            return {name: str(one) for name, one in scene(self.till).items()}

    def written(self) -> list[Any]:
        with salon_scope(self.till.salon.pk):
            return [list(kind.objects.order_by("pk").values()) for kind in WRITTEN]

    def press(self, pressed: Pressed, ids: Ids) -> Any:
        url = f"/s/sonnenschein/checkout/{_filled(pressed.form, ids)}"
        return self.browser.post(url, _filled(pressed.typed, ids))

    def call(self, called: Called, ids: Ids) -> Any:
        headers = {"Accept-Language": "de"}
        if called.method == "POST":
            headers["Idempotency-Key"] = "one"
        if called.version:
            headers["If-Match"] = _filled(called.version, ids)
        return self.api(called.method, _filled(called.path, ids), _filled(called.body, ids), **headers)


@pytest.fixture
def counter(
    sonnenschein: Salon,
    manager: User,
    browser_of: Callable[[User], Browser],
    api_key: IssueKey,
    time_machine: Any,
) -> Counter:
    time_machine.move_to(AFTER)
    with salon_scope(sonnenschein.pk):
        till = a_till(MANAGER, sonnenschein)
    return Counter(till, browser_of(manager), Caller(api_key(sonnenschein)))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sale, what both want of it, and how both refuse: by `code`, of a field of the body where one is wrong.

    The page tells it in the element with the id `beside`: in the API's words, if it `says` nothing of its own.
    """

    scene: Scene
    pressed: Pressed
    called: Called
    code: str
    field: str = ""
    beside: str = NOTICE
    says: str = ""


STATUS = {"not_found": 404, "version_conflict": 412}
GONE = "Das gehört nicht mehr zum Verkauf."
CHANGED = "Dieser Verkauf hat sich inzwischen geändert: So ist er jetzt. Gebucht wurde nichts."
NOT_BOOKED = "Ihre Zahlung wurde nicht gebucht. "
PAID = f"{NOT_BOOKED}Dieser Verkauf ist schon bezahlt: Korrigiert wird er durch eine Erstattung."
NO_MONEY = "Geben Sie einen Betrag wie 12,50 ein."
deposit = Called("POST", "bookings/{booking}/deposits", {"method": "CARD", "amount": "60"})
new_sale = Called("POST", "sales", {"booking_id": "{booking}"})
of_booking = Pressed("new/", {"appointment": "{booking}"})
taken_back = Called("DELETE", "sales/{sale}/payments/{payment}")
for_other = Called("PATCH", "sales/{sale}", {"client_id": "{other}"})
for_nobody_known = Called("PATCH", "sales/{sale}", {"client_id": NOBODY})
add_oil, oil = act("reward:{reward}"), more(reward="{reward}")
shown_before = Called("PATCH", "sales/{sale}/lines/{line}", {"quantity": 3}, version='"{version}"')

# fmt: off
REFUSALS = {
    # Paying.
    "more than is due": Refusal(
        scenes.begun, paying("27,51"), payment("27.51"), "overpaid", "", "amount-error",
        "Es sind nur noch 27,50 € zu bezahlen."),
    "more than is left": Refusal(
        scenes.partly_paid, paying("7,51"), payment("7.51"), "overpaid", "", "amount-error",
        "Es sind nur noch 7,50 € zu bezahlen."),
    "a deposit of more than all": Refusal(
        scenes.owed, paying("60"), deposit, "overpaid", "", "amount-error", "Es sind nur noch 59,00 € zu bezahlen."),
    "no amount": Refusal(scenes.begun, paying("0"), payment("0"), "required", "amount", "amount-error"),
    "less than nothing": Refusal(
        scenes.begun, paying("-1"), payment("-1"), "out_of_range", "amount", "amount-error", NO_MONEY),
    "for nothing": Refusal(scenes.empty, paying("5"), payment("5"), "nothing_sold"),
    "cash without a till": Refusal(
        scenes.begun, paying(method="CASH"), payment(method="CASH"), "method_not_allowed", "", "method-error"),
    "a voucher without a till": Refusal(
        scenes.begun, paying(method="VOUCHER"), payment(method="VOUCHER"), "method_not_allowed", "", "method-error"),
    "gold": Refusal(
        scenes.begun, paying(method="GOLD"), payment(method="GOLD"), "invalid_choice", "method", "method-error",
        "Bitte wählen Sie, wie bezahlt wird."),
    "no receipt of the other till": Refusal(
        scenes.begun, paying(method="EXTERNAL_TILL"), payment(method="EXTERNAL_TILL"), "required", "reference",
        "reference-error"),
    "too long a reference": Refusal(
        scenes.begun, paying(reference="x" * 81), payment(reference="x" * 81), "max_length", "reference",
        "reference-error"),
    "paid twice": Refusal(scenes.paid, paying(), payment(), "sale_already_paid", says=PAID),
    "paid though void": Refusal(
        scenes.declared_void, paying(), payment(), "sale_void", says=f"{NOT_BOOKED}Dieser Verkauf ist storniert."),
    "a payment of a paid sale": Refusal(scenes.paid, act("unpay:{payment}"), taken_back, "sale_already_paid"),
    "a payment of a void sale": Refusal(scenes.declared_void, act("unpay:{payment}"), taken_back, "sale_void"),
    "a payment that is gone": Refusal(
        scenes.begun, act(f"unpay:{NOBODY}"), Called("DELETE", f"sales/{{sale}}/payments/{NOBODY}"), "not_found",
        says=GONE),
    # Lines.
    "no unit": Refusal(
        scenes.begun, line_form("0"), line_change(quantity=0), "range", "quantity", "quantity-error-{line}"),
    "less than no unit": Refusal(
        scenes.begun, line_form("-1"), line_change(quantity=-1), "range", "quantity", "quantity-error-{line}"),
    "a thousand": Refusal(
        scenes.begun, line_form("1000"), line_change(quantity=1000), "range", "quantity", "quantity-error-{line}"),
    "the last unit": Refusal(scenes.begun, act("less:{line}"), line_change(quantity=0), "range", "quantity"),
    "a price below nothing": Refusal(
        scenes.begun, line_form(price="-1"), line_change(unit_price="-1"), "out_of_range", "unit_price",
        "price-hint-{line}", NO_MONEY),
    "a tip of nothing": Refusal(
        scenes.begun, act("tip", tip="0"), more(kind="TIP", unit_price="0"), "required", "unit_price", "tip-error"),
    "a voucher of nothing": Refusal(
        scenes.begun, act("voucher", voucher=""), more(kind="VOUCHER"), "required", "unit_price", "voucher-error"),
    "a tip lowered to nothing": Refusal(
        scenes.tipped, line_form(price="0"), line_change(unit_price="0"), "required", "unit_price",
        "price-hint-{line}"),
    "a product that is not there": Refusal(
        scenes.begun, act(f"add:product:{NOBODY}"), more(product=NOBODY), "not_found", "product"),
    "a service that is not there": Refusal(
        scenes.begun, act(f"add:service:{NOBODY}"), more(service=NOBODY), "not_found", "service"),
    "by somebody who is not there": Refusal(
        scenes.begun, act("line:{line}", quantity="1", staff=NOBODY), line_change(staff=NOBODY), "not_found", "staff"),
    "a line that is gone": Refusal(
        scenes.begun, act(f"drop:{NOBODY}"), Called("DELETE", f"sales/{{sale}}/lines/{NOBODY}"), "not_found",
        says=GONE),
    "as it was before": Refusal(scenes.seen_before, line_form("3"), shown_before, "version_conflict", says=CHANGED),
    "two of a reward": Refusal(scenes.redeemed, line_form("2"), line_change(quantity=2), "line_fixed"),
    "money for a reward": Refusal(scenes.redeemed, line_form(price="5"), line_change(unit_price="5"), "line_fixed"),
    "two of the appointment's": Refusal(scenes.of_a_visit, line_form("2"), line_change(quantity=2), "line_fixed"),
    "more on a paid sale": Refusal(scenes.paid, act("tip", tip="5"), more(kind="TIP", unit_price="5"),
        "sale_already_paid"),
    "more of a paid sale": Refusal(scenes.paid, act("more:{line}"), line_change(quantity=3), "sale_already_paid"),
    "less of a paid sale": Refusal(scenes.paid, act("drop:{line}"), line_gone(), "sale_already_paid"),
    "more on a void sale": Refusal(scenes.declared_void, act("tip", tip="5"), more(kind="TIP", unit_price="5"),
        "sale_void"),
    "more of a void sale": Refusal(scenes.declared_void, act("more:{line}"), line_change(quantity=3), "sale_void"),
    "less of a void sale": Refusal(scenes.declared_void, act("drop:{line}"), line_gone(), "sale_void"),
    # Rewards.
    "too few points": Refusal(scenes.too_dear, add_oil, oil, "not_enough_points"),
    "had before": Refusal(scenes.had_before, add_oil, oil, "already_had"),
    "an archived item": Refusal(scenes.item_archived, add_oil, oil, "reward_archived"),
    "an archived reward": Refusal(scenes.reward_archived, add_oil, oil, "reward_archived"),
    "without a Treatcard": Refusal(scenes.without_treatcard, add_oil, oil, "no_treatcard"),
    "of nobody known": Refusal(scenes.of_nobody, add_oil, oil, "no_treatcard"),
    "a service for points": Refusal(scenes.for_a_service, add_oil, oil, "not_a_product", "reward"),
    "no such reward": Refusal(
        scenes.begun, act(f"reward:{NOBODY}"), more(reward=NOBODY), "not_found", "reward"),
    "a reward of a paid sale": Refusal(scenes.paid, add_oil, oil, "sale_already_paid"),
    "a reward of a void sale": Refusal(scenes.declared_void, add_oil, oil, "sale_void"),
    # Whose it is.
    "somebody who is not there": Refusal(
        scenes.begun, act(f"client:{NOBODY}"), for_nobody_known, "not_found", "client_id"),
    "somebody else's points": Refusal(scenes.redeemed, act("client:{other}"), for_other, "rewards_in_sale"),
    "somebody else's treat": Refusal(scenes.cut_with_a_treat, act("client:{other}"), for_other, "rewards_booked"),
    "a paid sale of somebody else": Refusal(scenes.paid, act("client:{other}"), for_other, "sale_already_paid"),
    "a void sale of somebody else": Refusal(scenes.declared_void, act("client:{other}"), for_other, "sale_void"),
    "a treat with what costs nothing": Refusal(
        scenes.cut_with_a_treat, line_form(price="0"), line_change(unit_price="0"), "needs_paid_service"),
    # Appointments.
    "a cancelled appointment": Refusal(scenes.called_off, of_booking, new_sale, "not_chargeable", beside=PAGE),
    "a missed appointment": Refusal(scenes.missed, of_booking, new_sale, "not_chargeable", beside=PAGE),
    "a deposit for a cancelled one": Refusal(scenes.called_off, of_booking, deposit, "not_chargeable", beside=PAGE),
    "a deposit for a missed one": Refusal(scenes.missed, of_booking, deposit, "not_chargeable", beside=PAGE),
    # Giving back.
    "more than was sold": Refusal(scenes.paid, refund_form("3"), refunded(3), "refund_too_much"),
    "more than is left of it": Refusal(scenes.partly_given_back, refund_form("2"), refunded(2), "refund_too_much"),
    "less than nothing back": Refusal(
        scenes.paid, refund_form("-1"), refunded(-1), "range", "lines.0.quantity"),
    "nothing back": Refusal(
        scenes.paid, refund_form(""), Called("POST", "sales/{sale}/refunds", {"method": "CARD", "lines": []}),
        "required", "lines"),
    "all of it twice": Refusal(scenes.given_back, refund_form(), refunded(), "already_refunded"),
    "of what is not paid": Refusal(scenes.begun, refund_form(), refunded(), "sale_not_paid"),
    "of what is paid in part": Refusal(scenes.partly_paid, refund_form(), refunded(), "sale_not_paid"),
    "of what is void": Refusal(scenes.declared_void, refund_form(), refunded(), "sale_void"),
    "of another sale": Refusal(
        scenes.paid, Pressed("{sale}/refund/", {f"quantity-{NOBODY}": "1", "method": "CARD"}),
        Called("POST", "sales/{sale}/refunds", {"method": "CARD", "lines": [{"line": NOBODY, "quantity": 1}]}),
        "not_found", "lines.0.line"),
    "cash back without a till": Refusal(
        scenes.paid, refund_form(method="CASH"), refunded(method="CASH"), "method_not_allowed"),
    "back into the other till without its receipt": Refusal(
        scenes.paid, refund_form(method="EXTERNAL_TILL"), refunded(method="EXTERNAL_TILL"), "required", "reference",
        beside="refund-reference-error"),
    "too long a reason for one who is late": Refusal(
        scenes.declared_void, refund_form(reason="x" * 201), refunded(reason="x" * 201), "max_length", "reason"),
    "too long a reason": Refusal(
        scenes.paid, refund_form(reason="x" * 201), refunded(reason="x" * 201), "max_length", "reason"),
    # Void.
    "void twice": Refusal(scenes.declared_void, void_form(), voided(), "sale_void"),
    "void twice for too long a reason": Refusal(
        scenes.declared_void, void_form(reason="x" * 201), voided(reason="x" * 201), "max_length", "reason"),
    "void for too long a reason": Refusal(
        scenes.paid, void_form(reason="x" * 201), voided(reason="x" * 201), "max_length", "reason"),
}
# fmt: on


@pytest.mark.parametrize("wanted", REFUSALS)
def test_both_refuse_the_same(counter: Counter, wanted: str) -> None:
    refusal = REFUSALS[wanted]
    ids = counter.set_up(refusal.scene)
    before = counter.written()

    refused = counter.call(refusal.called, ids)
    document = refused.json()
    assert counter.written() == before
    if refusal.field:
        assert (refused.status_code, document["code"]) == (400, "invalid"), document
        (error,) = document["errors"]
        assert (error["field"], error["code"]) == (refusal.field, refusal.code)
        detail = error["detail"]
    else:
        assert (refused.status_code, document["code"]) == (STATUS.get(refusal.code, 409), refusal.code), document
        detail = document["detail"]

    answer = counter.press(refusal.pressed, ids)
    assert answer.status_code == 422
    assert counter.written() == before
    said = _said(answer.content.decode())
    assert said == {_filled(refusal.beside, ids): _plain(refusal.says or detail)}


def test_what_is_not_refused_is_written(counter: Counter) -> None:
    ids = counter.set_up(scenes.begun)
    before = counter.written()
    assert counter.press(paying("27,50"), ids).status_code == 302
    assert counter.written() != before
