"""Creating and changing client cards (domain.md §2)."""

from contextlib import nullcontext
from datetime import date, timedelta

import pytest

from clients.cards import ConflictingChange, get_client
from clients.details import ChangedDetails, ClientDetails
from clients.editing import AlreadyMade, Duplicates, PossibleDuplicate, create_client, update_client
from clients.listing import in_order
from clients.models import Client, CreatedVia, SearchToken
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from salon.identity.roles import Actor, ActorKind
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.conftest import NOW

ANNA = ClientDetails(first_name="Anna", last_name="Müller", mobile="0171 5550318", birthday="4.5.")


def make_client(salon: Salon, actor: Actor, details: ClientDetails = ANNA) -> Client:
    """Make one card in the open salon."""
    return create_client(actor=actor, salon=salon, details=details, created_via=CreatedVia.STAFF, now=NOW).client


def test_a_new_card_keeps_what_was_entered(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client = make_client(in_sonnenschein, front_desk)

    stored = get_client(client.pk)
    assert stored.details == ClientDetails(
        first_name="Anna", last_name="Müller", mobile="+491715550318", birthday="--05-04"
    )
    assert (stored.number, stored.version, stored.listed_on) == (1, 1, date(2026, 11, 21))
    assert (stored.sort_key, stored.created_via) == ("muller anna", "STAFF")


def test_listed_on_is_the_salons_date(in_sonnenschein: Salon, front_desk: Actor) -> None:
    late = NOW.replace(hour=23, minute=30)
    client = create_client(
        actor=front_desk, salon=in_sonnenschein, details=ANNA, created_via=CreatedVia.STAFF, now=late
    ).client
    assert client.listed_on == date(2026, 11, 22)


def test_numbers_ascend_in_each_salon_by_itself(sonnenschein: Salon, dom: Salon, front_desk: Actor) -> None:
    with salon_scope(sonnenschein.pk):
        assert [make_client(sonnenschein, front_desk).number for _ in range(3)] == [1, 2, 3]
    with salon_scope(dom.pk):
        assert make_client(dom, front_desk).number == 1


def test_a_refused_card_leaves_nothing(in_sonnenschein: Salon, front_desk: Actor) -> None:
    with pytest.raises(InvalidInput):
        make_client(in_sonnenschein, front_desk, ClientDetails(email="a@b.example"))
    assert not Client.objects.exists()
    assert not SearchToken.objects.exists()
    assert not AuditEntry.objects.exists()
    assert make_client(in_sonnenschein, front_desk).number == 1


def test_who_may_not_write_writes_nothing(in_sonnenschein: Salon) -> None:
    nobody = Actor(ActorKind.API_KEY, None, "reader", frozenset())
    with pytest.raises(NotAllowed):
        make_client(in_sonnenschein, nobody)
    assert not Client.objects.exists()


def test_creation_is_recorded(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client = make_client(in_sonnenschein, front_desk)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject_id, entry.actor_name, entry.at) == ("client.created", client.pk, "Empfang", NOW)
    assert entry.changes == [
        {"field": "first_name", "old": None, "new": "Anna"},
        {"field": "last_name", "old": None, "new": "Müller"},
        {"field": "birthday", "old": None, "new": "--05-04"},
        {"field": "mobile", "old": None, "new": "+491715550318"},
    ]


def test_a_change_touches_what_it_names(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client = make_client(in_sonnenschein, front_desk)
    later = NOW + timedelta(hours=1)
    update_client(
        actor=front_desk,
        salon=in_sonnenschein,
        client_id=client.pk,
        changes={"last_name": "Schäfer", "mobile": ""},
        version=1,
        now=later,
    )
    stored = get_client(client.pk)
    assert stored.details == ClientDetails(first_name="Anna", last_name="Schäfer", birthday="--05-04")
    assert (stored.version, stored.updated_at, stored.sort_key) == (2, later, "schafer anna")
    entry = AuditEntry.objects.get(action="client.updated")
    assert entry.changes == [
        {"field": "last_name", "old": "Müller", "new": "Schäfer"},
        {"field": "mobile", "old": "+491715550318", "new": None},
    ]


def test_saving_the_same_again_changes_nothing(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client = make_client(in_sonnenschein, front_desk)
    update_client(
        actor=front_desk,
        salon=in_sonnenschein,
        client_id=client.pk,
        changes={"first_name": " Anna", "mobile": "+49 171 555 0318", "birthday": "04.05."},
        version=1,
        now=NOW,
    )
    assert get_client(client.pk).version == 1
    assert AuditEntry.objects.filter(action="client.updated").count() == 0


def test_a_stale_version_is_refused(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client = make_client(in_sonnenschein, front_desk)
    for city, version in (("Köln", 1), ("Bonn", 2)):
        update_client(
            actor=front_desk,
            salon=in_sonnenschein,
            client_id=client.pk,
            changes={"city": city},
            version=version,
            now=NOW,
        )
    with pytest.raises(VersionConflict):
        update_client(
            actor=front_desk, salon=in_sonnenschein, client_id=client.pk, changes={"city": "X"}, version=2, now=NOW
        )
    assert get_client(client.pk).city == "Bonn"


def _change(actor: Actor, salon: Salon, client: Client, changes: ChangedDetails, seen: ChangedDetails) -> Client:
    return update_client(actor=actor, salon=salon, client_id=client.pk, changes=changes, seen=seen, now=NOW).client


def test_changes_of_different_fields_both_stay(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client = make_client(in_sonnenschein, front_desk)
    _change(front_desk, in_sonnenschein, client, {"city": "Köln"}, {"city": ""})
    _change(front_desk, in_sonnenschein, client, {"mobile": "0171 1112223"}, {"mobile": "0171 555 0318"})
    stored = get_client(client.pk)
    assert (stored.city, stored.mobile) == ("Köln", "+491711112223")


def test_changes_of_one_field_are_told(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client = make_client(in_sonnenschein, front_desk)
    _change(front_desk, in_sonnenschein, client, {"city": "Köln"}, {"city": ""})
    with pytest.raises(ConflictingChange) as refusal:
        _change(front_desk, in_sonnenschein, client, {"city": "Bonn", "street": "Ring 1"}, {"city": "", "street": ""})
    assert refusal.value.fields == ["city"]
    assert get_client(client.pk).details.with_changes(city="") == client.details
    # Both meant the same: nothing to tell.
    _change(front_desk, in_sonnenschein, client, {"city": "Köln"}, {"city": ""})
    assert _change(front_desk, in_sonnenschein, client, {"city": "Bonn"}, {"city": "Köln"}).city == "Bonn"


def test_a_card_with_the_same_contact_is_refused_on_request(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client = make_client(in_sonnenschein, front_desk)
    given = ClientDetails(first_name="B", landline="+49 171 5550318")
    with pytest.raises(PossibleDuplicate) as refusal:
        create_client(
            actor=front_desk,
            salon=in_sonnenschein,
            details=given,
            created_via=CreatedVia.STAFF,
            now=NOW,
            duplicates=Duplicates.REFUSE,
        )
    assert refusal.value.clients == [client]
    assert Client.objects.count() == 1
    assert make_client(in_sonnenschein, front_desk, given).number == 2


def test_the_same_form_twice_makes_one_card(in_sonnenschein: Salon, front_desk: Actor) -> None:
    card_id = new_id()
    for refused in (False, True):
        with pytest.raises(AlreadyMade) if refused else nullcontext():
            create_client(
                actor=front_desk,
                salon=in_sonnenschein,
                details=ANNA,
                created_via=CreatedVia.STAFF,
                now=NOW,
                client_id=card_id,
            )
    assert [(client.pk, client.number) for client in Client.objects.all()] == [(card_id, 1)]
    assert make_client(in_sonnenschein, front_desk).number == 2


def test_an_unknown_card(in_sonnenschein: Salon, front_desk: Actor) -> None:
    with pytest.raises(NotFound):
        update_client(actor=front_desk, salon=in_sonnenschein, client_id=new_id(), changes={}, version=None, now=NOW)
    with pytest.raises(NotFound):
        get_client(new_id())


def test_another_salons_card_is_unknown(sonnenschein: Salon, dom: Salon, front_desk: Actor) -> None:
    with salon_scope(sonnenschein.pk):
        client = make_client(sonnenschein, front_desk)
    with salon_scope(dom.pk), pytest.raises(NotFound):
        get_client(client.pk)


def test_a_card_that_goes_between_two_looks_is_passed_over(in_sonnenschein: Salon, front_desk: Actor) -> None:
    """Undoing an import deletes cards: what was found a moment ago may be gone."""
    client = make_client(in_sonnenschein, front_desk)
    assert in_order([new_id(), client.pk]) == [client]
