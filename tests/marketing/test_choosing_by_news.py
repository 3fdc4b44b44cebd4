"""Whom conditions mean that ask what was said of news, and which of them were sent (domain.md §9.1, §9.3)."""

from datetime import UTC, datetime, timedelta

from bookings.states import State
from clients.models import Client, ConsentPurpose
from marketing.models import Campaign, Recipient, RecipientReason, RecipientState
from marketing.rule import Condition, Group, Match
from salon.tenancy.models import Salon
from tests.bookings.salonday import a_salon_day, at, make_client
from tests.conftest import NOW
from tests.marketing.campaigning import draft
from tests.marketing.segment_world import TODAY, decided, names, negated, one, people, visited


def test_who_was_asked_for_news_and_what_was_said_last(in_sonnenschein: Salon) -> None:
    said = {
        "Never": [],
        "Asked": ["REQUESTED"],
        "Agreed": ["REQUESTED", "GRANTED"],
        "Left": ["GRANTED", "WITHDRAWN"],
        "Back": ["WITHDRAWN", "GRANTED"],
    }
    for name, decisions in said.items():
        client = make_client(name, email_consent_for="" if name in {"Agreed", "Back"} else None)
        for minute, decision in enumerate(decisions):
            decided(client, decision, minute)
    # What is said of health data is not said of news; who agreed elsewhere was asked there.
    decided(make_client("Health"), "WITHDRAWN", 0, ConsentPurpose.HEALTH_DATA)
    make_client("Carried", email_consent_for="")
    assert names(in_sonnenschein, one("email_consent", "withdrawn")) == {"Left"}
    assert names(in_sonnenschein, one("email_consent", "unconfirmed")) == {"Asked"}
    assert names(in_sonnenschein, one("email_consent", "never")) == {"Never", "Health"}


def test_who_agreed_at_another_address(in_sonnenschein: Salon) -> None:
    at_old, at_new = "old@x.example", "new@x.example"
    for name, email, agreed_at, decisions in (
        # Asked again at the address to which she changed; that she came back to the old one asks nothing of her.
        ("Asked", at_new, at_old, ["GRANTED", "REQUESTED"]),
        ("Back", "OLD@x.example", at_old, ["GRANTED", "REQUESTED"]),
        ("Changed", at_new, at_old, ["GRANTED"]),
        ("Gave none", "", at_old, ["GRANTED"]),
        ("First one", at_new, "", ["GRANTED"]),
        ("Holds", at_old, at_old, ["GRANTED"]),
        ("Without", "", "", ["GRANTED"]),
        ("Left", at_new, None, ["GRANTED", "WITHDRAWN"]),
        ("Never", at_new, None, []),
    ):
        client = make_client(name, email=email, email_consent_for=agreed_at)
        for minute, decision in enumerate(decisions):
            decided(client, decision, minute)
    assert names(in_sonnenschein, one("email_consent", "yes")) == {"Back", "Holds", "Without"}
    assert names(in_sonnenschein, one("email_consent", "lapsed")) == {"Asked", "Changed", "Gave none", "First one"}
    assert names(in_sonnenschein, one("email_consent", "unconfirmed")) == {"Asked"}
    everybody_else = {"Back", "Holds", "Without", "Left", "Never"}
    assert names(in_sonnenschein, negated(one("email_consent", "lapsed"))) == everybody_else


def _mailed(
    campaign: Campaign, client: Client, sent_at: datetime | None, state: RecipientState = RecipientState.SENT
) -> None:
    Recipient.objects.create(
        campaign=campaign,
        client=client,
        state=state,
        reason=RecipientReason.CONSENT,
        sent_at=sent_at,
        created_at=NOW,
    )


def test_who_got_a_campaign(in_sonnenschein: Salon) -> None:
    spring, summer = draft("everybody", name="Frühling"), draft("everybody", name="Sommer")
    ida, mia, zoe, lea = people("Ida", "Mia", "Zoe", "Lea")
    _mailed(spring, ida, NOW - timedelta(days=1))
    _mailed(summer, mia, NOW)
    # Who was left out, and whose mail has not gone out, has got none.
    _mailed(spring, zoe, None, RecipientState.EXCLUDED)
    _mailed(spring, lea, None, RecipientState.WAITING)
    assert names(in_sonnenschein, one("campaign", "got", spring.pk)) == {"Ida"}
    assert names(in_sonnenschein, one("campaign", "got", spring.pk, summer.pk)) == {"Ida", "Mia"}
    assert names(in_sonnenschein, one("campaign", "not_got", spring.pk)) == {"Mia", "Zoe", "Lea"}


def test_who_got_a_campaign_and_did_not_book(in_sonnenschein: Salon) -> None:
    """The rule of a second mail: whoever got the first, has nothing booked, and has got none for a week."""
    day, spring = a_salon_day(), draft("everybody", name="Frühling")
    ida, mia, zoe = people("Ida", "Mia", "Zoe")
    for client, days in ((ida, 8), (mia, 8), (zoe, 6)):
        _mailed(spring, client, NOW - timedelta(days=days))
    visited(day, mia, at(10, day=TODAY + timedelta(days=7)), State.BOOKED)
    rule = Group(
        Match.ALL,
        (
            Condition("campaign", "got", (spring.pk,)),
            Condition("next_visit", "none"),
            Condition("written_to", "not_within_last", (7,)),
        ),
    )
    assert names(in_sonnenschein, rule) == {"Ida"}


def test_who_was_written_to_lately(in_sonnenschein: Salon) -> None:
    spring = draft("everybody", name="Frühling")
    today, edge, before, waits, _never = people("Today", "Edge", "Before", "Waits", "Never")
    _mailed(spring, today, NOW)
    # By the salon's days: the seventh day before today begins at midnight in Berlin.
    _mailed(spring, edge, datetime(2026, 11, 13, 23, 0, tzinfo=UTC))
    _mailed(spring, before, datetime(2026, 11, 13, 22, 59, tzinfo=UTC))
    _mailed(spring, waits, None, RecipientState.WAITING)
    assert names(in_sonnenschein, one("written_to", "within_last", 7)) == {"Today", "Edge"}
    assert names(in_sonnenschein, one("written_to", "within_last", 8)) == {"Today", "Edge", "Before"}
    assert names(in_sonnenschein, one("written_to", "within_last", 0)) == {"Today"}
    assert names(in_sonnenschein, one("written_to", "not_within_last", 7)) == {"Before", "Waits", "Never"}
