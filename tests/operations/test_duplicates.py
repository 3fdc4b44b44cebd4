"""Cards that may be one person's (domain.md §2, §10)."""

import re
from itertools import combinations
from random import Random

import pytest
from django.db.models import Q
from pytest_django import DjangoAssertNumQueries

from clients.details import ChangedDetails, ClientDetails
from clients.duplicates import (
    MOST_SHARING,
    Proposed,
    dismiss,
    duplicates_of,
    likenesses_of,
    open_proposals,
    propose,
    reopen,
)
from clients.editing import create_client, update_client
from clients.models import CardState, Client, CreatedVia, DuplicateProposal, Likeness, ProposalState, SearchToken
from salon.audit.models import AuditEntry
from salon.errors import NotAllowed, NotFound
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role, system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests import database
from tests.conftest import NOW

MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])
PHONE, EMAIL, NAME = Likeness.PHONE, Likeness.EMAIL, Likeness.NAME_AND_BIRTHDAY


def _card(salon: Salon, first: str, last: str = "", **details: str) -> Client:
    given = ClientDetails(first, last, **details)
    return create_client(
        actor=system_actor("test"), salon=salon, details=given, created_via=CreatedVia.STAFF, now=NOW
    ).client


def _change(salon: Salon, client: Client, changes: ChangedDetails) -> None:
    update_client(actor=MANAGER, salon=salon, client_id=client.pk, changes=changes, now=NOW)


def _proposed() -> set[tuple[str, str, str]]:
    rows = DuplicateProposal.objects.select_related("older", "newer")
    return {(one.older.full_name, one.newer.full_name, one.likeness) for one in rows}


def test_twins_of_a_card(in_sonnenschein: Salon) -> None:
    anna = _card(in_sonnenschein, "Anna", "Berg", mobile="0171 2345678", email="a.berg@mail.example", birthday="3.2.")
    _card(in_sonnenschein, "Bernd", "Berg", landline="+491712345678")
    _card(in_sonnenschein, "Clara", "Lang", email="A.Berg@MAIL.example")
    _card(in_sonnenschein, "Ana", "Berg", birthday="3.2.1990")
    _card(in_sonnenschein, "Anna", "Berg", mobile="0171 2345678", email="a.berg@mail.example", birthday="3.2.1991")
    # Not alike: an ending of the number, an address that folds alike, another birthday, no birthday.
    _card(in_sonnenschein, "Dora", "Kurz", mobile="+4930345678")
    _card(in_sonnenschein, "Emil", "Ganz", email="ae.berg@mail.example")
    _card(in_sonnenschein, "Anna", "Berg", birthday="4.2.1990")
    _card(in_sonnenschein, "Anna", "Berg")
    assert [(twin.client.full_name, twin.likenesses) for twin in duplicates_of(anna)] == [
        ("Bernd Berg", (PHONE,)),
        ("Clara Lang", (EMAIL,)),
        ("Ana Berg", (NAME,)),
        ("Anna Berg", (PHONE, EMAIL, NAME)),
    ]


@pytest.mark.parametrize("state", [CardState.MERGED, CardState.ERASED])
def test_cards_out_of_use_are_nobodys_twins(in_sonnenschein: Salon, state: CardState) -> None:
    anna = _card(in_sonnenschein, "Anna", email="a@mail.example", birthday="3.2.")
    other = _card(in_sonnenschein, "Anna", email="a@mail.example", birthday="3.2.")
    propose(now=NOW)
    merged_into = anna.pk if state == CardState.MERGED else None
    Client.objects.filter(pk=other.pk).update(state=state, merged_into=merged_into)
    assert duplicates_of(anna) == []
    assert open_proposals(cursor=None, limit=5).rows == []
    assert propose(now=NOW) == Proposed(new=0, dropped=1)


def test_proposing_is_done_once(in_sonnenschein: Salon) -> None:
    _card(in_sonnenschein, "Anna", "Berg", mobile="0171 2345678", birthday="3.2.1990")
    _card(in_sonnenschein, "Bernd", "Lang", landline="0171 2345678", email="bl@mail.example")
    _card(in_sonnenschein, "Bernd", "Kurz", email="BL@mail.example")
    _card(in_sonnenschein, "Berg", "Ana", birthday="3.2.")
    assert propose(now=NOW) == Proposed(new=3, dropped=0)
    assert _proposed() == {
        ("Anna Berg", "Bernd Lang", PHONE),
        ("Bernd Lang", "Bernd Kurz", EMAIL),
        ("Anna Berg", "Berg Ana", NAME),
    }
    before = list(DuplicateProposal.objects.order_by("id").values())
    assert propose(now=NOW) == Proposed(new=0, dropped=0)
    assert list(DuplicateProposal.objects.order_by("id").values()) == before


def test_what_is_no_longer_alike_is_dropped_and_another_reason_is_told(in_sonnenschein: Salon) -> None:
    anna = _card(in_sonnenschein, "Anna", "Berg", mobile="0171 2345678", email="a@mail.example")
    _card(in_sonnenschein, "Bernd", "Lang", mobile="0171 2345678", email="a@mail.example")
    propose(now=NOW)
    _change(in_sonnenschein, anna, {"mobile": ""})
    assert propose(now=NOW) == Proposed(new=0, dropped=0)
    assert _proposed() == {("Anna Berg", "Bernd Lang", EMAIL)}
    _change(in_sonnenschein, anna, {"email": ""})
    assert propose(now=NOW) == Proposed(new=0, dropped=1)


def test_two_people_are_proposed_no_more(in_sonnenschein: Salon) -> None:
    anna = _card(in_sonnenschein, "Anna", "Berg", mobile="0171 2345678")
    bernd = _card(in_sonnenschein, "Bernd", "Lang", mobile="0171 2345678")
    propose(now=NOW)
    dismissed = dismiss(actor=MANAGER, client_ids=(bernd.pk, anna.pk), now=NOW)
    assert (dismissed.state, dismissed.older_id, dismissed.newer_id) == (ProposalState.DISMISSED, anna.pk, bernd.pk)
    assert duplicates_of(anna) == []
    assert open_proposals(cursor=None, limit=5).rows == []
    _change(in_sonnenschein, anna, {"mobile": ""})
    assert propose(now=NOW) == Proposed(new=0, dropped=0)
    _change(in_sonnenschein, anna, {"mobile": "0171 2345678"})
    reopened = reopen(actor=MANAGER, proposal_id=dismissed.pk, now=NOW)
    assert (reopened.state, reopened.decided_at) == (ProposalState.OPEN, None)
    assert [twin.client for twin in duplicates_of(anna)] == [bernd]
    actions = AuditEntry.objects.filter(subject_id=bernd.pk).order_by("id").values_list("action", "changes")
    number = {"field": "other_card", "old": None, "new": str(anna.number)}
    assert list(actions)[1:] == [("client.told_apart", [number]), ("client.told_apart_undone", [number])]


def test_two_people_that_nobody_proposed(in_sonnenschein: Salon) -> None:
    anna, bernd = (_card(in_sonnenschein, name, email="team@mail.example") for name in ("Anna", "Bernd"))
    dismiss(actor=MANAGER, client_ids=(anna.pk, bernd.pk), now=NOW)
    assert propose(now=NOW) == Proposed(new=0, dropped=0)


def test_telling_apart_is_refused(in_sonnenschein: Salon, front_desk: Actor) -> None:
    anna, bernd = (_card(in_sonnenschein, name, email="team@mail.example") for name in ("Anna", "Bernd"))
    with pytest.raises(NotAllowed):
        dismiss(actor=front_desk, client_ids=(anna.pk, bernd.pk), now=NOW)
    for pair in ((anna.pk, new_id()), (anna.pk, anna.pk)):
        with pytest.raises(NotFound):
            dismiss(actor=MANAGER, client_ids=pair, now=NOW)
    with pytest.raises(NotFound):
        reopen(actor=MANAGER, proposal_id=new_id(), now=NOW)
    assert DuplicateProposal.objects.count() == 0


def test_what_many_cards_have_tells_nobody_apart(in_sonnenschein: Salon) -> None:
    for index in range(MOST_SHARING):
        _card(in_sonnenschein, f"Gast {index}", mobile="030 901820")
    assert propose(now=NOW).new == MOST_SHARING * (MOST_SHARING - 1) // 2
    DuplicateProposal.objects.all().delete()
    _card(in_sonnenschein, "Noch ein Gast", mobile="030 901820")
    assert propose(now=NOW).new == 0


def test_on_a_day_that_stands_for_unknown_only_the_same_words_count(
    in_sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    for first, last in (("Anna", "Berg"), ("Ana", "Berg"), ("Berg", "Anna"), ("Emil", "Ganz")):
        _card(in_sonnenschein, first, last, birthday="1.1.")
    monkeypatch.setattr("clients.duplicates.MOST_BORN", 3)
    propose(now=NOW)
    assert _proposed() == {("Anna Berg", "Berg Anna", NAME)}


def test_the_night_proposes_what_the_rule_says(in_sonnenschein: Salon) -> None:
    """Set-based and pair by pair are one rule: on a crowd of near namesakes, both find the same."""
    random = Random(4)
    for _ in range(120):
        _card(
            in_sonnenschein,
            random.choice(["Anna", "Ana", "Anna Maria", "Hanna", "Jörg", "Joerg", "Katharina", "Katarina"]),
            random.choice(["Berg", "Borg", "Berger", "Schmidt", "Schmitt", "Müller", "Mueller"]),
            mobile=random.choice(["", f"0171 23456{random.randrange(40):02}"]),
            landline=random.choice(["", "", f"0171 23456{random.randrange(40):02}"]),
            email=random.choice(["", random.choice("aA") + f"{random.randrange(30)}@mail.example"]),
            birthday=random.choice(["", "3.2.", "3.2.1990", "3.2.1991", "4.2.1990"]),
        )
    told: list[tuple[int, int]] = []
    propose(now=NOW, progress=lambda done, steps: told.append((done, steps)))
    cards = sorted(Client.objects.all(), key=lambda client: client.number)
    expected = {
        (one.pk, other.pk): alike[0] for one, other in combinations(cards, 2) if (alike := likenesses_of(one, other))
    }
    found = DuplicateProposal.objects.values_list("older_id", "newer_id", "likeness")
    assert {(older, newer): likeness for older, newer, likeness in found} == expected
    assert len(expected) > 200
    assert told == [(step, 5) for step in range(1, 6)]
    assert propose(now=NOW) == Proposed(new=0, dropped=0)
    for card in cards:
        twins = {twin.client.pk for twin in duplicates_of(card)}
        assert (
            twins == {one for pair in expected for one in pair if card.pk in pair and one != card.pk}
            or len(twins) == 20
        )


def test_another_salon_is_none_of_it(sonnenschein: Salon, dom: Salon) -> None:
    for salon in (sonnenschein, dom):
        with salon_scope(salon.pk):
            _card(salon, "Anna", email="a@mail.example")
    with salon_scope(sonnenschein.pk):
        assert propose(now=NOW) == Proposed(new=0, dropped=0)
        assert duplicates_of(Client.objects.get()) == []


def test_looking_for_twins_takes_few_statements(
    in_sonnenschein: Salon, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    anna = _card(in_sonnenschein, "Anna", "Berg", mobile="0171 2345678", email="a@mail.example", birthday="3.2.")
    for index in range(2):
        _card(in_sonnenschein, "Ana", "Berg", mobile="0171 2345678", birthday="3.2.", city=f"Ort {index}")
        with django_assert_num_queries(5):
            duplicates_of(anna)


@pytest.mark.django_db(transaction=True)
def test_twins_are_looked_for_by_index(sonnenschein: Salon) -> None:
    """Under row-level security only leakproof conditions reach one."""
    with salon_scope(sonnenschein.pk):
        cards = Client.objects.bulk_create(
            Client(
                number=number,
                first_name=f"Anna{number}",
                birth_month=number % 12 + 1,
                birth_day=number % 28 + 1,
                listed_on=NOW.date(),
                created_at=NOW,
                updated_at=NOW,
            )
            for number in range(1, 3000)
        )
        for field, token in ((4, "4917123{}"), (3, "a{}@mail.example")):
            SearchToken.objects.bulk_create(
                SearchToken(field=field, token=token.format(card.number), client=card) for card in cards
            )
    with database.owner() as owner:
        owner.execute("ANALYZE clients_client, clients_searchtoken")
    with salon_scope(sonnenschein.pk):
        tokens = SearchToken.objects.filter(Q(field=4, token="491712345678") | Q(field=3, token="a@mail.example"))
        plan = tokens.explain()
        assert re.search(r"clients_searchtoken_pkey.*\n? *.*Index Cond: .*token.* = ", plan), plan
        plan = Client.objects.listed().filter(birth_month=2, birth_day=3).explain()
        assert re.search(r"clients_client_birthdays.*\n *Index Cond: .*birth_day = ", plan), plan
