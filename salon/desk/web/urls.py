"""What spans the apps, below `/s/<slug>/`."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from bookings.agenda import next_starts
from clients.web.columns import Column
from clients.web.handed_in import HANDED_IN, Action, Segments
from marketing.web.segments_in_list import segment_begun, segment_in_list, segments_for_list
from salon.desk.web import card, erasure, evaluation, exports, merging, simulator, treatcard, views
from salon.identity.roles import Permission

# The list of the clients shows what the calendar knows of them, and can be narrowed to the segments of marketing.
HANDED_IN.days[Column.NEXT_APPOINTMENT] = next_starts
HANDED_IN.segments = Segments(segment_in_list, segments_for_list, segment_begun)
HANDED_IN.actions = (
    Action("client_export", Permission.EXPORT, _("Export"), "download"),
    Action("campaign_to_marked", Permission.MARKETING_WRITE, _("Campaign"), "megaphone"),
)

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
