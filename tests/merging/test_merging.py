"""One card goes into another (domain.md §2)."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest

from clients.cards import MergedAway, get_client
from clients.details import ClientDetails
from clients.duplicates import dismiss, duplicates_of, propose
from clients.listing import search_clients
from clients.merging import merges_into
from clients.models import (
    CardState,
    CarriedService,
    Category,
    CategoryAssignment,
    ConsentEntry,
    ConsentPurpose,
    ConsentSource,
    CreatedVia,
    Decision,
    DuplicateProposal,
    HealthRecord,
    Merge,
    Note,
    SearchToken,
)
from clients.notes import write_health, write_note
from clients.treatcard import set_treatcard
from salon.audit.models import AuditEntry
from salon.desk.merging import merge_cards, undo_merge
from salon.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.conftest import NOW
from tests.merging.desk import GRANTED, LATER, MANAGER, WITHDRAWN, Desk, as_it_is, snapshot

EMAIL, HEALTH = ConsentPurpose.EMAIL_MARKETING, ConsentPurpose.HEALTH_DATA


def test_a_card_goes_into_another(desk: Desk) -> None:
    anna = desk.card("Anna", mobile="0171 2345678", city="Berlin")
    double = desk.card("Annika", "Berg", mobile="0171 9999999", email="a@mail.example", birthday="3.2.", street="Weg 1")
    set_treatcard(actor=MANAGER, client_id=double.pk, number="TC-7", now=NOW)
    merge = desk.merge(anna, double)
    kept = get_client(anna.pk)
    assert kept.details == ClientDetails(
        "Anna", "Berg", mobile="+491712345678", email="a@mail.example", birthday="--02-03", city="Berlin"
    )
    assert (kept.treatcard_number, kept.version, kept.updated_at) == ("TC-7", 2, NOW)
    with pytest.raises(MergedAway) as told:
        get_client(double.pk)
    assert told.value.survivor_id == anna.pk
    gone = as_it_is(double)
    assert (gone.state, gone.merged_into_id, gone.treatcard_number) == (CardState.MERGED, anna.pk, "")
    assert SearchToken.objects.filter(client_id=double.pk).count() == 0
    assert {hit.pk for hit in search_clients("a@mail.example", limit=5)[0]} == {anna.pk}
    assert {hit.pk for hit in search_clients("Berg", limit=5)[0]} == {anna.pk}
    assert [one.duplicate for one in merges_into(anna.pk)] == [double]
    assert merge.actor_name == "Carla"
    entries = AuditEntry.objects.filter(at=NOW, action__in=["client.merged", "client.merged_away"]).order_by("id")
    assert [(entry.subject_id, entry.action, entry.changes) for entry in entries] == [
        (
            anna.pk,
            "client.merged",
            [
                {"field": "other_card", "old": None, "new": str(double.number)},
                {"field": "last_name", "old": None, "new": "Berg"},
                {"field": "birthday", "old": None, "new": "--02-03"},
                {"field": "email", "old": None, "new": "a@mail.example"},
                {"field": "treatcard_number", "old": None, "new": "TC-7"},
            ],
        ),
        (double.pk, "client.merged_away", [{"field": "other_card", "old": None, "new": str(anna.number)}]),
    ]


def test_people_choose_which_value_stays(desk: Desk) -> None:
    anna = desk.card("Anna", "Berg", mobile="0171 2345678", street="Weg 1", birthday="3.2.", email="a@mail.example")
    double = desk.card("Anne", "Berg", mobile="0171 9999999", postal_code="10435", city="Berlin", birthday="3.2.1990")
    for client, number in ((anna, "TC-1"), (double, "TC-2")):
        set_treatcard(actor=MANAGER, client_id=client.pk, number=number, now=NOW)
    merge = desk.merge(anna, double, wins={"first_name", "address", "birthday", "email", "treatcard_number", "nothing"})
    kept = get_client(anna.pk)
    assert kept.details == ClientDetails(
        "Anne",
        "Berg",
        mobile="+491712345678",
        birthday="1990-02-03",
        # An empty value never wins.
        email="a@mail.example",
        postal_code="10435",
        city="Berlin",
    )
    assert kept.treatcard_number == "TC-2"
    desk.undo(merge)
    assert [as_it_is(one).treatcard_number for one in (anna, double)] == ["TC-1", "TC-2"]


def test_facts_are_combined_and_the_verdict_follows(desk: Desk) -> None:
    today = NOW.date()
    online = desk.card("Anna", via=CreatedVia.ONLINE_BOOKING)
    double = desk.card("Anna")
    desk.set(
        double,
        listed_on=date(2020, 1, 1),
        carried_first_visit_on=date(2019, 1, 1),
        carried_last_visit_on=date(2019, 6, 1),
        carried_visits=4,
    )
    desk.points(double, 50)
    desk.visit(double, date(2021, 5, 1), date(2023, 1, 1), today - timedelta(days=365))
    desk.points(online, 7)
    desk.visit(online, date(2020, 5, 1), date(2022, 1, 1))
    desk.merge(online, double)
    kept = as_it_is(online)
    assert (kept.first_visit_on, kept.last_visit_on, kept.visits) == (
        date(2020, 5, 1),
        today - timedelta(days=365),
        5,
    )
    assert (kept.carried_first_visit_on, kept.carried_last_visit_on) == (date(2019, 1, 1), date(2019, 6, 1))
    assert (kept.carried_visits, kept.points) == (4, 57)
    assert (kept.listed_on, kept.created_via) == (date(2020, 1, 1), CreatedVia.STAFF)
    assert (kept.status, kept.status_reason, kept.status_changes_on) == (
        "RETURNING",
        "RECENT_VISIT",
        today + timedelta(days=1),
    )


@pytest.mark.parametrize(("mine", "theirs", "kept"), [("", "zahlt nie", "zahlt nie"), ("laut", "zahlt nie", "laut")])
def test_blocked_on_either_card_is_blocked(desk: Desk, mine: str, theirs: str, kept: str) -> None:
    anna = desk.card("Anna", blocked="yes" if mine else "", blocked_reason=mine)
    double = desk.card("Anna", blocked="yes", blocked_reason=theirs, matrix_exempt="yes")
    merge = desk.merge(anna, double)
    assert (as_it_is(anna).blocked, as_it_is(anna).blocked_reason, as_it_is(anna).matrix_exempt) == (True, kept, True)
    desk.undo(merge)
    assert (as_it_is(anna).blocked, as_it_is(anna).blocked_reason) == (bool(mine), mine)


def test_what_hangs_on_the_card_comes_along(desk: Desk) -> None:
    anna, double = desk.card("Anna"), desk.card("Anna")
    write_note(actor=MANAGER, client_id=double.pk, text="trinkt Tee", pinned=True, now=NOW)
    desk.categorise(anna, "VIP", "Nägel")
    desk.categorise(double, "VIP", "Barber")
    desk.had(anna, Facial=2, Bart=1)
    desk.had(double, Facial=3, Keratin=4)
    desk.merge(anna, double)
    assert Note.objects.get().client_id == anna.pk
    names = Category.objects.filter(assignments__client=anna).order_by("name").values_list("name", flat=True)
    assert list(names) == ["Barber", "Nägel", "VIP"]
    services = CarriedService.objects.order_by("name").values_list("name", "times", "client_id")
    assert list(services) == [("Bart", 1, anna.pk), ("Facial", 5, anna.pk), ("Keratin", 4, anna.pk)]
    assert CategoryAssignment.objects.filter(client_id=double.pk).count() == 0


def test_references_follow(desk: Desk) -> None:
    double = desk.card("Anna")
    anna = desk.card("Anna", referred_by=str(double.pk))
    guest = desk.card("Gast", referred_by=str(double.pk))
    merge = desk.merge(anna, double)
    # Nobody refers herself.
    assert (as_it_is(anna).referred_by_id, as_it_is(guest).referred_by_id) == (None, anna.pk)
    entry = AuditEntry.objects.filter(subject_id=guest.pk).latest("id")
    assert entry.changes == [{"field": "referred_by", "old": str(double.pk), "new": str(anna.pk)}]
    desk.undo(merge)
    assert (as_it_is(anna).referred_by_id, as_it_is(guest).referred_by_id) == (double.pk, double.pk)
    back = desk.card("Zurück", referred_by=str(anna.pk))
    merge = desk.merge(anna, back)
    assert as_it_is(anna).referred_by_id == double.pk
    desk.undo(merge)
    assert as_it_is(back).referred_by_id == anna.pk


@pytest.mark.parametrize(
    ("mine", "theirs", "granted", "wording"),
    [
        (None, (GRANTED, 1), True, "Worte für Berta"),
        ((GRANTED, 1), (WITHDRAWN, 2), False, "Worte für Berta"),
        ((WITHDRAWN, 1), (GRANTED, 2), True, "Worte für Berta"),
        ((GRANTED, 2), (WITHDRAWN, 1), True, "Worte für Anna"),
        ((GRANTED, 2), None, True, "Worte für Anna"),
        ((GRANTED, 1), (GRANTED, 2), True, "Worte für Berta"),
    ],
)
def test_the_newer_decision_holds(
    desk: Desk, mine: tuple[Decision, int] | None, theirs: tuple[Decision, int] | None, granted: bool, wording: str
) -> None:
    anna, double = desk.card("Anna"), desk.card("Berta")
    days = {}
    for client, decided in ((anna, mine), (double, theirs)):
        if decided:
            days[client.first_name] = NOW - timedelta(days=8 - decided[1])
            desk.decide(client, EMAIL, decided[0], days[client.first_name])
    before = ConsentEntry.objects.count()
    stood = as_it_is(anna)
    merge = desk.merge(anna, double)
    newest = ConsentEntry.objects.filter(client_id=anna.pk).order_by("-at", "-id")[0]
    kept = as_it_is(anna)
    assert (newest.decision == GRANTED, newest.wording, newest.at) == (granted, wording, days[wording[10:]])
    assert (kept.email_consent, kept.email_consent_at) == (granted, newest.at)
    assert newest.source == (ConsentSource.IMPORT if wording == "Worte für Anna" else ConsentSource.MERGE)
    desk.undo(merge)
    back = as_it_is(anna)
    assert (back.email_consent, back.email_consent_at) == (stood.email_consent, stood.email_consent_at)
    newest = ConsentEntry.objects.filter(client_id=anna.pk).order_by("-at", "-id")[0]
    assert (newest.decision == GRANTED) is stood.email_consent
    assert ConsentEntry.objects.count() >= before


def test_health_data_go_along_where_consent_holds(desk: Desk) -> None:
    anna, double = desk.card("Anna"), desk.card("Berta")
    for client, text in ((anna, "Nussallergie"), (double, "Latexallergie")):
        desk.decide(client, HEALTH, GRANTED, NOW)
        write_health(actor=MANAGER, client_id=client.pk, text=text, now=NOW)
    before = snapshot()
    merge = desk.merge(anna, double)
    assert list(HealthRecord.objects.values_list("client_id", "text")) == [(anna.pk, "Nussallergie\n\nLatexallergie")]
    desk.undo(merge)
    assert snapshot() == before


def test_health_data_without_consent_do_not(desk: Desk) -> None:
    anna, double = desk.card("Anna"), desk.card("Berta")
    desk.decide(anna, HEALTH, GRANTED, NOW - timedelta(days=2))
    write_health(actor=MANAGER, client_id=anna.pk, text="Nussallergie", now=NOW)
    desk.decide(double, HEALTH, WITHDRAWN, NOW - timedelta(days=1))
    before = snapshot()
    merge = desk.merge(anna, double)
    assert HealthRecord.objects.count() == 0
    desk.undo(merge)
    assert snapshot() == before


def test_health_data_withdrawn_after_the_merge_stay_gone(desk: Desk) -> None:
    anna, double = desk.card("Anna"), desk.card("Berta")
    for client, text in ((anna, "Nussallergie"), (double, "Latexallergie")):
        desk.decide(client, HEALTH, GRANTED, NOW)
        write_health(actor=MANAGER, client_id=client.pk, text=text, now=NOW)
    merge = desk.merge(anna, double)
    desk.decide(anna, HEALTH, WITHDRAWN, NOW + timedelta(minutes=5))
    desk.undo(merge)
    assert HealthRecord.objects.count() == 0


def test_no_merge_keeps_health_data_that_were_withdrawn(desk: Desk) -> None:
    """Not for an undo, either; also what came in with a card that had taken another one in before."""
    cards = [desk.card(name) for name in ("Anna", "Berta", "Clara")]
    for client, text in zip(cards, ("Nussallergie", "Latexallergie", "Nickelallergie"), strict=True):
        desk.decide(client, HEALTH, GRANTED, NOW)
        write_health(actor=MANAGER, client_id=client.pk, text=text, now=NOW)
    anna, berta, clara = cards
    merges = [desk.merge(berta, clara), desk.merge(anna, berta, now=LATER)]
    assert "Nickelallergie" in str(Merge.objects.values_list("moved", flat=True))
    desk.decide(anna, HEALTH, WITHDRAWN, LATER)
    assert "allergie" not in str(list(Merge.objects.values_list("moved", flat=True)))
    for merge in reversed(merges):
        desk.undo(merge, now=LATER + timedelta(hours=1))
    assert HealthRecord.objects.count() == 0


def test_whom_the_duplicate_was_told_apart_from_the_survivor_is(desk: Desk) -> None:
    anna, mother = desk.card("Anna", mobile="0171 2345678"), desk.card("Mutter", mobile="0171 2345678")
    double = desk.card("Anna", mobile="0171 2345678")
    propose(now=NOW)
    dismiss(actor=MANAGER, client_ids=(mother.pk, double.pk), now=NOW)
    DuplicateProposal.objects.filter(older=anna, newer=mother).delete()
    before = snapshot()
    merge = desk.merge(anna, double)
    propose(now=NOW)
    assert duplicates_of(as_it_is(anna)) == []
    desk.undo(merge)
    propose(now=NOW)
    assert {twin.client for twin in duplicates_of(as_it_is(anna))} == {double, mother}
    assert len(snapshot()["clients.DuplicateProposal"]) == len(before["clients.DuplicateProposal"]) + 1


def test_refusals_change_nothing(desk: Desk, front_desk: Actor, dom: Salon) -> None:
    anna, double, gone = desk.card("Anna"), desk.card("Anne"), desk.card("Weg")
    desk.merge(anna, gone)
    merge = Merge.objects.get()
    before = snapshot()
    refused: list[tuple[type[Exception], Callable[[], object]]] = [
        (InvalidInput, lambda: desk.merge(anna, anna)),
        (MergedAway, lambda: desk.merge(double, gone)),
        (MergedAway, lambda: desk.merge(gone, double)),
        (VersionConflict, lambda: desk.merge(anna, double, versions={anna.pk: 1})),
        (VersionConflict, lambda: desk.merge(anna, double, versions={double.pk: 7})),
        (NotFound, lambda: merge_two(MANAGER, desk, anna.pk, new_id())),
        (NotAllowed, lambda: merge_two(front_desk, desk, anna.pk, double.pk)),
        (NotAllowed, lambda: undo_merge(actor=front_desk, salon=desk.salon, merge_id=merge.pk, now=NOW)),
        (NotFound, lambda: undo_merge(actor=MANAGER, salon=desk.salon, merge_id=new_id(), now=NOW)),
    ]
    for refusal, act in refused:
        with pytest.raises(refusal):
            act()
    assert snapshot() == before
    assert Merge.objects.get().undone_at is None


def merge_two(actor: Actor, desk: Desk, survivor_id: UUID, duplicate_id: UUID) -> Merge:
    return merge_cards(actor=actor, salon=desk.salon, survivor_id=survivor_id, duplicate_id=duplicate_id, now=NOW)


def test_another_salons_card_does_not_exist(sonnenschein: Salon, dom: Salon) -> None:
    with salon_scope(dom.pk):
        foreign = Desk(dom).card("Anna")
    with salon_scope(sonnenschein.pk), pytest.raises(NotFound):
        merge_two(MANAGER, Desk(sonnenschein), Desk(sonnenschein).card("Anna").pk, foreign.pk)
