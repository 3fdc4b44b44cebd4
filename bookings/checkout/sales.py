"""All that can be done at the till, as interfaces call it (domain.md §6)."""

from bookings.checkout.changing import (
    ChangedLine,
    LineFixed,
    TakenOff,
    add_line,
    change_line,
    redeem_at_checkout,
    remove_line,
    set_client,
)
from bookings.checkout.following import RewardsInSale, follow
from bookings.checkout.lines import LineWish
from bookings.checkout.opening import AlreadyOpened, NotChargeable, open_sale
from bookings.checkout.paying import (
    GivesMoneyBack,
    NothingSold,
    Overpaid,
    is_correction,
    pay,
    remove_payment,
    take_deposit,
)
from bookings.checkout.pricing import LineKind
from bookings.checkout.restoring import put_back
from bookings.checkout.selling import Paid, sell
from bookings.checkout.tills import MethodNotAllowed
from bookings.checkout.writing import SaleAlreadyPaid, SaleVoid

__all__ = [
    "AlreadyOpened",
    "ChangedLine",
    "GivesMoneyBack",
    "LineFixed",
    "LineKind",
    "LineWish",
    "MethodNotAllowed",
    "NotChargeable",
    "NothingSold",
    "Overpaid",
    "Paid",
    "RewardsInSale",
    "SaleAlreadyPaid",
    "SaleVoid",
    "TakenOff",
    "add_line",
    "change_line",
    "follow",
    "is_correction",
    "open_sale",
    "pay",
    "put_back",
    "redeem_at_checkout",
    "remove_line",
    "remove_payment",
    "sell",
    "set_client",
    "take_deposit",
]
