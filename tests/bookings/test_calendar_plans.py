"""The calendar reads the days it shows, whatever the database knows of its tables (quality.md §1)."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from bookings.agenda import agenda_of
from bookings.appointments import Wanted, list_appointments
from bookings.busy import Period
from bookings.calendar import day_of
from bookings.conflicts import blocking_items
from bookings.disclosing import bookings_of_client
from bookings.favourites import favourites_of, times_had
from bookings.feeds import open_feed, read_feed
from bookings.fingerprint import fingerprint
from bookings.models import Appointment
from bookings.stand_ins import open_work, work_list
from clients.models import Client
from salon.audit.recording import record
from salon.catalogue.models import Absence, StaffMember
from salon.desk.history import history_of
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests import database
from tests.bookings.fullday import FIRST, LAST, a_full_day
from tests.bookings.salonday import DAY, at, make_absence
from tests.conftest import NOW

STAFF, ITEMS, DAYS = 4, 60, 6


@pytest.fixture(scope="module", params=["not counted", "counted", "counted before it came"])
def full(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Salon]:
    """A full day and a history: nothing is known of the tables, or all, or only of what another salon has in them."""
    with django_db_blocker.unblock():
        salon, other = (Salon.objects.create(name=slug, slug=slug) for slug in ("sonnenschein", "barbier-am-dom"))
        _fill(salon, other, known=request.param)
    yield salon
    with django_db_blocker.unblock():
        database.forget_salons()


def _fill(salon: Salon, other: Salon, *, known: str) -> None:
    if known == "counted before it came":
        with salon_scope(other.pk):
            a_full_day(staff=1, items=ITEMS, days=DAYS, paid=True)
        database.count_rows()
    with salon_scope(salon.pk):
        a_full_day(staff=STAFF, items=ITEMS, days=DAYS, paid=True)
    if known == "counted":
        database.count_rows()
    elif known == "not counted":
        database.forget_counts()


@pytest.mark.django_db
@pytest.mark.parametrize("read", ["page", "poll"])
def test_no_row_is_looked_up_by_walking_through_the_others(full: Salon, read: str) -> None:
    def page() -> object:
        return day_of(salon=full, day=DAY)

    def poll() -> object:
        return fingerprint(at(0), at(0, day=DAY + timedelta(days=1)))

    with salon_scope(full.pk):
        read_pages = _pages_read(page if read == "page" else poll)
    # Rows lie together; looked up one by one each would cost several pages, and where an index is walked, hundreds.
    assert read_pages < STAFF * ITEMS


# What reads items together with the appointments they belong to, and about how many of them it is.
OF_A_CLIENT = STAFF * ITEMS * DAYS // (len(FIRST) * len(LAST)) + 1
OF_A_PERSON = ITEMS * DAYS
PAGE = 50


def _staff() -> UUID:
    return StaffMember.objects.values_list("pk", flat=True)[0]


def _client() -> UUID:
    return Client.objects.values_list("pk", flat=True)[0]


def _has_a_history() -> None:
    client_id = _client()
    for appointment in Appointment.objects.filter(client_id=client_id):
        record(
            actor=system_actor("Test"),
            action="appointment.booked",
            subject_kind="appointment",
            subject_id=appointment.pk,
            client_id=client_id,
            changes=[],
            now=NOW,
        )


def _is_away() -> None:
    somebody = StaffMember.objects.get(pk=_staff())
    make_absence(somebody, at(0, day=DAY - timedelta(days=DAYS)), at(0, day=DAY + timedelta(days=1)))


def _work_list() -> object:
    return work_list(gap_id=Absence.objects.get().pk, now=BEFORE)


BEFORE = at(0, day=DAY - timedelta(days=DAYS))
READS: dict[str, tuple[int, Callable[[], object]]] = {
    "what a client has most often": (OF_A_CLIENT, lambda: favourites_of(_client())),
    "how often she had what": (OF_A_CLIENT, lambda: list(times_had(_client()))),
    "what is before and behind her": (OF_A_CLIENT, lambda: agenda_of(_client(), now=NOW)),
    "her history": (OF_A_CLIENT, lambda: history_of(_client())),
    "her appointments": (OF_A_CLIENT, lambda: list_appointments(Wanted(client_id=_client()), limit=PAGE)),
    "what is disclosed to her": (OF_A_CLIENT, lambda: bookings_of_client([_client()])),
    "appointments with somebody": (PAGE, lambda: list_appointments(Wanted(staff_id=_staff()), limit=PAGE)),
    "all appointments": (PAGE, lambda: list_appointments(Wanted(), limit=PAGE)),
    "what stands in the way": (ITEMS, lambda: blocking_items({_staff(): [Period(at(0), at(12))]})),
    "what absences stand over": (OF_A_PERSON, lambda: open_work(now=BEFORE)),
    "what an absence leaves to be done": (OF_A_PERSON, _work_list),
}


@pytest.mark.django_db
def test_items_are_found_by_their_appointments(full: Salon, request: pytest.FixtureRequest) -> None:
    with salon_scope(full.pk):
        _has_a_history()
        _is_away()
        secret = open_feed(actor=system_actor("Test"), staff_id=_staff(), now=NOW).secret
        reads = {**READS, "a feed": (OF_A_PERSON, lambda: read_feed(secret=secret, now=NOW))}
        read = {name: _pages_read(run) for name, (_rows, run) in reads.items()}
    if "before" in request.node.name:
        # Each of those booked last is asked for what is done in it, by whatever index: nothing says which is the best.
        del read["appointments with somebody"]
    # Some pages for each row, and once all that the salon has. Walked for each row again there are tens of thousands.
    allowed = {name: 20 * rows + STAFF * ITEMS * DAYS for name, (rows, _run) in reads.items()}
    assert {name: pages for name, pages in read.items() if pages > allowed[name]} == {}


def _pages_read(run: Callable[[], object]) -> int:
    """Return how many pages of the database its statements touch."""
    seen: list[tuple[str, Any]] = []

    def watch(execute: Callable[..., Any], sql: str, values: Any, many: bool, context: dict[str, Any]) -> Any:
        seen.append((sql, values))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(watch):
        run()
    pages = 0
    for sql, values in seen:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", values)
            found = cursor.fetchone()[0]
        plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
        pages += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return pages
