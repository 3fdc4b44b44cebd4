"""What becomes of a client's appointments when she is erased, and what she is told of them (Art. 15, 17 DSGVO)."""

from datetime import UTC, date, timedelta
from typing import Any

import pytest

from bookings.models import Appointment, AppointmentItem, WaitingEntry, WaitingService
from bookings.states import State
from salon.audit.models import AuditEntry
from salon.audit.recording import Change, record
from salon.desk.erasure import erase_card
from salon.desk.merging import merge_cards
from salon.desk.personal_data import data_of_person
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.models import Salon
from tests.bookings.salonday import SalonDay, a_salon_day, at, make_appointment, make_client
from tests.conftest import NOW

MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])
YESTERDAY = NOW.date() - timedelta(days=1)


@pytest.fixture
def day(in_sonnenschein: Salon) -> SalonDay:
    return a_salon_day()


def _wait(day: SalonDay, **given: Any) -> WaitingEntry:
    values = {"starts_on": date(2026, 12, 1), "ends_on": date(2026, 12, 5), "created_by_name": "Empfang"}
    entry = WaitingEntry.objects.create(client=day.lena, created_at=NOW, **{**values, **given})
    WaitingService.objects.create(entry=entry, service=day.brows, position=0)
    return entry


class TestErasing:
    """Art. 17."""

    @staticmethod
    def _erase(salon: Salon, day: SalonDay) -> None:
        erase_card(actor=MANAGER, salon=salon, client_id=day.lena.pk, now=NOW)

    def test_what_is_to_come_is_cancelled_and_leaves_its_time(self, in_sonnenschein: Salon, day: SalonDay) -> None:
        coming = make_appointment((day.cut, day.anna), client=day.lena)
        arrived = make_appointment((day.brows, day.bora), client=day.lena, state=State.ARRIVED, starts_at=at(15))
        begun = make_appointment((day.cut, day.bora), client=day.lena, starts_at=NOW)
        old = make_appointment(
            (day.cut, day.anna),
            client=day.lena,
            starts_at=at(10, day=YESTERDAY),
            state=State.COMPLETED,
            visit_on=YESTERDAY,
        )
        self._erase(in_sonnenschein, day)
        state = dict(Appointment.objects.values_list("pk", "state"))
        assert state == {coming.pk: "CANCELLED", arrived.pk: "CANCELLED", begun.pk: "BOOKED", old.pk: "COMPLETED"}
        assert dict(Appointment.objects.values_list("pk", "cancelled_at")) == {
            coming.pk: NOW,
            arrived.pk: NOW,
            begun.pk: None,
            old.pk: None,
        }
        active = dict(AppointmentItem.objects.values_list("appointment_id", "active"))
        assert active == {coming.pk: False, arrived.pk: False, begun.pk: True, old.pk: True}
        # Somebody else can have it at once.
        make_appointment((day.cut, day.anna), client=make_client("Ida"))
        entries = AuditEntry.objects.filter(action="appointment.cancelled").order_by("subject_id")
        assert [(one.subject_id, one.client_id, one.actor_name, one.changes) for one in entries] == [
            (pk, day.lena.pk, "Carla", []) for pk in sorted([coming.pk, arrived.pk])
        ]

    def test_what_has_been_says_nothing_of_anybody(self, in_sonnenschein: Salon, day: SalonDay) -> None:
        done = make_appointment(
            (day.cut, day.anna),
            client=day.lena,
            starts_at=at(10, day=YESTERDAY),
            state=State.COMPLETED,
            visit_on=YESTERDAY,
            note="mit Hund",
            booked_as={"first_name": "Lene"},
            client_evidence={"listed_on": "2020-01-01"},
            undo={"state": "BOOKED"},
        )
        cancelled = make_appointment(
            (day.cut, day.anna), client=day.lena, state=State.CANCELLED, cancel_reason="Grippe", starts_at=at(12)
        )
        _wait(day, note="nur vormittags")
        foreign = make_appointment((day.cut, day.bora), client=make_client("Ida"), note="bleibt")
        other = Appointment.objects.filter(pk=foreign.pk).values().get()
        self._erase(in_sonnenschein, day)
        for one in Appointment.objects.filter(pk__in=[done.pk, cancelled.pk]):
            assert (one.note, one.booked_as, one.cancel_reason, one.client_evidence, one.undo) == (
                "",
                {},
                "",
                None,
                None,
            )
            assert (one.client_id, one.client_status, one.version, one.updated_at) == (
                day.lena.pk,
                day.lena.status,
                2,
                NOW,
            )
        # What was done, by whom, for how much, and that it counted, stays.
        assert Appointment.objects.get(pk=done.pk).visit_on == YESTERDAY
        assert done.items.get().price == day.cut.price
        assert (WaitingEntry.objects.count(), WaitingService.objects.count()) == (0, 0)
        assert Appointment.objects.filter(pk=foreign.pk).values().get() == other

    def test_the_ledger_of_her_appointments_keeps_quiet(self, in_sonnenschein: Salon, day: SalonDay) -> None:
        hers = make_appointment((day.cut, day.anna), client=day.lena, starts_at=at(10, day=YESTERDAY))
        ida = make_client("Ida")
        taken_over = make_appointment((day.cut, day.bora), client=ida, starts_at=at(10, day=YESTERDAY))
        said = [Change("note", None, "mit Hund")]
        for one, client, action in (
            (hers, day.lena, "appointment.booked"),
            (taken_over, day.lena, "appointment.booked"),
            (taken_over, ida, "appointment.client_changed"),
            (taken_over, ida, "appointment.note_changed"),
        ):
            record(
                actor=MANAGER,
                action=action,
                subject_kind="appointment",
                subject_id=one.pk,
                client_id=client.pk,
                changes=said,
                now=NOW,
            )
        self._erase(in_sonnenschein, day)
        left = AuditEntry.objects.filter(subject_kind="appointment").order_by("id")
        assert [(one.subject_id, one.action, bool(one.changes)) for one in left] == [
            (hers.pk, "appointment.booked", False),
            (taken_over.pk, "appointment.booked", False),
            (taken_over.pk, "appointment.client_changed", True),
            (taken_over.pk, "appointment.note_changed", True),
        ]


def test_she_is_told_of_everything(in_sonnenschein: Salon, day: SalonDay) -> None:
    double = make_client("Lene")
    hers = make_appointment((day.cut, day.anna), (day.brows, day.bora), client=day.lena, note="mit Hund")
    old = make_appointment(
        (day.colour, day.bora),
        client=double,
        starts_at=at(10, day=YESTERDAY),
        state=State.CANCELLED,
        cancel_reason="Grippe",
    )
    _wait(day, note="nur vormittags", staff=day.anna, from_minute=540, until_minute=720)
    said = [Change("starts_at", None, "2026-11-24T10:00+01:00")]
    record(
        actor=MANAGER,
        action="appointment.booked",
        subject_kind="appointment",
        subject_id=hers.pk,
        client_id=day.lena.pk,
        changes=said,
        now=NOW,
    )
    merge_cards(actor=MANAGER, salon=in_sonnenschein, survivor_id=day.lena.pk, duplicate_id=double.pk, now=NOW)
    found = data_of_person(actor=MANAGER, client_id=day.lena.pk, now=NOW).sections
    first, second = found["appointments"]
    assert (first["starts_at"], first["state"], first["cancel_reason"]) == (
        old.starts_at.astimezone(UTC).isoformat(),
        "CANCELLED",
        "Grippe",
    )
    assert (second["note"], second["booked_by_name"], second["client_status"]) == ("mit Hund", "Empfang", "RETURNING")
    assert [(one["service"], one["staff"], one["price"]) for one in second["services"]] == [  # type: ignore[index,union-attr]
        ("Schneiden", "Anna", "59.00"),
        ("Brauen zupfen", "Bora", "12.00"),
    ]
    [wish] = found["waiting_list"]
    assert wish == {
        "starts_on": "2026-12-01",
        "ends_on": "2026-12-05",
        "from_minute": 540,
        "until_minute": 720,
        "note": "nur vormittags",
        "state": "WAITING",
        "created_by_name": "Empfang",
        "created_at": NOW.isoformat(),
        "closed_at": None,
        "services": ["Brauen zupfen"],
        "staff": "Anna",
    }
    [booked] = [one for one in found["history"] if one["action"] == "appointment.booked"]
    assert booked["changes"] == [{"field": "starts_at", "old": None, "new": "2026-11-24T10:00+01:00"}]
