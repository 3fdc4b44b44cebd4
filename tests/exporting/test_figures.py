"""What the file of all clients says of their appointments (domain.md §10)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bookings.states import State
from clients.models import Client
from salon.desk.client_columns import Words, exported, next_batch
from salon.desk.workbook import Cell
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import DAY, a_salon_day, at, make_appointment, make_client
from tests.conftest import NOW

# Where the number, the next appointment, cancellations and no-shows stand.
NUMBER, NEXT, CANCELLED, MISSED = 0, 19, 21, 22
NOTHING = (None, 0, 0)


def _figures() -> dict[Cell, tuple[Cell, ...]]:
    batch = next_batch(exported(None), after=0, words=Words(), zone=ZoneInfo("Europe/Berlin"), now=NOW)
    assert batch is not None
    return {row[NUMBER]: (row[NEXT], row[CANCELLED], row[MISSED]) for row in batch.rows}


def test_next_cancelled_and_missed_are_those_of_each_client(in_sonnenschein: Salon) -> None:
    day = a_salon_day()
    ida, mia = make_client("Ida"), make_client("Mia")
    for number, (client, state, on) in enumerate(
        [
            (day.lena, State.BOOKED, DAY + timedelta(days=7)),
            (day.lena, State.BOOKED, DAY),
            # Cancelled before, missed, done: none of them is to come.
            (day.lena, State.CANCELLED, DAY - timedelta(days=1)),
            (day.lena, State.CANCELLED, date(2025, 1, 2)),
            (day.lena, State.NO_SHOW, date(2025, 2, 3)),
            (day.lena, State.COMPLETED, date(2025, 3, 4)),
            # Nobody has said what became of it: it is not to come any more.
            (ida, State.BOOKED, NOW.date() - timedelta(days=1)),
            (ida, State.NO_SHOW, date(2025, 2, 3)),
            (ida, State.NO_SHOW, date(2025, 4, 5)),
        ]
    ):
        make_appointment(
            (day.brows, day.anna),
            (day.cut, day.bora),
            client=client,
            state=state,
            starts_at=at(9 + number // 6, day=on),
        )
    make_appointment((day.cut, day.anna), starts_at=at(17))
    assert _figures() == {day.lena.number: (DAY, 2, 1), ida.number: (None, 0, 2), mia.number: NOTHING}


def test_the_day_is_the_salons(in_sonnenschein: Salon) -> None:
    day = a_salon_day()
    # Half past midnight in Berlin.
    make_appointment((day.cut, day.anna), client=day.lena, starts_at=datetime(2026, 11, 30, 23, 30, tzinfo=UTC))
    assert _figures() == {day.lena.number: (date(2026, 12, 1), 0, 0)}


def test_who_has_arrived_and_who_begins_now_still_come(in_sonnenschein: Salon) -> None:
    day = a_salon_day()
    make_appointment((day.cut, day.anna), client=day.lena, starts_at=NOW, state=State.ARRIVED)
    assert _figures() == {day.lena.number: (NOW.date(), 0, 0)}


def test_only_those_selected_are_asked_for(sonnenschein: Salon, dom: Salon) -> None:
    with salon_scope(dom.pk):
        other = a_salon_day()
        make_appointment((other.cut, other.anna), client=other.lena)
    with salon_scope(sonnenschein.pk):
        day = a_salon_day()
        ida = make_client("Ida")
        for client, staff in ((day.lena, day.anna), (ida, day.bora)):
            make_appointment((day.cut, staff), client=client)
        chosen = exported(Client.objects.filter(pk=ida.pk).values_list("pk", flat=True))
        batch = next_batch(chosen, after=0, words=Words(), zone=ZoneInfo("Europe/Berlin"), now=NOW)
        assert batch is not None
        assert [(row[NUMBER], row[NEXT]) for row in batch.rows] == [(ida.number, DAY)]
