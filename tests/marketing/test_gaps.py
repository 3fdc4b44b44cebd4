"""Before sending: of how many who get the mail a placeholder has nothing to say, and what stands there instead."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Q
from django.test import Client as Browser

from bookings.states import State
from clients.models import CardState, Client
from marketing.automations import Text, save_automation
from marketing.facts import Moment
from marketing.letters import fallbacks
from marketing.models import Basis, Occasion
from marketing.occasions import clients_ever
from marketing.people import lacking, people
from marketing.placeholders import PLACEHOLDERS, values_for
from marketing.recipients import Foreseen, foresee, settle
from marketing.segments import create_segment
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.bookings.salonday import make_appointment, make_client, make_service, make_staff
from tests.conftest import NOW
from tests.marketing.automating import born, turned_on
from tests.marketing.campaign_desk import HTMX, LIST, now_of, typed
from tests.marketing.campaigning import BOSS, agreed, draft, everybody, may_send

AUTOMATIONS = "/s/sonnenschein/marketing/automations/"


def _all_sorts() -> None:
    anna, cut = make_staff("Anna"), make_service()
    came = {"carried_visits": 2, "carried_last_visit_on": date(2026, 9, 3)}
    agreed("Lena", treatcard_number="TC-1", preferred_staff=anna, **came)
    kim = agreed("Kim", last_name="", **came)
    agreed("", last_name="Vogel", email="vogel@x.example")
    # A title is no first name.
    agreed("Prof. Dr.", last_name="Weber", treatcard_number="TC-3", preferred_staff=anna, **came)
    mia, eva = agreed("Mia", treatcard_number="TC-2"), agreed("Eva", preferred_staff=anna)
    for client, starts_at, state in [
        (kim, datetime(2026, 12, 25, 9, 0, tzinfo=UTC), State.BOOKED),
        (mia, datetime(2026, 12, 26, 9, 0, tzinfo=UTC), State.CANCELLED),
        (eva, datetime(2026, 11, 20, 9, 0, tzinfo=UTC), State.COMPLETED),
    ]:
        make_appointment((cut, anna), starts_at=starts_at, client=client, state=state)
    # None of these gets it: what is missing of them is nothing to warn of.
    make_client("Ida")
    agreed("Uta", blocked=True)
    agreed("Twin", email="MIA@x.example")


def test_they_are_counted_as_they_are_filled_in(in_sonnenschein: Salon) -> None:
    _all_sorts()
    conditions = lacking(list(PLACEHOLDERS), Moment.of(in_sonnenschein, NOW))
    found = foresee(Client.objects.listed(), basis=Basis.CONSENT, now=NOW, lacking=conditions)
    names = ["Lena", "Kim", "", "Prof. Dr.", "Mia", "Eva"]
    getting = Client.objects.filter(first_name__in=names).values_list("pk", flat=True)
    told = people(list(getting), salon=in_sonnenschein, now=NOW)
    values = [values_for(person, salon=in_sonnenschein.name, language="de") for person in told.values()]
    assert len(values) == 6
    missing = {name: sum(not said[name] for said in values) for name in PLACEHOLDERS}
    assert {**dict.fromkeys(PLACEHOLDERS, 0), **found.lacking} == missing
    assert {name: many for name, many in missing.items() if many} == {
        "first_name": 2,
        "last_name": 1,
        "last_visit": 3,
        "next_visit": 5,
        "points": 3,
        "staff": 3,
        "treatcard": 3,
    }


def test_one_statement_counts_them(in_sonnenschein: Salon, django_assert_num_queries: Any) -> None:
    _all_sorts()
    conditions = lacking(list(PLACEHOLDERS), Moment.of(in_sonnenschein, NOW))
    with django_assert_num_queries(1):
        found = foresee(Client.objects.listed(), basis=Basis.CONSENT, now=NOW, lacking=conditions)
    without = foresee(Client.objects.listed(), basis=Basis.CONSENT, now=NOW)
    assert (found.counts, found.first, without.lacking) == (without.counts, without.first, {})
    nobody = foresee(Client.objects.filter(number=0), basis=Basis.CONSENT, now=NOW, lacking={"x": Q(visits=0)})
    assert nobody == Foreseen({}, None, {"x": 0})
    # A rule may say by itself that it means nobody: then nothing is asked at all.
    with django_assert_num_queries(0):
        assert foresee(Client.objects.filter(pk__in=[]), basis=Basis.CONSENT, now=NOW) == Foreseen({}, None)
        assert settle(Client.objects.filter(pk__in=[]), basis=Basis.CONSENT, now=NOW, campaign_id=new_id()) == 0


def test_what_stands_there_instead() -> None:
    body = "Hallo {{ first_name | Du }}, **{{staff}}** und [{{last_name}}](https://x.example) {{first_name|Du}}"
    assert fallbacks("{{first_name}}!", body) == {"first_name": ["", "Du"], "staff": [""], "last_name": [""]}
    assert fallbacks("Neues", "ohne") == {}


def test_whoever_sends_is_warned(browser_of: Callable[[User], Browser], manager: User, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        agreed("Lena", treatcard_number="TC-1")
        agreed("", last_name="Vogel", email="vogel@x.example")
        group = everybody()
        made = draft(
            group, subject="Neues, {{first_name|<Du>}}", body="{{treatcard}} {{treatcard|–}} {{visits}} {{points}}"
        )
        worded = draft(group, subject="Neues", body="{{first_name|Sie}} {{treatcard|–}}")
        whole = draft(group, subject="Neues", body="{{visits}} {{salon}} {{greeting}}")
    browser = browser_of(manager)

    def page_of(campaign: Any, page: str) -> str:
        return browser.get(f"/s/sonnenschein/marketing/campaigns/{campaign.pk}/{page}/").content.decode()

    def warned(campaign: Any) -> list[str]:
        part = re.search(r'<section class="notice(?: warn)? gaps".*?</section>', page_of(campaign, "send"), re.DOTALL)
        return re.findall("<li>(.*?)</li>", part[0]) if part else []

    assert warned(made) == [
        "<strong>Vorname</strong> nicht bekannt bei 1 von 2: dort steht „&lt;Du&gt;“.",
        "<strong>Punkte</strong> nicht bekannt bei 1 von 2: dort steht nichts.",
        "<strong>Treatcard-Nummer</strong> nicht bekannt bei 1 von 2: dort steht nichts oder „–“.",
    ]
    assert warned(whole) == []
    # Where each has words of its own, that is all there is to know.
    assert len(warned(worded)) == 2
    assert 'class="notice gaps"' in page_of(worded, "send")
    assert "andere Worte" not in page_of(worded, "send")
    # How other words stand there is told here, and where placeholders are offered.
    assert "<code>{{points|andere Worte}}</code>" in page_of(made, "send")
    # Read before the button is, on every screen.
    page = page_of(made, "send")
    assert page.index('class="notice warn gaps"') < page.index('name="act" value="now"')
    assert 'class="notice warn gaps"' in page_of(made, "send")
    assert "<code>{{first_name|Guten Tag}}</code>" in page_of(made, "edit")


def test_whoever_writes_is_told_at_once(
    browser_of: Callable[[User], Browser], manager: User, sonnenschein: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        agreed("Lena", treatcard_number="TC-1")
        agreed("Kim", preferred_staff=make_staff("Anna"))
        rule = {"match": "ALL", "negated": False, "parts": [{"field": "treatcard", "operator": "yes", "values": []}]}
        everyone = everybody()
        with_card = str(create_segment(actor=BOSS, name="Mit Karte", rule=rule, now=NOW).pk)
        made = draft(everyone, subject="Neues", body="{{first_name}}, {{treatcard|–}}")
    browser = browser_of(manager)

    def saved(body: str) -> str:
        answer = browser.post(f"{LIST}{made.pk}/edit/", typed(now_of(made), body=body, segment=everyone), headers=HTMX)
        return str(answer.headers.get("HX-Trigger", ""))

    def told(segment: str) -> list[str]:
        given = {"segment": segment, "basis": "CONSENT", "campaign": str(made.pk)}
        return re.findall("<li>(.*?)</li>", browser.get(f"{LIST}audience/", given).text.partition('id="gaps"')[2])

    page = browser.get(f"{LIST}{made.pk}/edit/").text.partition('<div id="gaps"')[2].partition("</section>")[0]
    lacks = "<strong>Treatcard-Nummer</strong> nicht bekannt bei 1 von 2: dort steht „–“."
    assert lacks in page
    assert "Text ändern" not in page
    assert told(everyone) == [lacks]
    assert told(with_card) == told("") == []
    # Only what says something else of the clients is counted anew.
    assert saved("{{first_name}}, Ihre Karte: {{treatcard|–}}") == ""
    assert saved("{{first_name}}, Ihre Karte: {{treatcard}} {{staff}}") == "placeholders-changed"
    assert told(everyone) == [
        "<strong>Stammfriseur/in</strong> nicht bekannt bei 1 von 2: dort steht nichts.",
        "<strong>Treatcard-Nummer</strong> nicht bekannt bei 1 von 2: dort steht nichts.",
    ]


def test_an_automation_is_for_whoever_may_have_its_occasion(in_sonnenschein: Salon) -> None:
    once = {"first_visit_on": date(2026, 9, 3), "last_visit_on": date(2026, 9, 3), "carried_visits": 1}
    came = {"first_visit_on": date(2026, 1, 7), "last_visit_on": date(2026, 9, 3), "carried_visits": 2}
    born("Born", 29, 2)
    agreed("Once", **once)
    agreed("Came", **came)
    coming = agreed("Comes", **came)
    agreed("Never")
    agreed("Erased", state=CardState.ERASED, birth_day=1, birth_month=3, **came)
    at = datetime(2026, 12, 25, 9, 0, tzinfo=UTC)
    make_appointment((make_service(), make_staff("Anna")), starts_at=at, client=coming, state=State.BOOKED)
    found = {
        occasion: set(clients_ever(occasion, Moment.of(in_sonnenschein, NOW)).values_list("first_name", flat=True))
        for occasion in Occasion
    }
    assert found == {
        Occasion.BIRTHDAY: {"Born"},
        Occasion.AFTER_FIRST_VISIT: {"Once"},
        # Who has an appointment is not missed.
        Occasion.ABOUT_TO_LAPSE: {"Once", "Came"},
        Occasion.LAPSED: {"Once", "Came"},
    }


def test_whoever_writes_an_automation_is_told(
    browser_of: Callable[[User], Browser], manager: User, sonnenschein: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        born("Lena", 29, 11, treatcard_number="TC-1")
        born("Kim", 1, 3)
        agreed("Never")
    browser, url = browser_of(manager), f"{AUTOMATIONS}birthday/"

    def told(body: str) -> tuple[list[str], bool]:
        answer = browser.post(f"{url}preview/?part=lines", {"subject": "Alles Gute", "body": body}, headers=HTMX)
        _lines, _found, gaps = answer.text.partition('<div id="gaps" hx-swap-oob="innerHTML">')
        return re.findall("<li>(.*?)</li>", gaps), "andere Worte" in gaps

    missing = "<strong>Treatcard-Nummer</strong> nicht bekannt bei 1 von 2: dort steht "
    assert told("{{treatcard}}") == ([f"{missing}nichts."], True)
    assert told("{{treatcard|–}}, {{first_name}}") == ([f"{missing}„–“."], False)
    assert told("{{visits}}") == ([], False)
    # Counted, and read out, anew only where the placeholders are others.
    typed_on = {"subject": "Alles Gute", "body": "{{treatcard}} und mehr", "told": '{"treatcard": [""]}'}
    assert 'id="gaps"' not in browser.post(f"{url}preview/?part=lines", typed_on, headers=HTMX).text
    page = browser.get(url).text
    assert page.count('<div id="gaps"') == 1
    assert 'name="told" value="{&quot;first_name&quot;' in page
    assert missing not in page
    typed_now = {"subject": "", "body": "{{treatcard}}", "days": "7", "version": "0"}
    assert missing in browser.post(url, typed_now).text
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY)
        text = Text(subject="Alles Gute", body="{{treatcard}}", days=7)
        save_automation(actor=BOSS, occasion=Occasion.BIRTHDAY, text=text, now=NOW)
    assert missing in browser.get(url).text
