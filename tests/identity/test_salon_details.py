"""What a salon says of itself: changed by whoever sets it up, recorded, and told wherever the salon is told of."""

from collections.abc import Callable
from dataclasses import asdict, replace

import pytest
from django.test import Client as Browser
from django.utils import translation

from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed, VersionConflict
from salon.identity.models import User
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.contact import contact_in, contact_of
from salon.tenancy.details import SalonDetails, change_salon, details_of
from salon.tenancy.models import Country, Salon
from tests.conftest import NOW

MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])
WHOLE = SalonDetails(
    name="Salon Sonnenschein",
    street="Sonnenscheingasse 5",
    postal_code="10999",
    city="Berlin",
    phone="030 23125-001",
    website="sonnenschein.example",
)
PAGE = "/s/sonnenschein/settings/salon/"


def test_what_is_changed_is_kept_tidily_and_recorded(in_sonnenschein: Salon) -> None:
    messy = replace(WHOLE, street=" Sonnenscheingasse   5 ", postal_code="D-10999")
    changed = change_salon(actor=MANAGER, details=messy, now=NOW, version=1)
    assert details_of(changed) == replace(WHOLE, phone="+493023125001", website="https://sonnenschein.example")
    assert changed.version == 2
    [entry] = AuditEntry.objects.all()
    assert (entry.action, entry.subject_kind, entry.subject_id) == ("salon.changed", "salon", in_sonnenschein.pk)
    assert [(one["field"], one["old"], one["new"]) for one in entry.changes] == [
        ("street", None, "Sonnenscheingasse 5"),
        ("postal_code", None, "10999"),
        ("phone", None, "+493023125001"),
        ("website", None, "https://sonnenschein.example"),
    ]
    assert change_salon(actor=MANAGER, details=WHOLE, now=NOW, version=2).version == 2
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "refused"),
    [
        ({"name": " "}, [("name", "required")]),
        ({"name": "x" * 121}, [("name", "max_length")]),
        ({"street": "x" * 121}, [("street", "max_length")]),
        ({"street": "Gasse\ud800"}, [("street", "invalid")]),
        ({"postal_code": "1099"}, [("postal_code", "invalid")]),
        ({"postal_code": "Berlin"}, [("postal_code", "invalid")]),
        ({"phone": "nobody"}, [("phone", "invalid")]),
        ({"phone": "12"}, [("phone", "invalid")]),
        ({"website": "javascript:alert(1)"}, [("website", "invalid")]),
        ({"website": "ftp://x.example"}, [("website", "invalid")]),
        ({"website": "two words"}, [("website", "invalid")]),
        ({"city": "x" * 81, "phone": "12"}, [("city", "max_length"), ("phone", "invalid")]),
    ],
)
def test_what_cannot_be_kept_is_refused_at_its_field(
    in_sonnenschein: Salon, wrong: dict[str, str], refused: list[tuple[str, str]]
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        change_salon(actor=MANAGER, details=replace(WHOLE, **wrong), now=NOW)
    assert [(error.field, error.code) for error in refusal.value.errors] == refused
    in_sonnenschein.refresh_from_db()
    assert (details_of(in_sonnenschein).street, in_sonnenschein.version) == ("", 1)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(("country", "postal_code"), [(Country.AT, "1010"), (Country.CH, "CH-8001"), (Country.DE, "")])
def test_a_postcode_is_that_of_the_country(in_sonnenschein: Salon, country: Country, postal_code: str) -> None:
    Salon.objects.update(country=country)
    details = replace(WHOLE, postal_code=postal_code, phone="")
    assert change_salon(actor=MANAGER, details=details, now=NOW).postal_code == postal_code.removeprefix("CH-")


def test_staff_change_nothing_and_nobody_what_somebody_else_has_changed(
    in_sonnenschein: Salon, front_desk: Actor
) -> None:
    with pytest.raises(NotAllowed):
        change_salon(actor=front_desk, details=WHOLE, now=NOW)
    change_salon(actor=MANAGER, details=WHOLE, now=NOW, version=1)
    with pytest.raises(VersionConflict):
        change_salon(actor=MANAGER, details=replace(WHOLE, city="Potsdam"), now=NOW, version=1)
    in_sonnenschein.refresh_from_db()
    assert in_sonnenschein.city == "Berlin"


def test_a_contact_leaves_out_what_is_not_told(in_sonnenschein: Salon) -> None:
    bare = contact_of(in_sonnenschein)
    assert (bare.place, bare.reached_by) == ("Salon Sonnenschein, Berlin", [])
    whole = contact_of(change_salon(actor=MANAGER, details=WHOLE, now=NOW))
    assert whole.place == "Salon Sonnenschein, Sonnenscheingasse 5, 10999 Berlin"
    with translation.override("de"):
        assert whole.reached_by == ["Telefon 030 23125001", "sonnenschein.example"]
    assert contact_in(asdict(whole)) == whole
    assert contact_in({"name": "Salon Sonnenschein", "city": "Berlin"}) == bare


def test_the_page_saves_keeps_what_it_refuses_and_tells_of_others(
    sonnenschein: Salon, manager: User, browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(manager)
    shown = browser.get(PAGE).text
    for words in ("Deutschland", "Europe/Berlin", "Euro (EUR)"):
        assert words in shown
    sent = {**asdict(WHOLE), "version": "1"}
    refused = browser.post(PAGE, {**sent, "postal_code": "123", "phone": "nobody"})
    assert refused.status_code == 422
    assert "Bitte 5 Ziffern eingeben." in refused.text
    assert "Das kann keine Telefonnummer sein." in refused.text
    assert 'value="123"' in refused.text
    assert browser.post(PAGE, sent).status_code == 302
    sonnenschein.refresh_from_db()
    assert (sonnenschein.street, sonnenschein.phone) == ("Sonnenscheingasse 5", "+493023125001")
    assert 'value="030 23125001"' in browser.get(PAGE).text
    late = browser.post(PAGE, {**sent, "city": "Potsdam"})
    assert late.status_code == 422
    assert "inzwischen" in late.text
    assert 'value="Potsdam"' in late.text
    assert 'name="version" value="2"' in late.text
    assert browser.post(PAGE, {**sent, "city": "Potsdam", "version": "2"}).status_code == 302
    sonnenschein.refresh_from_db()
    assert (sonnenschein.city, sonnenschein.version) == ("Potsdam", 3)
