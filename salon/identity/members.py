"""Who may enter a salon: inviting, joining, roles, leaving (domain.md §8)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import get_language, gettext, override
from django.utils.translation import gettext_lazy as _

from salon.audit.recording import Change, record
from salon.errors import DomainError, FieldError, InvalidInput, NotAllowed, NotFound, refusing
from salon.identity import throttling
from salon.identity.emails import accepted_email
from salon.identity.links import absolute_link
from salon.identity.models import Invitation, Language, Membership, User
from salon.identity.passwords import password_errors
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Permission, Role
from salon.mail.outbox import send_account_mail
from salon.tenancy import directory
from salon.tenancy.context import current_salon_id, salon_scope

INVITATION_LIFETIME = timedelta(days=7)
NAME_LENGTH = 120


class AlreadyMember(DomainError):
    """The person of this address may enter the salon already."""

    code = "already_member"
    message = _("This person is a member already.")


class InvitationInvalid(DomainError):
    """Nobody holds this token any more: unknown, accepted, replaced, withdrawn or expired."""

    code = "invitation_invalid"
    message = _("This invitation is not valid (any more).")


class AccountExists(DomainError):
    """The invited address has an account; its owner accepts after signing in."""

    code = "account_exists"
    message = _("There is an account with this address already. Please sign in first.")


class OtherAddress(DomainError):
    """The invitation is for another address than that of the user who accepts it."""

    code = "other_address"
    message = _("This invitation is for another address. Please sign in with that one.")


class LastOwner(DomainError):
    """Somebody must remain who may do everything."""

    code = "last_owner"
    message = _("A salon needs at least one owner.")


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation and the link that accepts it: stored as a hash, and in the mail until that is sent or expires."""

    invitation: Invitation
    link: str


def invite(*, actor: Actor, email: str, role: Role, now: datetime, name: str = "") -> Invited:
    """Offer a membership of the open salon by mail, for seven days; an older offer to that address ends.

    `name` is for the mail's greeting only.

    Raises: NotAllowed, InvalidInput, AlreadyMember.
    """
    actor.require(Permission.MEMBERS)
    address = accepted_email(email)
    salon_id = current_salon_id()
    token = token_urlsafe(32)
    with transaction.atomic():
        if directory.is_member(salon_id, address):
            raise AlreadyMember
        invitation = directory.put_invitation(
            salon_id=salon_id,
            email=address,
            role=role,
            token_hash=_hash(token),
            invited_by=actor.name,
            now=now,
            expires_at=now + INVITATION_LIFETIME,
        )
        changes = [Change("email", None, address), Change("role", None, role)]
        record(
            actor=actor,
            action="member.invited",
            subject_kind="invitation",
            subject_id=invitation.pk,
            changes=changes,
            now=now,
        )
        link = absolute_link("invitation", token)
        _send_invitation(invitation, link, name, now)
    return Invited(invitation, link)


def revoke_invitation(*, actor: Actor, invitation_id: UUID, now: datetime) -> None:
    """Withdraw an offer of the open salon; its link is dead at once.

    Raises: NotAllowed, NotFound.
    """
    actor.require(Permission.MEMBERS)
    with transaction.atomic():
        invitation = directory.take_invitation(current_salon_id(), invitation_id)
        if invitation is None:
            raise NotFound
        changes = [Change("email", invitation.email, None), Change("role", invitation.role, None)]
        record(
            actor=actor,
            action="member.invitation_revoked",
            subject_kind="invitation",
            subject_id=invitation.pk,
            changes=changes,
            now=now,
        )


def open_invitation(*, token: str, address: str, now: datetime) -> Invitation:
    """Return what the holder of a token is offered, with its salon; `address` is the network address that asks.

    Raises: InvitationInvalid (five times in fifteen minutes, then Throttled).
    """
    attempt = throttling.attempt(purpose=throttling.Purpose.INVITATION, address=address, now=now)
    invitation = directory.find_invitation(_hash(token))
    if invitation is None or not invitation.open_at(now):
        raise InvitationInvalid
    throttling.forgive(attempt)
    return invitation


def account_exists(email: str) -> bool:
    """Return whether somebody signs in with that (normal) address; for holders of an invitation to it only."""
    return User.objects.filter(email=email).exists()


def join_as_new_user(*, token: str, name: str, password: str, language: Language, now: datetime) -> Membership:
    """Accept an invitation by making the account it is for.

    Raises: InvitationInvalid, InvalidInput, AccountExists.
    """
    with transaction.atomic():
        invitation = _locked(token, now)
        user = User(email=invitation.email, name=" ".join(name.split()), language=language)
        errors = [*_name_errors(user.name), *password_errors(password, user)]
        if errors:
            raise InvalidInput(errors)
        user.set_password(password)
        with refusing({"identity_user_email_key": AccountExists()}):
            user.save(force_insert=True)
        return _join(invitation, user, now)


def join_as_user(*, token: str, user: User, now: datetime) -> Membership:
    """Accept an invitation as a user who is signed in.

    Raises: InvitationInvalid, OtherAddress, AlreadyMember.
    """
    with transaction.atomic():
        invitation = _locked(token, now)
        if invitation.email != user.email:
            raise OtherAddress
        return _join(invitation, user, now)


def change_role(*, actor: Actor, membership_id: UUID, role: Role, now: datetime) -> Membership:
    """Give a member of the open salon another role; return it as it is now, with its user.

    Raises: NotAllowed, NotFound, LastOwner.
    """
    actor.require(Permission.MEMBERS)
    with transaction.atomic():
        membership = _locked_member(actor, membership_id, becomes=role)
        if membership.role != role:
            changes = [Change("role", membership.role, role)]
            membership.role = role
            membership.save(update_fields=["role"])
            record(
                actor=actor,
                action="member.role_changed",
                subject_kind="membership",
                subject_id=membership.pk,
                changes=changes,
                now=now,
            )
    return membership


def remove_member(*, actor: Actor, membership_id: UUID, now: datetime) -> Membership:
    """Close the open salon to a member, from the next request on, and return what was; the account stays.

    Raises: NotAllowed, NotFound, LastOwner.
    """
    actor.require(Permission.MEMBERS)
    with transaction.atomic():
        membership = _locked_member(actor, membership_id, becomes=None)
        changes = [Change("email", membership.user.email, None), Change("role", membership.role, None)]
        membership.delete()
        record(
            actor=actor,
            action="member.removed",
            subject_kind="membership",
            subject_id=membership_id,
            changes=changes,
            now=now,
        )
    return membership


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _locked(token: str, now: datetime) -> Invitation:
    invitation = directory.lock_invitation(_hash(token))
    if invitation is None or not invitation.open_at(now):
        raise InvitationInvalid
    return invitation


def _join(invitation: Invitation, user: User, now: datetime) -> Membership:
    role = Role(invitation.role)
    with salon_scope(invitation.salon_id):
        with refusing({"identity_membership_user": AlreadyMember()}):
            membership = directory.add_membership(salon_id=invitation.salon_id, user_id=user.pk, role=role)
        directory.take_invitation(invitation.salon_id, invitation.pk)
        actor = Actor(ActorKind.USER, user.pk, user.name, PERMISSIONS[role])
        changes = [Change("email", None, user.email), Change("role", None, role)]
        record(
            actor=actor,
            action="member.joined",
            subject_kind="membership",
            subject_id=membership.pk,
            changes=changes,
            now=now,
        )
    return membership


def _locked_member(actor: Actor, membership_id: UUID, *, becomes: Role | None) -> Membership:
    # Everybody of the salon is locked, so two owners who demote each other wait for one another, and the second one
    # sees what the first has done: to the other, and to herself.
    locked = directory.lock_members(current_salon_id())
    if actor.kind == ActorKind.USER:
        own = next((one for one in locked if one.user_id == actor.id), None)
        if own is None or Permission.MEMBERS not in PERMISSIONS[Role(own.role)]:
            raise NotAllowed
    membership = next((one for one in locked if one.pk == membership_id), None)
    if membership is None:
        raise NotFound
    if membership.role == Role.OWNER and becomes != Role.OWNER:
        others = [one for one in locked if one.role == Role.OWNER and one.user.is_active and one != membership]
        if not others:
            raise LastOwner
    return membership


def _name_errors(name: str) -> list[FieldError]:
    if not name:
        return [FieldError("name", "required", _("Please enter your name."))]
    if len(name) > NAME_LENGTH:
        return [FieldError("name", "max_length", _("This name is too long."))]
    return []


def _send_invitation(invitation: Invitation, link: str, name: str, now: datetime) -> None:
    known = User.objects.filter(email=invitation.email).first()
    # Whoever has no account yet is written to in the language of the one who invites.
    with override(known.language if known else get_language()):
        words = {
            "name": known.name if known else name,
            "salon": invitation.salon.name,
            "role": Role(invitation.role).label,
            "invited_by": invitation.invited_by,
            "link": link,
            "days": INVITATION_LIFETIME.days,
        }
        subject = gettext("Invitation to %(salon)s") % {"salon": invitation.salon.name}
        body = render_to_string("identity/mail/invitation.txt", words)
    send_account_mail(recipient=invitation.email, subject=subject, body=body, expires_at=invitation.expires_at, now=now)
