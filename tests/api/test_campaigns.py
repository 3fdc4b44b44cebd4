"""Campaigns over the API: the operations that the browser uses, and who gets them (api.md)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from bookings.models import Appointment, Sale, SaleState
from clients.models import Client
from marketing.models import Campaign, Recipient
from marketing.placeholders import PLACEHOLDERS
from marketing.segments import EVERYONE, READY_MADE
from salon.api.schema import document
from salon.api.scopes import Scope
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from tests.api.conftest import NOBODY, Caller, IssueKey, wrong
from tests.bookings.salonday import a_salon_day, at, make_appointment, make_client
from tests.marketing.campaigning import agreed, may_send, work_on
from tests.marketing.segment_world import sold

WORDS = {"name": "Frühling", "subject": "Neues für {{first_name}}", "body": "Hallo {{first_name}}"}


@pytest.fixture
def draft(api: Caller, sonnenschein: Salon) -> Any:
    with salon_scope(sonnenschein.pk):
        may_send()
        agreed("Lena", birth_day=1, birth_month=timezone.now().month)
        make_client("Nora", email="nora@x.example", birth_day=2, birth_month=timezone.now().month)
    return api.post("campaigns", {**WORDS, "segment": "birthday"}).json()


def test_a_draft_says_that_its_segment_was_deleted(api: Caller, sonnenschein: Salon) -> None:
    segment = api.post("segments", {"name": "Alle", "rule": {"match": "ALL", "parts": []}}).json()
    kept = api.post("campaigns", {**WORDS, "segment": segment["id"]}).json()
    ready = api.post("campaigns", {**WORDS, "segment": "lapsing"}).json()
    assert (kept["segment_deleted"], ready["segment_deleted"]) == (False, False)
    assert api("DELETE", f"segments/{segment['id']}").status_code == 204
    told = api.get(f"campaigns/{kept['id']}").json()
    assert (told["segment"], told["segment_name"], told["segment_deleted"]) == (segment["id"], "Alle", True)
    found = {one["id"]: one["segment_deleted"] for one in api.get("campaigns").json()["results"]}
    assert found == {kept["id"]: True, ready["id"]: False}


def test_a_draft_is_made_read_changed_and_deleted(api: Caller) -> None:
    answer = api.post("campaigns", {**WORDS, "segment": "lapsing"})
    made = answer.json()
    path = f"campaigns/{made['id']}"
    assert answer.status_code == 201
    assert answer["Location"].endswith(f"/api/v1/{path}")
    assert made["rule"]["parts"] == [{"field": "lapsing", "operator": "within_next", "values": [30]}]
    assert {name: made[name] for name in (*WORDS, "state", "basis", "result", "scheduled_at")} == {
        **WORDS,
        "state": "DRAFT",
        "basis": "CONSENT",
        "result": None,
        "scheduled_at": None,
    }
    # In the language that the caller reads.
    assert (made["segment"], made["segment_name"]) == ("lapsing", "About to lapse")
    assert api.get(path, Accept_Language="de").json()["segment_name"] == "Droht abzuwandern"
    assert api.get(path).json() == made
    changed = api.patch(path, {"subject": None, "segment": None}, If_Match='"1"').json()
    names = ("subject", "rule", "segment", "segment_name", "version")
    assert [changed[name] for name in names] == [None, None, None, None, 2]
    assert api.patch(path, {"name": "Sommer"}, If_Match='"1"').status_code == 412
    assert [one["id"] for one in api.get("campaigns").json()["results"]] == [made["id"]]
    assert api("DELETE", path).status_code == 204
    assert api.get(path).status_code == 404
    assert api.get("campaigns").json()["results"] == []


@pytest.mark.parametrize(
    ("segment", "words"),
    [("lapsed", "Nobody is in this segment at the moment."), ("birthday", "Nobody in this segment may be written to.")],
)
def test_nothing_is_sent_to_nobody(api: Caller, draft: Any, sonnenschein: Salon, segment: str, words: str) -> None:
    path = f"campaigns/{draft['id']}"
    api.patch(path, {"segment": segment})
    with salon_scope(sonnenschein.pk):
        Client.objects.update(blocked=True)
    refused = api.post(f"{path}/send", {})
    assert refused.status_code == 400
    assert [(one["field"], one["code"], one["detail"]) for one in refused.json()["errors"]] == [
        ("segment", "nobody", words)
    ]
    # At a time, who is meant is asked then.
    assert api.post(f"{path}/send", {"at": (timezone.now() + timedelta(days=1)).isoformat()}).status_code == 200


def test_sending_says_who_got_it(api: Caller, draft: Any, sonnenschein: Salon) -> None:
    path = f"campaigns/{draft['id']}"
    sent = api("POST", f"{path}/send")
    assert (sent.status_code, sent.json()["state"]) == (200, "SENDING")
    again = api.post(f"{path}/send", {})
    assert (again.status_code, again.json()["code"]) == (409, "not_a_draft")
    now = timezone.now()
    with salon_scope(sonnenschein.pk):
        campaign = Campaign.objects.get()
    work_on(sonnenschein, campaign.pk, now)
    assert api.get(path).json()["result"] == {
        **dict.fromkeys(("waiting", "failed", "unsubscribed", "answered", "booked", "appointments"), 0),
        "sent": 1,
        "excluded": 1,
        "revenue": "0.00",
        "due": "0.00",
    }
    found = api.get(f"{path}/recipients").json()["results"]
    assert [(one["address"], one["state"], one["reason"]) for one in found] == [
        ("lena@x.example", "SENT", "CONSENT"),
        ("nora@x.example", "EXCLUDED", "NO_CONSENT"),
    ]
    [one] = api.get(f"{path}/recipients?state=EXCLUDED&reason=NO_CONSENT").json()["results"]
    assert (one["address"], one["sent_at"]) == ("nora@x.example", None)
    with salon_scope(sonnenschein.pk):
        Recipient.objects.filter(address="lena@x.example").update(unsubscribed_at=timezone.now())
    for asked, there in (
        ("search=Len", ["lena@x.example"]),
        ("search=x.example&state=EXCLUDED", ["nora@x.example"]),
        ("effect=UNSUBSCRIBED", ["lena@x.example"]),
        ("effect=BOOKED", []),
        ("effect=REVENUE&search=lena", []),
    ):
        assert [one["address"] for one in api.get(f"{path}/recipients?{asked}").json()["results"]] == there
    assert api.get(f"{path}/recipients?effect=OPENED").status_code == 400
    first = api.get(f"{path}/recipients?limit=1").json()
    assert [one["address"] for one in api.get(first["next"]).json()["results"]] == ["nora@x.example"]
    stays = api("DELETE", path)
    assert (stays.status_code, stays.json()["code"]) == (409, "already_begun")


def test_each_recipient_says_what_she_booked(api: Caller, draft: Any, sonnenschein: Salon, api_key: IssueKey) -> None:
    path, now = f"campaigns/{draft['id']}", timezone.now()
    api.post(f"{path}/send", {})
    with salon_scope(sonnenschein.pk):
        campaign, lena, day = Campaign.objects.get(), Client.objects.get(first_name="Lena"), a_salon_day()
    work_on(sonnenschein, campaign.pk, now - timedelta(days=2))
    with salon_scope(sonnenschein.pk):
        paid, open_one = (make_appointment((day.cut, day.anna), client=lena, starts_at=at(hour)) for hour in (9, 11))
        Appointment.objects.update(created_at=now - timedelta(days=1))
        sale = sold(lena, (day.cut, "49.00", "0.00"), state=SaleState.PAID)
        Sale.objects.filter(pk=sale.pk).update(appointment=paid)
    result = api.get(path).json()["result"]
    first, second = api.get(f"{path}/recipients").json()["results"]
    assert (first["revenue"], first["due"]) == (result["revenue"], result["due"]) == ("49.00", "59.00")
    assert [one["id"] for one in first["bookings"]] == [str(paid.pk), str(open_one.pk)]
    assert first["bookings"][0]["starts_at"] == api.get(f"bookings/{paid.pk}").json()["starts_at"]
    assert (second["bookings"], second["revenue"], second["due"]) == ([], "0.00", "0.00")
    reader = Caller(api_key(sonnenschein, Scope.MARKETING_READ))
    first, _second = reader.get(f"{path}/recipients").json()["results"]
    assert (first["bookings"], first["revenue"]) == (None, "49.00")


def test_an_address_needs_clients_read(api: Caller, draft: Any, sonnenschein: Salon, api_key: IssueKey) -> None:
    api.post(f"campaigns/{draft['id']}/send", {})
    with salon_scope(sonnenschein.pk):
        campaign = Campaign.objects.get()
    work_on(sonnenschein, campaign.pk, timezone.now())
    reader = Caller(api_key(sonnenschein, Scope.MARKETING_READ))
    found = reader.get(f"campaigns/{draft['id']}/recipients").json()["results"]
    assert [(one["client"], one["address"], one["state"]) for one in found] == [
        (None, None, "SENT"),
        (None, None, "EXCLUDED"),
    ]
    for answer in (
        reader.post("campaigns", WORDS),
        reader.patch(f"campaigns/{draft['id']}", {"name": "X"}),
        reader("DELETE", f"campaigns/{draft['id']}"),
        reader.post(f"campaigns/{draft['id']}/send", {}),
        reader("POST", f"campaigns/{draft['id']}/unschedule"),
        reader.get(f"campaigns/{draft['id']}/recipients?search=lena"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


def test_sending_at_a_time(api: Caller, draft: Any) -> None:
    path = f"campaigns/{draft['id']}"
    at = (timezone.now() + timedelta(days=1)).replace(microsecond=0)
    assert api.post(f"{path}/send", {"at": "2026-01-01T10:00:00+01:00"}).json()["errors"][0]["field"] == "at"
    assert api.post(f"{path}/send", {"at": at.isoformat()}).json()["state"] == "SCHEDULED"
    assert DueWork.objects.get().due_at == at
    refused = api("DELETE", path)
    assert (refused.status_code, refused.json()["code"]) == (409, "still_going_out")
    back = api("POST", f"{path}/unschedule")
    assert (back.status_code, back.json()["state"], back.json()["scheduled_at"]) == (200, "DRAFT", None)
    assert back["ETag"] == f'"{back.json()["version"]}"'
    assert not DueWork.objects.exists()
    again = api("POST", f"{path}/unschedule")
    assert (again.status_code, again.json()["code"]) == (409, "not_scheduled")
    assert api("DELETE", path).status_code == 204


def test_a_time_is_given_by_the_name_that_it_is_shown_by(api: Caller, draft: Any) -> None:
    path = f"campaigns/{draft['id']}/send"
    at = (timezone.now() + timedelta(days=1)).replace(microsecond=0).isoformat()
    over = "2026-01-01T10:00:00+01:00"
    assert wrong(api.post(path, {"scheduled_at": over})) == {"scheduled_at": "past"}
    assert wrong(api.post(path, {"at": over})) == {"at": "past"}
    assert wrong(api.post(path, {"scheduled_at": at, "at": at})) == {"at": "not_combinable"}
    sent = api.post(path, {"scheduled_at": at, "at": None}).json()
    assert (sent["state"], datetime.fromisoformat(sent["scheduled_at"])) == ("SCHEDULED", datetime.fromisoformat(at))


def test_a_draft_says_what_it_cannot_be_sent_for(api: Caller, draft: Any) -> None:
    assert draft["lacks"] == []
    path = f"campaigns/{draft['id']}"
    changed = api.patch(path, {"subject": None, "body": "Hallo {{nix}}"}).json()
    expected = {("subject", "required"), ("body", "unknown_placeholder")}
    assert {(one["field"], one["code"]) for one in changed["lacks"]} == expected
    assert any("nix" in one["detail"] for one in changed["lacks"])
    assert api.get(path).json()["lacks"] == changed["lacks"]
    assert api.post(f"{path}/send", {}).json()["errors"] == changed["lacks"]
    assert "lacks" not in api.get("campaigns").json()["results"][0]
    api.patch(path, {"subject": "Neues", "body": "Hallo"})
    assert api.post(f"{path}/send", {}).json()["lacks"] == []


def test_the_contract_names_every_placeholder_and_segment() -> None:
    told = document()["components"]["schemas"]["NewCampaignRequest"]["properties"]
    for name in PLACEHOLDERS:
        assert f"`{{{{{name}}}}}`" in told["body"]["description"]
    assert "{{first_name|" in told["body"]["description"]
    for key in (*READY_MADE, EVERYONE):
        assert f"`{key}`" in told["segment"]["description"]


def test_campaigns_are_listed_by_state(api: Caller, draft: Any) -> None:
    other = api.post("campaigns", {"name": "Leer"}).json()
    api.post(f"campaigns/{draft['id']}/send", {})
    for state, there in (("SENDING", [draft["id"]]), ("DRAFT", [other["id"]]), ("SENT", [])):
        assert [one["id"] for one in api.get(f"campaigns?state={state}").json()["results"]] == there
    assert wrong(api.get("campaigns?state=GONE")) == {"state": "invalid_choice"}


def test_what_is_missing_is_named(api: Caller) -> None:
    made = api.post("campaigns", {"name": "Leer"}).json()
    refused = api.post(f"campaigns/{made['id']}/send", {})
    assert refused.status_code == 400
    assert {(one["field"], one["code"]) for one in refused.json()["errors"]} == {
        (name, "required") for name in ("segment", "subject", "body", "imprint")
    }
    for body, field, code in (
        ({**WORDS, "segment": "nobody"}, "segment", "not_found"),
        ({"name": ""}, "name", "required"),
        ({**WORDS, "basis": "EXISTING_CUSTOMER"}, "basis", "not_allowed"),
        ({**WORDS, "state": "SENT"}, "state", "unknown_field"),
    ):
        answer = api.post("campaigns", body)
        assert answer.status_code == 400
        assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, code)]


def test_another_salons_campaign_is_not_there(api_dom: Caller, draft: Any) -> None:
    for campaign_id in (draft["id"], NOBODY):
        path = f"campaigns/{campaign_id}"
        for answer in (
            api_dom.get(path),
            api_dom.patch(path, {"name": "X"}),
            api_dom("DELETE", path),
            api_dom.post(f"{path}/send", {}),
            api_dom("POST", f"{path}/unschedule"),
            api_dom.get(f"{path}/recipients"),
        ):
            assert answer.status_code == 404


def test_the_list_takes_as_many_statements_for_many(
    api: Caller, draft: Any, sonnenschein: Salon, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        made = api.post("campaigns", {**WORDS, "segment": "birthday"}).json()
        api.post(f"campaigns/{made['id']}/send", {})
    with django_assert_max_num_queries(12):
        assert len(api.get("campaigns").json()["results"]) == 6
    with salon_scope(sonnenschein.pk):
        assert not Recipient.objects.exists()
