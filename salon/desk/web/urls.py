"""What spans the apps, below `/s/<slug>/`."""

from django.urls import path

from bookings.agenda import next_starts
from clients.web.columns import Column, hand_in
from clients.web.list_query import hand_in_segments
from marketing.web.segments import segment_in_list
from salon.desk.web import card, erasure, evaluation, exports, merging, simulator, treatcard, views

# The list of the clients shows what the calendar knows of them.
hand_in(Column.NEXT_APPOINTMENT, next_starts)
# And it can be narrowed to the segments of marketing.
hand_in_segments(segment_in_list)

urlpatterns = [
    path("clients/export/", exports.export, name="client_export"),
    path("clients/exports/", exports.exports, name="client_exports"),
    path("clients/exports/<uuid:export_id>/", exports.progress, name="client_export_progress"),
    path("clients/exports/<uuid:export_id>/download/", exports.download, name="client_export_download"),
    path("clients/exports/<uuid:export_id>/retry/", exports.retry, name="client_export_retry"),
    *merging.urlpatterns,
    *erasure.urlpatterns,
    path("clients/<uuid:client_id>/", card.card, name="client_card"),
    path("clients/<uuid:client_id>/points/", treatcard.client_points, name="client_points"),
    path("clients/<uuid:client_id>/rewards/", treatcard.client_rewards, name="client_rewards"),
    path("marketing/treatcard/simulator/", simulator.simulator, name="treatcard_simulator"),
    path("marketing/treatcard/simulator/<uuid:simulation_id>/", simulator.simulation, name="treatcard_simulation"),
    path(
        "marketing/treatcard/simulator/<uuid:simulation_id>/adopt/",
        simulator.simulation_adopt,
        name="treatcard_simulation_adopt",
    ),
    path("marketing/treatcard/evaluation/", evaluation.evaluation, name="treatcard_evaluation"),
    path("search/", views.search, name="search"),
]
