"""Two cards become one, and two again (domain.md §2)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps

from clients.cards import MergedAway, create_client, get_client, update_client
from clients.consent import record_consent
from clients.details import ChangedDetails, ClientDetails
from clients.duplicates import dismiss, duplicates_of, propose
from clients.listing import search_clients
from clients.merging import MergeErased, MergeNotNewest, MergeUndone, merges_into
from clients.models import (
    CardState,
    CarriedService,
    Category,
    CategoryAssignment,
    Client,
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
from clients.standing import refresh
from clients.treatcard import set_treatcard
from salon.audit.models import AuditEntry
from salon.desk.merging import merge_cards, undo_merge
from salon.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role, system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.conftest import NOW

MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])
LATER = NOW + timedelta(hours=1)
EMAIL, HEALTH = ConsentPurpose.EMAIL_MARKETING, ConsentPurpose.HEALTH_DATA
GRANTED, WITHDRAWN = Decision.GRANTED, Decision.WITHDRAWN


@dataclass(frozen=True, slots=True)
class Desk:
    """What a manager does in one salon."""

    salon: Salon

    def card(self, first: str, last: str = "", *, via: CreatedVia = CreatedVia.STAFF, **details: str) -> Client:
        given = ClientDetails(first, last, **details)
        saved = create_client(
            actor=system_actor("test"), salon=self.salon, details=given, created_via=via, now=NOW - timedelta(days=9)
        )
        return saved.client

    def change(self, client: Client, changes: ChangedDetails) -> None:
        update_client(actor=MANAGER, salon=self.salon, client_id=client.pk, changes=changes, now=LATER)

    def set(self, client: Client, **columns: Any) -> None:
        Client.objects.filter(pk=client.pk).update(**columns)

    def decide(self, client: Client, purpose: ConsentPurpose, decision: Decision, at: datetime) -> None:
        record_consent(
            actor=MANAGER,
            client_id=client.pk,
            purpose=purpose,
            decision=decision,
            source=ConsentSource.SALON,
            wording=f"Worte für {client.first_name}",
            now=at,
        )

    def categorise(self, client: Client, *names: str) -> None:
        for name in names:
            category, _made = Category.objects.get_or_create(name=name, name_key=name, defaults={"created_at": NOW})
            CategoryAssignment.objects.create(category=category, client_id=client.pk, assigned_at=NOW)

    def had(self, client: Client, **services: int) -> None:
        for name, times in services.items():
            CarriedService.objects.create(client_id=client.pk, name=name, times=times)

    def merge(self, survivor: Client, duplicate: Client, now: datetime = NOW, **more: Any) -> Merge:
        return merge_cards(
            actor=MANAGER, salon=self.salon, survivor_id=survivor.pk, duplicate_id=duplicate.pk, now=now, **more
        )

    def undo(self, merge: Merge, now: datetime = LATER) -> Merge:
        return undo_merge(actor=MANAGER, salon=self.salon, merge_id=merge.pk, now=now)


@pytest.fixture
def desk(in_sonnenschein: Salon) -> Desk:
    return Desk(in_sonnenschein)


def _now(client: Client) -> Client:
    return Client.objects.get(pk=client.pk)


# What a merge and its undoing leave behind on purpose: they are changes, and they are recorded.
GROWING = {"audit.AuditEntry", "clients.ConsentEntry", "clients.Merge"}
COUNTING = {"version", "updated_at"}


def snapshot() -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table of the clients that a merge has to give back."""
    found = {}
    for model in [*apps.get_app_config("clients").get_models(), *apps.get_app_config("audit").get_models()]:
        if model._meta.label in GROWING:
            continue
        rows = [
            {name: value for name, value in row.items() if name not in COUNTING}
            for row in model._default_manager.values()
        ]
        found[model._meta.label] = sorted(rows, key=str)
    return found


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
    gone = _now(double)
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
    assert [_now(one).treatcard_number for one in (anna, double)] == ["TC-1", "TC-2"]


def test_facts_are_combined_and_the_verdict_follows(desk: Desk) -> None:
    today = NOW.date()
    online = desk.card("Anna", via=CreatedVia.ONLINE_BOOKING)
    double = desk.card("Anna")
    desk.set(
        double,
        listed_on=date(2020, 1, 1),
        first_visit_on=date(2021, 5, 1),
        last_visit_on=today - timedelta(days=365),
        visits=3,
        carried_first_visit_on=date(2019, 1, 1),
        carried_last_visit_on=date(2019, 6, 1),
        carried_visits=4,
        carried_points=50,
    )
    desk.set(online, first_visit_on=date(2020, 5, 1), last_visit_on=date(2022, 1, 1), visits=2, carried_points=7)
    desk.merge(online, double)
    kept = _now(online)
    assert (kept.first_visit_on, kept.last_visit_on, kept.visits) == (
        date(2020, 5, 1),
        today - timedelta(days=365),
        5,
    )
    assert (kept.carried_first_visit_on, kept.carried_last_visit_on) == (date(2019, 1, 1), date(2019, 6, 1))
    assert (kept.carried_visits, kept.carried_points) == (4, 57)
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
    assert (_now(anna).blocked, _now(anna).blocked_reason, _now(anna).matrix_exempt) == (True, kept, True)
    desk.undo(merge)
    assert (_now(anna).blocked, _now(anna).blocked_reason) == (bool(mine), mine)


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
    assert (_now(anna).referred_by_id, _now(guest).referred_by_id) == (None, anna.pk)
    entry = AuditEntry.objects.filter(subject_id=guest.pk).latest("id")
    assert entry.changes == [{"field": "referred_by", "old": str(double.pk), "new": str(anna.pk)}]
    desk.undo(merge)
    assert (_now(anna).referred_by_id, _now(guest).referred_by_id) == (double.pk, double.pk)
    back = desk.card("Zurück", referred_by=str(anna.pk))
    merge = desk.merge(anna, back)
    assert _now(anna).referred_by_id == double.pk
    desk.undo(merge)
    assert _now(back).referred_by_id == anna.pk


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
    stood = _now(anna)
    merge = desk.merge(anna, double)
    newest = ConsentEntry.objects.filter(client_id=anna.pk).order_by("-at", "-id")[0]
    kept = _now(anna)
    assert (newest.decision == GRANTED, newest.wording, newest.at) == (granted, wording, days[wording[10:]])
    assert (kept.email_consent, kept.email_consent_at) == (granted, newest.at)
    assert newest.source == (ConsentSource.SALON if wording == "Worte für Anna" else ConsentSource.MERGE)
    desk.undo(merge)
    back = _now(anna)
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
    assert duplicates_of(_now(anna)) == []
    desk.undo(merge)
    propose(now=NOW)
    assert {twin.client for twin in duplicates_of(_now(anna))} == {double, mother}
    assert len(snapshot()["clients.DuplicateProposal"]) == len(before["clients.DuplicateProposal"]) + 1


def _full(desk: Desk) -> tuple[Client, Client]:
    anna = desk.card("Anna", "Berg", mobile="0171 2345678", email="a@mail.example")
    double = desk.card(
        "Anne",
        "Borg",
        gender="FEMALE",
        birthday="3.2.1990",
        mobile="0171 9999999",
        landline="030 901820",
        email="b@mail.example",
        street="Weg 1",
        postal_code="10435",
        city="Berlin",
        blocked="yes",
        blocked_reason="laut",
        matrix_exempt="yes",
        referred_by=str(anna.pk),
    )
    desk.card("Gast", referred_by=str(double.pk))
    for index, client in enumerate((anna, double)):
        set_treatcard(actor=MANAGER, client_id=client.pk, number=f"TC-{index}", now=NOW)
        write_note(actor=MANAGER, client_id=client.pk, text=f"Notiz {index}", pinned=False, now=NOW)
        desk.categorise(client, "VIP", f"Gruppe {index}")
        desk.had(client, Facial=2 + index, **{f"Kur{index}": 1})
        for purpose in ConsentPurpose:
            desk.decide(client, purpose, GRANTED, NOW - timedelta(days=3 - index))
        write_health(actor=MANAGER, client_id=client.pk, text=f"Allergie {index}", now=NOW)
        first = date(2024, 1 + index, 1)
        desk.set(client, first_visit_on=first, last_visit_on=first + timedelta(days=300), visits=index + 1)
        desk.set(client, carried_first_visit_on=first, carried_last_visit_on=first, carried_visits=1, carried_points=9)
    stranger = desk.card("Fremd", mobile="0171 9999999")
    dismiss(actor=MANAGER, client_ids=(stranger.pk, double.pk), now=NOW)
    propose(now=NOW)
    return anna, double


@pytest.mark.parametrize("wins", [set(), {"first_name", "last_name", "mobile", "email", "treatcard_number"}])
@pytest.mark.parametrize("turned", [False, True])
def test_undoing_gives_back_every_row(desk: Desk, wins: set[str], turned: bool) -> None:
    survivor, duplicate = _full(desk)[:: -1 if turned else 1]
    # The verdicts as the rule says them, which the columns set by hand do not.
    refresh([survivor.pk, duplicate.pk], today=NOW.date())
    before = snapshot()
    merge = desk.merge(survivor, duplicate, wins=wins)
    assert snapshot() != before
    undone = desk.undo(merge)
    assert snapshot() == before
    assert (undone.undone_at, undone.moved) == (LATER, {})
    assert _now(survivor).version > survivor.version
    # And once more: a merge undone leaves two cards like any others.
    desk.undo(desk.merge(duplicate, survivor, now=LATER))
    assert snapshot() == before


def test_what_was_changed_since_stays_changed(desk: Desk) -> None:
    anna = desk.card("Anna")
    double = desk.card("Anne", "Berg", mobile="0171 9999999", email="b@mail.example", street="Weg 1", city="Köln")
    set_treatcard(actor=MANAGER, client_id=double.pk, number="TC-2", now=NOW)
    desk.had(double, Facial=2)
    desk.categorise(double, "VIP")
    merge = desk.merge(anna, double)
    desk.change(anna, {"email": "neu@mail.example", "last_name": "Neu", "landline": "030 901820"})
    note = write_note(actor=MANAGER, client_id=anna.pk, text="danach", pinned=False, now=LATER)
    set_treatcard(actor=MANAGER, client_id=anna.pk, number="TC-9", now=LATER)
    desk.undo(merge)
    assert _now(anna).details == ClientDetails("Anna", "Neu", email="neu@mail.example", landline="+4930901820")
    assert _now(anna).treatcard_number == "TC-9"
    assert Note.objects.get(pk=note.pk).client_id == anna.pk
    back = get_client(double.pk)
    assert back.details == ClientDetails(
        "Anne", "Berg", mobile="+491719999999", email="b@mail.example", street="Weg 1", city="Köln"
    )
    assert back.treatcard_number == "TC-2"
    assert CarriedService.objects.get().client_id == CategoryAssignment.objects.get().client_id == double.pk


def test_what_belongs_together_is_given_back_together_or_not_at_all(desk: Desk) -> None:
    """An address that was corrected since keeps the postcode and the town of the correction."""
    anna = desk.card("Anna", street="Weg 1", birthday="3.2.")
    merge = desk.merge(
        anna,
        desk.card("Anne", street="Weg 1", postal_code="10115", city="Berlin", birthday="3.2.1990"),
        wins={"address", "birthday"},
    )
    desk.change(anna, {"street": "Allee 2", "birthday": "5.6.1990"})
    desk.undo(merge)
    back = _now(anna).details
    assert (back.street, back.postal_code, back.city, back.birthday) == ("Allee 2", "10115", "Berlin", "1990-06-05")


def test_an_undo_leaves_nobody_without_a_name(desk: Desk) -> None:
    anna = desk.card("Anna")
    merge = desk.merge(anna, desk.card("", "Berg"))
    desk.change(anna, {"first_name": ""})
    desk.undo(merge)
    assert _now(anna).full_name == "Berg"


def test_a_number_given_to_somebody_else_meanwhile_stays_there(desk: Desk) -> None:
    anna, double, other = desk.card("Anna"), desk.card("Anna"), desk.card("Else")
    for client, number in ((anna, "TC-1"), (double, "TC-2")):
        set_treatcard(actor=MANAGER, client_id=client.pk, number=number, now=NOW)
    merge = desk.merge(anna, double)
    set_treatcard(actor=MANAGER, client_id=other.pk, number="TC-2", now=NOW)
    desk.undo(merge)
    assert [_now(one).treatcard_number for one in (anna, double, other)] == ["TC-1", "", "TC-2"]


def test_the_survivors_own_number_given_to_somebody_else_meanwhile_stays_there(desk: Desk) -> None:
    anna, double, other = desk.card("Anna"), desk.card("Anna"), desk.card("Else")
    for client, number in ((anna, "TC-1"), (double, "TC-2")):
        set_treatcard(actor=MANAGER, client_id=client.pk, number=number, now=NOW)
    merge = desk.merge(anna, double, wins={"treatcard_number"})
    set_treatcard(actor=MANAGER, client_id=other.pk, number="TC-1", now=NOW)
    desk.undo(merge)
    assert [_now(one).treatcard_number for one in (anna, double, other)] == ["", "TC-2", "TC-1"]
    undone = AuditEntry.objects.get(action="client.merge_undone").changes
    assert {"field": "treatcard_number", "old": "TC-2", "new": None} in undone


def test_of_a_chain_the_newest_is_undone_first(desk: Desk) -> None:
    anna, first, second, last = (desk.card(name, "Berg") for name in ("Anna", "Anne", "Anja", "Antje"))
    before = snapshot()
    merges = [desk.merge(anna, first), desk.merge(anna, second, now=LATER), desk.merge(last, anna, now=LATER)]
    for older in merges[:2]:
        with pytest.raises(MergeNotNewest):
            desk.undo(older)
    for merge in reversed(merges):
        desk.undo(merge)
    assert snapshot() == before
    with pytest.raises(MergeUndone):
        desk.undo(merges[0])


@pytest.mark.parametrize("erased", [0, 1])
def test_nothing_is_undone_after_an_erasure(desk: Desk, erased: int) -> None:
    cards = desk.card("Anna"), desk.card("Anne")
    merge = desk.merge(*cards)
    desk.set(cards[erased], state=CardState.ERASED, merged_into=None)
    with pytest.raises(MergeErased):
        desk.undo(merge)


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
        (NotFound, lambda: _merge(MANAGER, desk, anna.pk, new_id())),
        (NotAllowed, lambda: _merge(front_desk, desk, anna.pk, double.pk)),
        (NotAllowed, lambda: undo_merge(actor=front_desk, salon=desk.salon, merge_id=merge.pk, now=NOW)),
        (NotFound, lambda: undo_merge(actor=MANAGER, salon=desk.salon, merge_id=new_id(), now=NOW)),
    ]
    for refusal, act in refused:
        with pytest.raises(refusal):
            act()
    assert snapshot() == before
    assert Merge.objects.get().undone_at is None


def _merge(actor: Actor, desk: Desk, survivor_id: UUID, duplicate_id: UUID) -> Merge:
    return merge_cards(actor=actor, salon=desk.salon, survivor_id=survivor_id, duplicate_id=duplicate_id, now=NOW)


def test_another_salons_card_does_not_exist(sonnenschein: Salon, dom: Salon) -> None:
    with salon_scope(dom.pk):
        foreign = Desk(dom).card("Anna")
    with salon_scope(sonnenschein.pk), pytest.raises(NotFound):
        _merge(MANAGER, Desk(sonnenschein), Desk(sonnenschein).card("Anna").pk, foreign.pk)
