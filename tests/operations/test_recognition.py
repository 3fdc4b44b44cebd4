"""Looking up whose card it is, and what a booking would be told (domain.md §4)."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.classification import Reason, Status
from clients.details import ClientDetails
from clients.editing import create_client
from clients.identity import IdentityPolicy, Person
from clients.models import CardState, Client, ClientRules, CreatedVia
from clients.recognition import (
    BookingVerdict,
    contacts_of,
    look_up,
    read_person,
    recognise,
    verdict_of_booking,
)
from clients.rules import choose_identity_policy, identity_policy
from clients.standing import refresh
from clients.tokens import replace_tokens
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role, system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests import database
from tests.conftest import NOW
from tests.marketing.watching import rows_looked_at
from tests.uncounted import uncounted

TODAY = date(2026, 11, 21)
SYSTEM = system_actor("test")
MAIL, PHONE = "sarahsmith@gmail.com", "0171 5550318"


def _list(salon: Salon, first_name: str = "Sarah", email: str = MAIL, mobile: str = PHONE, **given: Any) -> Client:
    details = ClientDetails(first_name, "Smith", email=email, mobile=mobile, landline=given.pop("landline", ""))
    client = create_client(actor=SYSTEM, salon=salon, details=details, created_via=CreatedVia.STAFF, now=NOW).client
    if given:
        Client.objects.filter(pk=client.pk).update(**given)
        refresh([client.pk], today=TODAY)
    return client


def _told(salon: Salon, first_name: str = "Sarah", email: str = "", phone: str = "") -> tuple[Status, Reason]:
    verdict = verdict_of_booking(
        actor=SYSTEM, salon=salon, first_name=first_name, email=email, phone=phone, today=TODAY
    )
    return verdict.status, verdict.reason


def _found(salon: Salon, first_name: str = "Sarah", email: str = "", phone: str = "") -> Client | None:
    person = read_person(salon=salon, first_name=first_name, email=email, phone=phone, today=TODAY)
    client_id = recognise(person).client_id
    return Client.objects.get(pk=client_id) if client_id else None


class TestWhoIsRecognised:
    """Cards are found by any of their contacts, in any writing."""

    @pytest.mark.parametrize("phone", ["0171 5550318", "+49 171 5550318", "0049171/5550318", "(0171) 555-03-18"])
    def test_by_phone_in_any_notation(self, in_sonnenschein: Salon, phone: str) -> None:
        client = _list(in_sonnenschein, email="")
        assert _found(in_sonnenschein, "SARAH ", phone=phone) == client

    def test_national_numbers_are_the_salons(self, in_sonnenschein: Salon) -> None:
        in_sonnenschein.country = "AT"
        client = _list(in_sonnenschein, email="", mobile="0664 1234567")
        assert _found(in_sonnenschein, phone="0664 1234567") == client
        in_sonnenschein.country = "DE"
        assert _found(in_sonnenschein, phone="0664 1234567") is None
        assert _found(in_sonnenschein, phone="+43 664 1234567") == client

    def test_by_the_landline(self, in_sonnenschein: Salon) -> None:
        client = _list(in_sonnenschein, email="", mobile="", landline="030 901820")
        assert _found(in_sonnenschein, phone="+49 30 901820") == client

    @pytest.mark.parametrize("email", [MAIL, " SARAHSMITH@gmail.COM "])
    def test_by_email(self, in_sonnenschein: Salon, email: str) -> None:
        client = _list(in_sonnenschein)
        assert _found(in_sonnenschein, email=email) == client

    def test_an_email_that_only_ends_alike_is_another(self, in_sonnenschein: Salon) -> None:
        _list(in_sonnenschein, email="anna.lang@mail.example", mobile="")
        assert _told(in_sonnenschein, email="lang@mail.example") == (Status.NEW, Reason.NOT_LISTED)

    def test_long_emails_too(self, in_sonnenschein: Salon) -> None:
        long = f"{'a' * 60}@{'ä' * 40}.{'b' * 60}.example"
        assert _found(in_sonnenschein, email=long) is None
        client = _list(in_sonnenschein, email=long)
        assert _found(in_sonnenschein, email=long.upper()) == client

    def test_nobody_by_the_name_alone(self, in_sonnenschein: Salon) -> None:
        _list(in_sonnenschein)
        assert _told(in_sonnenschein) == (Status.NEW, Reason.NOT_LISTED)

    def test_of_several_the_latest_visit(self, in_sonnenschein: Salon) -> None:
        _list(in_sonnenschein, last_visit_on=TODAY - timedelta(30))
        latest = _list(in_sonnenschein, last_visit_on=TODAY - timedelta(20))
        _list(in_sonnenschein)
        assert _found(in_sonnenschein, email=MAIL) == latest

    @pytest.mark.parametrize("state", [CardState.MERGED, CardState.ERASED])
    def test_only_cards_in_use(self, in_sonnenschein: Salon, state: CardState) -> None:
        other = _list(in_sonnenschein, "Tom", "tom@mail.example", "")
        client = _list(in_sonnenschein)
        merged_into = other if state == CardState.MERGED else None
        Client.objects.filter(pk=client.pk).update(state=state, merged_into=merged_into)
        # Its tokens go with the merge; even one that was forgotten finds nobody.
        assert _found(in_sonnenschein, email=MAIL) is None
        replace_tokens(Client.objects.get(pk=client.pk))
        assert _found(in_sonnenschein, email=MAIL) is None

    def test_nobody_of_another_salon(self, sonnenschein: Salon, dom: Salon) -> None:
        with salon_scope(dom.pk):
            _list(dom)
        with salon_scope(sonnenschein.pk):
            assert _told(sonnenschein, email=MAIL, phone=PHONE) == (Status.NEW, Reason.NOT_LISTED)


class TestWhatABookingIsTold:
    """4.1 and 4.2 together."""

    def test_the_examples_of_the_seed(self, in_sonnenschein: Salon) -> None:
        _list(in_sonnenschein, last_visit_on=TODAY - timedelta(30))
        assert _told(in_sonnenschein, email=MAIL, phone=PHONE) == (Status.RETURNING, Reason.RECENT_VISIT)
        other_mail = _told(in_sonnenschein, email="sarah@work.example", phone=PHONE)
        assert other_mail == (Status.NEW, Reason.EMAIL_DIFFERS)
        other_person = _told(in_sonnenschein, "Tom", MAIL, "0160 1234567")
        assert other_person == (Status.NEW, Reason.NAME_AND_PHONE_DIFFER)
        assert _told(in_sonnenschein, "Tom", "tom@mail.example") == (Status.NEW, Reason.NOT_LISTED)

    @pytest.mark.parametrize(
        ("created_via", "listed", "visited", "expected"),
        [
            (CreatedVia.STAFF, 1000, 365, (Status.RETURNING, Reason.RECENT_VISIT)),
            (CreatedVia.STAFF, 1000, 366, (Status.NEW, Reason.LAPSED)),
            (CreatedVia.ONLINE_BOOKING, 300, None, (Status.NEW, Reason.FIRST_VISIT_PENDING)),
            (CreatedVia.IMPORT, 300, None, (Status.RETURNING, Reason.LISTED)),
        ],
    )
    def test_who_is_recognised_is_told_by_her_card(
        self,
        in_sonnenschein: Salon,
        created_via: str,
        listed: int,
        visited: int | None,
        expected: tuple[Status, Reason],
    ) -> None:
        _list(
            in_sonnenschein,
            created_via=created_via,
            listed_on=TODAY - timedelta(listed),
            last_visit_on=TODAY - timedelta(visited) if visited else None,
        )
        assert _told(in_sonnenschein, email=MAIL) == expected

    def test_the_policy_is_the_salons(self, in_sonnenschein: Salon) -> None:
        _list(in_sonnenschein)
        assert _told(in_sonnenschein, email="sarah@work.example", phone=PHONE)[1] == Reason.EMAIL_DIFFERS
        choose_identity_policy(actor=SYSTEM, policy="LENIENT", now=NOW)
        assert _told(in_sonnenschein, email="sarah@work.example", phone=PHONE)[1] == Reason.LISTED

    def test_it_changes_nothing(self, in_sonnenschein: Salon) -> None:
        _list(in_sonnenschein)
        before = list(Client.objects.values()), AuditEntry.objects.count()
        _told(in_sonnenschein, email=MAIL, phone="0160 1234567")
        assert (list(Client.objects.values()), AuditEntry.objects.count()) == before

    def test_who_may_not_read_clients_is_told_nothing(self, in_sonnenschein: Salon) -> None:
        nobody = Actor(ActorKind.API_KEY, None, "booking site", frozenset())
        with pytest.raises(NotAllowed):
            verdict_of_booking(
                actor=nobody, salon=in_sonnenschein, first_name="Sarah", email=MAIL, phone="", today=TODAY
            )

    def test_every_field_that_cannot_be_is_named(self, in_sonnenschein: Salon) -> None:
        with pytest.raises(InvalidInput) as refusal:
            _told(in_sonnenschein, "x" * 81, "sarah@", "12")
        named = {(error.field, error.code) for error in refusal.value.errors}
        assert named == {("first_name", "max_length"), ("email", "invalid"), ("phone", "invalid")}


def test_queries_are_as_many_for_many_cards(in_sonnenschein: Salon) -> None:
    counts = []
    for number in range(20):
        _list(in_sonnenschein, f"Nr. {number}")
        if number in {1, 19}:
            with CaptureQueriesContext(
                connection,
            ) as seen:
                recognise(Person("Sarah", MAIL, "+491715550318"))
            counts.append(len(seen))
    assert counts == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_the_index_finds_them(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        for number in range(300):
            _list(sonnenschein, email=f"sarah{number}@mail.example", mobile=f"0171 {5550000 + number}")
    with database.owner() as owner:
        owner.execute("ANALYZE clients_client, clients_searchtoken")
    with salon_scope(sonnenschein.pk), connection.cursor() as cursor:
        contacts = contacts_of("sarah7@mail.example", "+491715550008")
        sql, values = look_up(contacts)
        cursor.execute(f"EXPLAIN {sql}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert len(re.findall(r"clients_searchtoken_pkey.*\n +Index Cond: .*token", plan)) == 2, plan
    assert "Seq Scan" not in plan


class TestThePolicy:
    """The owner decides, and it is recorded."""

    @pytest.mark.usefixtures("in_sonnenschein")
    def test_strict_unless_decided(self) -> None:
        assert identity_policy() == IdentityPolicy.STRICT
        assert not ClientRules.objects.exists()

    def test_a_decision_is_kept_and_recorded(self, in_sonnenschein: Salon) -> None:
        assert choose_identity_policy(actor=SYSTEM, policy="LENIENT", now=NOW)
        assert identity_policy() == IdentityPolicy.LENIENT
        entry = AuditEntry.objects.get()
        assert (entry.action, entry.subject_id, entry.at) == ("client_rules.changed", in_sonnenschein.pk, NOW)
        assert entry.changes == [{"field": "identity_policy", "old": "STRICT", "new": "LENIENT"}]

    @pytest.mark.usefixtures("in_sonnenschein")
    def test_deciding_the_same_again_leaves_no_trace(self) -> None:
        assert not choose_identity_policy(actor=SYSTEM, policy="STRICT", now=NOW)
        choose_identity_policy(actor=SYSTEM, policy="LENIENT", now=NOW)
        assert not choose_identity_policy(actor=SYSTEM, policy="LENIENT", now=NOW)
        assert AuditEntry.objects.count() == 1

    @pytest.mark.usefixtures("in_sonnenschein")
    def test_nothing_else_can_be_chosen(self) -> None:
        with pytest.raises(InvalidInput) as refusal:
            choose_identity_policy(actor=SYSTEM, policy="lenient", now=NOW)
        assert [(error.field, error.code) for error in refusal.value.errors] == [("policy", "invalid_choice")]
        assert identity_policy() == IdentityPolicy.STRICT

    @pytest.mark.usefixtures("in_sonnenschein")
    def test_staff_decide_nothing(self, front_desk: Actor) -> None:
        with pytest.raises(NotAllowed):
            choose_identity_policy(actor=front_desk, policy="LENIENT", now=NOW)
        manager = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])
        assert choose_identity_policy(actor=manager, policy="LENIENT", now=NOW)

    def test_each_salon_decides_for_itself(self, sonnenschein: Salon, dom: Salon) -> None:
        with salon_scope(dom.pk):
            choose_identity_policy(actor=SYSTEM, policy="LENIENT", now=NOW)
        with salon_scope(sonnenschein.pk):
            assert identity_policy() == IdentityPolicy.STRICT


def test_the_verdict_is_the_status_and_the_reason_and_nothing_else() -> None:
    assert BookingVerdict.__slots__ == ("status", "reason")


@pytest.mark.django_db(transaction=True)
def test_nor_reads_it_all_where_the_salon_was_never_counted(sonnenschein: Salon, dom: Salon) -> None:
    seen: list[tuple[Any, Any]] = []

    def watch(execute: Callable[..., Any], sql: Any, values: Any, many: bool, context: dict[str, Any]) -> Any:
        seen.append((sql, values))
        return execute(sql, values, many, context)

    with uncounted(sonnenschein, dom, 600), salon_scope(sonnenschein.pk):
        with connection.execute_wrapper(watch):
            found = recognise(Person("Anna 7", "anna.7@mail.example", "+491715000007"))
        assert found.client_id == Client.objects.get(number=7).pk
        [asked] = seen
        # At worst each card once; there are fifty tokens of each.
        assert rows_looked_at(*asked) <= 600 + 20
