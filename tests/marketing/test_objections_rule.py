"""Who objected, against the rule in plain words: over cards at random that share addresses, by the crowd and by few."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random

import pytest
from django.db import connection
from django.db.models.expressions import RawSQL

from clients.classification import CreatedVia, Reason, Status
from clients.models import CardState, Client, ConsentEntry, ConsentPurpose, ConsentSource, Decision
from clients.objections import objected_addresses, once_objected_addresses, who_objected
from clients.search import add_tokens
from marketing.eligibility import standings
from marketing.models import Basis
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW

NEWS, HEALTH = ConsentPurpose.EMAIL_MARKETING, ConsentPurpose.HEALTH_DATA
ADDRESSES = 60
_NUMBERS = count(1)


@dataclass
class Card:
    """A card as the rule sees it: its ledger of news, and since when a consent holds for its address."""

    card: Client
    said: list[tuple[Decision, datetime]] = field(default_factory=list)

    @property
    def agreed_at(self) -> datetime | None:
        return self.card.email_consent_at if self.card.email_consent else None

    @property
    def objections(self) -> list[datetime]:
        return [at for decision, at in self.said if decision == Decision.WITHDRAWN]

    @property
    def grants(self) -> list[datetime]:
        return [at for decision, at in self.said if decision == Decision.GRANTED]


def _objects(cards: list[Card]) -> bool:
    """Return whether the address of these cards wants no news: some objection was not taken back behind it."""
    return any(
        all(at <= objected_at for at in one.grants)
        and all(other.agreed_at is None or other.agreed_at <= objected_at for other in cards)
        for one in cards
        for objected_at in one.objections
    )


def _cards(chance: Random) -> Iterator[list[Card]]:
    """Put cards on file, those of one address at a time; now and then two things happen at once."""
    for place in range(ADDRESSES):
        yield [_card(chance, f"Sarah{place}@Web.de") for _turn in range(chance.randint(1, 3))]
    yield [_card(chance, "") for _turn in range(6)]


def _card(chance: Random, email: str) -> Card:
    written = chance.choice([email, email.lower(), email.upper()])
    number = next(_NUMBERS)
    card = Client.objects.create(
        number=number,
        first_name=f"Sarah {number}",
        sort_key=f"sarah {number}",
        email=written,
        email_consent_for=chance.choice([None, written, email.lower(), "sarah@elsewhere.de"]),
        email_consent_at=chance.choice([None, *(_at(chance) for _turn in range(3))]),
        listed_on=NOW.date(),
        created_via=CreatedVia.STAFF,
        status=Status.RETURNING,
        status_reason=Reason.LISTED,
        created_at=NOW,
        updated_at=NOW,
    )
    said = [(chance.choice(Decision.values), _at(chance)) for _turn in range(chance.randint(0, 3))]
    entries = [(NEWS, *one) for one in said] + [(HEALTH, Decision.WITHDRAWN, _at(chance))]
    ConsentEntry.objects.bulk_create(
        ConsentEntry(
            client=card,
            purpose=purpose,
            decision=decision,
            at=at,
            source=ConsentSource.SALON,
            actor_kind="USER",
            actor_name="Empfang",
        )
        for purpose, decision, at in entries
    )
    add_tokens(card)
    state = chance.choice([CardState.LISTED] * 6 + [CardState.ERASED])
    Client.objects.filter(pk=card.pk).update(state=state)
    card.refresh_from_db()
    return Card(card, [(Decision(decision), at) for decision, at in said])


def _found(asked: RawSQL) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(asked.sql, asked.params)
        return {address for (address,) in cursor.fetchall()}


def _at(chance: Random) -> datetime:
    return NOW + timedelta(hours=chance.randint(0, 4))


@pytest.mark.parametrize("seed", range(4))
def test_whoever_the_rule_says(sonnenschein: Salon, dom: Salon, seed: int) -> None:
    chance = Random(seed)
    with salon_scope(dom.pk):
        list(_cards(chance))
    with salon_scope(sonnenschein.pk):
        expected, once = set(), set()
        everybody: list[Card] = []
        for alike in _cards(chance):
            everybody += alike
            listed = [one for one in alike if one.card.state == CardState.LISTED and one.card.email]
            if _objects(listed):
                expected.add(listed[0].card.email.lower())
            once |= {one.card.email.lower() for one in listed if one.objections}
        assert expected < once
        assert _found(objected_addresses()) == expected
        assert _found(once_objected_addresses()) == once
        emails = [one.card.email for one in everybody]
        assert who_objected(emails) == expected
        assert who_objected([]) == who_objected([""]) == set()
        few = [one for one in chance.sample(everybody, 20) if one.card.state == CardState.LISTED]
        assert who_objected(one.card.email for one in few) == expected & {one.card.email.lower() for one in few}
        for basis in Basis:
            whole = standings(Client.objects.all(), basis=basis, now=NOW)
            assert standings([one.card.pk for one in few], basis=basis, now=NOW) == {
                one.card.pk: whole[one.card.pk] for one in few
            }
