"""Making, changing and giving client categories (domain.md §3)."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from clients.cards import MergedAway
from clients.categories import (
    CategoryGone,
    add_templates,
    all_categories,
    assign_to_many,
    categories_of,
    category_with_id,
    change_assignments,
    counted_categories,
    create_category,
    delete_category,
    restore_category,
    unassign_from_many,
    update_category,
)
from clients.details import ClientDetails
from clients.editing import create_client
from clients.labels import CategoryDetails, ChangedCategory
from clients.models import CardState, Category, CategoryAssignment, Client, CreatedVia
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.conftest import NOW

LATER = NOW + timedelta(hours=1)
MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])
READER = Actor(ActorKind.API_KEY, None, "reader", frozenset())
TEN = CategoryDetails("Rentner", discount_percent="10")


def _make(name: str = "VIP", actor: Actor = MANAGER, **given: object) -> Category:
    details = CategoryDetails(name, **given)  # type: ignore[arg-type]
    return create_category(actor=actor, details=details, now=NOW)


def _card(salon: Salon, name: str = "Anna") -> Client:
    details = ClientDetails(name)
    return create_client(actor=MANAGER, salon=salon, details=details, created_via=CreatedVia.STAFF, now=NOW).client


def _update(category: Category, actor: Actor = MANAGER, version: int | None = None, **changes: object) -> Category:
    changed: ChangedCategory = changes  # type: ignore[assignment]
    return update_category(actor=actor, category_id=category.pk, changes=changed, now=LATER, version=version)


def _give(client: Client, *categories: Category, actor: Actor = MANAGER) -> bool:
    return change_assignments(actor=actor, client_id=client.pk, added=[category.pk for category in categories], now=NOW)


def _take(client: Client, *categories: Category, actor: Actor = MANAGER) -> bool:
    return change_assignments(
        actor=actor, client_id=client.pk, removed=[category.pk for category in categories], now=LATER
    )


def _names(client: Client) -> list[str]:
    return [category.name for category in categories_of([client.pk])[client.pk]]


def _told(subject_id: UUID) -> list[tuple[str, str, list[dict[str, str | None]]]]:
    entries = AuditEntry.objects.filter(subject_id=subject_id).exclude(action="client.created").order_by("at", "id")
    return [(entry.action, entry.subject_kind, entry.changes) for entry in entries]


def _codes(refusal: pytest.ExceptionInfo[InvalidInput]) -> list[tuple[str, str]]:
    return [(error.field, error.code) for error in refusal.value.errors]


def test_a_new_category_keeps_what_was_entered(in_sonnenschein: Salon) -> None:
    made = _make("  Nägel  rund ", description="mit Lack", discount_percent="12,5", discount_on="SERVICES")
    stored = Category.objects.get()
    assert stored.details == CategoryDetails("Nägel rund", "mit Lack", "12.50", "SERVICES", False)
    assert (stored.pk, stored.name_key, stored.discount_percent) == (made.pk, "nagel rund", Decimal("12.50"))
    assert (stored.version, stored.created_at, stored.deleted_at) == (1, NOW, None)
    assert _told(made.pk) == [
        (
            "category.created",
            "category",
            [
                {"field": "name", "old": None, "new": "Nägel rund"},
                {"field": "description", "old": None, "new": "mit Lack"},
                {"field": "discount_percent", "old": None, "new": "12.50"},
                {"field": "discount_on", "old": "BOTH", "new": "SERVICES"},
            ],
        )
    ]


@pytest.mark.parametrize("twin", ["vip", "VIP", " Vip "])
def test_a_name_stands_once_in_a_salon(in_sonnenschein: Salon, twin: str) -> None:
    _make("VIP")
    with pytest.raises(InvalidInput) as refusal:
        _make(twin)
    assert _codes(refusal) == [("name", "duplicate_name")]
    assert Category.objects.count() == 1
    assert AuditEntry.objects.count() == 1


def test_another_salon_may_call_them_the_same(sonnenschein: Salon, dom: Salon) -> None:
    for salon in (sonnenschein, dom):
        with salon_scope(salon.pk):
            _make("VIP")
            assert [category.name for category in all_categories()] == ["VIP"]


def test_who_may_not_write_clients_makes_no_category(in_sonnenschein: Salon) -> None:
    with pytest.raises(NotAllowed):
        _make(actor=READER)
    assert not Category.objects.exists()


def test_a_discount_asks_for_more(in_sonnenschein: Salon, front_desk: Actor) -> None:
    plain = _make("Morgens", front_desk)
    with pytest.raises(NotAllowed):
        _make("Rentner", front_desk, discount_percent="10")
    with pytest.raises(NotAllowed):
        _update(plain, front_desk, discount_percent="10")
    granting = _make("Rentner", discount_percent="10")
    for act in (
        lambda: _update(granting, front_desk, description="neu"),
        lambda: _update(granting, front_desk, discount_percent=""),
        lambda: delete_category(actor=front_desk, category_id=granting.pk, now=LATER),
    ):
        with pytest.raises(NotAllowed):
            act()  # type: ignore[no-untyped-call]
    delete_category(actor=MANAGER, category_id=granting.pk, now=LATER)
    with pytest.raises(NotAllowed):
        restore_category(actor=front_desk, category_id=granting.pk, now=LATER)
    granting.refresh_from_db()
    assert (granting.description, granting.discount_percent, granting.deleted_at) == ("", Decimal("10.00"), LATER)
    assert (_update(plain, front_desk, name="Früh").name, Category.objects.count()) == ("Früh", 2)


def test_anybody_at_the_desk_gives_a_discount_category(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client = _card(in_sonnenschein)
    granting = _make("Rentner", discount_percent="10")
    assert _give(client, granting, actor=front_desk)
    assert _take(client, granting, actor=front_desk)


def test_a_change_touches_what_it_names(in_sonnenschein: Salon) -> None:
    category = _make("VIP", description="alt", discount_percent="10")
    assert (
        _update(category, version=1, description="", discount_percent="15", discount_special_offers=True).version == 2
    )
    stored = category_with_id(category.pk)
    assert stored.details == CategoryDetails("VIP", "", "15.00", "BOTH", True)
    assert _told(category.pk)[1:] == [
        (
            "category.updated",
            "category",
            [
                {"field": "description", "old": "alt", "new": None},
                {"field": "discount_percent", "old": "10.00", "new": "15.00"},
                {"field": "discount_special_offers", "old": None, "new": "yes"},
            ],
        )
    ]


def test_saving_the_same_again_changes_nothing(in_sonnenschein: Salon) -> None:
    category = _make("VIP", discount_percent="10")
    assert _update(category, name=" VIP ", discount_percent="10,0 %").version == 1
    assert len(_told(category.pk)) == 1


def test_a_name_changes_only_to_a_free_one(in_sonnenschein: Salon) -> None:
    _make("VIP")
    other = _make("Gold")
    with pytest.raises(InvalidInput) as refusal:
        _update(other, name="vip")
    assert _codes(refusal) == [("name", "duplicate_name")]
    assert category_with_id(other.pk).version == 1
    assert _update(other, name="GOLD").name == "GOLD"


def test_a_stale_version_is_refused(in_sonnenschein: Salon) -> None:
    category = _make("VIP")
    _update(category, name="Gold", version=1)
    with pytest.raises(VersionConflict):
        _update(category, name="Silber", version=1)
    with pytest.raises(VersionConflict):
        delete_category(actor=MANAGER, category_id=category.pk, version=1, now=LATER)
    assert [one.name for one in all_categories()] == ["Gold"]


def test_a_deleted_category_keeps_its_clients_unseen(in_sonnenschein: Salon) -> None:
    client, vip, gold = _card(in_sonnenschein), _make("VIP"), _make("Gold")
    _give(client, vip, gold)
    delete_category(actor=MANAGER, category_id=vip.pk, now=LATER)
    assert _names(client) == ["Gold"]
    assert [one.name for one in all_categories()] == ["Gold"]
    assert CategoryAssignment.objects.count() == 2
    for act in (
        lambda: category_with_id(vip.pk),
        lambda: _update(vip, name="X"),
        lambda: delete_category(actor=MANAGER, category_id=vip.pk, now=LATER),
        lambda: _give(client, vip),
        lambda: _take(client, vip),
    ):
        with pytest.raises(CategoryGone):
            act()
    restored = restore_category(actor=MANAGER, category_id=vip.pk, now=LATER)
    assert (restored.version, _names(client)) == (3, ["Gold", "VIP"])
    assert restore_category(actor=MANAGER, category_id=vip.pk, now=LATER).version == 3
    assert [action for action, _kind, _changes in _told(vip.pk)] == [
        "category.created",
        "category.deleted",
        "category.restored",
    ]


def test_the_name_of_a_deleted_category_is_free(in_sonnenschein: Salon) -> None:
    old = _make("VIP")
    delete_category(actor=MANAGER, category_id=old.pk, now=LATER)
    new = _make("Vip")
    with pytest.raises(InvalidInput) as refusal:
        restore_category(actor=MANAGER, category_id=old.pk, now=LATER)
    assert _codes(refusal) == [("name", "duplicate_name")]
    assert all_categories() == [new]


def test_unknown_categories(in_sonnenschein: Salon) -> None:
    client, nobody = _card(in_sonnenschein), Category(pk=new_id())
    for act in (
        lambda: _update(nobody, name="X"),
        lambda: delete_category(actor=MANAGER, category_id=nobody.pk, now=NOW),
        lambda: restore_category(actor=MANAGER, category_id=nobody.pk, now=NOW),
        lambda: _give(client, nobody),
        lambda: _take(client, nobody),
    ):
        with pytest.raises(CategoryGone):
            act()


def test_several_are_given_and_taken_at_once(in_sonnenschein: Salon) -> None:
    client, vip, gold, kids = _card(in_sonnenschein), _make("VIP"), _make("Gold"), _make("Kinder")
    assert _give(client, vip)
    assert _give(client, kids, vip, gold)
    assert not _give(client, vip, gold)
    assert _names(client) == ["Gold", "Kinder", "VIP"]
    assert _take(client, vip, kids)
    assert not _take(client, vip)
    assert _names(client) == ["Gold"]
    assert _told(client.pk) == [
        ("client.categories_added", "client", [{"field": "categories", "old": None, "new": "VIP"}]),
        ("client.categories_added", "client", [{"field": "categories", "old": None, "new": "Gold, Kinder"}]),
        ("client.categories_removed", "client", [{"field": "categories", "old": "Kinder, VIP", "new": None}]),
    ]


def test_giving_and_taking_in_one_change(in_sonnenschein: Salon) -> None:
    client, vip, gold = _card(in_sonnenschein), _make("VIP"), _make("Gold")
    _give(client, vip)
    assert change_assignments(actor=MANAGER, client_id=client.pk, added=[gold.pk], removed=[vip.pk], now=LATER)
    assert _names(client) == ["Gold"]
    assert _told(client.pk)[1:] == [
        ("client.categories_added", "client", [{"field": "categories", "old": None, "new": "Gold"}]),
        ("client.categories_removed", "client", [{"field": "categories", "old": "VIP", "new": None}]),
    ]


def test_one_unknown_category_gives_none(in_sonnenschein: Salon) -> None:
    client, vip = _card(in_sonnenschein), _make("VIP")
    with pytest.raises(CategoryGone):
        change_assignments(actor=MANAGER, client_id=client.pk, added=[vip.pk, new_id()], now=NOW)
    assert _names(client) == []
    assert _told(client.pk) == []


def test_who_may_not_write_gives_nothing(in_sonnenschein: Salon) -> None:
    client, vip = _card(in_sonnenschein), _make("VIP")
    with pytest.raises(NotAllowed):
        _give(client, vip, actor=READER)
    with pytest.raises(NotAllowed):
        assign_to_many(actor=READER, client_ids=[client.pk], category_ids=[vip.pk], now=NOW)
    assert not CategoryAssignment.objects.exists()


def test_a_card_out_of_use_gets_none(in_sonnenschein: Salon) -> None:
    survivor, merged, erased, vip = *(_card(in_sonnenschein, name) for name in "ABC"), _make("VIP")
    Client.objects.filter(pk=merged.pk).update(state=CardState.MERGED, merged_into=survivor)
    Client.objects.filter(pk=erased.pk).update(state=CardState.ERASED)
    with pytest.raises(MergedAway):
        _give(merged, vip)
    with pytest.raises(NotFound):
        _give(erased, vip)
    cards = [survivor.pk, merged.pk, erased.pk, new_id()]
    assert assign_to_many(actor=MANAGER, client_ids=cards, category_ids=[vip.pk], now=NOW) == 1
    assert [one.client_id for one in CategoryAssignment.objects.all()] == [survivor.pk]


def test_another_salons_rows_are_unknown(sonnenschein: Salon, dom: Salon) -> None:
    with salon_scope(dom.pk):
        foreign_card, foreign = _card(dom), _make("VIP")
    with salon_scope(sonnenschein.pk):
        own_card, own = _card(sonnenschein), _make("VIP")
        for client, category in ((own_card, foreign), (foreign_card, own)):
            with pytest.raises(NotFound):
                _give(client, category)
        assert assign_to_many(actor=MANAGER, client_ids=[foreign_card.pk], category_ids=[own.pk], now=NOW) == 0
        assert not CategoryAssignment.objects.exists()


def test_many_at_once(in_sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clients.categories.BATCH", 2)
    cards = [_card(in_sonnenschein, f"Nr{index}") for index in range(5)]
    ids = [card.pk for card in cards]
    vip, gold = _make("VIP"), _make("Gold")
    _give(cards[0], vip, gold)
    _give(cards[1], vip)
    both = [vip.pk, gold.pk]
    assert assign_to_many(actor=MANAGER, client_ids=[*ids, ids[0]], category_ids=both, now=NOW) == 4
    assert assign_to_many(actor=MANAGER, client_ids=ids, category_ids=both, now=NOW) == 0
    assert {tuple(_names(card)) for card in cards} == {("Gold", "VIP")}
    assert _told(cards[1].pk)[-1][2] == [{"field": "categories", "old": None, "new": "Gold"}]
    assert len(_told(cards[0].pk)) == 1
    assert unassign_from_many(actor=MANAGER, client_ids=ids[:3], category_ids=[vip.pk], now=LATER) == 3
    assert unassign_from_many(actor=MANAGER, client_ids=ids[:3], category_ids=[vip.pk], now=LATER) == 0
    assert [_names(card) for card in cards[2:4]] == [["Gold"], ["Gold", "VIP"]]
    with pytest.raises(CategoryGone):
        assign_to_many(actor=MANAGER, client_ids=ids, category_ids=[new_id()], now=NOW)


def test_how_many_clients_have_it(in_sonnenschein: Salon) -> None:
    one, other, merged = (_card(in_sonnenschein, name) for name in "ABC")
    vip, gold, old = _make("VIP"), _make("Gold"), _make("Alt")
    for card in (one, other, merged):
        _give(card, vip, old)
    Client.objects.filter(pk=merged.pk).update(state=CardState.MERGED, merged_into=one)
    delete_category(actor=MANAGER, category_id=old.pk, now=LATER)
    found = [(one.category.name, one.clients) for one in counted_categories()]
    assert found == [("Gold", 0), ("VIP", 2), ("Alt", 2)]
    assert categories_of([]) == {}
    assert categories_of([gold.pk]) == {gold.pk: []}


TEMPLATES = {
    "Stammkunden": None,
    "Neukunden": None,
    "VIP": None,
    "Rentner −10 %": Decimal("10.00"),
    "Studenten −10 %": Decimal("10.00"),
    "Azubi −10 %": Decimal("10.00"),
    "Farbkundin": None,
    "Barber": None,
    "Kosmetik": None,
    "Nägel": None,
    "Kinder": None,
    "Produktkäufer": None,
    "Vormittag": None,
    "Abend/Samstag": None,
    "Inaktiv": None,
}


def test_the_templates_of_a_new_salon(in_sonnenschein: Salon) -> None:
    add_templates(actor=MANAGER, now=NOW)
    found = all_categories()
    assert {category.name: category.discount_percent for category in found} == TEMPLATES
    assert {(category.discount_on, category.discount_special_offers) for category in found} == {("BOTH", False)}
    assert all(category.description for category in found)
    assert AuditEntry.objects.filter(action="category.created").count() == 15


def test_templates_leave_what_is_there(in_sonnenschein: Salon) -> None:
    _make("nagel", description="unsere")
    add_templates(actor=MANAGER, now=NOW)
    add_templates(actor=MANAGER, now=NOW)
    assert len(all_categories()) == 15
    assert [one.description for one in all_categories() if one.name == "nagel"] == ["unsere"]
