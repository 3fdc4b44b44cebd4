"""The calendar page (ui.md §2.1): what it shows, in how many statements and bytes."""

import gzip
import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from bookings.calendar import day_of
from bookings.models import Appointment, Sale, SaleState
from bookings.states import State
from bookings.stretches import Stretch
from clients.models import Client, HealthRecord, Note
from salon.catalogue.models import Absence, AbsenceKind, ScheduleInterval, Service, StaffMember
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.fullday import a_full_day, paid_sale
from tests.bookings.salonday import DAY, SalonDay, at, make_absence, make_appointment
from tests.conftest import NOW
from tests.web.calendar.conftest import PAGE


def _page(browser: Browser, query: str = f"day={DAY}") -> str:
    answer = browser.get(f"{PAGE}?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def _blocks(html: str) -> list[str]:
    return re.findall(r'<a class="b [^>]*>.*?</a>', html)


def test_a_block_says_when_who_and_what(browser: Browser, cut: Appointment) -> None:
    (block,) = _blocks(_page(browser))
    # Ten is an hour, twelve rows, below nine.
    assert 'class="b booked r12 h12 m e"' in block
    assert f'href="appointments/{cut.pk}/"' in block
    assert re.sub(r"<[^>]+>", "", block) == "10:00–11:00 Lena Vogel Schneiden"
    assert 'aria-label="gebucht"' in block


@pytest.mark.parametrize("view", ["", "&view=week"])
@pytest.mark.parametrize(
    ("state", "marked"),
    [
        (SaleState.OPEN, False),
        (SaleState.PAID, True),
        (SaleState.PARTLY_REFUNDED, True),
        (SaleState.REFUNDED, False),
        (SaleState.VOID, False),
    ],
)
def test_what_is_paid_in_full_is_marked_for_whoever_sees_and_whoever_hears(
    browser: Browser,
    desk: SalonDay,
    cut: Appointment,
    sonnenschein: Salon,
    view: str,
    state: SaleState,
    *,
    marked: bool,
) -> None:
    with salon_scope(sonnenschein.pk):
        other = make_appointment((desk.brows, desk.anna), starts_at=at(12), client=desk.lena)
        paid_sale(cut).save()
        voided_at = NOW if state == SaleState.VOID else None
        Sale.objects.update(state=state, voided_at=voided_at, paid=0 if state == SaleState.OPEN else 59)
    html = _page(browser, f"day={DAY}{view}")
    for one, paid in ((cut, marked), (other, False)):
        (block,) = re.findall(rf'<a class="[^"]*" href="appointments/{one.pk}/".*?</a>', html)
        assert ("Bezahlt" in re.sub(r"<[^>]+>", "", block)) is paid
        assert ('<use href="#cal-paid"/>' in block) is paid
    assert 'id="cal-paid"' in html


def test_processing_is_free_and_shown(browser: Browser, desk: SalonDay, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        make_appointment((desk.colour, desk.anna), client=desk.lena)
        make_appointment((desk.brows, desk.anna), starts_at=at(10, 35))
    html = _page(browser)
    first, between, last = _blocks(html)
    assert "r12 h6 run" in first
    assert "m e" not in first
    assert "Laufkunde" in between
    assert 'data-o="13"' in last
    assert "Ansatzfarbe · Abschluss" in last
    assert '<i class="free r18 h7">Einwirkzeit · frei</i>' in html


def test_in_a_break_nobody_is_free_while_something_takes_effect(
    browser: Browser, desk: SalonDay, sonnenschein: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        morning = ScheduleInterval.objects.get(schedule__staff=desk.anna, weekday=DAY.isoweekday())
        ScheduleInterval.objects.filter(pk=morning.pk).update(ends_minute=10 * 60 + 45)
        ScheduleInterval.objects.create(
            schedule=morning.schedule, weekday=morning.weekday, starts_minute=11 * 60, ends_minute=18 * 60
        )
        make_appointment((desk.colour, desk.anna), client=desk.lena)
    html = _page(browser)
    assert '<i class="break r21 h3">Pause</i>' in html
    assert '<i class="free r18 h3">Einwirkzeit · frei</i>' in html


def test_what_did_not_happen_hides_nothing(browser: Browser, desk: SalonDay, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        make_appointment((desk.cut, desk.anna), client=desk.lena, state=State.CANCELLED)
        make_appointment((desk.cut, desk.anna), starts_at=at(10, 15), client=desk.lena)
        make_appointment((desk.cut, desk.anna), starts_at=at(14), client=desk.lena, state=State.NO_SHOW)
    cancelled, booked, missed = _blocks(_page(browser))
    assert "cancelled r12 h12 strip l0" in cancelled
    assert "booked r15 h12 m e s1" in booked
    assert 'class="b no-show r60 h12"' in missed


def test_pinned_notes_are_alerts_and_health_data_never(
    browser: Browser, desk: SalonDay, cut: Appointment, sonnenschein: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        known = {"client": desk.lena, "author_name": "Anna", "written_at": NOW}
        Note.objects.create(text="Kommt gern <b>zu früh</b>", pinned=True, **known)
        Note.objects.create(text="Nicht angeheftet", **known)
        HealthRecord.objects.create(text="Nickelallergie", **known)
    html = _page(browser)
    assert 'title="Kommt gern &lt;b&gt;zu früh&lt;/b&gt;"' in html
    assert "Nicht angeheftet" not in html
    assert "Nickel" not in html


def test_absences_say_what_is_blocked_but_not_who_is_ill(
    browser: Browser, desk: SalonDay, cut: Appointment, sonnenschein: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        make_absence(desk.anna, at(12), at(13), AbsenceKind.BLOCKED, "Vertreterin")
        make_absence(desk.bora, at(9), at(18), AbsenceKind.SICK, "Grippe")
    html = _page(browser)
    assert "Vertreterin" in html
    assert ">Abwesend<" in html
    assert "Grippe" not in html
    assert "Krank" not in html


def test_whoever_is_ill_is_absent_in_her_head_and_what_she_should_do_is_marked(
    browser: Browser, desk: SalonDay, cut: Appointment, sonnenschein: Salon
) -> None:
    def heads() -> list[str]:
        return [head.strip() for head in re.findall(r"</h2>\s*<p>(.*?)</p>", _page(browser), re.DOTALL)]

    assert heads() == ["09–18 Uhr", "09–18 Uhr"]
    assert "stranded" not in re.sub('id="cal-stranded"', "", _page(browser))
    with salon_scope(sonnenschein.pk):
        make_absence(desk.bora, at(9), at(18), AbsenceKind.BLOCKED, "Vertreterin")
        make_absence(desk.anna, at(0), at(11), AbsenceKind.SICK)
        done = make_appointment((desk.cut, desk.anna), starts_at=at(9), state=State.CANCELLED)
    assert heads() == ["11–18 Uhr", "09–18 Uhr"]
    with salon_scope(sonnenschein.pk):
        Absence.objects.filter(staff=desk.anna).update(ends_at=at(0) + timedelta(days=1))
    assert heads() == ["abwesend", "09–18 Uhr"]
    blocks = dict(re.findall(r'<a class="b ([^"]*)" href="appointments/([^/]+)/"', _page(browser)))
    marked = {pk for look, pk in blocks.items() if "stranded" in look.split()}
    assert marked == {str(cut.pk)}
    assert str(done.pk) in blocks.values()
    assert 'aria-label="Dann nicht da: noch zu klären"' in _page(browser)
    week = _page(browser, f"view=week&day={DAY}")
    assert "<small>abwesend</small>" in week


def test_names_are_escaped(browser: Browser, cut: Appointment, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        Client.objects.update(first_name="<script>")
        Service.objects.update(name='"><i>')
    html = _page(browser)
    assert "<b>&lt;script&gt; Vogel</b>" in html
    assert "&quot;&gt;&lt;i&gt;" in html


def test_sum(browser: Browser, cut: Appointment) -> None:
    # One hour of twice nine.
    assert "1 Termin · 6 % Auslastung" in " ".join(_page(browser).split())


@pytest.mark.parametrize(
    "query", ["", "day=gestern", "day=0001-01-01", "day=9999-12-31", "view=week&who=x", "day=2026-13-01"]
)
def test_whatever_the_address_says_there_is_a_page(browser: Browser, desk: SalonDay, query: str) -> None:
    assert 'id="calendar-grid"' in _page(browser, query)
    assert browser.get(f"{PAGE}poll/?{query}").status_code == 200
    assert browser.get(f"{PAGE}month/?{query}&month=9999-12-31").status_code == 200


@pytest.mark.parametrize(
    ("day", "hour", "row"), [(date(2026, 10, 25), 4, 48), (date(2027, 3, 28), 4, 48), (date(2026, 10, 25), 1, 12)]
)
def test_the_nights_in_which_the_clock_is_changed(
    sonnenschein: Salon, desk: SalonDay, day: date, hour: int, row: int
) -> None:
    with salon_scope(sonnenschein.pk):
        make_appointment((desk.cut, desk.anna), starts_at=at(hour, day=day))
        (block,) = day_of(salon=sonnenschein, day=day).columns[0].blocks
        assert block.stretch == Stretch(row, 12)


def test_whose_columns_are_shown_is_remembered(browser: Browser, desk: SalonDay) -> None:
    browser.post(f"{PAGE}staff/?day={DAY}", {"staff": [str(desk.bora.pk), "nobody"]})
    html = _page(browser)
    assert html.count('class="col"') == 1
    assert f'data-staff="{desk.bora.pk}"' in html
    browser.post(f"{PAGE}staff/?day={DAY}", {"everybody": "1"})
    assert _page(browser).count('class="col"') == 2


def _tag(browser: Browser) -> str:
    return str(browser.get(f"{PAGE}poll/?day={DAY}")["ETag"])


def _changes(desk: SalonDay, cut: Appointment) -> dict[str, Callable[[], object]]:
    return {
        "moved": lambda: Appointment.objects.update(version=2),
        "booked": lambda: make_appointment((desk.cut, desk.bora)),
        "client renamed": lambda: Client.objects.update(version=2),
        "note pinned": lambda: Note.objects.create(
            client=desk.lena, text="Spät", pinned=True, author_name="Anna", written_at=NOW
        ),
        "absent": lambda: make_absence(desk.anna, at(12), at(13)),
        "colleague renamed": lambda: StaffMember.objects.filter(pk=desk.anna.pk).update(version=2),
        "hours": lambda: ScheduleInterval.objects.update(ends_minute=19 * 60),
        "paid": lambda: paid_sale(cut).save(),
        "service renamed": lambda: Service.objects.filter(pk=desk.cut.pk).update(version=2),
    }


@pytest.mark.parametrize("what", sorted(_changes(None, None)))  # type: ignore[arg-type]
def test_the_tag_is_another_one_whenever_something_shown_changes(
    browser: Browser, desk: SalonDay, cut: Appointment, sonnenschein: Salon, what: str
) -> None:
    before = _tag(browser)
    assert browser.get(f"{PAGE}poll/?day={DAY}", headers={"If-None-Match": before}).status_code == 304
    with salon_scope(sonnenschein.pk):
        make_appointment((desk.cut, desk.anna), starts_at=at(10) + timedelta(days=1))
    assert _tag(browser) == before
    with salon_scope(sonnenschein.pk):
        _changes(desk, cut)[what]()
    assert _tag(browser) != before


def test_queries(browser: Browser, desk: SalonDay, sonnenschein: Salon) -> None:
    counts = []
    for hours in (range(9, 11), range(11, 18)):
        with salon_scope(sonnenschein.pk):
            for hour in hours:
                made = make_appointment((desk.cut, desk.anna), starts_at=at(hour), client=desk.lena)
                paid_sale(made, hour).save()
        for query in (f"day={DAY}", f"day={DAY}&view=week", f"day={DAY}&view=week&who={desk.anna.pk}"):
            _page(browser, query)
            with CaptureQueriesContext(connection) as captured:
                _page(browser, query)
            counts.append(len(captured))
    assert set(counts) == {12}


def test_an_unchanged_calendar_costs_one_query_beyond_signing_in(browser: Browser, cut: Appointment) -> None:
    tag = _tag(browser)
    with CaptureQueriesContext(connection) as empty:
        browser.get("/s/sonnenschein/reports/")
    with CaptureQueriesContext(connection) as captured:
        answer = browser.get(f"{PAGE}poll/?day={DAY}", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert len(captured) == len(empty) + 1


def test_a_day_as_full_as_can_be_is_small(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        a_full_day(paid=True)
    html = _page(browser)
    assert html.count("Bezahlt") == len(_blocks(html)) == 8 * 120
    assert len(gzip.compress(html.encode(), 6)) <= 60_000
