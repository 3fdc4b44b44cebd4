"""A campaign to those marked in the client list (ui.md §2.3): whom it means, now and after a merge, and its pages."""

import re
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from clients.models import CardState, Client
from clients.tokens import add_tokens
from marketing.campaigns import copy_campaign, create_campaign_to, delete_campaign, update_campaign
from marketing.choosing import clients_in
from marketing.models import Basis, Campaign
from marketing.rule import EVERYBODY, MOST_CLIENTS, as_json, lists_clients, parse
from marketing.segments import READY_MADE, create_segment
from marketing.web.campaign_shown import foreseen
from salon.audit.models import AuditEntry
from salon.desk.merging import merge_cards, undo_merge
from salon.errors import InvalidInput, NotAllowed
from salon.identity.models import User
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_client
from tests.conftest import NOW
from tests.identity.racing import race
from tests.marketing.campaign_desk import HTMX, LIST, typed
from tests.marketing.campaigning import BOSS, agreed, may_send
from tests.marketing.segment_world import names, people

CLIENTS = "/s/sonnenschein/clients/"
MARKED = f"{LIST}marked/"


def begun(*cards: Client, form_id: UUID | None = None) -> Campaign:
    """Begin a campaign to these cards."""
    return create_campaign_to(actor=BOSS, whom=[one.pk for one in cards], now=NOW, form_id=form_id)


def meant(campaign: Campaign, salon: Salon) -> set[str]:
    """Return the first names of those whom a campaign means now."""
    return names(salon, parse(Campaign.objects.get(pk=campaign.pk).rule))


def refused(whom: str | Sequence[UUID]) -> list[tuple[str, str]]:
    """Return why a campaign cannot be begun."""
    with pytest.raises(InvalidInput) as refusal:
        create_campaign_to(actor=BOSS, whom=whom, now=NOW)
    return [(one.field, one.code) for one in refusal.value.errors]


def test_its_group_is_named_in_the_language_of_the_salon(in_sonnenschein: Salon) -> None:
    with override("en"):
        [ida] = people("Ida")
        assert begun(ida).segment_name == "1 ausgewählter Kunde"
        assert create_campaign_to(actor=BOSS, whom="lapsing", now=NOW).segment_name == "Droht abzuwandern"


def test_it_means_exactly_these(in_sonnenschein: Salon) -> None:
    ida, _mia, zoe = people("Ida", "Mia", "Zoe")
    campaign = begun(zoe, ida, zoe)
    assert (campaign.name, campaign.segment_name) == ("2 ausgewählte Kunden", "2 ausgewählte Kunden")
    assert campaign.rule == {
        "match": "ALL",
        "negated": False,
        "parts": [{"field": "client", "operator": "in", "values": [str(ida.pk), str(zoe.pk)]}],
    }
    assert (campaign.state, campaign.version, campaign.basis) == ("DRAFT", 1, Basis.CONSENT)
    assert meant(campaign, in_sonnenschein) == {"Ida", "Zoe"}
    assert begun(ida).segment_name == "1 ausgewählter Kunde"
    [entry] = AuditEntry.objects.filter(action="campaign.created", subject_id=campaign.pk)
    assert entry.actor_name == BOSS.name
    copy = copy_campaign(actor=BOSS, campaign_id=campaign.pk, now=NOW)
    assert (copy.segment_name, copy.rule) == (campaign.segment_name, campaign.rule)


def test_it_is_one_statement(in_sonnenschein: Salon) -> None:
    campaign = begun(*people("Ida", "Mia"))
    with CaptureQueriesContext(connection) as asked:
        found = clients_in(parse(campaign.rule), salon=in_sonnenschein, now=NOW).count()
    assert (len(asked), found) == (1, 2)


def test_who_is_gone_is_not_in_it(in_sonnenschein: Salon) -> None:
    ida, mia, zoe = people("Ida", "Mia", "Zoe")
    erased = make_client("Erased", state=CardState.ERASED)
    campaign = begun(ida, mia, zoe, erased)
    assert campaign.segment_name == "3 ausgewählte Kunden"
    Client.objects.filter(pk=zoe.pk).update(state=CardState.ERASED)
    assert meant(campaign, in_sonnenschein) == {"Ida", "Mia"}
    assert refused([erased.pk]) == [("whom", "required")]
    assert refused([uuid4()]) == [("whom", "required")]
    assert refused([]) == [("whom", "required")]


def test_a_merge_takes_her_along_however_often_and_back(in_sonnenschein: Salon) -> None:
    ida, mia, zoe, eva = people("Ida", "Mia", "Zoe", "Eva")
    campaign = begun(ida, eva)
    first = _merged(in_sonnenschein, survivor=mia, duplicate=ida)
    assert meant(campaign, in_sonnenschein) == {"Mia", "Eva"}
    second = _merged(in_sonnenschein, survivor=zoe, duplicate=mia)
    assert meant(campaign, in_sonnenschein) == {"Zoe", "Eva"}
    # Marked on a page of before.
    assert begun(ida, zoe).segment_name == "1 ausgewählter Kunde"
    for merge_id in (second, first):
        undo_merge(actor=BOSS, salon=in_sonnenschein, merge_id=merge_id, now=NOW)
    assert meant(campaign, in_sonnenschein) == {"Ida", "Eva"}
    # Who was marked beside her card becomes no second recipient.
    both = begun(ida, mia)
    _merged(in_sonnenschein, survivor=mia, duplicate=ida)
    found = foreseen(parse(both.rule), "CONSENT", salon=in_sonnenschein, now=NOW)
    assert sum(found.counts.values()) == 1


def _merged(salon: Salon, *, survivor: Client, duplicate: Client) -> UUID:
    merge = merge_cards(actor=BOSS, salon=salon, survivor_id=survivor.pk, duplicate_id=duplicate.pk, now=NOW)
    return merge.pk


def test_at_most_five_hundred_are_listed(in_sonnenschein: Salon) -> None:
    ida, *others = people("Ida", "Mia", "Zoe")
    foreign = [uuid4() for _ in range(MOST_CLIENTS - 1)]
    assert create_campaign_to(actor=BOSS, whom=[ida.pk, *foreign], now=NOW).segment_name == "1 ausgewählter Kunde"
    assert refused([one.pk for one in others] + foreign) == [("whom", "max_length")]
    assert Campaign.objects.count() == 1
    listed = {"field": "client", "operator": "in", "values": [str(uuid4()) for _ in range(MOST_CLIENTS)]}
    assert lists_clients(parse({"match": "ALL", "parts": [listed]}))
    towns = {"field": "town", "operator": "in", "values": [f"Ort {number}" for number in range(51)]}
    with pytest.raises(InvalidInput) as refusal:
        parse({"match": "ALL", "parts": [towns]})
    assert [(one.field, one.code) for one in refusal.value.errors] == [("rule.parts.0.values.50", "max_length")]


def test_a_segment_begins_one_too(in_sonnenschein: Salon) -> None:
    campaign = create_campaign_to(actor=BOSS, whom="lapsing", now=NOW)
    assert (campaign.name, campaign.rule) == ("Droht abzuwandern", as_json(READY_MADE["lapsing"].rule))
    campaign = create_campaign_to(actor=BOSS, whom="everybody", now=NOW)
    assert (campaign.segment_name, campaign.rule) == ("Alle Kunden", as_json(EVERYBODY))
    assert refused("nothing") == [("whom", "not_found")]


def test_a_form_sent_twice_begins_one(in_sonnenschein: Salon) -> None:
    ida, mia = people("Ida", "Mia")
    form_id = uuid4()
    first = begun(ida, form_id=form_id)
    assert begun(ida, form_id=form_id).pk == first.pk
    # The same page with other marks, or after the draft was worked on or deleted, means another one.
    other = begun(ida, mia, form_id=form_id)
    update_campaign(actor=BOSS, campaign_id=first.pk, changes={"subject": "Neues"}, now=NOW)
    delete_campaign(actor=BOSS, campaign_id=other.pk, now=NOW)
    again = {begun(ida, form_id=form_id).pk, begun(ida, mia, form_id=form_id).pk}
    assert len({first.pk, other.pk} | again) == 4
    assert AuditEntry.objects.filter(action="campaign.created").count() == 4


@pytest.mark.django_db(transaction=True)
def test_a_double_click_begins_one(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        [ida] = people("Ida")
    form_id = uuid4()

    def click() -> UUID:
        with salon_scope(sonnenschein.pk):
            return begun(ida, form_id=form_id).pk

    def click_elsewhere() -> UUID:
        with salon_scope(sonnenschein.pk):
            return begun(ida, form_id=uuid4()).pk

    made = race(click, click)
    assert len(set(made)) == 1
    with salon_scope(sonnenschein.pk):
        assert [one.pk for one in Campaign.objects.all()] == [made[0]]
    # Two forms mean two.
    assert len(set(race(click_elsewhere, click_elsewhere))) == 2


def test_a_segment_never_lists_clients(in_sonnenschein: Salon) -> None:
    [ida] = people("Ida")
    listed = {"field": "client", "operator": "in", "values": [str(ida.pk), str(uuid4())]}
    rule = {"match": "ANY", "parts": [{"match": "ALL", "parts": [listed]}]}
    for given in (rule, parse(rule)):
        with pytest.raises(InvalidInput) as refusal:
            create_segment(actor=BOSS, name="Ida", rule=given, now=NOW)
        [error] = refusal.value.errors
        assert (error.field, error.code) == ("rule.parts.0.parts.0.field", "clients_listed")
        assert str(error.message) == "Eine Zielgruppe beschreibt Kunden; sie kann sie nicht einzeln aufzählen."


def test_other_salons_clients_are_nobody(sonnenschein: Salon, dom: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        [ida] = people("Ida")
        campaign = begun(ida)
    with salon_scope(dom.pk):
        assert refused([ida.pk]) == [("whom", "required")]
        assert names(dom, parse(campaign.rule)) == set()


def test_who_may_not_write_marketing_may_not_begin_one(in_sonnenschein: Salon, front_desk: Actor) -> None:
    [ida] = people("Ida")
    with pytest.raises(NotAllowed):
        create_campaign_to(actor=front_desk, whom=[ida.pk], now=NOW)


# The pages.


@pytest.fixture
def cards(sonnenschein: Salon) -> dict[str, str]:
    """Four cards: two who have agreed, one who has not, one without an address; their ids by first name."""
    with salon_scope(sonnenschein.pk):
        may_send()
        made = [agreed("Anna"), agreed("Berta"), make_client("Clara", email="clara@x.example"), make_client("Dora")]
        for one in made:
            add_tokens(one)
    return {one.first_name: str(one.pk) for one in made}


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


def _campaigns(salon: Salon) -> list[Campaign]:
    with salon_scope(salon.pk):
        return list(Campaign.objects.all())


def _sent(cards: dict[str, str], *marked: str, **more: str) -> dict[str, Any]:
    return {"client": [cards[name] for name in marked], "list": "", "form_id": str(uuid4()), **more}


def test_the_bar_has_a_button_that_begins_one(browser: Browser, cards: dict[str, str], sonnenschein: Salon) -> None:
    page = browser.get(CLIENTS)
    assert [(one.url, str(one.label)) for one in page.context["actions"]] == [
        (f"{CLIENTS}export/", "Exportieren"),
        (MARKED, "Kampagne"),
    ]
    assert f'formaction="{MARKED}"' in page.content.decode()
    form_id = re.search(r'name="form_id" value="([^"]+)"', page.content.decode())
    assert form_id
    sent = _sent(cards, "Anna", "Dora", form_id=form_id[1])
    answer = browser.post(MARKED, sent)
    [campaign] = _campaigns(sonnenschein)
    start, editor = f"{LIST}new/?draft={campaign.pk}", f"{LIST}{campaign.pk}/edit/"
    assert (answer.status_code, answer["Location"]) == (302, start)
    # A double click, with or without JavaScript.
    again = browser.post(MARKED, sent, headers=HTMX)
    assert (again.status_code, again["HX-Redirect"], len(_campaigns(sonnenschein))) == (204, start, 1)
    text = browser.get(editor).content.decode()
    assert '<option value="marked" selected>2 ausgewählte Kunden</option>' in text
    assert "<strong>1</strong> <span>von 2 Kunden" in text
    # It stays while the draft is worked on.
    browser.post(editor, typed(campaign, subject="Neues"), headers=HTMX)
    [kept] = _campaigns(sonnenschein)
    assert (kept.subject, kept.segment_name, kept.rule) == ("Neues", "2 ausgewählte Kunden", campaign.rule)
    assert "2 ausgewählte Kunden" in browser.get(f"{LIST}{campaign.pk}/send/").content.decode()


@pytest.mark.parametrize(
    ("listed", "segment", "total"),
    [
        ("", "Alle Kunden", 4),
        ("sort=visits", "Alle Kunden", 4),
        ("status=nonsense", "Alle Kunden", 4),
        ("segment=lapsed", "Abgewandert", 0),
        ("contact=none", "1 ausgewählter Kunde", 1),
        ("q=anna", "1 ausgewählter Kunde", 1),
        ("segment=everybody&contact=none", "1 ausgewählter Kunde", 1),
    ],
)
def test_all_that_the_list_has(
    browser: Browser, cards: dict[str, str], sonnenschein: Salon, listed: str, segment: str, total: int
) -> None:
    browser.post(MARKED, _sent(cards, "Berta", all="1", list=listed))
    [campaign] = _campaigns(sonnenschein)
    with salon_scope(sonnenschein.pk):
        assert (campaign.segment_name, len(meant(campaign, sonnenschein))) == (segment, total)


def test_too_many_are_refused_beside_the_button(
    browser: Browser, cards: dict[str, str], sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marketing.marked_group.MOST_CLIENTS", 3)
    monkeypatch.setattr("marketing.web.campaign_marked.MOST_CLIENTS", 3)
    sent = _sent(cards, all="1", list="blocked=no")
    answer = browser.post(MARKED, sent, headers=HTMX)
    assert answer.status_code == 422
    assert "Eine Kampagne kann an höchstens 3 markierte Kunden gehen." in answer.content.decode()
    assert 'href="/s/sonnenschein/marketing/segments/new/"' in answer.content.decode()
    answer = browser.post(MARKED, sent)
    assert (answer.status_code, answer["Location"]) == (302, f"{CLIENTS}?blocked=no")
    assert "höchstens 3" in browser.get(answer["Location"]).content.decode()
    assert _campaigns(sonnenschein) == []


@pytest.mark.parametrize("given", [{}, {"client": "nonsense"}, {"client": str(uuid4()), "form_id": "x"}])
def test_nobody_marked_is_said(
    browser: Browser, cards: dict[str, str], sonnenschein: Salon, given: dict[str, str]
) -> None:
    answer = browser.post(MARKED, given, headers=HTMX)
    assert (answer.status_code, answer.content.decode()) == (422, "Markieren Sie zuerst Kunden in der Liste.")
    answer = browser.post(MARKED, {"all": "1", "list": "segment=nothing"}, headers=HTMX)
    assert (answer.status_code, answer.content.decode()) == (422, "Diese Zielgruppe gibt es nicht (mehr).")
    assert _campaigns(sonnenschein) == []


def test_staff_see_no_button_and_may_not(
    browser_of: Callable[[User], Browser], stylist: User, cards: dict[str, str], sonnenschein: Salon
) -> None:
    browser = browser_of(stylist)
    assert MARKED not in browser.get(CLIENTS).content.decode()
    assert browser.post(MARKED, _sent(cards, "Anna")).status_code == 403
    assert browser.get(MARKED).status_code == 403
    assert _campaigns(sonnenschein) == []


def test_few_and_many_take_the_same_queries(browser: Browser, cards: dict[str, str], sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        cards |= {one.first_name: str(one.pk) for one in people(*(f"N{number}" for number in range(20)))}
    browser.post(MARKED, _sent(cards, "Anna"))
    counts = []
    for marked in (("N1", "N2"), [f"N{number}" for number in range(20)]):
        with CaptureQueriesContext(connection) as captured:
            assert browser.post(MARKED, _sent(cards, *marked)).status_code == 302
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 14
    assert [one.segment_name for one in _campaigns(sonnenschein)].count("20 ausgewählte Kunden") == 1
