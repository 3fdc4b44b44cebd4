"""The till, below `/s/<slug>/checkout/`."""

from django.urls import path

from bookings.web import checkout_back, checkout_changes, checkout_goods, checkout_new, checkout_sale, receipt, till_day

urlpatterns = [
    path("", till_day.checkout, name="checkout"),
    path("new/", checkout_new.sale_new, name="sale_new"),
    path("goods/", checkout_goods.sale_goods, name="sale_goods"),
    path("<uuid:sale_id>/", checkout_sale.sale, name="sale"),
    path("<uuid:sale_id>/change/", checkout_changes.sale_change, name="sale_change"),
    path("<uuid:sale_id>/refund/", checkout_back.sale_refund, name="sale_refund"),
    path("<uuid:sale_id>/void/", checkout_back.sale_void, name="sale_void"),
    path("<uuid:sale_id>/receipt/", receipt.sale_receipt, name="sale_receipt"),
    path("<uuid:sale_id>/receipt/mail/", receipt.sale_mail_receipt, name="sale_mail_receipt"),
]
