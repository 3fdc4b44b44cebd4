"""A link is followed while somebody else decides, too (domain.md §9.3)."""

from datetime import timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from clients import confirming
from clients.cards import get_client
from clients.confirming import Standing, confirm, unsubscribe
from clients.consent import holds, ledger_of
from clients.details import ClientDetails
from clients.links import Link
from clients.models import Client, Decision
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.concurrency.hands import at_once
from tests.conftest import NOW
from tests.marketing.consenting import NEWS, decide, link_in, mails_of
from tests.operations.test_cards import make_client

pytestmark = pytest.mark.django_db(transaction=True)
THEN = NOW + timedelta(hours=1)


def _asked(salon: Salon, actor: Actor, name: str) -> tuple[Client, Link]:
    with salon_scope(salon.pk):
        card = make_client(salon, actor, ClientDetails(name, email=f"{name}@web.de"))
        decide(actor, card, Decision.GRANTED, wording="Ja.", now=NOW)
        return card, link_in(mails_of(card.pk)[0])


def test_confirming_and_withdrawing_at_once_ends_withdrawn(sonnenschein: Salon, front_desk: Actor) -> None:
    for index in range(10):
        card, link = _asked(sonnenschein, front_desk, f"k{index}")

        def act(hand: int, card: Client = card, link: Link = link) -> object:
            with salon_scope(sonnenschein.pk):
                if hand:
                    return decide(front_desk, card, Decision.WITHDRAWN, now=THEN).decision
                return confirm(salon=sonnenschein, link=link, now=THEN).standing

        confirmed, _withdrawn = at_once(act, 2)
        with salon_scope(sonnenschein.pk):
            decided = [one.decision for one in ledger_of(card.pk)]
            assert (get_client(card.pk).email_consent, holds(card.pk, NEWS)) == (False, False)
        between = ["GRANTED"] if confirmed is Standing.CONFIRMED else []
        assert decided == ["WITHDRAWN", *between, "REQUESTED"]


def test_without_the_lock_a_withdrawal_would_be_overruled(
    sonnenschein: Salon, front_desk: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: who reads the ledger before the lock, and writes after somebody else has, overrules her."""
    card, link = _asked(sonnenschein, front_desk, "kontrolle")
    read, withdrawn = Barrier(2, timeout=10), Barrier(2, timeout=10)
    monkeypatch.setattr(confirming, "_locked_survivor", confirming._survivor)
    found = confirming._asked

    def slow(*given: Any) -> object:
        answer = found(*given)
        read.wait()
        withdrawn.wait()
        return answer

    monkeypatch.setattr(confirming, "_asked", slow)

    def act(hand: int) -> object:
        if not hand:
            with salon_scope(sonnenschein.pk):
                return confirm(salon=sonnenschein, link=link, now=THEN + timedelta(seconds=1)).standing
        read.wait()
        with salon_scope(sonnenschein.pk):
            decide(front_desk, card, Decision.WITHDRAWN, now=THEN)
        return withdrawn.wait()

    at_once(act, 2, refusals=(BrokenBarrierError,))
    with salon_scope(sonnenschein.pk):
        assert holds(card.pk, NEWS)


def test_one_link_followed_ten_times_at_once_confirms_once(sonnenschein: Salon, front_desk: Actor) -> None:
    card, link = _asked(sonnenschein, front_desk, "oft")

    def act(_hand: int) -> object:
        with salon_scope(sonnenschein.pk):
            return confirm(salon=sonnenschein, link=link, now=THEN).standing

    assert at_once(act, 10) == [Standing.CONFIRMED] * 10
    with salon_scope(sonnenschein.pk):
        assert [one.decision for one in ledger_of(card.pk)] == ["GRANTED", "REQUESTED"]


def test_two_cards_with_one_address_ask_it_once(sonnenschein: Salon, front_desk: Actor) -> None:
    for index in range(5):
        address = f"paar{index}@web.de"
        with salon_scope(sonnenschein.pk):
            cards = [make_client(sonnenschein, front_desk, ClientDetails(one, email=address)) for one in ("Eva", "Tom")]

        def act(hand: int, cards: list[Client] = cards) -> object:
            with salon_scope(sonnenschein.pk):
                return decide(front_desk, cards[hand], Decision.GRANTED, wording="Ja.", now=NOW).decision

        assert at_once(act, 2) == ["REQUESTED", "REQUESTED"]
        with salon_scope(sonnenschein.pk):
            assert sum(len(mails_of(card.pk)) for card in cards) == 1


def test_a_mailbox_and_two_cards_unsubscribe_at_once(sonnenschein: Salon, front_desk: Actor) -> None:
    with salon_scope(sonnenschein.pk):
        cards = [
            make_client(sonnenschein, front_desk, ClientDetails(one, email="paar@web.de")) for one in ("Eva", "Tom")
        ]

    def act(hand: int) -> object:
        with salon_scope(sonnenschein.pk):
            return len(unsubscribe(client_id=cards[hand % 2].pk, address="paar@web.de", now=THEN))

    assert at_once(act, 6) == [2] * 6
    with salon_scope(sonnenschein.pk):
        assert [[one.decision for one in ledger_of(card.pk)] for card in cards] == [["WITHDRAWN"], ["WITHDRAWN"]]
