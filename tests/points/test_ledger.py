"""Entries are only added, and the card says what they come to (domain.md §7)."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.transaction import TransactionManagementError

from clients import points
from clients.cards import MergedAway
from clients.models import CardState, Cause, Client, PointsEntry
from clients.points import AlreadyPosted, NoTreatcard, Posting, TooManyPoints, adjust, entries_of, post, post_all
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed, NotFound
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.models import Salon, new_id
from tests.bookings.salonday import make_client
from tests.conftest import NOW

LATER = NOW + timedelta(hours=1)
MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])


@pytest.fixture
def lena(in_sonnenschein: Salon) -> Client:
    return make_client(treatcard_number="TC-1")


def _post(client: Client, number: int, cause: Cause = Cause.EARNED, cause_id: UUID | None = None) -> PointsEntry | None:
    return post(client=client, points=number, cause=cause, cause_id=cause_id or new_id(), actor=MANAGER, now=LATER)


def _balance(client: Client) -> int:
    return Client.objects.values_list("points", flat=True).get(pk=client.pk)


def _entries(client: Client) -> list[tuple[int, int, int, str]]:
    rows = PointsEntry.objects.filter(client=client).order_by("number")
    return [(one.number, one.points, one.balance_after, one.cause) for one in rows]


def test_an_entry_moves_the_balance_and_says_what_it_came_to(lena: Client) -> None:
    _post(lena, 200)
    _post(lena, -350, Cause.REVERSED)
    _post(lena, 1, Cause.REFERRAL)
    assert _entries(lena) == [(1, 200, 200, "EARNED"), (2, -350, -150, "REVERSED"), (3, 1, -149, "REFERRAL")]
    assert _balance(lena) == -149


def test_what_is_returned_is_what_is_stored_and_the_card_in_hand_says_so(lena: Client) -> None:
    cause_id = new_id()
    entry = post(
        client=lena,
        points=200,
        cause=Cause.EARNED,
        cause_id=cause_id,
        actor=MANAGER,
        now=LATER,
        reason="Nr. 17",
        rules_version=3,
    )
    stored = PointsEntry.objects.get()
    assert entry is not None
    for field in PointsEntry._meta.concrete_fields:
        assert getattr(entry, field.attname) == getattr(stored, field.attname), field.name
    assert (stored.cause_id, stored.rules_version, stored.actor_name, stored.created_at) == (
        cause_id,
        3,
        "Carla",
        LATER,
    )
    card = Client.objects.get()
    assert (
        (lena.points, lena.version, lena.updated_at)
        == (card.points, card.version, card.updated_at)
        == (
            200,
            2,
            LATER,
        )
    )


def test_no_points_are_no_entry(lena: Client) -> None:
    assert _post(lena, 0) is None
    assert (_entries(lena), lena.version) == ([], 1)


def test_the_same_cause_is_booked_once(lena: Client) -> None:
    sale = new_id()
    _post(lena, 200, cause_id=sale)
    with pytest.raises(AlreadyPosted), transaction.atomic():
        _post(lena, 200, cause_id=sale)
    # Its reversal is another cause.
    _post(lena, -200, Cause.REVERSED, cause_id=sale)
    assert (_balance(lena), len(_entries(lena))) == (0, 2)


def test_of_a_batch_all_is_booked_or_nothing(lena: Client) -> None:
    mia, cause_id = make_client("Mia"), new_id()
    _post(lena, 5, cause_id=cause_id)
    both = [Posting(one.pk, 7, Cause.EARNED, cause_id) for one in (mia, lena)]
    with pytest.raises(AlreadyPosted), transaction.atomic():
        post_all(both, actor=MANAGER, now=LATER)
    assert (_balance(mia), _balance(lena)) == (0, 5)
    entries = post_all(
        [Posting(mia.pk, 7, Cause.EARNED, new_id()), Posting(lena.pk, -1, Cause.EXPIRED, new_id())],
        actor=MANAGER,
        now=LATER,
        cards=[lena],
    )
    assert sorted(one.balance_after for one in entries) == [4, 7]
    assert (_balance(mia), _balance(lena), lena.points) == (7, 4, 4)


def test_one_client_twice_in_a_batch_is_a_mistake(lena: Client) -> None:
    twice = [Posting(lena.pk, 7, Cause.EARNED, new_id()) for _ in range(2)]
    with pytest.raises(ValueError, match="one after the other"):
        post_all(twice, actor=MANAGER, now=LATER)


def test_an_erased_card_has_no_points_any_more_and_one_that_went_away_says_where_to(lena: Client) -> None:
    mia = make_client("Mia", state=CardState.MERGED, merged_into=lena)
    with pytest.raises(MergedAway) as refusal:
        _post(mia, 7)
    assert refusal.value.survivor_id == lena.pk
    Client.objects.filter(pk=lena.pk).update(state=CardState.ERASED)
    assert _post(lena, 7) is None
    assert (_entries(lena), _entries(mia)) == ([], [])


def test_a_balance_that_nobody_could_count_is_refused(lena: Client) -> None:
    _post(lena, points.MOST)
    with pytest.raises(TooManyPoints):
        _post(lena, 1)
    assert _balance(lena) == points.MOST


def test_the_history_tells_of_it(lena: Client) -> None:
    _post(lena, 200)
    adjust(actor=MANAGER, client_id=lena.pk, points=-50, reason="Falsch gebucht", now=LATER)
    told = AuditEntry.objects.filter(client_id=lena.pk).order_by("id")
    assert [(one.action, one.subject_kind, one.changes) for one in told] == [
        ("points.earned", "points", [{"field": "points", "old": "0", "new": "200"}]),
        (
            "points.adjusted",
            "points",
            [
                {"field": "points", "old": "200", "new": "150"},
                {"field": "reason", "old": None, "new": "Falsch gebucht"},
            ],
        ),
    ]
    assert [one.subject_id for one in told] == list(PointsEntry.objects.order_by("number").values_list("pk", flat=True))


def test_what_was_booked_before_ends_the_transaction(lena: Client) -> None:
    sale = new_id()
    _post(lena, 200, cause_id=sale)
    with transaction.atomic():
        with suppress(AlreadyPosted):
            _post(lena, 200, cause_id=sale)
        with pytest.raises(TransactionManagementError):
            _balance(lena)
    assert (_balance(lena), len(_entries(lena))) == (200, 1)


def test_a_posting_takes_one_statement(lena: Client, django_assert_num_queries: pytest.FixtureRequest) -> None:
    with transaction.atomic(), django_assert_num_queries(1):  # type: ignore[operator]
        _post(lena, 200)


def test_entries_come_newest_first_page_by_page(lena: Client) -> None:
    for number in range(1, 6):
        _post(lena, number)
    first = entries_of(lena.pk, limit=2)
    assert [one.points for one in first.rows] == [5, 4]
    assert first.next
    second = entries_of(lena.pk, limit=2, cursor=first.next)
    assert [one.points for one in second.rows] == [3, 2]
    assert entries_of(lena.pk, limit=2, cursor=second.previous).rows == first.rows


# By hand


def test_points_are_adjusted_for_a_reason(lena: Client) -> None:
    entry = adjust(actor=MANAGER, client_id=lena.pk, points=50, reason="  Entschuldigung   für gestern ", now=LATER)
    assert (entry.cause, entry.reason, entry.points, entry.balance_after) == (
        "ADJUSTED",
        "Entschuldigung für gestern",
        50,
        50,
    )


@pytest.mark.parametrize(
    ("number", "reason", "errors"),
    [
        (0, "Kulanz", [("points", "range")]),
        (1_000_001, "Kulanz", [("points", "range")]),
        (-1_000_001, "Kulanz", [("points", "range")]),
        (5, "", [("reason", "required")]),
        (5, "   ", [("reason", "required")]),
        (5, "x" * 201, [("reason", "max_length")]),
        (5, "a\x00b", [("reason", "invalid")]),
        (0, "", [("points", "range"), ("reason", "required")]),
    ],
)
def test_what_cannot_be_adjusted_is_told_field_by_field(
    lena: Client, number: int, reason: str, errors: list[tuple[str, str]]
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        adjust(actor=MANAGER, client_id=lena.pk, points=number, reason=reason, now=LATER)
    assert [(one.field, one.code) for one in refusal.value.errors] == errors
    assert _entries(lena) == []


def test_who_may_not_adjust_cannot_and_nobody_without_a_treatcard_can_be_given_any(
    lena: Client, front_desk: Actor
) -> None:
    with pytest.raises(NotAllowed):
        adjust(actor=front_desk, client_id=lena.pk, points=5, reason="Kulanz", now=LATER)
    with pytest.raises(NoTreatcard):
        adjust(actor=MANAGER, client_id=make_client("Mia").pk, points=5, reason="Kulanz", now=LATER)
    with pytest.raises(NotFound):
        adjust(actor=MANAGER, client_id=new_id(), points=5, reason="Kulanz", now=LATER)


def test_a_form_sent_twice_adjusts_once(lena: Client) -> None:
    once = new_id()
    adjust(actor=MANAGER, client_id=lena.pk, points=5, reason="Kulanz", now=LATER, adjustment_id=once)
    with pytest.raises(AlreadyPosted):
        adjust(actor=MANAGER, client_id=lena.pk, points=5, reason="Kulanz", now=LATER, adjustment_id=once)
    assert _balance(lena) == 5


# What the database itself does not let happen


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE clients_pointsentry SET points = 1000, balance_after = 1000",
        "DELETE FROM clients_pointsentry",
        "TRUNCATE clients_pointsentry",
    ],
)
def test_an_entry_stays_as_it_was_written(lena: Client, change: str) -> None:
    _post(lena, 200)
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)
    assert _entries(lena) == [(1, 200, 200, "EARNED")]


def test_an_entry_cannot_stand_in_for_another_nor_begin_with_a_balance_of_its_own(lena: Client) -> None:
    entry = _post(lena, 200)
    assert entry is not None
    values = {"client": lena, "cause": Cause.EARNED, "actor_kind": "SYSTEM", "actor_name": "", "created_at": NOW}
    for wrong, constraint in (
        ({"number": 1, "points": 5, "balance_after": 5, "cause_id": new_id()}, "clients_pointsentry_number"),
        ({"number": 2, "points": 5, "balance_after": 205, "cause_id": entry.cause_id}, "clients_pointsentry_cause"),
        ({"number": 2, "points": 0, "balance_after": 200, "cause_id": new_id()}, "clients_pointsentry_not_nothing"),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            PointsEntry.objects.create(**values, **wrong)
    mia = make_client("Mia")
    with pytest.raises(IntegrityError, match="clients_pointsentry_first"), transaction.atomic():
        PointsEntry.objects.create(**{**values, "client": mia}, number=1, points=5, balance_after=9, cause_id=new_id())
