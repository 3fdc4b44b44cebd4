"""One history of everything that happened with a client, and who stands beside her (domain.md §2)."""

import ast
from datetime import timedelta

import pytest
from django.db.models import Q
from django.utils import translation

from clients.consent import record_consent
from clients.details import ClientDetails
from clients.editing import create_client, update_client
from clients.listing import Sort, order_of
from clients.models import (
    CardState,
    CarriedService,
    Cause,
    Client,
    ConsentPurpose,
    ConsentSource,
    CreatedVia,
    Decision,
)
from clients.neighbours import Neighbours, neighbours, neighbours_among_hits
from clients.notes import delete_note, pin_note, write_note
from clients.points import action_of, adjust
from clients.treatcard import set_treatcard
from marketing.messages import RECEIVED, WRITTEN
from salon.desk.favourites import Favourite, favourites_of
from salon.desk.history import ACTIONS, Kind, history_of
from salon.desk.web.history import WORDS, shown_history
from salon.identity.roles import Actor, system_actor
from salon.keyset import InvalidCursor
from salon.mail import telling
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.architecture.test_house import CODE
from tests.conftest import NOW


def _client(salon: Salon, actor: Actor, first: str = "Petra", last: str = "Lang") -> Client:
    return create_client(
        actor=actor, salon=salon, details=ClientDetails(first, last), created_via=CreatedVia.STAFF, now=NOW
    ).client


def _rename(salon: Salon, actor: Actor, client: Client, times: int) -> None:
    for index in range(times):
        update_client(
            actor=actor,
            salon=salon,
            client_id=client.pk,
            changes={"city": f"Ort {index}"},
            now=NOW + timedelta(minutes=index + 1),
        )


def test_all_kinds_stand_in_one_list_newest_first(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client = _client(in_sonnenschein, front_desk)
    _rename(in_sonnenschein, front_desk, client, 1)
    note = write_note(
        actor=front_desk, client_id=client.pk, text="Trinkt Kaffee", pinned=False, now=NOW + timedelta(minutes=2)
    )
    set_treatcard(actor=front_desk, client_id=client.pk, number="AB1", now=NOW + timedelta(minutes=3))
    pin_note(actor=front_desk, note_id=note.pk, pinned=True, now=NOW + timedelta(minutes=4))
    history = history_of(client.pk)
    assert [entry.action for entry in history.entries] == [
        "client.note_pinned",
        "client.treatcard_changed",
        "client.note_written",
        "client.updated",
        "client.created",
    ]
    assert history.kinds == [Kind.DETAILS, Kind.NOTES, Kind.TREATCARD, Kind.CARD]
    assert (history.next, history.previous) == (None, None)
    notes = history_of(client.pk, kind=Kind.NOTES)
    assert [entry.action for entry in notes.entries] == ["client.note_pinned", "client.note_written"]
    assert notes.kinds == history.kinds
    assert history_of(client.pk, kind=Kind.CONSENT).entries == []


def test_a_consent_is_told_by_what_was_decided_and_for_what(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client = _client(in_sonnenschein, front_desk)
    record_consent(
        actor=front_desk,
        client_id=client.pk,
        purpose=ConsentPurpose.HEALTH_DATA,
        decision=Decision.GRANTED,
        source=ConsentSource.SALON,
        wording="Ja.",
        now=NOW,
    )
    with translation.override("de"):
        told = shown_history(history_of(client.pk, kind=Kind.CONSENT).entries, in_sonnenschein)[0]
        assert str(told.title) == "Einwilligung erteilt"
        assert [(str(one.label), str(one.old), str(one.new)) for one in told.changes] == [("", "", "Gesundheitsdaten")]


def test_a_note_is_not_repeated_in_the_history(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client = _client(in_sonnenschein, front_desk)
    note = write_note(actor=front_desk, client_id=client.pk, text="Geheimes", pinned=True, now=NOW)
    delete_note(actor=front_desk, note_id=note.pk, now=NOW)
    assert "Geheimes" not in str([entry.changes for entry in history_of(client.pk).entries])


@pytest.mark.parametrize("kind", [None, Kind.DETAILS])
def test_pages_hold_every_entry_once(in_sonnenschein: Salon, front_desk: Actor, kind: Kind | None) -> None:
    client = _client(in_sonnenschein, front_desk)
    _rename(in_sonnenschein, front_desk, client, 11)
    seen, sizes, cursor = [], [], None
    while True:
        page = history_of(client.pk, kind=kind, limit=5, cursor=cursor)
        seen += [entry.at for entry in page.entries]
        sizes.append(len(page.entries))
        if not (cursor := page.next):
            break
    assert sizes == ([5, 5, 2] if kind is None else [5, 5, 1])
    assert seen == sorted(set(seen), reverse=True)
    with pytest.raises(InvalidCursor):
        history_of(client.pk, cursor="x")


def test_entries_of_the_same_moment_keep_their_order(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client = _client(in_sonnenschein, front_desk)
    for number in ("AB1", "BC2", "CD3"):
        set_treatcard(actor=front_desk, client_id=client.pk, number=number, now=NOW)
    first = history_of(client.pk, limit=2)
    second = history_of(client.pk, limit=2, cursor=first.next)
    new = [change["new"] for entry in (*first.entries, *second.entries) for change in entry.changes]
    assert new == ["CD3", "BC2", "AB1", "Petra", "Lang"]


def test_another_clients_history_is_her_own(sonnenschein: Salon, dom: Salon, front_desk: Actor) -> None:
    with salon_scope(sonnenschein.pk):
        client, other = _client(sonnenschein, front_desk), _client(sonnenschein, front_desk)
        _rename(sonnenschein, front_desk, other, 2)
        assert len(history_of(client.pk).entries) == 1
    with salon_scope(dom.pk):
        assert history_of(client.pk).entries == []


def _recorded() -> set[str]:
    """Return every action of a client, or of something of hers, that the code names."""
    return {
        node.value
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if node.value.partition(".")[0] in {"client", "appointment", "waiting", "sale"}
        and node.value.partition(".")[2].isidentifier()
    }


def test_every_action_has_its_kind_and_its_words() -> None:
    recorded = _recorded() | {telling.SENT, telling.FAILED, telling.EXPIRED} | {action_of(cause) for cause in Cause}
    recorded |= {WRITTEN, RECEIVED}
    assert recorded >= {"client.created", "client.updated", "client.treatcard_changed", "appointment.booked"}
    assert recorded == set(ACTIONS)
    assert set(ACTIONS) == set(WORDS)


@pytest.mark.parametrize(
    ("points", "reason", "about", "before", "after"),
    [
        (1200, "Kulanz", "+1.200 · Kulanz", "0 Punkte", "1.200 Punkte"),
        (-1, "Kulanz", "−1 · Kulanz", "0 Punkte", "−1 Punkte"),
        (1, "Kulanz", "+1 · Kulanz", "0 Punkte", "1 Punkt"),
    ],
)
def test_points_are_told_with_their_reason_and_the_balance(
    in_sonnenschein: Salon, front_desk: Actor, points: int, reason: str, about: str, before: str, after: str
) -> None:
    client = _client(in_sonnenschein, front_desk)
    set_treatcard(actor=front_desk, client_id=client.pk, number="AB1", now=NOW)
    boss = system_actor("Chefin")
    adjust(actor=boss, client_id=client.pk, points=points, reason=reason, now=NOW + timedelta(minutes=1))
    page = history_of(client.pk, kind=Kind.TREATCARD)
    with translation.override("de"):
        event = shown_history(page.entries, in_sonnenschein)[0]
        assert (event.actor_name, event.icon, event.about) == ("Chefin", "pencil", about)
        assert [(one.old, one.new) for one in event.changes] == [(before, after)]


def _names(found: Neighbours) -> tuple[str | None, str | None]:
    return (
        found.previous.full_name if found.previous else None,
        found.next.full_name if found.next else None,
    )


def test_neighbours_stand_in_the_order_of_names(in_sonnenschein: Salon, front_desk: Actor) -> None:
    anna, emil, otto = (
        _client(in_sonnenschein, front_desk, first, last)
        for first, last in (("Anna", "Ärmel"), ("Emil", "Berg"), ("Otto", "Ciel"))
    )
    assert _names(neighbours(emil)) == ("Anna Ärmel", "Otto Ciel")
    assert _names(neighbours(anna)) == (None, "Emil Berg")
    assert _names(neighbours(otto)) == ("Emil Berg", None)
    found = neighbours(emil)
    assert found.next is not None
    assert found.next.id == otto.pk


def test_neighbours_of_equal_names_are_each_visited_once(in_sonnenschein: Salon, front_desk: Actor) -> None:
    twins = [_client(in_sonnenschein, front_desk) for _ in range(4)]
    here, seen = min(twins, key=lambda one: one.pk), []
    while True:
        seen.append(here.pk)
        beside = neighbours(here).next
        if beside is None:
            break
        here = Client.objects.get(pk=beside.id)
    assert seen == sorted(one.pk for one in twins)


def test_neighbours_in_another_order_and_among_some(in_sonnenschein: Salon, front_desk: Actor) -> None:
    zoe, anna, mia = (_client(in_sonnenschein, front_desk, first, "") for first in ("Zoe", "Anna", "Mia"))
    assert _names(neighbours(anna, order=order_of(Sort.NUMBER))) == ("Zoe", "Mia")
    assert _names(neighbours(anna, order=order_of(Sort.NUMBER, reverse=True))) == ("Mia", "Zoe")
    assert _names(neighbours(anna, order=order_of(Sort.LISTED_ON))) == ("Mia", "Zoe")
    assert _names(neighbours(zoe, meeting=~Q(first_name="Mia"))) == ("Anna", None)
    Client.objects.filter(pk=mia.pk).update(state=CardState.ERASED)
    assert _names(neighbours(zoe)) == ("Anna", None)


@pytest.mark.parametrize("near", [2, 3, 100])
def test_neighbours_among_the_hits_of_a_search(
    in_sonnenschein: Salon, front_desk: Actor, monkeypatch: pytest.MonkeyPatch, near: int
) -> None:
    monkeypatch.setattr("clients.neighbours.NEAR", near)
    anna, bea, cem, dan = (
        _client(in_sonnenschein, front_desk, *name.split()) for name in ("Anna Ott", "Bea Ott", "Cem Ott", "Dan Paul")
    )
    assert _names(neighbours_among_hits(anna, "ott")) == (None, "Bea Ott")
    assert _names(neighbours_among_hits(bea, "ott")) == ("Anna Ott", "Cem Ott")
    assert _names(neighbours_among_hits(cem, "ott")) == ("Bea Ott", None)
    assert _names(neighbours_among_hits(dan, "ott")) == (None, None)
    assert _names(neighbours_among_hits(anna, "?")) == (None, None)
    assert _names(neighbours_among_hits(anna, "ott", meeting=~Q(first_name="Bea"))) == (None, "Cem Ott")


def test_favourite_services_are_ranked(in_sonnenschein: Salon, front_desk: Actor) -> None:
    client, other = _client(in_sonnenschein, front_desk), _client(in_sonnenschein, front_desk)
    had = (("Bart", 2), ("Ansatzfarbe", 17), ("Föhnen", 5), ("Anti-Aging", 2), ("Glossing", 4), ("Facial", 1))
    for name, times in had:
        CarriedService.objects.create(client=client, name=name, times=times)
    CarriedService.objects.create(client=other, name="Shellac", times=9)
    assert favourites_of(client.pk).services == [
        Favourite("Ansatzfarbe", 17),
        Favourite("Föhnen", 5),
        Favourite("Glossing", 4),
        Favourite("Anti-Aging", 2),
        Favourite("Bart", 2),
    ]
