"""The test mail: to whoever asks, as a client gets it, counted and kept nowhere."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from marketing.models import Recipient
from marketing.testing import send_test
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed
from salon.identity.models import User
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role, system_actor
from salon.mail.models import ClientMail
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.campaigning import agreed, draft, may_send
from tests.marketing.mailserver import Inbox, inbox, send_to


@pytest.fixture
def arriving(settings: Settings) -> Iterator[Inbox]:
    with inbox() as (received, port):
        send_to(settings, port)
        yield received


def _acting(user: User, role: Role = Role.OWNER) -> Actor:
    return Actor(ActorKind.USER, user.pk, user.name, PERMISSIONS[role])


def test_it_goes_to_whoever_asks_and_is_counted_nowhere(in_sonnenschein: Salon, owner: User, arriving: Inbox) -> None:
    may_send()
    agreed("Lena")
    mia = agreed("Mia")
    campaign = draft()
    told = AuditEntry.objects.count()
    for client_id in (None, mia.pk):
        to = send_test(
            actor=_acting(owner), salon=in_sonnenschein, campaign_id=campaign.pk, client_id=client_id, now=NOW
        )
        assert to == owner.email
    first, second = arriving.mails
    assert arriving.to == [owner.email] * 2
    assert (first["Subject"], second["Subject"]) == ("[Test] Frühling für Lena", "[Test] Frühling für Mia")
    assert first["Message-ID"] != second["Message-ID"]
    assert (first["List-Unsubscribe"], first["Precedence"]) == (None, None)
    assert not Recipient.objects.exists()
    assert not ClientMail.objects.exists()
    assert AuditEntry.objects.count() == told


def test_a_refused_one_says_so(in_sonnenschein: Salon, owner: User, stylist: User, arriving: Inbox) -> None:
    campaign = draft(subject="{{secret}}")
    actor = _acting(owner)
    with pytest.raises(InvalidInput) as unknown:
        send_test(actor=actor, salon=in_sonnenschein, campaign_id=campaign.pk, now=NOW)
    assert [(one.field, one.code) for one in unknown.value.errors] == [("subject", "unknown_placeholder")]
    campaign = draft("lapsing")
    arriving.rcpt["*"] = "450 later"
    with pytest.raises(InvalidInput) as away:
        send_test(actor=actor, salon=in_sonnenschein, campaign_id=campaign.pk, now=NOW)
    assert [(one.field, one.code) for one in away.value.errors] == [("to", "not_sent")]
    with pytest.raises(InvalidInput) as nobody:
        send_test(actor=system_actor("x"), salon=in_sonnenschein, campaign_id=campaign.pk, now=NOW)
    assert [(one.field, one.code) for one in nobody.value.errors] == [("to", "no_address")]
    with pytest.raises(NotAllowed):
        send_test(actor=_acting(stylist, Role.STAFF), salon=in_sonnenschein, campaign_id=campaign.pk, now=NOW)
    assert arriving.to == []
