"""The consent ledger (domain.md §9.3): what holds at once, as what an import brings does."""

from datetime import timedelta

import pytest

from clients.cards import get_client
from clients.consent import holds, ledger_of, record_consent
from clients.models import Client, ConsentEntry, ConsentPurpose, ConsentSource, Decision
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed
from salon.identity.roles import Actor, ActorKind
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.operations.test_cards import make_client

NEWS = ConsentPurpose.EMAIL_MARKETING
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def client(in_sonnenschein: Salon, front_desk: Actor) -> Client:
    return make_client(in_sonnenschein, front_desk)


def _record(actor: Actor, client: Client, decision: Decision, wording: str = "", hours: int = 0) -> ConsentEntry:
    return record_consent(
        actor=actor,
        client_id=client.pk,
        purpose=NEWS,
        decision=decision,
        source=ConsentSource.IMPORT,
        wording=wording,
        now=NOW + timedelta(hours=hours),
    )


def test_the_newest_decision_holds(client: Client, front_desk: Actor) -> None:
    assert not holds(client.pk, NEWS)
    _record(front_desk, client, Decision.GRANTED, "Ja,  gern\nNeuigkeiten.", hours=1)
    card = get_client(client.pk)
    assert (card.email_consent, card.email_consent_at, card.version) == (True, LATER, 2)
    assert holds(client.pk, NEWS)

    _record(front_desk, client, Decision.WITHDRAWN, hours=2)
    card = get_client(client.pk)
    assert (card.email_consent, card.email_consent_at, card.version) == (False, LATER + timedelta(hours=1), 3)
    assert [(one.decision, one.wording, one.source, one.actor_name) for one in ledger_of(client.pk)] == [
        ("WITHDRAWN", "", "IMPORT", "Empfang"),
        ("GRANTED", "Ja, gern Neuigkeiten.", "IMPORT", "Empfang"),
    ]
    entries = AuditEntry.objects.filter(subject_id=client.pk).order_by("id")
    assert [entry.action for entry in entries][1:] == ["client.consent_granted", "client.consent_withdrawn"]


def test_of_two_at_the_same_moment_the_one_written_last_holds(client: Client, front_desk: Actor) -> None:
    """Who waited for the other's lock has an earlier clock: card and ledger say the same all the same."""
    _record(front_desk, client, Decision.GRANTED, "Ja.", hours=1)
    _record(front_desk, client, Decision.WITHDRAWN)
    assert (get_client(client.pk).email_consent, holds(client.pk, NEWS)) == (False, False)
    assert [one.decision for one in ledger_of(client.pk)] == ["WITHDRAWN", "GRANTED"]


def test_a_purpose_says_nothing_about_another(client: Client, front_desk: Actor) -> None:
    _record(front_desk, client, Decision.GRANTED, "Ja.")
    assert not holds(client.pk, ConsentPurpose.HEALTH_DATA)


def test_the_same_decision_is_written_once(client: Client, front_desk: Actor) -> None:
    first = _record(front_desk, client, Decision.GRANTED, "Ja.")
    assert _record(front_desk, client, Decision.GRANTED, "Ja.", hours=1).pk == first.pk
    assert _record(front_desk, client, Decision.GRANTED, "Ja, auch das.", hours=2).pk != first.pk
    assert len(ledger_of(client.pk)) == 2


@pytest.mark.parametrize(("wording", "code"), [(" ", "required"), ("x" * 2001, "max_length"), ("a\x00", "invalid")])
def test_a_consent_names_its_words(client: Client, front_desk: Actor, wording: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        _record(front_desk, client, Decision.GRANTED, wording)
    assert [(error.field, error.code) for error in refusal.value.errors] == [("wording", code)]
    assert ledger_of(client.pk) == []
    assert not get_client(client.pk).email_consent


def test_who_may_not_records_nothing(client: Client) -> None:
    with pytest.raises(NotAllowed):
        _record(Actor(ActorKind.USER, None, "Gast", frozenset()), client, Decision.GRANTED, "Ja.")
    assert ledger_of(client.pk) == []
