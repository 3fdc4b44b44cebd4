"""Rows in words of their own are the rows that Django reads and writes."""

import gc
from threading import Thread
from weakref import ref

import pytest
from django.db import (
    DEFAULT_DB_ALIAS,
    DataError,
    IntegrityError,
    OperationalError,
    connection,
    connections,
    transaction,
)
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from bookings.bounds import Bounds
from bookings.models import Appointment, AppointmentItem
from bookings.placing import minutes_of
from bookings.scheduling import ItemWish, book
from bookings.states import Source
from bookings.writing import lay
from clients.models import Client
from salon.audit.models import AuditEntry
from salon.audit.recording import record
from salon.catalogue.models import Service, StaffMember
from salon.identity.roles import Actor
from salon.rows import _words_for, fetch, insert, read, read_with, together
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from salon.work.models import DueWork
from tests.bookings.salonday import SalonDay, a_salon_day, at
from tests.conftest import NOW


@pytest.fixture
def day(in_sonnenschein: Salon) -> SalonDay:
    return a_salon_day()


def _book(salon: Salon, actor: Actor, day: SalonDay) -> None:
    book(
        actor=actor,
        salon=salon,
        starts_at=at(10),
        items=[ItemWish(day.colour.pk, day.anna.pk), ItemWish(day.brows.pk, day.bora.pk)],
        client_id=day.lena.pk,
        source=Source.STAFF,
        bounds=Bounds.DESK,
        now=NOW,
    )


def _values(row: Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.parametrize("model", [Client, Service, StaffMember, Appointment, AppointmentItem, AuditEntry, DueWork])
def test_what_is_read_is_what_django_reads(
    in_sonnenschein: Salon, front_desk: Actor, day: SalonDay, model: type[Model]
) -> None:
    _book(in_sonnenschein, front_desk, day)
    expected = [_values(row) for row in model._default_manager.order_by("pk")]
    found = read(model, " ORDER BY id", {})
    assert expected
    assert [_values(row) for row in found] == expected
    assert not any(row._state.adding for row in found)
    assert [(row.pk, two) for row, two in read_with(model, "1 + 1", " ORDER BY id", {})] == [
        (row["id"], 2) for row in expected
    ]


def test_what_is_written_is_what_django_writes(in_sonnenschein: Salon, front_desk: Actor, day: SalonDay) -> None:
    _book(in_sonnenschein, front_desk, day)
    kept = [_values(row) for row in AppointmentItem.objects.order_by("position")]
    items = list(AppointmentItem.objects.order_by("position"))
    AppointmentItem.objects.all().delete()
    assert insert(items)
    assert [_values(row) for row in AppointmentItem.objects.order_by("position")] == kept


def test_what_the_database_fills_in_is_left_to_it(in_sonnenschein: Salon) -> None:
    work = DueWork(task="a", subject_id=new_id(), due_at=NOW)
    assert insert([work, DueWork(task="b", subject_id=new_id(), due_at=NOW, created_at=NOW)])
    written = DueWork.objects.get(pk=work.pk)
    assert written.created_at != NOW
    assert DueWork.objects.get(task="b").created_at == NOW


def test_only_what_the_constraint_forbids_is_left_out(in_sonnenschein: Salon) -> None:
    first = DueWork(task="a", subject_id=new_id(), due_at=NOW)
    assert insert([first], unless="work_duework_pkey")
    assert not insert([first, DueWork(task="b", subject_id=new_id(), due_at=NOW)], unless="work_duework_pkey")
    assert DueWork.objects.count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        insert([first])


def _work(task: str) -> DueWork:
    return DueWork(task=task, subject_id=new_id(), due_at=NOW)


def test_what_is_written_together_is_one_statement(in_sonnenschein: Salon, front_desk: Actor, day: SalonDay) -> None:
    with CaptureQueriesContext(connection) as made, together():
        assert insert([_work("a"), _work("b")])
        with together():
            assert insert([_work("c")])
        record(actor=front_desk, action="a.b", subject_kind="a", subject_id=new_id(), changes=[], now=NOW)
        assert DueWork.objects.count() == 0
    assert len(made) == 2
    assert list(DueWork.objects.order_by("task").values_list("task", flat=True)) == ["a", "b", "c"]
    assert AuditEntry.objects.filter(action="a.b").count() == 1


def test_nothing_is_written_together_where_something_goes_wrong(in_sonnenschein: Salon) -> None:
    def fail() -> None:
        with together():
            insert([_work("a")])
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert insert([_work("b")])
    assert list(DueWork.objects.values_list("task", flat=True)) == ["b"]


def test_what_a_constraint_decides_is_not_put_off(in_sonnenschein: Salon) -> None:
    work = _work("a")
    with together():
        assert insert([work], unless="work_duework_pkey")
        assert not insert([work], unless="work_duework_pkey")


def test_rows_of_another_salon_are_neither_read_nor_written(sonnenschein: Salon, dom: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        day = a_salon_day()
    with salon_scope(dom.pk):
        assert read(Client, " WHERE id = %(id)s", {"id": day.lena.pk}) == []
        with pytest.raises(Exception, match="row-level security"), transaction.atomic():
            insert([StaffMember(salon_id=sonnenschein.pk, name="Eva", name_key="eva", position=1, created_at=NOW)])


@pytest.mark.django_db(transaction=True)
def test_a_statement_said_again_gives_what_it_is_asked_then() -> None:
    sql = "SELECT %s::bigint, %s::text, %s::uuid[]"
    asked = [(1, "a", [new_id()]), (2**40, None, []), (None, "ä", None)]
    assert [fetch(sql, one) for one in [*asked, *asked]] == [[one] for one in [*asked, *asked]]
    with pytest.raises(DataError):
        fetch(sql, ("nine", "a", None))
    connection.connection.close()
    for statement in (sql, "SELECT %s::text"):
        with pytest.raises(OperationalError):
            fetch(statement, asked[0][: statement.count("%s")])
    connection.close()
    assert fetch(sql, asked[0]) == [asked[0]]


def test_what_is_known_of_a_table_keeps_no_connection_of_the_thread_that_asked_first() -> None:
    _words_for.cache_clear()

    def ask() -> None:
        _words_for(Client)
        asked.append(ref(connections[DEFAULT_DB_ALIAS]))

    asked: list[ref[object]] = []
    thread = Thread(target=ask)
    thread.start()
    thread.join()
    gc.collect()
    assert [one() for one in asked] == [None]


def test_rows_are_written_behind_those_they_refer_to(in_sonnenschein: Salon, day: SalonDay) -> None:
    times = {"starts_at": at(10), "ends_at": at(11), "created_at": NOW, "updated_at": NOW}
    appointment = Appointment(source=Source.STAFF, **times)
    item = AppointmentItem(
        appointment=appointment,
        position=0,
        service=day.cut,
        staff=day.anna,
        starts_at=at(10),
        counts_as_visit=True,
        list_price=day.cut.price,
        price=day.cut.price,
    )
    item.minutes = minutes_of(day.cut)
    lay([item])
    with CaptureQueriesContext(connection) as queries:
        assert insert([item], behind=[appointment])
    assert len(queries) == 1
    assert [_values(row) for row in read(AppointmentItem, "", {})] == [_values(item)]
    assert read_with(Appointment, "2", " LEFT JOIN clients_client ON false", {}, beside=Client) == [
        (appointment, None, 2)
    ]
