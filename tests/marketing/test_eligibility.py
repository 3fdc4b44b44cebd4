"""Who may be written to, and why not (domain.md §9.3): every case, against the rule written down once more."""

from datetime import timedelta
from itertools import product

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.models import Appointment, Sale, SaleState
from bookings.states import Source, State
from clients.confirming import confirm
from clients.details import ClientDetails
from clients.models import Client, ConsentEntry, ConsentSource, Decision
from marketing.eligibility import standings
from marketing.models import Basis, RecipientReason
from marketing.rules import allow_existing_customers, forbid_existing_customers
from salon.identity.roles import Actor, ActorKind, system_actor
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.consenting import NEWS, decide, link_in, mails_of
from tests.operations.test_cards import make_client

BOSS = system_actor("Anna Krüger")
LATER = NOW + timedelta(days=3)
REQUESTED, GRANTED, WITHDRAWN = Decision.REQUESTED, Decision.GRANTED, Decision.WITHDRAWN
LEDGERS = (
    (),
    (REQUESTED,),
    (GRANTED,),
    (WITHDRAWN,),
    (REQUESTED, GRANTED),
    (WITHDRAWN, REQUESTED),
    (WITHDRAWN, GRANTED),
    (GRANTED, WITHDRAWN),
    (GRANTED, WITHDRAWN, REQUESTED),
)
CAME = ("never", "visit", "sale", "carried", "open sale", "void sale", "no-show")
BOUGHT = {"visit", "sale", "carried"}


def _expected(email: bool, blocked: bool, ledger: tuple[Decision, ...], came: str, by_law: str) -> str:
    if not email:
        return "NO_ADDRESS"
    if blocked:
        return "BLOCKED"
    newest = ledger[-1] if ledger else None
    if newest == WITHDRAWN:
        return "OBJECTED"
    if newest == GRANTED:
        return "CONSENT"
    if by_law and came in BOUGHT and WITHDRAWN not in ledger:
        return by_law
    return "NOT_CONFIRMED" if newest == REQUESTED else "NO_CONSENT"


def _come(client: Client, came: str) -> None:
    if came in {"visit", "no-show"}:
        Appointment.objects.create(
            client=client,
            client_status=client.status,
            client_status_reason=client.status_reason,
            state=State.COMPLETED if came == "visit" else State.NO_SHOW,
            visit_on=NOW.date() if came == "visit" else None,
            starts_at=NOW - timedelta(hours=2),
            ends_at=NOW - timedelta(hours=1),
            source=Source.STAFF,
            booked_by_kind=ActorKind.USER,
            booked_by_name="Empfang",
            created_at=NOW,
            updated_at=NOW,
        )
    elif came == "carried":
        Client.objects.filter(pk=client.pk).update(carried_visits=2)
    elif came != "never":
        _buy(client, {"sale": SaleState.PAID, "open sale": SaleState.OPEN, "void sale": SaleState.VOID}[came])


def _buy(client: Client, state: SaleState) -> None:
    sale = Sale(client=client, state=state, opened_by_name="Empfang", created_at=NOW)
    if state == SaleState.PAID:
        sale.number, sale.paid_at, sale.paid_on = Sale.objects.count() + 1, NOW, NOW.date()
    elif state == SaleState.VOID:
        sale.voided_at = NOW
    sale.save()


def test_every_combination(in_sonnenschein: Salon, front_desk: Actor) -> None:
    cards: dict[Client, tuple[bool, bool, tuple[Decision, ...], str]] = {}
    for number, (email, blocked, ledger, came) in enumerate(product((True, False), (True, False), LEDGERS, CAME)):
        details = ClientDetails("Kundin", str(number), email=f"k{number}@web.de" if email else "")
        card = make_client(in_sonnenschein, front_desk, details)
        _come(card, came)
        for step, decision in enumerate(ledger):
            ConsentEntry.objects.create(
                client=card,
                purpose=NEWS,
                decision=decision,
                source=ConsentSource.SALON,
                at=NOW + timedelta(hours=step),
                actor_kind="USER",
                actor_name="Empfang",
            )
        agreed = bool(ledger) and ledger[-1] == GRANTED
        Client.objects.filter(pk=card.pk).update(blocked=blocked, email_consent_for=card.email if agreed else None)
        cards[card] = (email, blocked, ledger, came)

    def check(basis: Basis, *, by_law: str = "") -> None:
        with CaptureQueriesContext(connection) as queries:
            found = standings(Client.objects.all(), basis=basis, now=LATER)
        assert len(queries) == 1
        assert found == {card.pk: _expected(*case, by_law) for card, case in cards.items()}
        some = [card.pk for card in list(cards)[:3]]
        assert standings(some, basis=basis, now=LATER) == {one: found[one] for one in some}

    check(Basis.CONSENT)
    check(Basis.EXISTING_CUSTOMER, by_law="NOT_ALLOWED")
    allow_existing_customers(actor=BOSS, confirmed=True, now=LATER)
    check(Basis.CONSENT)
    check(Basis.EXISTING_CUSTOMER, by_law="EXISTING_CUSTOMER")
    assert set(standings(Client.objects.all(), basis=Basis.EXISTING_CUSTOMER, now=LATER).values()) == {
        *("NO_ADDRESS", "BLOCKED", "OBJECTED", "CONSENT", "EXISTING_CUSTOMER", "NOT_CONFIRMED", "NO_CONSENT")
    }
    forbid_existing_customers(actor=BOSS, now=LATER)
    check(Basis.EXISTING_CUSTOMER, by_law="NOT_ALLOWED")


def test_who_never_confirms_is_never_included(in_sonnenschein: Salon, front_desk: Actor) -> None:
    card = make_client(in_sonnenschein, front_desk, ClientDetails("Sarah", email="sarah@gmail.com"))

    def reason() -> str:
        return standings([card.pk], basis=Basis.CONSENT, now=LATER)[card.pk]

    assert reason() == RecipientReason.NO_CONSENT
    decide(front_desk, card, GRANTED, now=NOW, wording="Ja.")
    assert reason() == RecipientReason.NOT_CONFIRMED
    confirm(salon=in_sonnenschein, link=link_in(mails_of(card.pk)[0]), now=NOW)
    assert reason() == RecipientReason.CONSENT
    decide(front_desk, card, WITHDRAWN, now=NOW)
    assert reason() == RecipientReason.OBJECTED
