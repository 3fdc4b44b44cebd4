"""Pages of the Treatcard, below `/s/<slug>/marketing/`."""

from django.urls import path

from loyalty.web import rewards, settings

urlpatterns = [
    path("treatcard/", settings.treatcard, name="treatcard"),
    path("treatcard/services/", rewards.services, name="treatcard_services"),
    path("treatcard/services/new/", rewards.new_service, name="treatcard_services_new"),
    path("treatcard/services/archive/", rewards.archive_services, name="treatcard_services_archive"),
    path("treatcard/services/restore/", rewards.restore_services, name="treatcard_services_restore"),
    path("treatcard/products/", rewards.products, name="treatcard_products"),
    path("treatcard/products/new/", rewards.new_product, name="treatcard_products_new"),
    path("treatcard/products/archive/", rewards.archive_products, name="treatcard_products_archive"),
    path("treatcard/products/restore/", rewards.restore_products, name="treatcard_products_restore"),
    path("treatcard/rewards/<uuid:reward_id>/", rewards.reward, name="treatcard_reward"),
    path("treatcard/rewards/<uuid:reward_id>/price/", rewards.reward_price, name="treatcard_reward_price"),
]
