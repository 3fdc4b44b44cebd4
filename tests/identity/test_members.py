"""Who may enter a salon: inviting, joining, roles, leaving (domain.md §8)."""

import re
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import pytest
from django.utils.translation import override

from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed, NotFound
from salon.identity import members
from salon.identity.models import Invitation, Language, Membership, User
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role, system_actor
from salon.identity.throttling import Throttled
from salon.mail.models import AccountMail
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW, PASSWORD

GOOD = "ein Satz den nur ich kenne"


def acting(user: User, role: Role = Role.OWNER) -> Actor:
    return Actor(ActorKind.USER, user.pk, user.name, PERMISSIONS[role])


def token_of(invited: members.Invited) -> str:
    return invited.link.rstrip("/").rsplit("/", 1)[1]


def membership_of(user: User) -> Membership:
    return Membership.objects.get(user=user)


def audited(salon: Salon, subject_id: UUID) -> list[tuple[str, str, list[dict[str, str | None]]]]:
    with salon_scope(salon.pk):
        entries = AuditEntry.objects.filter(subject_id=subject_id).order_by("id")
        return [(entry.action, entry.actor_name, entry.changes) for entry in entries]


@pytest.fixture
def english() -> Iterator[None]:
    with override("en"):
        yield


@pytest.fixture
def invited(sonnenschein: Salon, owner: User) -> members.Invited:
    with salon_scope(sonnenschein.pk):
        return members.invite(actor=acting(owner), email=" Mia@Sonnenschein.Example ", role=Role.STAFF, now=NOW)


# Inviting


def test_an_invitation_stores_only_the_hash_of_a_256_bit_token(invited: members.Invited, owner: User) -> None:
    token = token_of(invited)
    stored = Invitation.objects.get()
    assert len(token) == 43  # 32 bytes in base64
    assert bytes(stored.token_hash) == sha256(token.encode()).digest()
    assert (stored.email, stored.role, stored.invited_by) == ("mia@sonnenschein.example", "STAFF", owner.name)
    assert (stored.created_at, stored.expires_at) == (NOW, NOW + timedelta(days=7))
    assert re.fullmatch(r"http://[^/]+/invitation/[\w-]{43}/", invited.link)


def test_an_invitation_is_recorded_without_its_token(
    in_sonnenschein: Salon, invited: members.Invited, owner: User
) -> None:
    assert audited(in_sonnenschein, invited.invitation.pk) == [
        (
            "member.invited",
            owner.name,
            [
                {"field": "email", "old": None, "new": "mia@sonnenschein.example"},
                {"field": "role", "old": None, "new": "STAFF"},
            ],
        )
    ]


def test_the_invitation_goes_out_by_mail(english: None, invited: members.Invited, owner: User) -> None:
    mail = AccountMail.objects.get()
    assert (mail.recipient, mail.subject) == ("mia@sonnenschein.example", "Invitation to Salon Sonnenschein")
    assert mail.body == (
        f"Hello,\n\n{owner.name} invites you to work in Salon Sonnenschein. Your role: Staff.\n\n"
        f"Accept the invitation with this link:\n{invited.link}\n\n"
        "The link is valid for 7 days and for you only. If you did not expect it, ignore this message.\n\n"
    )


def test_a_known_person_is_written_to_in_her_own_language_and_by_name(
    english: None, in_sonnenschein: Salon, owner: User, outsider: User
) -> None:
    outsider.language = Language.EN
    outsider.save()
    with override("de"):
        members.invite(actor=acting(owner), email=outsider.email, role=Role.STAFF, now=NOW)
    assert AccountMail.objects.get().body.startswith(f"Hello {outsider.name},\n")


def test_inviting_again_replaces_the_old_link(sonnenschein: Salon, owner: User, invited: members.Invited) -> None:
    later = NOW + timedelta(days=3)
    with salon_scope(sonnenschein.pk):
        again = members.invite(actor=acting(owner), email="mia@sonnenschein.example", role=Role.MANAGER, now=later)

    stored = Invitation.objects.get()
    assert (stored.pk, stored.role, stored.expires_at) == (invited.invitation.pk, "MANAGER", later + timedelta(days=7))
    with pytest.raises(members.InvitationInvalid):
        _open(token_of(invited))
    assert _open(token_of(again)).pk == stored.pk


def test_two_salons_may_invite_the_same_address(
    invited: members.Invited, dom: Salon, outsider: User, sonnenschein: Salon
) -> None:
    assert Invitation.objects.filter(salon=sonnenschein).count() == 1
    Invitation.objects.create(
        salon=dom,
        email="mia@sonnenschein.example",
        role=Role.STAFF,
        token_hash=b"x" * 32,
        invited_by="Emre",
        expires_at=NOW + timedelta(days=7),
    )
    assert Invitation.objects.count() == 2


def test_a_member_is_not_invited_again(in_sonnenschein: Salon, owner: User, stylist: User) -> None:
    with pytest.raises(members.AlreadyMember) as refused:
        members.invite(actor=acting(owner), email=stylist.email.upper(), role=Role.OWNER, now=NOW)
    assert refused.value.code == "already_member"
    assert not Invitation.objects.exists()
    assert not AccountMail.objects.exists()
    assert membership_of(stylist).role == "STAFF"


@pytest.mark.parametrize("address", ["", "mia", "mia@", "@x.example", "a@b.example\nc", f"{'a' * 250}@x.example"])
def test_what_is_no_address_is_refused(in_sonnenschein: Salon, owner: User, address: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        members.invite(actor=acting(owner), email=address, role=Role.STAFF, now=NOW)
    assert [(error.field, error.code) for error in refused.value.errors] == [("email", "invalid")]
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("role", [Role.MANAGER, Role.STAFF])
def test_only_owners_invite_withdraw_promote_and_remove(
    in_sonnenschein: Salon, invited: members.Invited, stylist: User, role: Role
) -> None:
    actor = acting(stylist, role)
    member = membership_of(stylist)
    with pytest.raises(NotAllowed):
        members.invite(actor=actor, email="x@x.example", role=Role.STAFF, now=NOW)
    with pytest.raises(NotAllowed):
        members.revoke_invitation(actor=actor, invitation_id=invited.invitation.pk, now=NOW)
    with pytest.raises(NotAllowed):
        members.change_role(actor=actor, membership_id=member.pk, role=Role.OWNER, now=NOW)
    with pytest.raises(NotAllowed):
        members.remove_member(actor=actor, membership_id=member.pk, now=NOW)
    assert Invitation.objects.count() == 1
    assert membership_of(stylist).role == "STAFF"


# Withdrawing


def test_a_withdrawn_invitation_is_dead(sonnenschein: Salon, owner: User, invited: members.Invited) -> None:
    with salon_scope(sonnenschein.pk):
        members.revoke_invitation(actor=acting(owner), invitation_id=invited.invitation.pk, now=NOW)
    with pytest.raises(members.InvitationInvalid):
        _open(token_of(invited))
    assert [entry[0] for entry in audited(sonnenschein, invited.invitation.pk)] == [
        "member.invited",
        "member.invitation_revoked",
    ]
    with salon_scope(sonnenschein.pk), pytest.raises(NotFound):
        members.revoke_invitation(actor=acting(owner), invitation_id=invited.invitation.pk, now=NOW)


def test_another_salons_invitation_cannot_be_withdrawn(in_sonnenschein: Salon, dom: Salon) -> None:
    other = Invitation.objects.create(
        salon=dom, email="x@x.example", role=Role.STAFF, token_hash=b"y" * 32, invited_by="Emre", expires_at=NOW
    )
    with pytest.raises(NotFound):
        members.revoke_invitation(actor=system_actor("test"), invitation_id=other.pk, now=NOW)
    assert Invitation.objects.filter(pk=other.pk).exists()


# Opening the link


def _open(token: str, *, after: timedelta = timedelta(0), address: str = "192.0.2.1") -> Invitation:
    return members.open_invitation(token=token, address=address, now=NOW + after)


def test_an_invitation_is_open_until_the_seventh_day_is_over(invited: members.Invited) -> None:
    token = token_of(invited)
    assert _open(token, after=timedelta(days=7) - timedelta(microseconds=1)).email == "mia@sonnenschein.example"
    with pytest.raises(members.InvitationInvalid):
        _open(token, after=timedelta(days=7))
    with pytest.raises(members.InvitationInvalid):
        _join_new(token, after=timedelta(days=7))
    assert not User.objects.filter(email="mia@sonnenschein.example").exists()


def test_guessing_tokens_is_throttled_and_right_ones_do_not_count(invited: members.Invited) -> None:
    for _number in range(9):
        _open(token_of(invited))
    for _number in range(5):
        with pytest.raises(members.InvitationInvalid):
            _open("guess")
    with pytest.raises(Throttled):
        _open(token_of(invited))
    _open(token_of(invited), address="192.0.2.2")


# Joining


def _join_new(
    token: str, *, name: str = " Mia  Berg ", password: str = GOOD, after: timedelta = timedelta(0)
) -> Membership:
    return members.join_as_new_user(token=token, name=name, password=password, language=Language.EN, now=NOW + after)


def test_whoever_has_no_account_gets_one(in_sonnenschein: Salon, invited: members.Invited) -> None:
    joined = _join_new(token_of(invited))
    user = User.objects.get(email="mia@sonnenschein.example")
    assert (user.name, user.language, user.is_active, user.check_password(GOOD)) == ("Mia Berg", "en", True, True)
    assert (joined.user, joined.salon, joined.role) == (user, in_sonnenschein, "STAFF")
    assert not Invitation.objects.exists()
    assert audited(in_sonnenschein, joined.pk) == [
        (
            "member.joined",
            "Mia Berg",
            [
                {"field": "email", "old": None, "new": "mia@sonnenschein.example"},
                {"field": "role", "old": None, "new": "STAFF"},
            ],
        )
    ]


def test_a_link_works_once(invited: members.Invited) -> None:
    _join_new(token_of(invited))
    with pytest.raises(members.InvitationInvalid):
        _join_new(token_of(invited))
    assert User.objects.filter(email="mia@sonnenschein.example").count() == 1


@pytest.mark.parametrize(
    ("name", "password", "errors"),
    [
        ("  ", GOOD, [("name", "required")]),
        ("M" * 121, GOOD, [("name", "max_length")]),
        ("Mia", "kurz-aber-1", [("password", "password_too_short")]),
        ("Mia", "password1234", [("password", "password_too_common")]),
        ("Mia", "mia@sonnenschein.example", [("password", "password_too_similar")]),
        ("", "kurz", [("name", "required"), ("password", "password_too_short")]),
    ],
)
def test_name_and_password_are_checked_together(
    invited: members.Invited, name: str, password: str, errors: list[tuple[str, str]]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        _join_new(token_of(invited), name=name, password=password)
    assert [(error.field, error.code) for error in refused.value.errors] == errors
    assert not User.objects.filter(email="mia@sonnenschein.example").exists()
    assert Invitation.objects.count() == 1


def test_twelve_characters_are_enough(invited: members.Invited) -> None:
    _join_new(token_of(invited), password="zwölf-12-zei")


def test_an_account_is_never_taken_over_by_an_invitation(in_sonnenschein: Salon, owner: User, outsider: User) -> None:
    token = token_of(members.invite(actor=acting(owner), email=outsider.email, role=Role.OWNER, now=NOW))
    with pytest.raises(members.AccountExists) as refused:
        _join_new(token)
    assert refused.value.code == "account_exists"
    outsider.refresh_from_db()
    assert outsider.check_password(PASSWORD)
    assert not Membership.objects.filter(user=outsider, salon=in_sonnenschein).exists()
    assert Invitation.objects.count() == 1


def test_a_user_of_another_salon_joins_and_keeps_both(
    sonnenschein: Salon, owner: User, outsider: User, dom: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        token = token_of(members.invite(actor=acting(owner), email=outsider.email, role=Role.MANAGER, now=NOW))
    joined = members.join_as_user(token=token, user=outsider, now=NOW)
    assert dict(Membership.objects.filter(user=outsider).values_list("salon__slug", "role")) == {
        "sonnenschein": "MANAGER",
        "barbier-am-dom": "OWNER",
    }
    assert audited(sonnenschein, joined.pk)[0][:2] == ("member.joined", outsider.name)
    assert not Invitation.objects.exists()


def test_an_invitation_is_for_its_address_only(invited: members.Invited, outsider: User) -> None:
    with pytest.raises(members.OtherAddress) as refused:
        members.join_as_user(token=token_of(invited), user=outsider, now=NOW)
    assert refused.value.code == "other_address"
    assert Membership.objects.filter(user=outsider).count() == 1
    assert Invitation.objects.count() == 1


def test_a_member_cannot_join_again(in_sonnenschein: Salon, owner: User, outsider: User) -> None:
    token = token_of(members.invite(actor=acting(owner), email=outsider.email, role=Role.OWNER, now=NOW))
    Membership.objects.create(user=outsider, salon=in_sonnenschein, role=Role.STAFF)
    with pytest.raises(members.AlreadyMember):
        members.join_as_user(token=token, user=outsider, now=NOW)
    assert Membership.objects.get(user=outsider, salon=in_sonnenschein).role == "STAFF"
    assert Invitation.objects.count() == 1


# Roles


def test_a_role_changes_and_is_recorded(in_sonnenschein: Salon, owner: User, stylist: User) -> None:
    member = membership_of(stylist)
    changed = members.change_role(actor=acting(owner), membership_id=member.pk, role=Role.MANAGER, now=NOW)
    assert (changed.role, changed.user) == ("MANAGER", stylist)
    assert membership_of(stylist).role == "MANAGER"
    assert audited(in_sonnenschein, member.pk) == [
        ("member.role_changed", owner.name, [{"field": "role", "old": "STAFF", "new": "MANAGER"}])
    ]


def test_the_same_role_again_changes_and_records_nothing(in_sonnenschein: Salon, owner: User) -> None:
    member = membership_of(owner)
    members.change_role(actor=acting(owner), membership_id=member.pk, role=Role.OWNER, now=NOW)
    assert audited(in_sonnenschein, member.pk) == []


def test_the_last_owner_stays_one(in_sonnenschein: Salon, owner: User, manager: User, outsider: User) -> None:
    member = membership_of(owner)
    with pytest.raises(members.LastOwner) as refused:
        members.change_role(actor=acting(owner), membership_id=member.pk, role=Role.MANAGER, now=NOW)
    assert refused.value.code == "last_owner"
    with pytest.raises(members.LastOwner):
        members.remove_member(actor=acting(owner), membership_id=member.pk, now=NOW)
    assert membership_of(owner).role == "OWNER"
    assert audited(in_sonnenschein, member.pk) == []


def test_with_a_second_owner_the_first_may_step_back_or_leave(
    in_sonnenschein: Salon, owner: User, manager: User
) -> None:
    second = membership_of(manager)
    members.change_role(actor=acting(owner), membership_id=second.pk, role=Role.OWNER, now=NOW)
    members.change_role(actor=acting(owner), membership_id=membership_of(owner).pk, role=Role.STAFF, now=NOW)
    assert (membership_of(owner).role, membership_of(manager).role) == ("STAFF", "OWNER")
    members.remove_member(actor=acting(manager), membership_id=membership_of(owner).pk, now=NOW)
    assert not Membership.objects.filter(user=owner).exists()
    with pytest.raises(members.LastOwner):
        members.remove_member(actor=acting(manager), membership_id=second.pk, now=NOW)


def test_an_owner_who_cannot_sign_in_is_no_owner_left(in_sonnenschein: Salon, owner: User, manager: User) -> None:
    members.change_role(actor=acting(owner), membership_id=membership_of(manager).pk, role=Role.OWNER, now=NOW)
    User.objects.filter(pk=manager.pk).update(is_active=False)
    with pytest.raises(members.LastOwner):
        members.remove_member(actor=acting(owner), membership_id=membership_of(owner).pk, now=NOW)


def test_an_owner_demoted_meanwhile_may_nothing_any_more(
    in_sonnenschein: Salon, owner: User, manager: User, stylist: User
) -> None:
    """The actor was read at the start of the request; what counts is what the locked rows say."""
    members.change_role(actor=acting(owner), membership_id=membership_of(manager).pk, role=Role.OWNER, now=NOW)
    stale = acting(manager)
    members.change_role(actor=acting(owner), membership_id=membership_of(manager).pk, role=Role.STAFF, now=NOW)
    with pytest.raises(NotAllowed):
        members.remove_member(actor=stale, membership_id=membership_of(stylist).pk, now=NOW)
    members.remove_member(actor=acting(owner), membership_id=membership_of(manager).pk, now=NOW)
    with pytest.raises(NotAllowed):
        members.change_role(actor=stale, membership_id=membership_of(stylist).pk, role=Role.OWNER, now=NOW)
    assert membership_of(stylist).role == "STAFF"


def test_a_removed_member_is_recorded_and_keeps_the_account(in_sonnenschein: Salon, owner: User, stylist: User) -> None:
    member = membership_of(stylist)
    members.remove_member(actor=acting(owner), membership_id=member.pk, now=NOW)
    assert not Membership.objects.filter(user=stylist).exists()
    assert User.objects.filter(pk=stylist.pk, is_active=True).exists()
    assert audited(in_sonnenschein, member.pk) == [
        (
            "member.removed",
            owner.name,
            [
                {"field": "email", "old": stylist.email, "new": None},
                {"field": "role", "old": "STAFF", "new": None},
            ],
        )
    ]


def test_another_salons_members_cannot_be_touched(in_sonnenschein: Salon, owner: User, outsider: User) -> None:
    foreign = membership_of(outsider)
    with pytest.raises(NotFound):
        members.change_role(actor=acting(owner), membership_id=foreign.pk, role=Role.STAFF, now=NOW)
    with pytest.raises(NotFound):
        members.remove_member(actor=acting(owner), membership_id=foreign.pk, now=NOW)
    with pytest.raises(NotFound):
        members.remove_member(actor=acting(owner), membership_id=uuid4(), now=NOW)
    assert membership_of(outsider).role == "OWNER"
