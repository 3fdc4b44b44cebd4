"""Balances that an import brings along open ledgers, and overrule none (domain.md §7, §10)."""

from datetime import timedelta

import pytest

from clients.models import Client, ImportRow, PointsEntry
from clients.points import adjust
from clients.treatcard import set_treatcard
from salon.audit.models import AuditEntry
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.importing.files import MANAGER, PHOREST, applied, checked, counts, table, undone

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def _file(points: str, city: str = "Berlin") -> bytes:
    return table(
        ["Vorname", "E-Mail", "Ort", "Treatcard-Nr.", "Punkte"], ["Mia", "mia@mail.example", city, "AB1", points]
    )


def _ledger() -> list[tuple[str, int, int]]:
    return [(one.cause, one.points, one.balance_after) for one in PointsEntry.objects.order_by("number")]


def test_a_new_card_begins_with_its_balance(sonnenschein: Salon) -> None:
    batch = applied(sonnenschein, PHOREST.encode())
    with salon_scope(sonnenschein.pk):
        frank, entry = Client.objects.get(), PointsEntry.objects.get()
        assert (frank.points, frank.version) == (350, 1)
        assert (entry.client_id, entry.number, entry.points, entry.balance_after) == (frank.pk, 1, 350, 350)
        assert (entry.cause, entry.cause_id, entry.reason, entry.actor_name) == (
            "OPENING", batch.pk, "kunden.csv", "Carla Neumann",
        )  # fmt: skip
        assert AuditEntry.objects.get(client_id=frank.pk).action == "points.opening"


def test_a_known_card_without_points_gets_them_and_keeps_them(sonnenschein: Salon) -> None:
    applied(sonnenschein, table(["Vorname", "E-Mail"], ["Mia", "mia@mail.example"]))
    assert counts(applied(sonnenschein, _file("120"))) == (0, 1, 0, 0)
    for known in ("FILL", "UPDATE", "LEAVE"):
        assert counts(applied(sonnenschein, _file("500"), known_clients=known)) == (0, 0, 1, 0), known
    with salon_scope(sonnenschein.pk):
        assert Client.objects.get().points == 120
        assert _ledger() == [("OPENING", 120, 120)]


@pytest.mark.parametrize(("known", "changes"), [("UPDATE", [["city", "Berlin", "Bernau"]]), ("FILL", [])])
def test_it_is_told_that_points_of_a_known_card_stay(sonnenschein: Salon, known: str, changes: list[list[str]]) -> None:
    applied(sonnenschein, _file("120"))
    batch = checked(sonnenschein, _file("500", city="Bernau"), known_clients=known)
    with salon_scope(sonnenschein.pk):
        plan = ImportRow.objects.get(batch=batch).plan
        assert plan["changes"] == changes
        assert plan["hints"] == [{"target": "points", "code": "points_kept", "cell": "120"}]
    # The same balance, and none at all, are nothing to tell.
    for points in ("120", ""):
        batch = checked(sonnenschein, _file(points), known_clients=known)
        with salon_scope(sonnenschein.pk):
            assert ImportRow.objects.get(batch=batch).plan["hints"] == []


def test_a_balance_used_up_here_is_not_opened_anew(sonnenschein: Salon) -> None:
    applied(sonnenschein, _file("120"))
    with salon_scope(sonnenschein.pk):
        adjust(actor=MANAGER, client_id=Client.objects.get().pk, points=-120, reason="alt", now=LATER)
    assert counts(applied(sonnenschein, _file("120"))) == (0, 0, 1, 0)
    with salon_scope(sonnenschein.pk):
        assert Client.objects.get().points == 0


def test_points_below_zero_come_along(sonnenschein: Salon) -> None:
    applied(sonnenschein, _file("-150"))
    with salon_scope(sonnenschein.pk):
        assert _ledger() == [("OPENING", -150, -150)]


def test_undoing_takes_the_balance_of_a_known_card_back_and_it_can_come_again(sonnenschein: Salon) -> None:
    applied(sonnenschein, table(["Vorname", "E-Mail"], ["Mia", "mia@mail.example"]))
    for points in ("120", "90"):
        batch = applied(sonnenschein, _file(points))
        after = undone(sonnenschein, batch, LATER)
        assert (after.state, after.kept) == ("UNDONE", 0)
    with salon_scope(sonnenschein.pk):
        assert _ledger() == [("OPENING", 120, 120), ("WITHDRAWN", -120, 0), ("OPENING", 90, 90), ("WITHDRAWN", -90, 0)]
        # Imported; then twice changed, points given, changed back, points taken.
        assert (Client.objects.get().points, Client.objects.get().version) == (0, 9)


def test_what_was_used_since_stays(sonnenschein: Salon) -> None:
    applied(sonnenschein, table(["Vorname", "E-Mail"], ["Mia", "mia@mail.example"]))
    batch = applied(sonnenschein, _file("120"))
    with salon_scope(sonnenschein.pk):
        mia = Client.objects.get()
        adjust(actor=MANAGER, client_id=mia.pk, points=-20, reason="Kulanz", now=LATER)
    assert undone(sonnenschein, batch, LATER).kept == 1
    with salon_scope(sonnenschein.pk):
        assert Client.objects.get().points == 100
        assert list(ImportRow.objects.exclude(kept_because="").values_list("kept_because", flat=True)) == [
            "field_changed"
        ]


def test_undoing_a_card_that_began_with_points_leaves_a_number_without_any(sonnenschein: Salon) -> None:
    after = undone(sonnenschein, applied(sonnenschein, PHOREST.encode()), LATER)
    assert after.kept == 0
    with salon_scope(sonnenschein.pk):
        left = Client.objects.get()
        assert (left.state, left.full_name, left.treatcard_number, left.points) == ("ERASED", f"#{left.number}", "", 0)
        assert _ledger() == [("OPENING", 350, 350), ("WITHDRAWN", -350, 0)]


def test_a_card_whose_points_were_used_stays(sonnenschein: Salon) -> None:
    batch = applied(sonnenschein, PHOREST.encode())
    with salon_scope(sonnenschein.pk):
        frank = Client.objects.get()
        set_treatcard(actor=MANAGER, client_id=frank.pk, number="NEU-1", now=LATER)
        adjust(actor=MANAGER, client_id=frank.pk, points=5, reason="Kulanz", now=LATER)
    assert undone(sonnenschein, batch, LATER).kept == 1
    with salon_scope(sonnenschein.pk):
        assert (Client.objects.get().state, Client.objects.get().points) == ("LISTED", 355)
