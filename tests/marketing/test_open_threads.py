"""What a client wrote is open until somebody answers it or ticks it off, however often it was read (domain.md §9.4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from marketing.messages import inbox, is_open, mark_done, mark_read, mark_unread, reopen, threads_among, write_message
from marketing.models import Direction, Message
from salon.desk.merging import merge_cards
from salon.errors import NotAllowed
from salon.identity.models import User
from salon.identity.roles import Actor, ActorKind, Permission, system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.conftest import NOW
from tests.marketing.letterbox import DOMAIN, a_card, answer
from tests.marketing.test_message_pages import BrowserOf

pytestmark = pytest.mark.django_db(transaction=True)
READER = Actor(ActorKind.USER, None, "Azubi", frozenset({Permission.CLIENTS_READ}))
LATER = NOW + timedelta(hours=1)
LIST = "/s/sonnenschein/marketing/messages/"


@pytest.fixture(autouse=True)
def _answers_come_in(settings: Settings) -> None:
    settings.INBOUND_DOMAIN = DOMAIN


def _ask(salon: Salon, actor: Actor, *names: str) -> list[Message]:
    """Let cards be written to and answer; return their answers."""
    found = []
    for minutes, name in enumerate(names, 1):
        with salon_scope(salon.pk):
            card = a_card(salon, name, f"{name}@x.example")
            write_message(actor=actor, client_id=card.pk, subject="Termin", text="Dienstag?", now=NOW)
        answer(salon, card, minutes=minutes)
        with salon_scope(salon.pk):
            found.append(Message.objects.select_related("client").get(client_id=card.pk, direction=Direction.IN))
    return found


def test_read_is_not_done(sonnenschein: Salon, front_desk: Actor) -> None:
    lena, anna, bea = _ask(sonnenschein, front_desk, "Lena", "Anna", "Bea")
    with salon_scope(sonnenschein.pk):
        for one in (lena, anna):
            mark_read(actor=READER, client_id=one.client_id, upto=one.pk, now=LATER)
        found = inbox()
        assert [one.last.client_id for one in found.unread] == [bea.client_id]
        assert [one.last.client_id for one in found.open] == [anna.client_id, lena.client_id]
        assert found.others.rows == []
        # An answer does it, and so does whoever ticks it off, which has seen it.
        write_message(actor=front_desk, client_id=lena.client_id, subject="Re", text="Gut", now=LATER)
        assert mark_done(actor=front_desk, client_id=bea.client_id, upto=bea.pk, now=LATER)
        assert not mark_done(actor=front_desk, client_id=bea.client_id, upto=bea.pk, now=LATER)
        found = inbox()
        assert ([one.last.client_id for one in found.open], found.unread) == ([anna.client_id], [])
        assert [one.client_id for one in found.others.rows] == [lena.client_id, bea.client_id]
        _page, threads = threads_among(unanswered=True)
        assert [(one.last.client_id, one.is_open) for one in threads] == [(anna.client_id, True)]
        assert reopen(actor=front_desk, client_id=bea.client_id)
        assert [one.last.client_id for one in inbox().open] == [anna.client_id]
        assert [one.last.client_id for one in inbox().unread] == [bea.client_id]
        with pytest.raises(NotAllowed):
            mark_done(actor=READER, client_id=anna.client_id, upto=anna.pk, now=LATER)
        with pytest.raises(NotAllowed):
            reopen(actor=READER, client_id=anna.client_id)


def test_what_comes_in_meanwhile_or_from_a_program(sonnenschein: Salon, front_desk: Actor) -> None:
    (lena,) = _ask(sonnenschein, front_desk, "Lena")
    client_id = lena.client_id
    card = lena.client
    answer(sonnenschein, card, minutes=9, Message_ID="<2@mail.example>")
    with salon_scope(sonnenschein.pk):
        mark_done(actor=front_desk, client_id=client_id, upto=lena.pk, now=LATER)
        assert is_open(client_id)
        write_message(actor=front_desk, client_id=client_id, subject="Re", text="Gut", now=LATER)
        assert not is_open(client_id)
    answer(sonnenschein, card, minutes=99, Message_ID="<3@mail.example>", Auto_Submitted="auto-replied")
    with salon_scope(sonnenschein.pk):
        assert not is_open(client_id)
        # What somebody lets wait again waits until it is done again.
        assert mark_unread(actor=READER, client_id=client_id)
        assert is_open(client_id)


def test_what_comes_in_while_an_answer_is_written_is_not_answered_by_it(sonnenschein: Salon, front_desk: Actor) -> None:
    (lena,) = _ask(sonnenschein, front_desk, "Lena")
    form_id = new_id()
    answer(sonnenschein, lena.client, minutes=9, Message_ID="<2@mail.example>")
    with salon_scope(sonnenschein.pk):
        write_message(
            actor=front_desk, client_id=lena.client_id, subject="Re", text="Gut", now=LATER, message_id=form_id
        )
        done = Message.objects.filter(direction=Direction.IN).order_by("pk").values_list("done_at", flat=True)
        assert list(done) == [LATER, None]


def test_taken_back_all_is_as_it_was(sonnenschein: Salon, front_desk: Actor) -> None:
    (lena,) = _ask(sonnenschein, front_desk, "Lena")
    answer(sonnenschein, lena.client, minutes=9, Message_ID="<2@mail.example>")
    answer(sonnenschein, lena.client, minutes=10, Message_ID="<3@mail.example>")
    with salon_scope(sonnenschein.pk):
        first, second, third = Message.objects.filter(direction=Direction.IN).order_by("pk")
        mark_done(actor=front_desk, client_id=lena.client_id, upto=first.pk, now=NOW)
        mark_read(actor=READER, client_id=lena.client_id, upto=second.pk, now=NOW)
        mark_done(actor=front_desk, client_id=lena.client_id, upto=third.pk, now=LATER)
        assert reopen(actor=front_desk, client_id=lena.client_id)
        told = Message.objects.filter(direction=Direction.IN).order_by("pk").values_list("read_at", "done_at")
        assert list(told) == [(NOW, NOW), (NOW, None), (None, None)]
        assert not reopen(actor=front_desk, client_id=lena.client_id)


def test_a_twin_of_a_merged_card_waits_for_nobody(sonnenschein: Salon, front_desk: Actor) -> None:
    old, left = _ask(sonnenschein, front_desk, "Alt", "Lena")
    with salon_scope(sonnenschein.pk):
        merge_cards(
            actor=system_actor("x"), salon=sonnenschein, survivor_id=left.client_id, duplicate_id=old.client_id, now=NOW
        )
        mark_done(actor=front_desk, client_id=left.client_id, upto=left.pk, now=LATER)
        assert inbox().open == []
        assert not Message.objects.filter(direction=Direction.IN, done_at=None).exists()


def test_ticked_off_in_the_inbox_and_taken_back(
    sonnenschein: Salon, front_desk: Actor, stylist: User, browser_of: BrowserOf
) -> None:
    (lena,) = _ask(sonnenschein, front_desk, "Lena")
    desk, done = browser_of(stylist), f"{LIST}{lena.client_id}/done/"
    with salon_scope(sonnenschein.pk):
        mark_read(actor=READER, client_id=lena.client_id, upto=lena.pk, now=LATER)
    for page in (LIST, f"{LIST}?filter=open", f"{LIST}{lena.client_id}/"):
        assert f'action="{done}' in desk.get(page).text
    told = desk.post(f"{done}?filter=open", {"upto": str(lena.pk)}, follow=True)
    assert told.redirect_chain == [(f"{LIST}?filter=open", 302)]
    assert f"{done}?filter=open&amp;act=open" in told.text
    assert "Alles ist beantwortet." in told.text
    assert f'action="{done}' not in desk.get(f"{LIST}{lena.client_id}/").text
    desk.post(f"{done}?act=open")
    assert _rows(desk, "open") == ["Lena Vogel"]


def _rows(desk: Browser, name: str) -> list[str]:
    return [row.name for row in desk.get(LIST).context[name]]
