"""Paths of the API about clients."""

from django.urls import path

from clients.api.categories import CategoriesEndpoint, CategoryEndpoint, ClientCategoryEndpoint
from clients.api.classification import ClassificationEndpoint, ClassifyEndpoint
from clients.api.points import AdjustmentsEndpoint, EntriesEndpoint, PointsEndpoint, TreatcardEndpoint
from clients.api.views import ClientsEndpoint

urlpatterns = [
    path("clients", ClientsEndpoint.as_view(), name="api_clients"),
    path("clients/classify", ClassifyEndpoint.as_view(), name="api_classify"),
    path("clients/<uuid:client_id>/classification", ClassificationEndpoint.as_view(), name="api_classification"),
    path(
        "clients/<uuid:client_id>/categories/<uuid:category_id>",
        ClientCategoryEndpoint.as_view(),
        name="api_client_category",
    ),
    path("clients/<uuid:client_id>/treatcard", TreatcardEndpoint.as_view(), name="api_treatcard"),
    path("clients/<uuid:client_id>/points", PointsEndpoint.as_view(), name="api_points"),
    path("clients/<uuid:client_id>/points/entries", EntriesEndpoint.as_view(), name="api_points_entries"),
    path("clients/<uuid:client_id>/points/adjustments", AdjustmentsEndpoint.as_view(), name="api_points_adjustments"),
    path("categories", CategoriesEndpoint.as_view(), name="api_categories"),
    path("categories/<uuid:category_id>", CategoryEndpoint.as_view(), name="api_category"),
]
