"""The till, below `/s/<slug>/checkout/`."""

from django.urls import path

from bookings.web import checkout_changes, checkout_goods, checkout_new, checkout_sale
from salon.web import sections

urlpatterns = [
    path("", sections.checkout, name="checkout"),
    path("new/", checkout_new.sale_new, name="sale_new"),
    path("goods/", checkout_goods.sale_goods, name="sale_goods"),
    path("<uuid:sale_id>/", checkout_sale.sale, name="sale"),
    path("<uuid:sale_id>/change/", checkout_changes.sale_change, name="sale_change"),
]
