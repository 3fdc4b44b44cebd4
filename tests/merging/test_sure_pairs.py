"""Pairs that are merged together: those that are one person's beyond doubt (domain.md §2)."""

from datetime import timedelta

import pytest

from clients.details import ClientDetails
from clients.duplicates import dismiss, open_proposals, propose
from clients.editing import create_client
from clients.models import CardState, Client, CreatedVia, DuplicateProposal, Likeness, Merge
from clients.sure_pairs import surely_one
from salon.desk.merging import merge_cards, merge_sure, undo_together
from salon.errors import NotAllowed
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role, system_actor
from salon.tenancy.models import Salon
from tests.conftest import NOW

MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])
STAFF = Actor(ActorKind.USER, None, "Sibel", PERMISSIONS[Role.STAFF])
LATER = NOW + timedelta(hours=1)
PHONE = "0171 2345678"


def _card(salon: Salon, first: str, last: str = "Köhler", **details: str) -> Client:
    given = ClientDetails(first, last, **details)
    return create_client(
        actor=system_actor("test"), salon=salon, details=given, created_via=CreatedVia.STAFF, now=NOW
    ).client


def _proposals() -> list[DuplicateProposal]:
    propose(now=NOW)
    return open_proposals(cursor=None, limit=50).rows


def _merge(salon: Salon, *, actor: Actor = MANAGER) -> list[Merge]:
    return merge_sure(actor=actor, salon=salon, proposal_ids=[one.pk for one in _proposals()], now=NOW)


def _in_use() -> list[str]:
    return [card.full_name for card in Client.objects.listed().order_by("number")]


@pytest.mark.parametrize(
    ("mine", "theirs", "sure"),
    [
        ({"mobile": PHONE}, {"mobile": PHONE}, True),
        ({"mobile": PHONE}, {"landline": PHONE}, True),
        ({"email": "s@mail.example"}, {"email": "S@MAIL.example"}, True),
        ({"mobile": PHONE}, {"mobile": PHONE, "email": "s@mail.example", "birthday": "3.2.1990"}, True),
        ({"mobile": PHONE, "street": "Gartenstraße 12"}, {"mobile": PHONE, "street": "Gartenstr. 12"}, True),
        ({"mobile": PHONE, "first_name": "Dr. Silke"}, {"mobile": PHONE}, True),
        ({"mobile": PHONE}, {"mobile": PHONE, "last_name": "KOEHLER"}, True),
        # Nothing they share but the name and the day.
        ({"birthday": "3.2.1990"}, {"birthday": "3.2.1990"}, False),
        # One name only may be mother and daughter.
        ({"mobile": PHONE, "last_name": ""}, {"mobile": PHONE, "last_name": ""}, False),
        ({"mobile": PHONE}, {"mobile": PHONE, "first_name": "Silvia"}, False),
        ({"mobile": PHONE}, {"mobile": PHONE, "last_name": "Kohl"}, False),
        # Somebody has to choose.
        ({"mobile": PHONE, "birthday": "3.2.1990"}, {"mobile": PHONE, "birthday": "3.2.1960"}, False),
        ({"mobile": PHONE, "birthday": "3.2."}, {"mobile": PHONE, "birthday": "3.2.1990"}, False),
        ({"mobile": PHONE, "email": "a@mail.example"}, {"mobile": PHONE, "email": "b@mail.example"}, False),
        ({"mobile": PHONE, "landline": "030 444556"}, {"mobile": PHONE, "landline": "030 444557"}, False),
        ({"mobile": PHONE, "city": "Berlin"}, {"mobile": PHONE, "city": "Berlin", "street": "Weg 1"}, False),
        ({"mobile": PHONE, "gender": "FEMALE"}, {"mobile": PHONE, "gender": "MALE"}, False),
    ],
)
def test_which_pairs_are_sure(in_sonnenschein: Salon, mine: dict[str, str], theirs: dict[str, str], sure: bool) -> None:
    cards = [
        _card(in_sonnenschein, *(given.pop(name, preset) for name, preset in names), **given)
        for given in (dict(mine), dict(theirs))
        for names in [(("first_name", "Silke"), ("last_name", "Köhler"))]
    ]
    assert surely_one(cards[0], cards[1]) is sure


def test_sure_pairs_are_merged_and_separated_together(in_sonnenschein: Salon) -> None:
    _card(in_sonnenschein, "Silke", mobile=PHONE)
    _card(in_sonnenschein, "Dr. Silke", mobile=PHONE, email="s@mail.example")
    _card(in_sonnenschein, "Anna", "Berg", email="a@mail.example")
    _card(in_sonnenschein, "Anna", "Berg", email="a@mail.example")
    _card(in_sonnenschein, "Bernd", "Berg", email="a@mail.example")
    before = _in_use()
    merges = _merge(in_sonnenschein)
    assert len(merges) == 2
    # Nothing of what the other card said is lost, nor her title.
    assert _in_use() == ["Dr. Silke Köhler", "Anna Berg", "Bernd Berg"]
    assert Client.objects.listed().get(mobile="+491712345678").email == "s@mail.example"
    undone = undo_together(actor=MANAGER, salon=in_sonnenschein, merge_id=merges[0].pk, now=LATER)
    assert len(undone) == 2
    assert _in_use() == before
    assert undo_together(actor=MANAGER, salon=in_sonnenschein, merge_id=merges[0].pk, now=LATER) == []


def test_three_cards_of_one_person_become_one_and_three_again(in_sonnenschein: Salon) -> None:
    for city in ("", "Berlin", ""):
        _card(in_sonnenschein, "Silke", mobile=PHONE, city=city)
    merges = _merge(in_sonnenschein)
    assert (len(merges), _in_use()) == (2, ["Silke Köhler"])
    undo_together(actor=MANAGER, salon=in_sonnenschein, merge_id=merges[0].pk, now=LATER)
    assert [card.city for card in Client.objects.listed().order_by("number")] == ["", "Berlin", ""]


def test_what_the_first_merge_brings_may_part_her_from_the_third(in_sonnenschein: Salon) -> None:
    for city in ("", "Berlin", "Bremen"):
        _card(in_sonnenschein, "Silke", mobile=PHONE, city=city)
    assert len(_merge(in_sonnenschein)) == 1
    assert [card.city for card in Client.objects.listed().order_by("number")] == ["Berlin", "Bremen"]


def test_other_pairs_are_left_and_so_is_what_was_merged_alone(in_sonnenschein: Salon) -> None:
    silke = [_card(in_sonnenschein, "Silke", mobile=PHONE) for _time in range(2)]
    anna = [_card(in_sonnenschein, "Anna", email="a@mail.example") for _time in range(2)]
    _card(in_sonnenschein, "Bernd", "Berg", email="b@mail.example")
    bernd = _card(in_sonnenschein, "Bernd", "Berg", email="b@mail.example")
    proposals = _proposals()
    dismiss(actor=MANAGER, client_ids=(silke[0].pk, silke[1].pk), now=NOW)
    alone = merge_cards(
        actor=MANAGER, salon=in_sonnenschein, survivor_id=anna[0].pk, duplicate_id=anna[1].pk, now=LATER
    )
    [made] = merge_sure(actor=MANAGER, salon=in_sonnenschein, proposal_ids=[one.pk for one in proposals], now=NOW)
    assert made.duplicate_id == bernd.pk
    [undone] = undo_together(actor=MANAGER, salon=in_sonnenschein, merge_id=made.pk, now=LATER)
    assert undone.pk == made.pk
    assert Client.objects.get(pk=alone.duplicate_id).state == CardState.MERGED


def test_what_went_into_a_third_card_since_stays(in_sonnenschein: Salon) -> None:
    silke = [_card(in_sonnenschein, "Silke", mobile=PHONE) for _time in range(2)]
    for _time in range(2):
        _card(in_sonnenschein, "Anna", email="a@mail.example")
    merges = _merge(in_sonnenschein)
    third = _card(in_sonnenschein, "Silvia")
    merge_cards(actor=MANAGER, salon=in_sonnenschein, survivor_id=third.pk, duplicate_id=silke[0].pk, now=LATER)
    [undone] = undo_together(actor=MANAGER, salon=in_sonnenschein, merge_id=merges[0].pk, now=LATER)
    assert undone.duplicate.first_name == "Anna"


def test_staff_merge_nothing(in_sonnenschein: Salon) -> None:
    for _time in range(2):
        _card(in_sonnenschein, "Silke", mobile=PHONE)
    with pytest.raises(NotAllowed):
        _merge(in_sonnenschein, actor=STAFF)
    [made] = _merge(in_sonnenschein)
    with pytest.raises(NotAllowed):
        undo_together(actor=STAFF, salon=in_sonnenschein, merge_id=made.pk, now=LATER)


def test_pairs_by_what_they_share(in_sonnenschein: Salon) -> None:
    for contact in ({"mobile": PHONE}, {"email": "s@mail.example"}, {"birthday": "3.2.1990"}):
        for _time in range(2):
            _card(in_sonnenschein, f"Silke {next(iter(contact))}", **contact)
    propose(now=NOW)
    shared = open_proposals(cursor=None, limit=5, alike_in=(Likeness.PHONE, Likeness.EMAIL)).rows
    assert {one.likeness for one in shared} == {Likeness.PHONE, Likeness.EMAIL}
    named = open_proposals(cursor=None, limit=5, alike_in=(Likeness.NAME_AND_BIRTHDAY,)).rows
    assert [one.likeness for one in named] == [Likeness.NAME_AND_BIRTHDAY]
