"""A day as full as can be: for the figures of the calendar (quality.md §1)."""

from datetime import date, timedelta
from decimal import Decimal

from psycopg.types.multirange import TimestamptzMultirange
from psycopg.types.range import Range

from bookings.models import Appointment, AppointmentItem, Sale, SaleState
from bookings.states import Source, State
from clients.models import Client
from salon.identity.roles import ActorKind
from tests.bookings.salonday import DAY, at, make_client, make_service, make_staff
from tests.conftest import NOW

FIRST = ("Anna", "Bora", "Can", "Dieter", "Elif", "Fatma", "Günther", "Ida", "Julian", "Kerstin", "Linh", "Monika")
LAST = ("Albrecht", "Brandt", "Çelik", "Demir", "Fuchs", "Graf", "Hofmann", "Ivanova", "Krause", "Lang", "Weiß")
SERVICES = ("Schneiden", "Föhnen", "Bart", "Brauen zupfen", "Pflegekur", "Maschinenschnitt", "Glossing", "Maniküre")


def a_full_day(*, staff: int = 8, items: int = 120, day: date = DAY, days: int = 1, paid: bool = False) -> None:
    """Let so many people be booked for so many appointments of ten minutes each, from midnight on; and the same on the
    days before, of `days` in all; `paid`: each of them."""
    services = [make_service(name, 10, position=place) for place, name in enumerate(SERVICES)]
    team = [
        make_staff(f"Person {number}", services, hours=((0, 24 * 60),), weekdays=range(1, 8), position=number)
        for number in range(1, staff + 1)
    ]
    clients: list[Client] = [make_client(first, last) for first in FIRST for last in LAST]
    appointments, found = [], []
    for place in range(staff * items * days):
        person, turn = team[place % staff], place // staff % items
        starts_at = at(0, day=day - timedelta(days=place // (staff * items))) + timedelta(minutes=12 * turn)
        client, service = clients[place * 7 % len(clients)], services[place * 5 % len(services)]
        state = list(State)[place % 3]
        appointment = Appointment(
            client=client,
            client_status=client.status,
            client_status_reason=client.status_reason,
            state=state,
            source=Source.STAFF,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=10),
            booked_by_kind=ActorKind.USER,
            booked_by_name="Empfang",
            created_at=NOW,
            updated_at=NOW,
        )
        item = AppointmentItem(
            appointment=appointment,
            position=0,
            service=service,
            staff=person,
            starts_at=starts_at,
            ends_at=appointment.ends_at,
            busy=TimestamptzMultirange([Range(starts_at, appointment.ends_at, "[)")]),
            apply_minutes=10,
            list_price=service.price,
            price=service.price,
        )
        appointments.append(appointment)
        found.append(item)
    Appointment.objects.bulk_create(appointments)
    AppointmentItem.objects.bulk_create(found)
    if paid:
        Sale.objects.bulk_create([paid_sale(item.appointment, number) for number, item in enumerate(found, 1)])


def paid_sale(appointment: Appointment, number: int = 1) -> Sale:
    """Return what is paid for an appointment, as if it had been; it is not written yet."""
    price = Decimal(59)
    return Sale(
        number=number,
        client=appointment.client,
        appointment=appointment,
        state=SaleState.PAID,
        total=price,
        paid=price,
        opened_by_name="Empfang",
        created_at=NOW,
        paid_at=NOW,
        paid_on=NOW.date(),
    )
