"""Settings of catalogue and team, below `/s/<slug>/settings/`."""

from salon.catalogue.web import closures, goods, groups, hours, offers, team

urlpatterns = [
    *goods.urlpatterns,
    *groups.urlpatterns,
    *offers.urlpatterns,
    *team.urlpatterns,
    *hours.urlpatterns,
    *closures.urlpatterns,
]
