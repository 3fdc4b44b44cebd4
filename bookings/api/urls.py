"""Paths of the API about bookings."""

from django.urls import path

from bookings.api import bookings, refunds, rewards, sales
from bookings.api.availability import AvailabilityEndpoint

urlpatterns = [
    path("availability", AvailabilityEndpoint.as_view(), name="api_availability"),
    path("bookings", bookings.BookingsEndpoint.as_view(), name="api_bookings"),
    path("bookings/<uuid:booking_id>", bookings.OneBookingEndpoint.as_view(), name="api_booking"),
    path("bookings/<uuid:booking_id>/items", bookings.BookingItemsEndpoint.as_view(), name="api_booking_items"),
    path(
        "bookings/<uuid:booking_id>/items/<uuid:item_id>",
        bookings.BookingItemEndpoint.as_view(),
        name="api_booking_item",
    ),
    path("bookings/<uuid:booking_id>/cancel", bookings.CancelEndpoint.as_view(), name="api_booking_cancel"),
    path("bookings/<uuid:booking_id>/reschedule", bookings.RescheduleEndpoint.as_view(), name="api_booking_reschedule"),
    path("bookings/<uuid:booking_id>/state", bookings.StateEndpoint.as_view(), name="api_booking_state"),
    path("bookings/<uuid:booking_id>/rewards", rewards.BookingRewardsEndpoint.as_view(), name="api_booking_rewards"),
    path("clients/<uuid:client_id>/rewards", rewards.ClientRewardsEndpoint.as_view(), name="api_client_rewards"),
    path("bookings/<uuid:booking_id>/deposits", sales.DepositsEndpoint.as_view(), name="api_booking_deposits"),
    path("sales", sales.SalesEndpoint.as_view(), name="api_sales"),
    path("sales/<uuid:sale_id>", sales.OneSaleEndpoint.as_view(), name="api_sale"),
    path("sales/<uuid:sale_id>/lines", sales.SaleLinesEndpoint.as_view(), name="api_sale_lines"),
    path("sales/<uuid:sale_id>/lines/<uuid:line_id>", sales.SaleLineEndpoint.as_view(), name="api_sale_line"),
    path("sales/<uuid:sale_id>/payments", sales.PaymentsEndpoint.as_view(), name="api_sale_payments"),
    path("sales/<uuid:sale_id>/payments/<uuid:payment_id>", sales.PaymentEndpoint.as_view(), name="api_sale_payment"),
    path("sales/<uuid:sale_id>/refunds", refunds.RefundsEndpoint.as_view(), name="api_sale_refunds"),
    path("sales/<uuid:sale_id>/void", refunds.VoidEndpoint.as_view(), name="api_sale_void"),
]
