"""The team: who works, what each can do, and when (domain.md §5)."""

from datetime import date
from decimal import Decimal

import pytest

from salon.audit.models import AuditEntry
from salon.catalogue.details import ServiceDetails
from salon.catalogue.models import Schedule, Service
from salon.catalogue.offering import create_service
from salon.catalogue.reading import performers, working_staff
from salon.catalogue.team import (
    NotInTeam,
    StaffDetails,
    archive_staff_member,
    create_staff_member,
    restore_staff_member,
    set_schedule,
    set_skills,
    update_staff_member,
)
from salon.catalogue.weeks import Stretch, daily
from salon.errors import InvalidInput, NotAllowed, VersionConflict
from salon.identity.models import User
from salon.identity.roles import Actor
from salon.tenancy.models import Salon
from tests.conftest import NOW

MONDAY = date(2026, 11, 23)


def _service(actor: Actor, name: str) -> Service:
    details = ServiceDetails(name=name, apply_minutes=30, price=Decimal("32.00"))
    return create_service(actor=actor, details=details, now=NOW)


def test_somebody_is_taken_into_the_team(carla: Actor, in_sonnenschein: Salon) -> None:
    cut = _service(carla, "Herrenschnitt")
    anna = create_staff_member(actor=carla, details=StaffDetails(name="  Anna "), skills=[cut.pk], now=NOW)
    bora = create_staff_member(actor=carla, details=StaffDetails(name="Bora"), now=NOW)
    assert [(one.name, one.colour, one.position) for one in working_staff()] == [("Anna", 1, 0), ("Bora", 2, 1)]
    assert performers([cut.pk]) == {cut.pk: {anna.pk}}
    set_skills(actor=carla, staff_id=bora.pk, service_ids=[cut.pk], now=NOW)
    assert performers([cut.pk]) == {cut.pk: {anna.pk, bora.pk}}
    archive_staff_member(actor=carla, staff_id=anna.pk, now=NOW)
    assert performers([cut.pk]) == {cut.pk: {bora.pk}}
    with pytest.raises(NotInTeam):
        set_skills(actor=carla, staff_id=anna.pk, service_ids=[], now=NOW)
    restore_staff_member(actor=carla, staff_id=anna.pk, now=NOW)
    assert performers([cut.pk]) == {cut.pk: {anna.pk, bora.pk}}
    cut.refresh_from_db()
    assert cut.version == 5


def test_names_and_logins_stand_once_in_a_team(
    carla: Actor, in_sonnenschein: Salon, stylist: User, outsider: User
) -> None:
    anna = create_staff_member(actor=carla, details=StaffDetails(name="Anna", user_id=stylist.pk), now=NOW)
    for details, field, code in (
        (StaffDetails(name="ANNA"), "name", "duplicate_name"),
        (StaffDetails(name=" "), "name", "required"),
        (StaffDetails(name="Bora", user_id=stylist.pk), "user_id", "user_taken"),
        (StaffDetails(name="Bora", user_id=outsider.pk), "user_id", "not_found"),
        (StaffDetails(name="Bora", colour=13), "colour", "range"),
    ):
        with pytest.raises(InvalidInput) as refused:
            create_staff_member(actor=carla, details=details, now=NOW)
        assert [(one.field, one.code) for one in refused.value.errors] == [(field, code)]
    with pytest.raises(VersionConflict):
        update_staff_member(actor=carla, staff_id=anna.pk, changes={"name": "Berta"}, version=7, now=NOW)
    assert [one.name for one in working_staff()] == ["Anna"]


def test_a_week_holds_from_a_day_on(carla: Actor, in_sonnenschein: Salon) -> None:
    anna = create_staff_member(actor=carla, details=StaffDetails(name="Anna"), now=NOW)
    week = daily(range(1, 7), ("9", "13"), ("13:30", "18:00"))
    schedule = set_schedule(actor=carla, staff_id=anna.pk, valid_from=MONDAY, week=week, now=NOW)
    assert schedule.intervals.count() == 12
    again = set_schedule(actor=carla, staff_id=anna.pk, valid_from=MONDAY, week=[Stretch(2, 600, 720)], now=NOW)
    assert again.pk == schedule.pk
    stored = schedule.intervals.values_list("weekday", "starts_minute", "ends_minute")
    assert list(stored) == [(2, 600, 720)]
    told = AuditEntry.objects.filter(action="staff.schedule_set").order_by("id").last()
    assert told is not None
    assert {"field": "weekday_2", "old": "09:00–13:00, 13:30–18:00", "new": "10:00–12:00"} in told.changes


@pytest.mark.parametrize(
    ("week", "field", "code"),
    [
        ([Stretch(1, 540, 720), Stretch(1, 700, 780)], "weekday_1", "overlap"),
        ([Stretch(3, 720, 540)], "weekday_3", "order"),
        ([Stretch(3, 540, 540)], "weekday_3", "order"),
        ([Stretch(7, 541, 600)], "weekday_7", "step"),
        ([Stretch(7, 540, 1445)], "weekday_7", "range"),
        ([Stretch(8, 540, 600)], "week", "invalid"),
        ([Stretch(1, start, start + 5) for start in range(0, 70, 10)], "weekday_1", "too_many"),
    ],
)
def test_a_week_that_cannot_be(
    carla: Actor, in_sonnenschein: Salon, week: list[Stretch], field: str, code: str
) -> None:
    anna = create_staff_member(actor=carla, details=StaffDetails(name="Anna"), now=NOW)
    with pytest.raises(InvalidInput) as refused:
        set_schedule(actor=carla, staff_id=anna.pk, valid_from=MONDAY, week=week, now=NOW)
    assert [(one.field, one.code) for one in refused.value.errors] == [(field, code)]
    assert not Schedule.objects.exists()


def test_the_team_is_the_owner_s_and_the_managers(front_desk: Actor, carla: Actor, in_sonnenschein: Salon) -> None:
    anna = create_staff_member(actor=carla, details=StaffDetails(name="Anna"), now=NOW)
    with pytest.raises(NotAllowed):
        create_staff_member(actor=front_desk, details=StaffDetails(name="Bora"), now=NOW)
    with pytest.raises(NotAllowed):
        set_skills(actor=front_desk, staff_id=anna.pk, service_ids=[], now=NOW)
    with pytest.raises(NotAllowed):
        set_schedule(actor=front_desk, staff_id=anna.pk, valid_from=MONDAY, week=[], now=NOW)
