"""The team of the demo, on days on which a salon is closed."""

from datetime import date, timedelta

import pytest

from bookings.hours import presence
from salon.catalogue.models import StaffMember
from salon.demo import offering, team
from salon.demo.offering import write_offering
from salon.demo.team import write_team
from salon.tenancy.models import Salon
from tests.conftest import NOW


@pytest.mark.parametrize("closed_on", [date(2026, 11, 22), date(2026, 12, 25)])
def test_on_a_closed_day_the_demo_works_all_the_same(in_sonnenschein: Salon, closed_on: date) -> None:
    """Sunday or Christmas: whoever opens it sees a salon at work, on this day alone."""
    write_team(
        team.SONNENSCHEIN,
        services=write_offering(offering.SONNENSCHEIN, now=NOW),
        users={},
        region="BE",
        first_day=date(2025, 5, 24),
        special=closed_on,
        now=NOW,
    )
    anna = StaffMember.objects.get(name="Anna").pk
    days = [closed_on + timedelta(days=ahead) for ahead in (-7, 0, 7)]
    working = [bool(presence([anna], day, day, in_sonnenschein).working[anna]) for day in days]
    assert working == [closed_on.isoweekday() < 7, True, False]
