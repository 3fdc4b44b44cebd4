"""A booking as it is answered, by hand, is what the contract's body writes of it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils.timezone import override

from bookings.api.bodies import BookingBody, shown
from bookings.models import Appointment, AppointmentItem
from bookings.states import Source, State
from clients.models import Client
from loyalty.models import Redemption
from salon.catalogue.models import Service, StaffMember
from salon.tenancy.models import new_id

SALON = new_id()


def _item(**values: Any) -> AppointmentItem:
    begin, end = datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    service, staff = Service(salon_id=SALON, name="Schnitt"), StaffMember(salon_id=SALON, name="Anna")
    return AppointmentItem(
        **{"salon_id": SALON, "service": service, "staff": staff, "starts_at": begin, "ends_at": end, **values}
    )


ITEMS = [
    _item(price=Decimal("39.00"), list_price=Decimal("39.00")),
    _item(
        price=Decimal("0.00"),
        list_price=Decimal("12.50"),
        redemption=Redemption(salon_id=SALON, reward_id=new_id()),
    ),
]
LENA = Client(salon_id=SALON, first_name="Lena", last_name="")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC"])
@pytest.mark.parametrize("with_client", [True, False])
@pytest.mark.parametrize(
    "values",
    [
        {"client": LENA, "client_status": "NEW", "client_status_reason": "NO_MATCH", "booked_as": {"first_name": "L"}},
        {"client": None, "note": "am Fenster", "state": State.COMPLETED, "version": 7},
    ],
)
def test_it_is_what_the_body_writes(values: dict[str, Any], zone: str, *, with_client: bool) -> None:
    booking = Appointment(
        salon_id=SALON,
        source=Source.ONLINE,
        starts_at=datetime(2026, 7, 24, 9, tzinfo=UTC),
        ends_at=datetime(2026, 7, 24, 10, 0, 30, tzinfo=UTC),
        **values,
    )
    client: Any = booking.client
    if client and not with_client:
        client = {"first_name": booking.booked_as.get("first_name"), "last_name": booking.booked_as.get("last_name")}
    names = ("pk", "state", "source", "starts_at", "ends_at", "note", "version")
    body = {"id" if name == "pk" else name: getattr(booking, name) for name in names}
    body |= {"client": client, "items": ITEMS, "total": Decimal("39.00")}
    body |= {name: getattr(booking, name) or None for name in ("client_status", "client_status_reason")}
    with override(ZoneInfo(zone)):
        expected = dict(BookingBody().to_representation(body))
        if not with_client:
            del expected["client_status"], expected["client_status_reason"]
        assert shown(booking, ITEMS, with_client=with_client) == expected
