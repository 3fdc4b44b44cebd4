"""Paths of the API about what spans the apps."""

from django.urls import path

from salon.desk.api.exports import ExportEndpoint, ExportsEndpoint
from salon.desk.api.history import HistoryEndpoint
from salon.desk.api.merging import DuplicatesEndpoint, MergeEndpoint, MergeUndoEndpoint
from salon.desk.api.person import PersonalDataEndpoint, PersonEndpoint
from salon.desk.api.simulations import SimulationEndpoint, SimulationsEndpoint

urlpatterns = [
    path("exports", ExportsEndpoint.as_view(), name="api_exports"),
    path("exports/<uuid:export_id>", ExportEndpoint.as_view(), name="api_export"),
    path("loyalty/simulations", SimulationsEndpoint.as_view(), name="api_simulations"),
    path("loyalty/simulations/<uuid:simulation_id>", SimulationEndpoint.as_view(), name="api_simulation"),
    path("clients/<uuid:client_id>", PersonEndpoint.as_view(), name="api_client"),
    path("clients/<uuid:client_id>/data", PersonalDataEndpoint.as_view(), name="api_client_data"),
    path("clients/<uuid:client_id>/duplicates", DuplicatesEndpoint.as_view(), name="api_client_duplicates"),
    path("clients/<uuid:client_id>/merge", MergeEndpoint.as_view(), name="api_client_merge"),
    path("merges/<uuid:merge_id>/undo", MergeUndoEndpoint.as_view(), name="api_merge_undo"),
    path("clients/<uuid:client_id>/history", HistoryEndpoint.as_view(), name="api_client_history"),
]
