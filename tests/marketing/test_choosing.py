"""Whom each condition of a rule means, client by client (domain.md §9.1)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.models import SaleState
from bookings.states import State
from clients.categories import assign_to_many, create_category, delete_category
from clients.classification import Reason, Status
from clients.labels import CategoryDetails
from clients.models import CardState, Client
from marketing.choosing import count_of
from marketing.rule import EVERYBODY, Condition, Group, Match
from marketing.vocabulary import FIELDS
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import DAY, a_salon_day, at, make_appointment, make_client, make_staff
from tests.checkout.till import make_product
from tests.conftest import NOW
from tests.marketing.segment_world import (
    PARTLY,
    REFUNDED,
    TODAY,
    came,
    decided,
    names,
    negated,
    one,
    people,
    sold,
    visited,
)


def ago(days: int) -> date:
    """Return the date so many days before today."""
    return TODAY - timedelta(days=days)


def test_every_operator_means_something(in_sonnenschein: Salon) -> None:
    """Nothing can be asked that nothing answers; in one statement, whatever it is."""
    values = {
        "CHOICE": None,
        "DAYS": 30,
        "MONTHS": 6,
        "VISITS": 3,
        "TIMES": 2,
        "POINTS": 10,
        "PERCENT": 10,
        "MONTH": 2,
        "MONEY": Decimal("5.00"),
        "DATE": TODAY,
        "YEARS": 30,
        "POSTCODE": "80",
        "TOWN": "Köln",
    }
    people("Ida")
    for field in FIELDS.values():
        for operator in field.operators.values():
            kinds = (*operator.takes, *([operator.many] if operator.many else []))
            given = tuple(values.get(kind.value, uuid4()) or field.choices[0][0] for kind in kinds)
            rule = one(field.name, operator.name, *given)
            with CaptureQueriesContext(connection) as asked:
                found = count_of(rule, salon=in_sonnenschein, now=NOW)
            assert (len(asked), found + count_of(negated(rule), salon=in_sonnenschein, now=NOW)) == (1, 1), rule


def test_nothing_asked_means_everybody_in_use(in_sonnenschein: Salon) -> None:
    ida, _mia = people("Ida", "Mia")
    gone = make_client("Erased", state=CardState.ERASED)
    make_client("Merged", state=CardState.MERGED, merged_into=ida)
    assert names(in_sonnenschein) == {"Ida", "Mia"}
    assert names(in_sonnenschein, Group(Match.ANY)) == {"Ida", "Mia"}
    assert names(in_sonnenschein, Group(Match.ALL, negated=True)) == set()
    assert gone.pk not in set(Client.objects.listed().values_list("pk", flat=True))


def test_another_salon_sees_only_its_own(sonnenschein: Salon, dom: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        people("Ida")
    with salon_scope(dom.pk):
        people("Emre")
        assert names(dom) == {"Emre"}


def test_categories(in_sonnenschein: Salon, front_desk: Actor) -> None:
    ida, mia, _zoe = people("Ida", "Mia", "Zoe")
    colour, men, gone = (
        create_category(actor=front_desk, details=CategoryDetails(name=name), now=NOW).pk
        for name in ("Farbe", "Barber", "Alt")
    )
    for client, categories in ((ida, [colour, gone]), (mia, [colour, men])):
        assign_to_many(actor=front_desk, client_ids=[client.pk], category_ids=categories, now=NOW)
    delete_category(actor=front_desk, category_id=gone, now=NOW)
    assert names(in_sonnenschein, one("category", "in", colour)) == {"Ida", "Mia"}
    assert names(in_sonnenschein, one("category", "in", men, gone)) == {"Mia"}
    assert names(in_sonnenschein, one("category", "not_in", men)) == {"Ida", "Zoe"}
    assert names(in_sonnenschein, one("category", "not_in", colour, men)) == {"Zoe"}


def test_status_and_reason(in_sonnenschein: Salon) -> None:
    make_client("Ida")
    make_client("Mia", status=Status.NEW, status_reason=Reason.LAPSED)
    make_client("Zoe", status=Status.NEW, status_reason=Reason.FIRST_VISIT_PENDING)
    assert names(in_sonnenschein, one("status", "in", "NEW")) == {"Mia", "Zoe"}
    assert names(in_sonnenschein, one("status", "not_in", "NEW")) == {"Ida"}
    assert names(in_sonnenschein, one("reason", "in", "LAPSED", "LISTED")) == {"Ida", "Mia"}
    assert names(in_sonnenschein, one("reason", "not_in", "LAPSED")) == {"Ida", "Zoe"}


@pytest.mark.parametrize(
    ("field", "column"),
    [("first_visit", "carried_first_visit_on"), ("last_visit", "carried_last_visit_on"), ("listed", "listed_on")],
)
def test_past_days(in_sonnenschein: Salon, field: str, column: str) -> None:
    for name, day in (("Today", TODAY), ("Edge", ago(30)), ("Over", ago(31)), ("Long", ago(400))):
        facts: dict[str, Any] = {column: day}
        make_client(name, **facts)
    assert names(in_sonnenschein, one(field, "within_last", 30)) == {"Today", "Edge"}
    assert names(in_sonnenschein, one(field, "within_last", 0)) == {"Today"}
    assert names(in_sonnenschein, one(field, "longer_ago", 30)) == {"Over", "Long"}
    assert names(in_sonnenschein, one(field, "between", ago(400), ago(31))) == {"Over", "Long"}
    if field != "listed":
        make_client("Never")
        assert names(in_sonnenschein, one(field, "never")) == {"Never"}
        assert names(in_sonnenschein, negated(one(field, "longer_ago", 30))) == {"Today", "Edge", "Never"}


def test_the_next_appointment(in_sonnenschein: Salon) -> None:
    day = a_salon_day()
    client = {name: make_client(name) for name in ("Soon", "Twice", "Late", "Night", "Off", "Past", "None")}
    visited(day, client["Soon"], at(10, day=TODAY + timedelta(days=7)), State.BOOKED)
    visited(day, client["Twice"], at(12, day=TODAY + timedelta(days=3)), State.ARRIVED)
    visited(day, client["Twice"], at(12, day=TODAY + timedelta(days=40)), State.BOOKED)
    visited(day, client["Late"], at(12, day=TODAY + timedelta(days=8)), State.BOOKED)
    # Late in the evening of the seventh day, in Berlin.
    visited(day, client["Night"], datetime(2026, 11, 28, 22, 30, tzinfo=UTC), State.BOOKED)
    visited(day, client["Off"], at(13, day=TODAY + timedelta(days=3)), State.CANCELLED)
    visited(day, client["Past"], at(9, day=TODAY), State.BOOKED)
    visited(day, client["None"], at(9, day=ago(3)), State.COMPLETED)
    make_appointment((day.cut, day.bora), starts_at=at(9, day=TODAY + timedelta(days=2)))
    nobody = {"Lena", "Off", "Past", "None"}
    assert names(in_sonnenschein, one("next_visit", "within_next", 7)) == {"Soon", "Twice", "Night"}
    assert names(in_sonnenschein, one("next_visit", "later_than", 7)) == {"Late"}
    assert names(in_sonnenschein, one("next_visit", "between", TODAY + timedelta(days=8), DAY.replace(year=2027))) == {
        "Late"
    }
    assert names(in_sonnenschein, one("next_visit", "none")) == nobody
    assert names(in_sonnenschein, negated(one("next_visit", "none"))) == {"Soon", "Twice", "Late", "Night"}
    assert names(in_sonnenschein, negated(one("next_visit", "within_next", 7))) == {"Late", *nobody}


def test_visits_and_points(in_sonnenschein: Salon) -> None:
    make_client("Ida", visits=2, carried_visits=3, points=-5)
    make_client("Mia", points=100)
    assert names(in_sonnenschein, one("visits", "at_least", 5)) == {"Ida"}
    assert names(in_sonnenschein, one("visits", "at_least", 6)) == set()
    assert names(in_sonnenschein, one("visits", "at_most", 4)) == {"Mia"}
    assert names(in_sonnenschein, one("points", "at_least", 100)) == {"Mia"}
    assert names(in_sonnenschein, one("points", "at_most", -5)) == {"Ida"}


def test_money_spent_is_what_was_kept_for_services_and_products(in_sonnenschein: Salon) -> None:
    day, oil = a_salon_day(), make_product()
    ida, mia, _zoe = people("Ida", "Mia", "Zoe")
    sold(ida, (day.cut, "59.00"), (oil, "41.00", "10.50"), (None, "5.00"), state=PARTLY)
    sold(mia, (day.cut, "100.00"), on=date(2026, 5, 20))
    sold(mia, (day.cut, "10.00"), on=date(2026, 5, 21))
    sold(mia, (day.cut, "500.00", "500.00"), state=REFUNDED)
    sold(mia, (day.cut, "500.00"), state=SaleState.VOID)
    sold(None, (day.cut, "900.00"))

    def who(operator: str, amount: str, *months: int) -> set[str]:
        return names(in_sonnenschein, one("spent", operator, Decimal(amount), *months))

    assert who("at_least", "89.50") == {"Ida", "Mia"}
    assert who("at_least", "89.51") == {"Mia"}
    assert who("at_least", "110.01") == set()
    assert who("at_most", "89.50") == {"Ida", "Lena", "Zoe"}
    assert who("at_most", "89.49") == {"Lena", "Zoe"}
    assert who("at_least", "0.00") == {"Ida", "Mia", "Lena", "Zoe"}
    assert who("at_least_within", "10.00", 6) == {"Ida", "Mia"}
    assert who("at_least_within", "10.01", 6) == {"Ida"}
    assert who("at_most_within", "10.00", 6) == {"Mia", "Lena", "Zoe"}


def test_months_end_with_their_last_day(in_sonnenschein: Salon) -> None:
    day = a_salon_day()
    ida, mia = people("Ida", "Mia")
    sold(ida, (day.cut, "10.00"), on=date(2026, 2, 28))
    sold(mia, (day.cut, "10.00"), on=date(2026, 2, 27))
    then = datetime(2026, 3, 31, 12, tzinfo=UTC)
    rule = one("spent", "at_least_within", Decimal("1.00"), 1)
    assert names(in_sonnenschein, rule, then) == {"Ida"}


def test_the_best_clients(in_sonnenschein: Salon) -> None:
    day = a_salon_day()
    for number in range(1, 12):
        sold(make_client(f"Nr{number}"), (day.cut, f"{number}.00"))
    sold(make_client("Long"), (day.cut, "1000.00"), on=date(2025, 11, 20))
    sold(make_client("Gone", state=CardState.ERASED), (day.cut, "999.00"))
    assert names(in_sonnenschein, one("top_spenders", "top_percent", 9)) == {"Nr11"}
    # Ten percent of eleven are begun with the second.
    assert names(in_sonnenschein, one("top_spenders", "top_percent", 10)) == {"Nr10", "Nr11"}
    sold(make_client("Tie"), (day.cut, "10.00"))
    assert names(in_sonnenschein, one("top_spenders", "top_percent", 10)) == {"Nr10", "Nr11", "Tie"}
    assert names(in_sonnenschein, one("top_spenders", "top_percent", 100)) == {
        "Tie",
        *(f"Nr{number}" for number in range(1, 12)),
    }


def test_what_was_bought(in_sonnenschein: Salon) -> None:
    day, oil, wax = a_salon_day(), make_product(), make_product("Wachs")
    client = {name: make_client(name) for name in ("Sale", "Back", "Done", "Open", "Old", "Oil")}
    sold(client["Sale"], (day.colour, "62.00"), on=TODAY)
    sold(client["Back"], (day.colour, "62.00", "62.00"), (day.cut, "59.00"), state=PARTLY)
    make_appointment((day.colour, day.anna), client=client["Done"], starts_at=at(10, day=ago(3)), state=State.COMPLETED)
    make_appointment((day.colour, day.anna), client=client["Open"], starts_at=at(13, day=ago(3)))
    sold(client["Old"], (day.colour, "62.00"), on=date(2026, 8, 20))
    sold(client["Oil"], (oil, "27.50"), (wax, "9.00", "9.00"), state=PARTLY)

    def who(field: str, operator: str, *values: object) -> set[str]:
        return names(in_sonnenschein, one(field, operator, *values))  # type: ignore[arg-type]

    others = {"Lena", "Back", "Open"}
    assert who("service", "bought", day.colour.pk) == {"Sale", "Done", "Old"}
    assert who("service", "bought", day.colour.pk, day.cut.pk) == {"Sale", "Done", "Old", "Back"}
    assert who("service", "bought_within", 3, day.colour.pk) == {"Sale", "Done"}
    assert who("service", "not_bought", day.colour.pk) == {"Oil", *others}
    assert who("service", "not_bought_within", 3, day.colour.pk) == {"Old", "Oil", *others}
    assert who("product", "bought", oil.pk, wax.pk) == {"Oil"}
    assert who("product", "bought", wax.pk) == set()
    assert who("product", "bought_within", 1, oil.pk) == {"Oil"}
    assert who("product", "not_bought_within", 1, oil.pk) == {"Sale", "Done", "Old", *others}


def test_the_usual_weekday_and_time_of_day(in_sonnenschein: Salon) -> None:
    day = a_salon_day()
    tuesdays, fridays = [date(2026, 11, 3), date(2026, 11, 10)], [date(2026, 10, 2), date(2026, 10, 9)]
    client = {name: make_client(name) for name in ("Tue", "Tie", "Fri", "Old", "Night", "Off")}
    came(day, client["Tue"], *tuesdays)
    came(day, client["Tue"], fridays[0], hour=15)
    came(day, client["Tie"], tuesdays[0], hour=12)
    came(day, client["Tie"], fridays[0], hour=17)
    came(day, client["Fri"], *fridays, hour=12)
    came(day, client["Fri"], tuesdays[1], hour=17)
    came(day, client["Old"], date(2024, 11, 20))
    # Half past midnight of a Tuesday, in Berlin.
    visited(day, client["Night"], datetime(2026, 11, 2, 23, 30, tzinfo=UTC))
    visited(day, client["Off"], at(10, day=date(2026, 11, 17)), State.NO_SHOW)

    def who(field: str, operator: str, *values: str) -> set[str]:
        return names(in_sonnenschein, one(field, operator, *values))

    assert who("weekday", "in", "TUE") == {"Tue", "Tie", "Night"}
    assert who("weekday", "in", "FRI") == {"Tie", "Fri"}
    assert who("weekday", "in", "MON", "FRI") == {"Tie", "Fri"}
    assert who("weekday", "not_in", "TUE") == {"Lena", "Fri", "Old", "Off"}
    assert who("time_of_day", "in", "MORNING") == {"Tue", "Night"}
    assert who("time_of_day", "in", "AFTERNOON") == {"Tie", "Fri"}
    assert who("time_of_day", "in", "EVENING") == {"Tie"}
    assert who("time_of_day", "not_in", "MORNING", "AFTERNOON") == {"Lena", "Old", "Off"}


def test_the_preferred_staff_member(in_sonnenschein: Salon) -> None:
    anna, bora = make_staff("Anna"), make_staff("Bora")
    make_client("Ida", preferred_staff=anna)
    make_client("Mia", preferred_staff=bora)
    make_client("Zoe")
    assert names(in_sonnenschein, one("preferred_staff", "in", anna.pk)) == {"Ida"}
    assert names(in_sonnenschein, one("preferred_staff", "not_in", anna.pk)) == {"Mia", "Zoe"}
    assert names(in_sonnenschein, one("preferred_staff", "none")) == {"Zoe"}
    assert names(in_sonnenschein, negated(one("preferred_staff", "in", anna.pk, bora.pk))) == {"Zoe"}


def test_birthdays(in_sonnenschein: Salon) -> None:
    for name, day, month in (
        ("Past", 20, 11),
        ("Today", 21, 11),
        ("Month", 30, 11),
        ("Year", 31, 12),
        ("New", 1, 1),
        ("Leap", 29, 2),
    ):
        make_client(name, birth_day=day, birth_month=month)
    make_client("None")

    def within(days: int, now: datetime = NOW) -> set[str]:
        return names(in_sonnenschein, one("birthday", "within_next", days), now)

    assert names(in_sonnenschein, one("birthday", "this_month")) == {"Past", "Today", "Month"}
    assert names(in_sonnenschein, one("birthday", "in_month", 2)) == {"Leap"}
    assert within(0) == {"Today"}
    assert within(9) == {"Today", "Month"}
    assert within(8) == {"Today"}
    assert within(41) == {"Today", "Month", "Year", "New"}
    assert within(40) == {"Today", "Month", "Year"}
    assert within(363) == {"Today", "Month", "Year", "New", "Leap"}
    assert within(364) == {"Past", "Today", "Month", "Year", "New", "Leap"}
    assert within(36_500) == {"Past", "Today", "Month", "Year", "New", "Leap"}
    # On the 28th where there is no 29th; not before.
    assert within(0, datetime(2027, 2, 28, 12, tzinfo=UTC)) == {"Leap"}
    assert within(0, datetime(2028, 2, 28, 12, tzinfo=UTC)) == set()
    assert within(1, datetime(2028, 2, 28, 12, tzinfo=UTC)) == {"Leap"}
    assert within(0, datetime(2027, 3, 1, 12, tzinfo=UTC)) == set()
    assert names(in_sonnenschein, negated(one("birthday", "within_next", 400))) == {"None"}


def test_treatcard_consent_and_blocked(in_sonnenschein: Salon) -> None:
    make_client("Ida", treatcard_number="T1", email_consent_for="", blocked=True)
    mia = make_client("Mia")
    zoe = make_client("Zoe")
    for client, decisions in ((mia, ["WITHDRAWN", "REQUESTED"]), (zoe, ["REQUESTED", "GRANTED"])):
        for minute, decision in enumerate(decisions):
            decided(client, decision, minute)
    Client.objects.filter(pk=zoe.pk).update(email_consent_for="")
    for field in ("treatcard", "blocked"):
        assert names(in_sonnenschein, one(field, "yes")) == {"Ida"}
        assert names(in_sonnenschein, one(field, "no")) == {"Mia", "Zoe"}
    assert names(in_sonnenschein, one("email_consent", "yes")) == {"Ida", "Zoe"}
    assert names(in_sonnenschein, one("email_consent", "no")) == {"Mia"}
    assert names(in_sonnenschein, one("email_consent", "unconfirmed")) == {"Mia"}


def test_who_is_about_to_lapse(in_sonnenschein: Salon) -> None:
    for name, days in (("Today", 0), ("Tomorrow", 1), ("Edge", 30), ("Later", 31)):
        make_client(name, status_changes_on=TODAY + timedelta(days=days))
    day = a_salon_day()
    booked, called_off = (
        make_client(name, status_changes_on=TODAY + timedelta(days=1)) for name in ("Booked", "Called off")
    )
    make_appointment((day.cut, day.anna), client=booked, starts_at=NOW + timedelta(days=40))
    make_appointment((day.cut, day.anna), client=called_off, starts_at=NOW + timedelta(days=7), state=State.CANCELLED)
    make_client("Never")
    make_client("New", status=Status.NEW, status_changes_on=TODAY + timedelta(days=1))
    assert names(in_sonnenschein, one("lapsing", "within_next", 30)) == {"Tomorrow", "Edge", "Called off"}
    assert names(in_sonnenschein, one("lapsing", "within_next", 0)) == set()
    others = {"Today", "Later", "Booked", "Never", "New", day.lena.first_name}
    assert names(in_sonnenschein, negated(one("lapsing", "within_next", 30))) == others


def test_who_is_overdue_against_their_own_rhythm(in_sonnenschein: Salon) -> None:
    day = a_salon_day()

    def regular(name: str, visits: int, first: int, last: int) -> Client:
        days: dict[str, Any] = {"carried_first_visit_on": ago(first), "carried_last_visit_on": ago(last)}
        return make_client(name, visits=visits, **days)

    # Every 40 days: 60 without a visit are not yet too many.
    regular("Due", 3, 140, 60)
    regular("Over", 3, 141, 61)
    # Every 40.5 days: 60.75 are one and a half of it.
    regular("Half", 3, 141, 60)
    regular("HalfOver", 3, 142, 61)
    regular("Twice", 2, 300, 200)
    regular("Once", 3, 200, 200)
    booked = regular("Booked", 3, 300, 200)
    visited(day, booked, at(10), State.BOOKED)
    make_client("Never")
    assert names(in_sonnenschein, one("overdue", "yes")) == {"Over", "HalfOver"}
    assert names(in_sonnenschein, one("overdue", "no")) == {
        *("Lena", "Due", "Half", "Twice", "Once", "Booked", "Never"),
    }


def test_groups_stand_in_groups(in_sonnenschein: Salon) -> None:
    make_client("Ida", points=100, blocked=True)
    make_client("Mia", points=50)
    make_client("Zoe", points=10, birth_day=1, birth_month=2)
    rich, blocked = Condition("points", "at_least", (50,)), Condition("blocked", "yes")
    february = Condition("birthday", "in_month", (2,))
    calm = Group(Match.ALL, (rich, Group(Match.ANY, (blocked, february), negated=True)))
    assert names(in_sonnenschein, calm) == {"Mia"}
    assert names(in_sonnenschein, Group(Match.ANY, (february, calm))) == {"Mia", "Zoe"}
    assert names(in_sonnenschein, Group(Match.ANY, (february, calm), negated=True)) == {"Ida"}
    assert names(in_sonnenschein, Group(Match.ALL, (EVERYBODY, calm))) == {"Mia"}


def test_who_did_not_come(in_sonnenschein: Salon) -> None:
    day = a_salon_day()
    once, twice, _came, off = people("Once", "Twice", "Came", "Off")
    visited(day, once, at(10, day=ago(3)), State.NO_SHOW)
    visited(day, twice, at(10, day=ago(900)), State.NO_SHOW)
    visited(day, twice, at(12, day=ago(3)), State.NO_SHOW)
    visited(day, twice, at(13, day=ago(4)))
    visited(day, off, at(14, day=ago(3)), State.CANCELLED)
    assert names(in_sonnenschein, one("no_shows", "at_least", 1)) == {"Once", "Twice"}
    assert names(in_sonnenschein, one("no_shows", "at_least", 2)) == {"Twice"}
    assert names(in_sonnenschein, one("no_shows", "at_least", 0)) == {"Once", "Twice", "Came", "Off", "Lena"}
    assert names(in_sonnenschein, one("no_shows", "at_most", 0)) == {"Came", "Off", "Lena"}
    assert names(in_sonnenschein, one("no_shows", "at_most", 1)) == {"Once", "Came", "Off", "Lena"}
