"""What a client card says besides its master data (api.md, client)."""

from uuid import UUID

import pytest
from django.utils import timezone

from clients.categories import add_templates, all_categories, change_assignments
from clients.confirming import confirm
from clients.consent import ledger_of
from clients.models import CardState, Client
from salon.api.scopes import Scope
from salon.identity.roles import system_actor
from salon.mail.models import ClientMail
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import NOBODY, Caller, IssueKey, wrong
from tests.bookings.salonday import make_staff
from tests.conftest import NOW
from tests.marketing.consenting import link_in


def _made(api: Caller, **body: object) -> dict[str, object]:
    answer = api.post("clients", {"first_name": "Anna", **body})
    assert answer.status_code == 201, answer.json()
    made: dict[str, object] = answer.json()
    return made


def test_a_new_card_says_what_is_known(api: Caller) -> None:
    made = _made(api)
    known: dict[str, object] = {
        "preferred_staff": None,
        "referred_by": None,
        "categories": [],
        "treatcard_number": None,
        "points": 0,
        "matrix_exempt": False,
        "status": "RETURNING",
        "status_reason": "LISTED",
        "blocked": False,
        "blocked_reason": None,
        "marketing_consent": False,
    }
    assert made.items() >= known.items()
    pending = _made(api, created_via="ONLINE_BOOKING")
    assert (pending["status"], pending["status_reason"]) == ("NEW", "FIRST_VISIT_PENDING")


def test_whom_she_likes_to_come_to(api: Caller, sonnenschein: Salon, dom: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        bora = str(make_staff("Bora").pk)
    with salon_scope(dom.pk):
        emre = str(make_staff("Emre").pk)
    anna = _made(api, preferred_staff=bora)
    assert anna["preferred_staff"] == bora
    path = f"clients/{anna['id']}"
    for other in (NOBODY, emre, "Bora", str(anna["id"])):
        assert wrong(api.patch(path, {"preferred_staff": other})) == {"preferred_staff": "not_found"}
    assert api.get(path).json()["preferred_staff"] == bora
    assert api.patch(path, {"preferred_staff": None}).json()["preferred_staff"] is None


def test_who_recommended_the_salon(api: Caller) -> None:
    petra = _made(api)["id"]
    anna = _made(api, referred_by=petra)
    assert anna["referred_by"] == petra
    assert wrong(api.patch(f"clients/{anna['id']}", {"referred_by": NOBODY})) == {"referred_by": "not_found"}
    assert wrong(api.patch(f"clients/{anna['id']}", {"referred_by": anna["id"]})) == {"referred_by": "not_found"}
    assert wrong(api.patch(f"clients/{anna['id']}", {"referred_by": "Petra"})) == {"referred_by": "not_found"}
    assert api.patch(f"clients/{anna['id']}", {"referred_by": None}).json()["referred_by"] is None


@pytest.mark.parametrize("state", [CardState.MERGED, CardState.ERASED])
def test_a_card_that_is_gone_recommends_nobody(api: Caller, sonnenschein: Salon, state: CardState) -> None:
    petra, anna = str(_made(api)["id"]), str(_made(api)["id"])
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(pk=petra).update(state=state, merged_into=anna if state == CardState.MERGED else None)
    assert wrong(api.patch(f"clients/{anna}", {"referred_by": petra})) == {"referred_by": "not_found"}
    assert wrong(api.post("clients", {"first_name": "Nora", "referred_by": petra})) == {"referred_by": "not_found"}
    # What stands on a card already is in nobody's way.
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(pk=anna).update(referred_by=petra)
    assert api.patch(f"clients/{anna}", {"city": "Berlin", "referred_by": petra}).status_code == 200


def test_a_card_of_another_salon_recommends_nobody(api: Caller, api_dom: Caller) -> None:
    theirs = _made(api_dom)["id"]
    assert wrong(api.post("clients", {"first_name": "Anna", "referred_by": theirs})) == {"referred_by": "not_found"}


def test_blocking_gives_a_reason(api: Caller) -> None:
    path = f"clients/{_made(api)['id']}"
    assert wrong(api.patch(path, {"blocked": True})) == {"blocked_reason": "required"}
    blocked = api.patch(path, {"blocked": True, "blocked_reason": "Dreimal nicht erschienen"}).json()
    assert (blocked["blocked"], blocked["blocked_reason"]) == (True, "Dreimal nicht erschienen")
    free = api.patch(path, {"blocked": False}).json()
    assert (free["blocked"], free["blocked_reason"]) == (False, None)


def test_a_reason_without_a_block_is_refused(api: Caller) -> None:
    assert wrong(api.post("clients", {"first_name": "Bea", "blocked_reason": "laut"})) == {
        "blocked_reason": "not_blocked"
    }
    path = f"clients/{_made(api)['id']}"
    assert wrong(api.patch(path, {"blocked_reason": "laut"})) == {"blocked_reason": "not_blocked"}
    api.patch(path, {"blocked": True, "blocked_reason": "laut"})
    assert wrong(api.patch(path, {"blocked": False, "blocked_reason": "leise"})) == {"blocked_reason": "not_blocked"}
    # As it was read, it goes with the block.
    assert api.patch(path, {"blocked": False, "blocked_reason": "laut"}).json()["blocked_reason"] is None


def test_consent_holds_once_it_is_confirmed(api: Caller, sonnenschein: Salon) -> None:
    made = _made(api, email="berta@web.de", marketing_consent=True)
    assert (made["marketing_consent"], made["version"]) == (False, 1)
    path = f"clients/{made['id']}"
    assert api.patch(path, {"marketing_consent": True}).json()["version"] == 1
    with salon_scope(sonnenschein.pk):
        client_id = UUID(str(made["id"]))
        [entry] = ledger_of(client_id)
        mail = ClientMail.objects.get()
        confirm(salon=sonnenschein, link=link_in(mail), now=timezone.now())
    assert (entry.decision, entry.source, entry.actor_name) == ("REQUESTED", "API", "Online booking")
    assert entry.wording.startswith("Ich möchte von Salon Sonnenschein per E-Mail")
    read = api.get(path).json()
    assert (read["marketing_consent"], read["version"]) == (True, 2)
    assert api.patch(path, {"marketing_consent": True}).json()["version"] == 2
    assert api.patch(path, {"marketing_consent": False}).json()["marketing_consent"] is False
    with salon_scope(sonnenschein.pk):
        ledger = ledger_of(client_id)
    assert [(one.decision, one.source, one.actor_name) for one in ledger] == [
        ("WITHDRAWN", "API", "Online booking"),
        ("GRANTED", "CONFIRMATION", ""),
        ("REQUESTED", "API", "Online booking"),
    ]
    assert ledger[0].wording == "Told by Online booking."


def test_categories_stand_in_order_of_names(api: Caller, sonnenschein: Salon) -> None:
    made = _made(api)
    actor = system_actor("Test")
    with salon_scope(sonnenschein.pk):
        add_templates(actor=actor, now=NOW)
        ids = [one.pk for one in all_categories() if one.name in {"VIP", "Barber", "Kinder"}]
        change_assignments(actor=actor, client_id=UUID(str(made["id"])), added=ids, now=NOW)
    named = api.get(f"clients/{made['id']}").json()["categories"]
    assert [one["name"] for one in named] == ["Barber", "Kinder", "VIP"]
    assert {one["id"] for one in named} == {str(one) for one in ids}


@pytest.mark.parametrize("field", ["status", "status_reason", "treatcard_number", "points", "categories"])
def test_what_others_decide_cannot_be_set(api: Caller, field: str) -> None:
    assert wrong(api.patch(f"clients/{_made(api)['id']}", {field: None})) == {field: "read_only"}


def test_the_matrix_is_a_matter_of_points(api: Caller, sonnenschein: Salon, api_key: IssueKey) -> None:
    path = f"clients/{_made(api)['id']}"
    site = Caller(api_key(sonnenschein, Scope.CLIENTS_READ, Scope.CLIENTS_WRITE))
    refused = site.patch(path, {"matrix_exempt": True})
    assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")
    assert api.patch(path, {"matrix_exempt": True}).json()["matrix_exempt"] is True
    assert site.patch(path, {"city": "Köln"}).json()["matrix_exempt"] is True


@pytest.mark.parametrize("also", [{}, {"marketing_consent": True}, {"marketing_consent": False}])
def test_at_a_new_address_consent_waits_until_it_is_asked_for(
    api: Caller, sonnenschein: Salon, also: dict[str, bool]
) -> None:
    made = _made(api, email="berta@web.de", marketing_consent=True)
    path, client_id = f"clients/{made['id']}", UUID(str(made["id"]))
    with salon_scope(sonnenschein.pk):
        confirm(salon=sonnenschein, link=link_in(ClientMail.objects.get()), now=timezone.now())
    assert api.patch(path, {"email": "BERTA@web.de"}).json()["marketing_consent"] is True
    assert api.patch(path, {"email": "berta@mail.example", **also}).json()["marketing_consent"] is False
    with salon_scope(sonnenschein.pk):
        newest, mail = ledger_of(client_id)[0], ClientMail.objects.latest("id")
    # Whoever changes the address alone asks nobody there: it may be mistyped.
    said = {None: ("GRANTED", "CONFIRMATION"), True: ("REQUESTED", "API"), False: ("WITHDRAWN", "API")}
    assert (newest.decision, newest.source) == said[also.get("marketing_consent")]
    asked = ("berta@mail.example", "WAITING") if also.get("marketing_consent") else ("berta@web.de", "DROPPED")
    assert (mail.recipient, mail.state) == asked
