"""Appointments, and what stands around them (domain.md §5)."""

from bookings.checkout.pricing import LineKind
from bookings.models.absences import GapTask
from bookings.models.appointments import Appointment, AppointmentItem
from bookings.models.feeds import CalendarFeed
from bookings.models.rules import BookingRules, DepositRule, SalesRules, TillMode
from bookings.models.sales import (
    Method,
    Payment,
    PaymentKind,
    Refund,
    RefundKind,
    RefundLine,
    Sale,
    SaleLine,
    SaleState,
)
from bookings.models.waiting import WaitingEntry, WaitingService, WaitingState

__all__ = [
    "Appointment",
    "AppointmentItem",
    "BookingRules",
    "CalendarFeed",
    "DepositRule",
    "GapTask",
    "LineKind",
    "Method",
    "Payment",
    "PaymentKind",
    "Refund",
    "RefundKind",
    "RefundLine",
    "Sale",
    "SaleLine",
    "SaleState",
    "SalesRules",
    "TillMode",
    "WaitingEntry",
    "WaitingService",
    "WaitingState",
]
