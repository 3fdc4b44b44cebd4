"""Days of the demo's calendar that belong to one test each: the same two appointments on every one of them."""

from datetime import date, timedelta

from tests.serving import manage

# Tuesdays far ahead, on which the demo has booked nothing.
DAYS = 20
_SEED = """
from datetime import date, timedelta
from clients.models import Client
from salon.catalogue.models import StaffMember, StaffService
from salon.tenancy.context import salon_scope
from salon.tenancy.directory import find_salon
from tests.bookings.salonday import at, make_appointment, make_service
salon = find_salon("sonnenschein")
with salon_scope(salon.pk):
    anna, bora = StaffMember.objects.working().in_order()[:2]
    lena, otto = Client.objects.listed().filter(first_name__gt="", last_name__gt="").order_by("number")[:2]
    service = make_service("Kalenderprobe", 45, price="45.00")
    for person in (anna, bora):
        StaffService.objects.create(staff=person, service=service)
    for ahead in range({days}):
        day = date.fromisoformat("{first}") + timedelta(weeks=ahead)
        make_appointment((service, anna), starts_at=at(10, day=day), client=lena)
        make_appointment((service, bora), starts_at=at(14, day=day), client=otto)
"""


def first_day(today: date) -> date:
    """Return the first of the Tuesdays."""
    far = today + timedelta(weeks=60)
    return far + timedelta(days=(1 - far.weekday()) % 7)


def seed_days(today: date) -> list[date]:
    """Write the appointments and return the days, one for each test."""
    first = first_day(today)
    manage("shell", "-v0", "-c", _SEED.format(days=DAYS, first=first.isoformat()))
    return [first + timedelta(weeks=ahead) for ahead in range(DAYS)]
