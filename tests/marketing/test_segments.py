"""Segments: described, changed, deleted and brought back (domain.md §9.1)."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from clients.categories import create_category, delete_category
from clients.classification import Reason, Status
from clients.labels import CategoryDetails
from marketing.choosing import clients_in
from marketing.models import Segment
from marketing.rule import EVERYBODY, Condition, Group, Match
from marketing.segments import (
    READY_MADE,
    SegmentGone,
    chosen_rule,
    create_segment,
    delete_segment,
    get_segment,
    list_segments,
    restore_segment,
    rule_of,
    update_segment,
)
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed, VersionConflict
from salon.folding import fold
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import a_salon_day, make_appointment, make_client, make_staff
from tests.checkout.till import MANAGER
from tests.conftest import NOW
from tests.marketing.segment_world import TODAY, one, sold

LATER = NOW + timedelta(minutes=1)
BLOCKED = {"match": "ALL", "negated": False, "parts": [{"field": "blocked", "operator": "yes", "values": []}]}


def _make(name: str = "Gesperrte", rule: Any = BLOCKED) -> Segment:
    return create_segment(actor=MANAGER, name=name, rule=rule, now=NOW)


def _wrong(refused: pytest.ExceptionInfo[InvalidInput]) -> dict[str, str]:
    return {error.field: error.code for error in refused.value.errors}


def _told() -> list[tuple[str, list[dict[str, str | None]]]]:
    return [(entry.action, entry.changes) for entry in AuditEntry.objects.order_by("id")]


def test_one_is_described_and_told(in_sonnenschein: Salon) -> None:
    made = _make("  Gesperrte   Leute ")
    kept = get_segment(made.pk)
    assert (kept.name, kept.name_key, kept.rule, kept.version) == ("Gesperrte Leute", "gesperrte leute", BLOCKED, 1)
    assert rule_of(kept) == one("blocked", "yes")
    assert _told() == [("segment.created", [{"field": "name", "old": None, "new": "Gesperrte Leute"}])]


def test_a_rule_that_was_read_already_is_taken(in_sonnenschein: Salon) -> None:
    assert _make("Alle", EVERYBODY).rule == {"match": "ALL", "negated": False, "parts": []}


def test_everything_wrong_is_named_at_once(in_sonnenschein: Salon) -> None:
    category, service, product, staff = (str(uuid4()) for _ in range(4))
    parts = [
        {"field": "category", "operator": "in", "values": [category]},
        {"match": "ANY", "parts": [{"field": "service", "operator": "bought_within", "values": [3, service]}]},
        {"field": "product", "operator": "bought", "values": [product]},
        {"field": "preferred_staff", "operator": "not_in", "values": [staff]},
    ]
    with pytest.raises(InvalidInput) as refused:
        _make(" ", {"match": "ALL", "parts": parts})
    assert _wrong(refused) == {
        "name": "required",
        "rule.parts.0.values.0": "not_found",
        "rule.parts.1.parts.0.values.1": "not_found",
        "rule.parts.2.values.0": "not_found",
        "rule.parts.3.values.0": "not_found",
    }
    with pytest.raises(InvalidInput) as refused:
        _make("x" * 81, {"match": "ALL"})
    assert _wrong(refused) == {"name": "max_length", "rule.parts": "required"}
    with pytest.raises(InvalidInput) as refused:
        _make("x\x00", [])
    assert _wrong(refused) == {"name": "invalid", "rule": "invalid"}
    assert list_segments() == []


def test_what_is_archived_can_be_asked_for_and_a_deleted_category_cannot(
    in_sonnenschein: Salon, front_desk: Actor
) -> None:
    staff = make_staff("Anna", archived_at=NOW)
    assert rule_of(_make("Annas", one("preferred_staff", "in", staff.pk))) == one("preferred_staff", "in", staff.pk)
    category = create_category(actor=front_desk, details=CategoryDetails(name="Alt"), now=NOW).pk
    asked = one("category", "in", category)
    made = _make("Alte", asked)
    delete_category(actor=front_desk, category_id=category, now=NOW)
    with pytest.raises(InvalidInput) as refused:
        _make("Andere", asked)
    assert _wrong(refused) == {"rule.parts.0.values.0": "not_found"}
    # What it is called can still be changed.
    assert update_segment(actor=MANAGER, segment_id=made.pk, name="Älteste", now=NOW).rule == made.rule


def test_another_salons_things_are_not_known(sonnenschein: Salon, dom: Salon) -> None:
    with salon_scope(dom.pk):
        staff = make_staff("Emre")
        made = _make("Seine")
    with salon_scope(sonnenschein.pk):
        with pytest.raises(InvalidInput):
            _make("Unsere", one("preferred_staff", "in", staff.pk))
        with pytest.raises(SegmentGone):
            get_segment(made.pk)
        with pytest.raises(SegmentGone):
            update_segment(actor=MANAGER, segment_id=made.pk, name="Unsere", now=NOW)


@pytest.mark.parametrize("name", ["VIP", "vip ", "Droht abzuwandern", "About to lapse", "Alle Kunden", "all clients"])
def test_a_ready_made_one_keeps_its_name(in_sonnenschein: Salon, name: str) -> None:
    other = _make("Andere")
    with pytest.raises(InvalidInput) as refused:
        _make(name)
    assert _wrong(refused) == {"name": "duplicate_name"}
    with pytest.raises(InvalidInput) as refused:
        update_segment(actor=MANAGER, segment_id=other.pk, name=name, now=NOW)
    assert _wrong(refused) == {"name": "duplicate_name"}
    # One that was called so before keeps its name, and can be changed.
    Segment.objects.filter(pk=other.pk).update(name=name, name_key=fold(name))
    rule = {"match": "ANY", "parts": []}
    assert update_segment(actor=MANAGER, segment_id=other.pk, name=name, rule=rule, now=NOW).rule["match"] == "ANY"


@pytest.mark.parametrize("name", ["Beste", "beste", "  Beste "])
def test_a_name_stands_once(in_sonnenschein: Salon, name: str) -> None:
    first, other = _make("Beste"), _make("Andere")
    with pytest.raises(InvalidInput) as refused:
        _make(name)
    assert _wrong(refused) == {"name": "duplicate_name"}
    with pytest.raises(InvalidInput) as refused:
        update_segment(actor=MANAGER, segment_id=other.pk, name=name, now=NOW)
    assert _wrong(refused) == {"name": "duplicate_name"}
    delete_segment(actor=MANAGER, segment_id=first.pk, now=NOW)
    second = _make(name)
    with pytest.raises(InvalidInput) as refused:
        restore_segment(actor=MANAGER, segment_id=first.pk, now=NOW)
    assert _wrong(refused) == {"name": "duplicate_name"}
    delete_segment(actor=MANAGER, segment_id=second.pk, now=NOW)
    assert restore_segment(actor=MANAGER, segment_id=first.pk, now=NOW).deleted_at is None


def test_it_is_changed_on_the_version_that_was_seen(in_sonnenschein: Salon) -> None:
    made = _make()
    rule = one("points", "at_least", 5)
    changed = update_segment(actor=MANAGER, segment_id=made.pk, name="Reiche", rule=rule, version=1, now=LATER)
    assert (changed.name, changed.version, changed.updated_at, rule_of(changed)) == ("Reiche", 2, LATER, rule)
    action, changes = _told()[-1]
    assert (action, [change["field"] for change in changes]) == ("segment.updated", ["name", "rule"])
    assert changes[1]["new"] == (
        '{"match": "ALL", "negated": false, "parts": [{"field": "points", "operator": "at_least", "values": [5]}]}'
    )
    for again in (update_segment, delete_segment):
        with pytest.raises(VersionConflict):
            again(actor=MANAGER, segment_id=made.pk, version=1, now=LATER)
    # Nothing changed: nothing written.
    same = update_segment(actor=MANAGER, segment_id=made.pk, name=" Reiche ", rule=rule, version=2, now=LATER)
    assert (same.version, len(_told())) == (2, 2)


def test_it_is_deleted_and_brought_back(in_sonnenschein: Salon) -> None:
    made = _make()
    assert delete_segment(actor=MANAGER, segment_id=made.pk, version=1, now=LATER).version == 2
    assert list_segments() == []
    for call in (update_segment, delete_segment):
        with pytest.raises(SegmentGone):
            call(actor=MANAGER, segment_id=made.pk, now=LATER)
    assert restore_segment(actor=MANAGER, segment_id=made.pk, now=LATER).version == 3
    assert restore_segment(actor=MANAGER, segment_id=made.pk, now=LATER).version == 3
    assert list_segments() == [made]
    assert [action for action, _changes in _told()] == ["segment.created", "segment.deleted", "segment.restored"]
    with pytest.raises(SegmentGone):
        restore_segment(actor=MANAGER, segment_id=uuid4(), now=NOW)


def test_who_may_not_write_marketing_changes_nothing(in_sonnenschein: Salon) -> None:
    made = _make()
    stylist = Actor(ActorKind.USER, None, "Bora", PERMISSIONS[Role.STAFF])
    with pytest.raises(NotAllowed):
        create_segment(actor=stylist, name="X", rule=BLOCKED, now=NOW)
    with pytest.raises(NotAllowed):
        update_segment(actor=stylist, segment_id=made.pk, name="X", now=NOW)
    for refused in (delete_segment, restore_segment):
        with pytest.raises(NotAllowed):
            refused(actor=stylist, segment_id=made.pk, now=NOW)
    assert [one.name for one in list_segments()] == ["Gesperrte"]


def test_they_are_listed_by_name(in_sonnenschein: Salon) -> None:
    for name in ("Zahler", "Älteste", "Barber"):
        _make(name)
    assert [one.name for one in list_segments()] == ["Älteste", "Barber", "Zahler"]


def test_one_is_chosen_by_id_or_key(in_sonnenschein: Salon) -> None:
    made = _make()
    assert chosen_rule(made.pk) == chosen_rule(str(made.pk)) == ("Gesperrte", one("blocked", "yes"))
    name, rule = chosen_rule("birthday")
    assert (name, rule) == (str(READY_MADE["birthday"].name), one("birthday", "this_month"))
    for unknown in ("", "nobody", uuid4(), str(uuid4())):
        with pytest.raises(SegmentGone):
            chosen_rule(unknown)


def test_the_ready_made_ones(in_sonnenschein: Salon) -> None:
    day = a_salon_day()
    make_client("New", carried_first_visit_on=TODAY - timedelta(days=90))
    make_client("Pending", status=Status.NEW, status_reason=Reason.FIRST_VISIT_PENDING)
    make_client("Lapsed", status=Status.NEW, status_reason=Reason.LAPSED)
    make_client("Lapsing", status_changes_on=TODAY + timedelta(days=30))
    coming = make_client("Coming", status_changes_on=TODAY + timedelta(days=30))
    make_appointment((day.cut, day.anna), client=coming, starts_at=NOW + timedelta(days=7))
    make_client("Later", status_changes_on=TODAY + timedelta(days=31))
    make_client("Birthday", birth_day=1, birth_month=11)
    days = {"carried_first_visit_on": TODAY - timedelta(days=700), "carried_last_visit_on": TODAY - timedelta(days=300)}
    make_client("Overdue", **days, carried_visits=9)  # type: ignore[arg-type]
    for number in range(1, 11):
        sold(make_client(f"Nr{number}"), (day.cut, f"{number}.00"))
    meant = {
        key: sorted(
            clients_in(ready.rule, salon=in_sonnenschein, now=NOW).values_list("first_name", flat=True),
        )
        for key, ready in READY_MADE.items()
    }
    assert meant == {
        "new": ["New", "Pending"],
        "lapsing": ["Lapsing"],
        "lapsed": ["Lapsed"],
        "birthday": ["Birthday"],
        "overdue": ["Overdue"],
        "vip": ["Nr10"],
    }


def test_a_rule_kept_as_json_means_the_same(in_sonnenschein: Salon) -> None:
    rule = Group(Match.ANY, (Condition("visits", "at_least", (3,)), one("treatcard", "yes")), negated=True)
    assert rule_of(_make("Andere", rule)) == rule
