"""What the demo's salon has told its clients, and what it brought in (domain.md §9.2, §11)."""

from datetime import time
from uuid import UUID
from zoneinfo import ZoneInfo

from clients.models import Client, ConsentEntry
from marketing.models import Campaign, CampaignState, Recipient, Segment
from marketing.results import results_of
from salon.tenancy.models import Salon
from tests.conftest import NOW


def _sent() -> Campaign:
    return Campaign.objects.get(state=CampaignState.SENT)


def test_the_campaign_that_went_out_has_brought_something_in(demo: Salon) -> None:
    campaign = _sent()
    results = results_of([campaign.pk], now=NOW)[campaign.pk]
    assert results.sent > 50
    assert 5 < results.booked < results.sent
    assert results.revenue > 0


def test_people_unsubscribe_when_they_are_awake(demo: Salon) -> None:
    campaign, zone = _sent(), ZoneInfo(demo.timezone)
    rows = Recipient.objects.filter(campaign=campaign).exclude(unsubscribed_at=None)
    moments = [one.unsubscribed_at.astimezone(zone) for one in rows if one.unsubscribed_at]
    assert len({moment.replace(second=0) for moment in moments}) == len(moments) == 3
    for moment in (*moments, *(one.astimezone(zone) for one in (campaign.created_at, campaign.updated_at))):
        assert time(8) < moment.time() < time(21)


def test_who_gets_news_was_asked_and_has_confirmed_it(demo: Salon) -> None:
    said: dict[UUID, list[tuple[str, ...]]] = {}
    rows = ConsentEntry.objects.filter(client__in=Client.objects.filter(email_consent=True)).order_by("at", "id")
    for client_id, *told in rows.values_list("client_id", "decision", "source", "actor_name", "wording"):
        said.setdefault(client_id, []).append(tuple(told))
    [words] = {told for entries in said.values() for *_rest, told in entries}
    assert demo.name in words
    assert len(said) == Client.objects.filter(email_consent=True).count() > 50
    twice = [("REQUESTED", "SALON", "Demo", words), ("GRANTED", "CONFIRMATION", "", words)]
    assert all(entries == twice for entries in said.values())


def test_campaigns_go_to_segments_that_are_there(demo: Salon) -> None:
    segments = {one.name: one.rule for one in Segment.objects.all()}
    campaigns = list(Campaign.objects.all())
    assert [(one.segment_name in segments, segments.get(one.segment_name) == one.rule) for one in campaigns] == [
        (True, True)
    ] * 2


def test_no_mail_promises_points_that_nobody_has(demo: Salon) -> None:
    assert all("{{points}}" not in one.body for one in Campaign.objects.all())


def test_the_mails_greet_in_german_and_say_where_answers_go(demo: Salon) -> None:
    said = [one.said for one in Recipient.objects.filter(campaign=_sent(), state="SENT")]
    assert {str(one["values"]["greeting"]).split()[0] for one in said if one} == {"Liebe", "Lieber", "Hallo"}
    assert {one["reply_to"] for one in said if one} == {"post@sonnenschein.example"}
