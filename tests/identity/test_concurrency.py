"""What two people do at the same moment (architecture.md §2: never check, then act)."""

import os

import pytest

from salon.identity import members
from salon.identity.models import Invitation, Language, Membership, User
from salon.identity.passwords import ResetLinkInvalid, reset_password
from salon.identity.roles import Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.identity.racing import race
from tests.identity.test_members import GOOD, acting, membership_of, token_of
from tests.identity.test_passwords import link_parts

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 20 if os.environ.get("SOAK") else 5


def _step_down(salon: Salon, actor: User, target: User) -> Membership:
    with salon_scope(salon.pk):
        return members.change_role(
            actor=acting(actor), membership_id=membership_of(target).pk, role=Role.STAFF, now=NOW
        )


def _leave(salon: Salon, user: User) -> Membership:
    with salon_scope(salon.pk):
        return members.remove_member(actor=acting(user), membership_id=membership_of(user).pk, now=NOW)


def _owners(salon: Salon) -> int:
    return Membership.objects.filter(salon=salon, role=Role.OWNER).count()


def test_two_owners_who_demote_each_other_leave_one(sonnenschein: Salon, owner: User, manager: User) -> None:
    for _round in range(ROUNDS):
        Membership.objects.filter(salon=sonnenschein).update(role=Role.OWNER)
        outcomes = race(
            lambda: _step_down(sonnenschein, owner, manager), lambda: _step_down(sonnenschein, manager, owner)
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Membership", "NotAllowed"]
        assert _owners(sonnenschein) == 1


def test_two_owners_who_both_step_down_leave_one(sonnenschein: Salon, owner: User, manager: User) -> None:
    for _round in range(ROUNDS):
        Membership.objects.filter(salon=sonnenschein).update(role=Role.OWNER)
        outcomes = race(
            lambda: _step_down(sonnenschein, owner, owner), lambda: _step_down(sonnenschein, manager, manager)
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["LastOwner", "Membership"]
        assert _owners(sonnenschein) == 1


def test_two_owners_who_leave_at_once_leave_one(sonnenschein: Salon, owner: User, manager: User) -> None:
    Membership.objects.filter(salon=sonnenschein).update(role=Role.OWNER)
    outcomes = race(lambda: _leave(sonnenschein, owner), lambda: _leave(sonnenschein, manager))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["LastOwner", "Membership"]
    assert _owners(sonnenschein) == 1


def test_a_link_accepted_ten_times_at_once_makes_one_account(sonnenschein: Salon, owner: User) -> None:
    with salon_scope(sonnenschein.pk):
        invited = members.invite(actor=acting(owner), email="mia@x.example", role=Role.STAFF, now=NOW)

    def join() -> Membership:
        return members.join_as_new_user(
            token=token_of(invited), name="Mia", password=GOOD, language=Language.DE, now=NOW
        )

    outcomes = race(*[join] * 10)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvitationInvalid"] * 9 + ["Membership"]
    assert User.objects.filter(email="mia@x.example").count() == 1


def test_two_salons_invitations_accepted_at_once_make_one_account(
    sonnenschein: Salon, owner: User, dom: Salon, outsider: User
) -> None:
    tokens = []
    for salon, actor in ((sonnenschein, owner), (dom, outsider)):
        with salon_scope(salon.pk):
            invited = members.invite(actor=acting(actor), email="mia@x.example", role=Role.STAFF, now=NOW)
            tokens.append(token_of(invited))
    outcomes = race(
        *[
            lambda token=token: members.join_as_new_user(
                token=token, name="Mia", password=GOOD, language=Language.DE, now=NOW
            )
            for token in tokens
        ]
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AccountExists", "Membership"]
    assert Membership.objects.filter(user__email="mia@x.example").count() == 1
    assert Invitation.objects.count() == 1


def test_one_address_invited_ten_times_at_once_has_one_open_link(sonnenschein: Salon, owner: User) -> None:
    def invite() -> members.Invited:
        with salon_scope(sonnenschein.pk):
            return members.invite(actor=acting(owner), email="mia@x.example", role=Role.STAFF, now=NOW)

    outcomes = race(*[invite] * 10)
    assert all(isinstance(outcome, members.Invited) for outcome in outcomes)
    assert Invitation.objects.count() == 1


def test_a_reset_link_used_twice_at_once_sets_one_password(owner: User) -> None:
    user_key, token = link_parts(owner)
    passwords = ["der erste neue Satz", "der zweite neue Satz"]
    outcomes = race(
        *[
            lambda password=password: reset_password(user_key=user_key, token=token, password=password, now=NOW)
            for password in passwords
        ]
    )
    assert sum(isinstance(outcome, ResetLinkInvalid) for outcome in outcomes) == 1
    owner.refresh_from_db()
    assert owner.check_password(passwords[outcomes.index(None)])
