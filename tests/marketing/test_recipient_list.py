"""A campaign's recipients, narrowed, searched and by name: the rows are exactly those that its figures count."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bookings.models import Appointment, Sale, SaleState
from bookings.states import State
from clients.models import CardState, Client
from marketing.models import Campaign, Recipient, RecipientReason, RecipientState
from marketing.recipient_list import Counts, Effect, Wanted, counts_of, list_recipients, recipients_by_name
from marketing.results import bookings_of, results_of
from salon import keyset
from salon.folding import order_key
from salon.keyset import InvalidCursor, write_cursor
from salon.tenancy.models import Salon
from tests.bookings.salonday import SalonDay, a_salon_day, at, make_appointment, make_client
from tests.conftest import NOW
from tests.marketing.campaigning import agreed, being_sent, may_send
from tests.marketing.segment_world import sold

LATER = NOW + timedelta(days=40)


def _got(campaign: Campaign, client: Client, state: str = "SENT", reason: str = "CONSENT", **given: Any) -> Recipient:
    given.setdefault("sent_at", NOW if state == "SENT" else None)
    given.setdefault("address", client.email)
    return Recipient.objects.create(
        campaign=campaign,
        client=client,
        state=RecipientState(state),
        reason=RecipientReason(reason),
        created_at=NOW,
        **given,
    )


def _card(first_name: str, last_name: str, email: str) -> Client:
    sort_key = order_key(f"{last_name} {first_name}")
    return agreed(first_name, last_name=last_name, email=email, sort_key=sort_key)


def _booked(day: SalonDay, client: Client, hour: int, revenue: str = "", **given: Any) -> None:
    made = make_appointment((day.cut, day.anna), client=client, starts_at=at(hour), **given)
    Appointment.objects.filter(pk=made.pk).update(created_at=NOW + timedelta(days=1))
    if revenue:
        sale = sold(client, (day.cut, revenue, "0.00"), state=SaleState.PAID)
        Sale.objects.filter(pk=sale.pk).update(appointment=made)


@pytest.fixture
def campaign(in_sonnenschein: Salon) -> Campaign:
    may_send()
    return being_sent()


def _names(campaign: Campaign, **wanted: Any) -> list[str]:
    bookings = bookings_of(campaign.pk, now=LATER)
    found = recipients_by_name(campaign.pk, limit=50, bookings=bookings, wanted=Wanted(**wanted)).rows
    as_written = list_recipients(campaign.pk, limit=50, bookings=bookings, wanted=Wanted(**wanted)).rows
    assert {one.pk for one in as_written} == {one.pk for one in found}
    return [one.client.full_name for one in found]


def test_rows_are_those_that_the_figures_count(campaign: Campaign) -> None:
    day = a_salon_day()
    cards = {name: agreed(name) for name in ("Lena", "Mia", "Nele", "Ute", "Eva", "Pia", "Old", "Oldest", "New")}
    for name in ("Lena", "Mia", "Nele", "Old", "Oldest", "New"):
        _got(campaign, cards[name])
    gone = _got(campaign, cards["Ute"], unsubscribed_at=NOW, answered_at=NOW)
    _got(campaign, cards["Eva"], "EXCLUDED", "NO_CONSENT")
    _got(campaign, cards["Pia"], "FAILED", "REFUSED")
    _booked(day, cards["Lena"], 9, "59.00")
    _booked(day, cards["Lena"], 10, "30.00")
    _booked(day, cards["Mia"], 11)
    _booked(day, cards["Nele"], 12, state=State.CANCELLED)
    _booked(day, cards["Pia"], 13)
    # Three cards became one, and all three had got it: one client has booked.
    _booked(day, cards["New"], 14, "20.00")
    Client.objects.filter(pk=cards["Oldest"].pk).update(state=CardState.MERGED, merged_into=cards["Old"])
    Client.objects.filter(pk=cards["Old"].pk).update(state=CardState.MERGED, merged_into=cards["New"])

    result, bookings = results_of([campaign.pk], now=LATER)[campaign.pk], bookings_of(campaign.pk, now=LATER)
    one_of_them, *others = [pk for pk in bookings if Recipient.objects.get(pk=pk).client.first_name not in "LenaMia"]
    lena, mia = (Recipient.objects.get(client=cards[name]).pk for name in ("Lena", "Mia"))
    assert others == []
    assert {pk: ([made.starts_at for made in one.made], one.revenue, one.due) for pk, one in bookings.items()} == {
        lena: ([at(9), at(10)], Decimal("89.00"), Decimal("0.00")),
        mia: ([at(11)], Decimal("0.00"), Decimal("59.00")),
        one_of_them: ([at(14)], Decimal("20.00"), Decimal("0.00")),
    }
    assert counts_of(campaign.pk, bookings=bookings) == Counts(
        {RecipientState.SENT: 7, RecipientState.EXCLUDED: 1, RecipientState.FAILED: 1},
        {RecipientReason.CONSENT: 7, RecipientReason.NO_CONSENT: 1, RecipientReason.REFUSED: 1},
        {Effect.ANSWERED: 1, Effect.BOOKED: 3, Effect.REVENUE: 2, Effect.UNSUBSCRIBED: 1},
    )
    assert (result.sent, result.failed, result.unsubscribed, result.booked) == (
        len(_names(campaign, state=RecipientState.SENT)),
        len(_names(campaign, state=RecipientState.FAILED)),
        len(_names(campaign, effect=Effect.UNSUBSCRIBED)),
        len(_names(campaign, effect=Effect.BOOKED)),
    )
    assert len(_names(campaign, effect=Effect.REVENUE)) == 2
    assert result.appointments == sum(len(one.made) for one in bookings.values()) == 4
    assert result.revenue == sum(one.revenue for one in bookings.values()) == Decimal("109.00")
    assert _names(campaign, effect=Effect.ANSWERED) == [gone.client.full_name]
    assert _names(campaign, effect=Effect.UNSUBSCRIBED, state=RecipientState.SENT) == [gone.client.full_name]
    assert _names(campaign, effect=Effect.BOOKED, reason=RecipientReason.REFUSED) == []


def test_the_first_mail_before_an_appointment_stands_for_cards_that_became_one(campaign: Campaign) -> None:
    day, late, early = a_salon_day(), agreed("Late"), agreed("Early")
    _got(campaign, late, sent_at=NOW + timedelta(hours=1))
    first = _got(campaign, early)
    _booked(day, late, 9)
    Client.objects.filter(pk=early.pk).update(state=CardState.MERGED, merged_into=late)
    assert bookings_of(campaign.pk, now=LATER).keys() == {first.pk}


def test_by_name_as_the_client_list_sorts(campaign: Campaign) -> None:
    for first_name, last_name in (("Zoe", "Zimmer"), ("Änne", "Öhler"), ("Anna", "Oehme"), ("Bea", "Ahrens")):
        _got(campaign, _card(first_name, last_name, f"{first_name[0].lower()}@x.example"))
    make_client("Nobody", last_name="Asked")
    # "oe" is no umlaut to the order, as in every German list.
    assert _names(campaign) == ["Bea Ahrens", "Anna Oehme", "Änne Öhler", "Zoe Zimmer"]


def test_pages_lead_on_and_back(campaign: Campaign) -> None:
    for name in "EDCBA":
        _got(campaign, agreed(name), *(("EXCLUDED", "BLOCKED") if name in "BD" else ("SENT", "CONSENT")))

    def page(cursor: str | None = None, **wanted: Any) -> Any:
        return recipients_by_name(campaign.pk, limit=2, bookings={}, cursor=cursor, wanted=Wanted(**wanted))

    first = page()
    second = page(first.next)
    third = page(second.next)
    shown = [[one.client.first_name for one in found.rows] for found in (first, second, third)]
    assert (shown, first.previous, third.next) == ([["A", "B"], ["C", "D"], ["E"]], None, None)
    assert [one.client.first_name for one in page(third.previous).rows] == ["C", "D"]
    assert [one.client.first_name for one in page(state=RecipientState.EXCLUDED).rows] == ["B", "D"]
    for cursor in ("x", write_cursor(0, "a"), write_cursor(0, "a", "b")):
        with pytest.raises(InvalidCursor):
            page(cursor)


def test_in_the_order_in_which_they_are_written_to(campaign: Campaign) -> None:
    for number in range(5):
        _got(campaign, agreed(f"K{9 - number}"), *(("EXCLUDED", "BLOCKED") if number % 2 else ("SENT", "CONSENT")))
    first = list_recipients(campaign.pk, limit=2, bookings={})
    second = list_recipients(campaign.pk, limit=2, bookings={}, cursor=first.next)
    assert [one.client.first_name for one in (*first.rows, *second.rows)] == ["K9", "K8", "K7", "K6"]
    wanted = Wanted(state=RecipientState.EXCLUDED, reason=RecipientReason.BLOCKED)
    assert [
        one.client.first_name for one in list_recipients(campaign.pk, limit=9, bookings={}, wanted=wanted).rows
    ] == [
        "K8",
        "K6",
    ]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("mul", ["Mia Mueller", "Eva Müller-Lüdenscheidt"]),
        ("MÜLL", ["Mia Mueller", "Eva Müller-Lüdenscheidt"]),
        ("mueller eva", ["Eva Müller-Lüdenscheidt"]),
        ("ludenscheidt", ["Eva Müller-Lüdenscheidt"]),
        ("denscheidt", []),
        ("Müller-L", ["Eva Müller-Lüdenscheidt"]),
        ("web.example", ["Eva Müller-Lüdenscheidt"]),
        ("MIA@", ["Mia Mueller"]),
        ("mia x.example", ["Mia Mueller"]),
        ("%", []),
        ("_", ["Old Other"]),
        (".*", []),
        ("(", []),
        ("  ", ["Mia Mueller", "Eva Müller-Lüdenscheidt", "Old Other"]),
        ("before_", ["Old Other"]),
        ("other", ["Old Other"]),
    ],
)
def test_search_by_name_and_address(campaign: Campaign, typed: str, found: list[str]) -> None:
    _got(campaign, _card("Mia", "Mueller", "mia@x.example"))
    _got(campaign, _card("Eva", "Müller-Lüdenscheidt", "eva@web.example"))
    # Found by the address that she was written to at, and even though her card went into another one.
    old = _card("Old", "Other", "now@x.org")
    _got(campaign, old, address="before_@x.org")
    Client.objects.filter(pk=old.pk).update(state=CardState.MERGED, merged_into=agreed("Someone"))
    assert _names(campaign, typed=typed) == found


def test_a_page_takes_as_many_statements_for_many(campaign: Campaign, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        _got(campaign, agreed(f"K{number}"))
    with django_assert_max_num_queries(4):
        assert len(recipients_by_name(campaign.pk, limit=20, bookings={}).rows) == 12


def test_who_is_written_to_or_goes_while_the_page_is_made(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cards and recipients are two statements: between them a batch is sent, and one who was listed is erased."""
    for name in "ABC":
        _got(campaign, agreed(name), "WAITING")
    paged = keyset.page

    def meanwhile(*given: Any, **named: Any) -> Any:
        found = paged(*given, **named)
        Recipient.objects.filter(client__first_name="A").update(state=RecipientState.SENT, sent_at=NOW)
        Recipient.objects.filter(client__first_name="B").delete()
        return found

    monkeypatch.setattr(keyset, "page", meanwhile)
    wanted = Wanted(state=RecipientState.WAITING)
    found = recipients_by_name(campaign.pk, limit=5, bookings={}, wanted=wanted).rows
    assert [(one.client.first_name, one.state) for one in found] == [("A", "SENT"), ("C", "WAITING")]
