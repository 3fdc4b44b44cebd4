"""The pages of catalogue and team: faults stand beside their fields, nothing entered is lost, undo works (ui.md §3)."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from salon.catalogue.details import OfferDetails, ProductDetails, ServiceDetails
from salon.catalogue.models import Absence, Closure, OpenDay, Schedule, Service, SpecialOffer, StaffMember
from salon.catalogue.offering import create_product, create_service
from salon.catalogue.offers import create_offer
from salon.catalogue.team import StaffDetails, create_staff_member, set_schedule
from salon.catalogue.weeks import daily
from salon.identity.models import User
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon

S = "/s/sonnenschein/settings/"
ACTOR = system_actor("test")
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
SERVICE = {
    "name": "Ansatzfarbe",
    "group_id": "",
    "new_group": "Farbe",
    "price": "1.062,50 €",
    "vat_rate": "19.00",
    "apply_minutes": "30",
    "processing_minutes": "35",
    "finish_minutes": "25",
    "online": "on",
    "counts_as_visit": "on",
}


@pytest.fixture
def carla(manager: User, browser_of: Callable[[User], Browser]) -> Browser:
    """The manager's browser."""
    return browser_of(manager)


def _service(name: str = "Schnitt", **given: Any) -> Service:
    new_group = given.pop("group", "")
    usual: dict[str, Any] = {"apply_minutes": 30, "price": Decimal("32.00"), **given}
    details = ServiceDetails(name=name, **usual)
    return create_service(actor=ACTOR, details=details, new_group=new_group, now=NOW)


def _staff(name: str = "Anna", **given: Any) -> StaffMember:
    return create_staff_member(actor=ACTOR, details=StaffDetails(name=name, **given), now=NOW)


def _undo_of(answer: Any) -> str:
    return str(list(get_messages(answer.wsgi_request))[-1].extra_tags)


def test_a_service_is_entered_as_germans_write(carla: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        anna = _staff()
    answer = carla.post(f"{S}services/new/", {**SERVICE, "performers": [str(anna.pk)]})
    with salon_scope(sonnenschein.pk):
        made = Service.objects.select_related("group").get()
        assert answer["Location"] == f"{S}services/?at={made.pk}"
        assert (made.price, made.duration_minutes, made.group.name) == (Decimal("1062.50"), 90, "Farbe")  # type: ignore[union-attr]
        assert [one.staff_id for one in made.performers.all()] == [anna.pk]
    page = carla.get(answer["Location"]).content.decode()
    assert "1.062,50\N{NO-BREAK SPACE}€" in page
    assert "30 + 35 Einwirken + 25" in page
    assert 'value="1062,50"' in carla.get(f"{S}services/{made.pk}/").content.decode()


@pytest.mark.parametrize(
    ("given", "field", "text"),
    [
        ({"name": " "}, "name", "Geben Sie einen Namen ein."),
        ({"price": "zwölf"}, "price", "Geben Sie einen Betrag wie 12,50 ein."),
        ({"price": "12,505"}, "price", "Geben Sie einen Betrag wie 12,50 ein."),
        ({"apply_minutes": "32"}, "apply_minutes", "Geben Sie ein Vielfaches von 5 Minuten ein."),
        ({"apply_minutes": "99999"}, "apply_minutes", "Geben Sie ein Vielfaches von 5 Minuten ein."),
        ({"apply_minutes": "9995"}, "apply_minutes", "Geben Sie höchstens 12 Stunden ein."),
        ({"apply_minutes": "viel"}, "apply_minutes", "Geben Sie eine ganze Zahl ein."),
        (
            {"finish_minutes": ""},
            "finish_minutes",
            "Nach der Einwirkzeit wird wieder gearbeitet: mindestens 5 Minuten.",
        ),
        ({"new_group": "x" * 61}, "new_group", "Hier passen höchstens 60 Zeichen hinein."),
    ],
)
def test_faults_stand_beside_their_fields_and_nothing_is_lost(
    carla: Browser, sonnenschein: Salon, given: dict[str, str], field: str, text: str
) -> None:
    answer = carla.post(f"{S}services/new/", SERVICE | given)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert (list(form.errors), form.errors[field]) == ([field], [text])
    assert text in answer.content.decode()
    kept = {name: form[name].value() for name in SERVICE}
    sent = SERVICE | given | {"online": True, "counts_as_visit": True}
    assert kept == sent
    with salon_scope(sonnenschein.pk):
        assert not Service.objects.exists()


def test_a_second_name_and_a_stale_form(carla: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        cut = _service("Schnitt")
        _service("Färben")
    answer = carla.post(f"{S}services/{cut.pk}/", {**SERVICE, "name": "FÄRBEN", "version": "1"})
    assert answer.context["form"].errors == {"name": ["Diesen Namen gibt es schon."]}
    assert carla.post(f"{S}services/{cut.pk}/", {**SERVICE, "version": "1"}).status_code == 302
    stale = carla.post(f"{S}services/{cut.pk}/", {**SERVICE, "price": "1", "version": "1"})
    assert stale.status_code == 422
    assert stale.context["form"].non_field_errors() == ["Jemand anderes hat dies inzwischen geändert."]
    again = carla.post(
        f"{S}services/{cut.pk}/", {**SERVICE, "price": "1", "version": stale.context["form"]["version"].value()}
    )
    assert again.status_code == 302
    with salon_scope(sonnenschein.pk):
        cut.refresh_from_db()
        assert (cut.price, cut.version) == (Decimal("1.00"), 3)


def test_archiving_is_taken_back_from_its_toast(carla: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        cut = _service()
        oil = create_product(actor=ACTOR, details=ProductDetails(name="Öl"), now=NOW)
        anna = _staff()
    for path, model, row in (
        (f"services/{cut.pk}/archive/", Service, cut),
        (f"products/{oil.pk}/archive/", type(oil), oil),
        (f"team/{anna.pk}/archive/", StaffMember, anna),
    ):
        undo = _undo_of(carla.post(S + path))
        with salon_scope(sonnenschein.pk):
            assert model.objects.get(pk=row.pk).archived_at is not None
        assert carla.post(undo).status_code == 302
        with salon_scope(sonnenschein.pk):
            assert model.objects.get(pk=row.pk).archived_at is None


def test_the_order_is_changed_by_buttons(carla: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        first, second = _service("Ah", group="Haare"), _service("Beh", group="Haare")
    answer = carla.post(f"{S}services/{second.pk}/move/", {"direction": "up"}, headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert page.index(f"up-{second.pk}") < page.index(f"up-{first.pk}")
    assert "„Beh“ steht jetzt auf Platz 1." in page
    assert carla.post(f"{S}services/{second.pk}/move/", {"direction": "sideways"}).status_code == 422


def test_a_week_is_entered(carla: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        anna = _staff()
    hours = f"{S}team/{anna.pk}/hours/"
    entered = {"valid_from": "2026-11-23", "from-1-0": "9", "to-1-0": "13", "from-1-1": "13:30", "to-1-1": "1800"}
    copied = carla.post(hours, {**entered, "from-7-0": "10", "to-7-0": "12", "copy": "1"})
    days = copied.context["form"].days
    assert [[(pair.start, pair.end) for pair in days[day].pairs] for day in (1, 6, 7)] == [
        [("9", "13"), ("13:30", "1800")],
        [("9", "13"), ("13:30", "1800")],
        [("10", "12")],
    ]
    more = carla.post(hours, {**entered, "more": "1"})
    assert [(pair.start, pair.end) for pair in more.context["form"].days[1].pairs][-1] == ("", "")
    with salon_scope(sonnenschein.pk):
        assert not Schedule.objects.exists()
    assert carla.post(hours, entered).status_code == 302
    with salon_scope(sonnenschein.pk):
        schedule = Schedule.objects.get()
        stored = schedule.intervals.order_by("starts_minute").values_list("weekday", "starts_minute", "ends_minute")
        assert list(stored) == [(1, 540, 780), (1, 810, 1080)]
    undo = _undo_of(carla.post(f"{S}team/schedules/{schedule.pk}/remove/"))
    with salon_scope(sonnenschein.pk):
        assert not Schedule.objects.exists()
    carla.post(undo)
    with salon_scope(sonnenschein.pk):
        assert Schedule.objects.get(pk=schedule.pk).intervals.count() == 2


@pytest.mark.parametrize(
    ("given", "day", "text"),
    [
        ({"from-1-0": "9 bis 5"}, 1, "Geben Sie Uhrzeiten wie 9:00 und 13:30 ein."),
        ({"from-1-0": ""}, 1, "Geben Sie Uhrzeiten wie 9:00 und 13:30 ein."),
        ({"to-1-0": "8"}, 1, "Das Ende muss nach dem Anfang liegen."),
        ({"from-1-1": "12:30", "to-1-1": "17"}, 1, "Diese Zeiten überschneiden sich."),
        ({"from-2-0": "9:01", "to-2-0": "12"}, 2, "Geben Sie Uhrzeiten in Schritten von 5 Minuten ein."),
        ({"from-2-0": "9", "to-2-0": "24:05"}, 2, "Geben Sie Uhrzeiten wie 9:00 und 13:30 ein."),
    ],
)
def test_a_week_that_cannot_be(carla: Browser, sonnenschein: Salon, given: dict[str, str], day: int, text: str) -> None:
    with salon_scope(sonnenschein.pk):
        anna = _staff()
    entered = {"valid_from": "2026-11-23", "from-1-0": "9", "to-1-0": "13"} | given
    answer = carla.post(f"{S}team/{anna.pk}/hours/", entered)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert [(number, one.error) for number, one in form.days.items() if one.error] == [(day, text)]
    for value in given.values():
        assert f'value="{value}"' in answer.content.decode()
    with salon_scope(sonnenschein.pk):
        assert not Schedule.objects.exists()


def test_an_absence_on_the_salon_s_clock(carla: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        anna = _staff()
    path = f"{S}team/{anna.pk}/absences/"
    # The night of 25 October 2026 has 25 hours.
    carla.post(path, {"kind": "VACATION", "from_day": "2026-10-24", "to_day": "2026-10-25"})
    carla.post(path, {"kind": "SICK", "from_day": "24.11.2026", "from_time": "9", "to_time": "12:30"})
    with salon_scope(sonnenschein.pk):
        days, hours = Absence.objects.order_by("starts_at")
    assert (days.starts_at, days.ends_at) == (
        datetime(2026, 10, 23, 22, tzinfo=UTC),
        datetime(2026, 10, 25, 23, tzinfo=UTC),
    )
    assert (hours.starts_at, hours.ends_at) == (
        datetime(2026, 11, 24, 8, tzinfo=UTC),
        datetime(2026, 11, 24, 11, 30, tzinfo=UTC),
    )
    shown = carla.get(f"{S}team/absences/{days.pk}/").context["form"]
    assert (shown["from_day"].value(), shown["to_day"].value(), shown["to_time"].value()) == (
        date(2026, 10, 24),
        date(2026, 10, 25),
        None,
    )
    changed = {"kind": "TRAINING", "from_day": "2026-11-24", "from_time": "10", "to_time": "11", "version": "1"}
    assert carla.post(f"{S}team/absences/{hours.pk}/", changed).status_code == 302
    assert carla.post(f"{S}team/absences/{hours.pk}/", changed).status_code == 422
    undo = _undo_of(carla.post(f"{S}team/absences/{hours.pk}/remove/"))
    carla.post(undo)
    with salon_scope(sonnenschein.pk):
        back = Absence.objects.get(pk=hours.pk)
    assert (back.kind, back.starts_at) == ("TRAINING", datetime(2026, 11, 24, 9, tzinfo=UTC))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"from_day": ""}, "from_day"),
        ({"from_day": "morgen"}, "from_day"),
        ({"from_day": "9999-12-31"}, "from_day"),
        ({"to_day": "2026-11-23"}, "to_day"),
        ({"from_time": "12", "to_time": "9"}, "to_time"),
        ({"from_time": "9:03"}, "from_time"),
        ({"from_time": "abends"}, "from_time"),
        ({"to_day": "2030-01-01"}, "to_day"),
        ({"kind": "LAZY"}, "kind"),
        ({"note": "x" * 201}, "note"),
    ],
)
def test_an_absence_that_cannot_be(carla: Browser, sonnenschein: Salon, given: dict[str, str], field: str) -> None:
    with salon_scope(sonnenschein.pk):
        anna = _staff()
    entered = {"kind": "SICK", "from_day": "2026-11-24", "note": "Grippe"} | given
    answer = carla.post(f"{S}team/{anna.pk}/absences/", entered)
    assert answer.status_code == 422
    assert list(answer.context["absence_form"].errors) == [field]
    assert f'value="{entered["note"]}"' in answer.content.decode()
    with salon_scope(sonnenschein.pk):
        assert not Absence.objects.exists()


def test_closures_and_holidays(carla: Browser, sonnenschein: Salon) -> None:
    path = f"{S}closures/"
    carla.post(path, {"name": "Betriebsferien", "starts_on": "2027-08-02", "ends_on": "2027-08-14"})
    refused = carla.post(path, {"name": "Inventur", "starts_on": "2027-08-02", "ends_on": "2027-08-01"})
    assert refused.context["form"].errors == {"ends_on": ["Der letzte Tag liegt vor dem ersten."]}
    with salon_scope(sonnenschein.pk):
        closure = Closure.objects.get()
    undo = _undo_of(carla.post(f"{path}{closure.pk}/remove/"))
    carla.post(undo)
    with salon_scope(sonnenschein.pk):
        assert Closure.objects.get(pk=closure.pk).ends_on == date(2027, 8, 14)
    assert "Allerheiligen" not in carla.get(path).content.decode()
    assert carla.post(f"{path}holidays/", {"region": "BY", "closed": "on"}).status_code == 302
    assert "Allerheiligen" in carla.get(path).content.decode()
    assert carla.post(f"{path}holidays/", {"region": "XX", "closed": "on"}).status_code == 422
    assert carla.post(f"{path}holidays/open/", {"day": "2027-11-01", "open": "yes"}).status_code == 302
    with salon_scope(sonnenschein.pk):
        assert [one.day for one in OpenDay.objects.all()] == [date(2027, 11, 1)]
    carla.post(f"{path}holidays/open/", {"day": "2027-11-01", "open": "no"})
    with salon_scope(sonnenschein.pk):
        assert not OpenDay.objects.exists()
    assert carla.post(f"{path}holidays/open/", {"day": "2027-11-02", "open": "yes"}).status_code == 404
    assert carla.post(f"{path}holidays/open/", {"day": "heute", "open": "yes"}).status_code == 422


def test_an_offer_over_an_offer(carla: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        cut = _service()
        details = OfferDetails(
            service_id=cut.pk, price=Decimal(25), starts_on=date(2030, 12, 1), ends_on=date(2030, 12, 24)
        )
        create_offer(actor=ACTOR, details=details, now=NOW)
    entered = {"item": f"service:{cut.pk}", "price": "20,00", "starts_on": "2030-12-24", "ends_on": "2030-12-31"}
    answer = carla.post(f"{S}offers/", entered)
    assert answer.context["form"].errors == {
        "starts_on": ["An einigen dieser Tage gilt schon ein anderes Sonderangebot."]
    }
    assert 'value="20,00"' in answer.content.decode()
    assert carla.post(f"{S}offers/", entered | {"starts_on": "2030-12-25"}).status_code == 302
    with salon_scope(sonnenschein.pk):
        assert SpecialOffer.objects.count() == 2


@pytest.mark.parametrize("path", ["services/", "products/", "offers/", "team/"])
def test_as_many_queries_for_twenty_as_for_two(carla: Browser, sonnenschein: Salon, path: str) -> None:
    counts = []
    for many in (2, 18):
        with salon_scope(sonnenschein.pk):
            for number in range(many):
                cut = _service(f"Schnitt {many}-{number}", group=f"Gruppe {number}")
                create_product(actor=ACTOR, details=ProductDetails(name=f"Öl {many}-{number}"), now=NOW)
                anna = create_staff_member(
                    actor=ACTOR, details=StaffDetails(name=f"Anna {many}-{number}"), skills=[cut.pk], now=NOW
                )
                week = daily(range(1, 6), ("9", "13"), ("14", "18"))
                set_schedule(actor=ACTOR, staff_id=anna.pk, valid_from=date(2026, 1, 1), week=week, now=NOW)
                offer = OfferDetails(
                    service_id=cut.pk, price=Decimal(9), starts_on=date(2026, 1, 1), ends_on=date(2027, 12, 1)
                )
                create_offer(actor=ACTOR, details=offer, now=NOW)
        carla.get(S + path)
        with CaptureQueriesContext(connection) as queries:
            assert carla.get(S + path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[1] <= 15


def test_the_pages_are_not_for_everybody(
    stylist: User, browser_of: Callable[[User], Browser], sonnenschein: Salon
) -> None:
    for path in ("services/", "products/", "offers/", "team/", "closures/"):
        assert browser_of(stylist).get(S + path).status_code == 403
