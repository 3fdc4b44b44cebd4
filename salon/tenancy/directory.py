"""Salons, memberships, invitations, API keys and reply addresses: what must be known before a salon is, so no row-level
security holds them and every query of theirs stands here, with its salon. (Users, mails and due work carry no salon's
data; their own modules read them.)

Every table without row-level security stands in `DIRECTORY_TABLES` with its reason; a test compares the list with
`pg_class`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS

from salon.api.models import ApiKey, RateBucket
from salon.identity.models import Invitation, Membership, User
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.rows import fetch
from salon.tenancy.models import Country, ReplyAddress, Salon

DIRECTORY_TABLES = {
    "tenancy_salon": "the tenants themselves: found by slug before any scope can open",
    "tenancy_replyaddress": "the address of an answer alone says which salon it is for; holds hashes and ids only",
    "identity_user": "one person may work in several salons and signs in before choosing one",
    "identity_membership": "says which salons a user may enter",
    "identity_invitation": "accepted by people who are members of nothing yet",
    "identity_signinfailure": "counted before anybody is known",
    "mail_accountmail": "mails about a login belong to a person, who may be a member of nothing yet",
    "work_duework": "the dispatcher looks over all salons; holds ids only",
    "demo_demoworld": "whether the demo stands: no salon data",
    "api_apikey": "the key alone says which salon a call belongs to; holds hashes only",
    "api_ratebucket": "counted with the look-up of the key; no salon data",
    "django_session": "read before the user is known",
    "django_migrations": "Django's own: no salon data",
    "django_content_type": "Django's own: no salon data",
    "auth_permission": "Django's own, unused: no salon data",
    "auth_group": "Django's own, unused: no salon data",
    "auth_group_permissions": "Django's own, unused: no salon data",
}


@dataclass(frozen=True, slots=True)
class Entrance:
    """A user's way into one salon."""

    salon: Salon
    role: Role

    def actor(self, user: User) -> Actor:
        """Return the user as operations of this salon see them."""
        return Actor(ActorKind.USER, user.pk, user.name, PERMISSIONS[self.role])


def entrances(user_id: UUID) -> list[Entrance]:
    """Return every salon the user may enter, by name."""
    rows = Membership.objects.filter(user_id=user_id).select_related("salon").order_by("salon__name", "salon_id")
    return [Entrance(row.salon, Role(row.role)) for row in rows]


def find_salon(slug: str) -> Salon | None:
    """Return the salon of that slug."""
    return Salon.objects.filter(slug=slug).first()


def get_salon(salon_id: UUID) -> Salon:
    """Return the salon of that key."""
    return Salon.objects.get(pk=salon_id)


def all_salon_ids() -> list[UUID]:
    """Return every salon of the installation, oldest first."""
    return list(Salon.objects.order_by("id").values_list("id", flat=True))


def add_salon(
    *,
    name: str,
    slug: str,
    street: str = "",
    postal_code: str = "",
    city: str = "",
    phone: str = "",
    website: str = "",
    country: str = Country.DE,
    timezone: str = "Europe/Berlin",
) -> Salon:
    """Create a tenant.

    Raises: IntegrityError when the slug is taken.
    """
    return Salon.objects.create(
        name=name,
        slug=slug,
        street=street,
        postal_code=postal_code,
        city=city,
        phone=phone,
        website=website,
        country=country,
        timezone=timezone,
    )


def due_nights(now: datetime, *, limit: int) -> list[UUID]:
    """Return the salons whose night is due, longest due first."""
    rows = Salon.objects.filter(next_night_at__lte=now).order_by("next_night_at", "id")
    return list(rows.values_list("id", flat=True)[:limit])


def lock_due_night(salon_id: UUID, *, now: datetime) -> Salon | None:
    """Return the salon, locked until the transaction ends, if its night is (still) due and in nobody's hands."""
    rows = Salon.objects.filter(pk=salon_id, next_night_at__lte=now)
    return rows.select_for_update(skip_locked=True, no_key=True).first()


def lock_salon(salon_id: UUID) -> Salon:
    """Return the salon, locked until the transaction ends: one at a time changes it or begins a night of it."""
    return Salon.objects.select_for_update(no_key=True).get(pk=salon_id)


def put_details(salon: Salon, details: Mapping[str, str]) -> Salon:
    """Change what a salon that is locked says of itself, by the names of its fields; return it in its next version."""
    Salon.objects.filter(pk=salon.pk).update(**details, version=salon.version + 1)
    return get_salon(salon.pk)


def put_next_night(salon_id: UUID, *, at: datetime) -> None:
    """Say when the next night of a salon is due."""
    Salon.objects.filter(pk=salon_id).update(next_night_at=at)


def members(salon_id: UUID) -> list[Membership]:
    """Return everybody who may enter a salon, with their user, by name."""
    rows = Membership.objects.filter(salon_id=salon_id).select_related("user")
    return list(rows.order_by("user__name", "id"))


def lock_members(salon_id: UUID) -> list[Membership]:
    """Return all memberships of a salon with their user, locked in key order until the transaction ends.

    Rows changed by whoever held the locks before come back as they are now.
    """
    rows = Membership.objects.filter(salon_id=salon_id).select_related("user").select_for_update(of=("self",))
    return list(rows.order_by("id"))


def is_member(salon_id: UUID, email: str) -> bool:
    """Return whether the user of that (normal) address may enter a salon."""
    return Membership.objects.filter(salon_id=salon_id, user__email=email).exists()


def add_membership(*, salon_id: UUID, user_id: UUID, role: Role) -> Membership:
    """Let a user into a salon.

    Raises: IntegrityError (`identity_membership_user`) when the user is a member already.
    """
    return Membership.objects.create(salon_id=salon_id, user_id=user_id, role=role)


def invitations(salon_id: UUID) -> list[Invitation]:
    """Return what a salon has offered and nobody has accepted, the newest first."""
    return list(Invitation.objects.filter(salon_id=salon_id).order_by("-created_at", "-id"))


def put_invitation(
    *, salon_id: UUID, email: str, role: Role, token_hash: bytes, invited_by: str, now: datetime, expires_at: datetime
) -> Invitation:
    """Offer a membership; an older offer to the same address is overwritten, its token with it, in one statement."""
    Invitation.objects.bulk_create(
        [
            Invitation(
                salon_id=salon_id,
                email=email,
                role=role,
                token_hash=token_hash,
                invited_by=invited_by,
                created_at=now,
                expires_at=expires_at,
            )
        ],
        update_conflicts=True,
        unique_fields=["salon", "email"],
        update_fields=["role", "token_hash", "invited_by", "created_at", "expires_at"],
    )
    return Invitation.objects.select_related("salon").get(token_hash=token_hash)


def find_invitation(token_hash: bytes) -> Invitation | None:
    """Return the invitation of that token with its salon."""
    return Invitation.objects.select_related("salon").filter(token_hash=token_hash).first()


def lock_invitation(token_hash: bytes) -> Invitation | None:
    """Return the invitation of that token with its salon, locked until the transaction ends."""
    rows = Invitation.objects.select_related("salon").select_for_update(of=("self",))
    return rows.filter(token_hash=token_hash).first()


def take_invitation(salon_id: UUID, invitation_id: UUID) -> Invitation | None:
    """Delete one open offer of a salon and return what it was, None when there is none (any more)."""
    rows = Invitation.objects.filter(salon_id=salon_id, pk=invitation_id)
    invitation = rows.select_for_update().first()
    if invitation is not None:
        rows.delete()
    return invitation


def forget_invitations(*, expired_before: datetime) -> int:
    """Delete offers of all salons that expired before then; return how many."""
    return Invitation.objects.filter(expires_at__lt=expired_before).delete()[0]


@dataclass(frozen=True, slots=True)
class Admission:
    """The key of a call: whose it is, what it may do, and how long it has to wait (None: come in)."""

    salon: Salon
    key_id: UUID
    name: str
    scopes: frozenset[str]
    wait: timedelta | None


# One statement of its own transaction: what a call takes from the bucket stays taken, whatever becomes of the call.
# The bucket is told by the moment at which it is full again; a call moves that on by one drip, unless none is left.
_ADMIT = """
WITH key AS (
    SELECT id, salon_id, name, scopes FROM api_apikey
    WHERE secret_hash = %(secret_hash)s AND revoked_at IS NULL AND expires_at > %(now)s
), taken AS (
    INSERT INTO api_ratebucket AS bucket (key_id, full_at) SELECT id, %(now)s::timestamptz + %(drip)s FROM key
    ON CONFLICT (key_id) DO UPDATE SET full_at = greatest(bucket.full_at, %(now)s) + %(drip)s
    WHERE bucket.full_at <= %(now)s::timestamptz + %(rest)s
    RETURNING true AS admitted
), used AS (
    UPDATE api_apikey SET last_used_at = %(now)s FROM key
    WHERE api_apikey.id = key.id
    AND (last_used_at IS NULL OR last_used_at <= %(now)s::timestamptz - interval '1 minute')
)
SELECT key.id, key.name, key.scopes, coalesce(taken.admitted, false),
    bucket.full_at - %(now)s::timestamptz - %(rest)s, {columns}
FROM key JOIN tenancy_salon ON tenancy_salon.id = key.salon_id LEFT JOIN taken ON true
LEFT JOIN api_ratebucket bucket ON bucket.key_id = key.id
"""


def admit_key(secret_hash: bytes, *, now: datetime) -> Admission | None:
    """Find the salon of a key and take one call from its bucket; None when no open key has that hash."""
    sql, names = _admission()
    rest = RateBucket.CAPACITY - RateBucket.DRIP
    values: dict[str, Any] = {"secret_hash": secret_hash, "now": now, "drip": RateBucket.DRIP, "rest": rest}
    found = fetch(sql, values)
    if not found:
        return None
    key_id, name, scopes, admitted, wait, *columns = found[0]
    salon = Salon.from_db(DEFAULT_DB_ALIAS, names, columns)
    return Admission(salon, key_id, name, frozenset(scopes), None if admitted else wait or RateBucket.DRIP)


@cache
def _admission() -> tuple[str, list[str]]:
    """Return the statement that admits a key, and the names of the salon's columns at its end."""
    fields = Salon._meta.concrete_fields
    columns = ", ".join(f'tenancy_salon."{field.column}"' for field in fields)
    return _ADMIT.format(columns=columns), [field.attname for field in fields]


def api_keys(salon_id: UUID) -> list[ApiKey]:
    """Return all keys a salon has issued, the newest first."""
    return list(ApiKey.objects.filter(salon_id=salon_id).order_by("-created_at", "-id"))


def add_api_key(
    *,
    key_id: UUID,
    salon_id: UUID,
    name: str,
    secret_hash: bytes,
    last_four: str,
    scopes: list[str],
    issued_by: str,
    now: datetime,
    expires_at: datetime,
) -> ApiKey:
    """Let whoever holds the secret of that hash into a salon, until then.

    Raises: IntegrityError when there is a key of that id.
    """
    return ApiKey.objects.create(
        pk=key_id,
        salon_id=salon_id,
        name=name,
        secret_hash=secret_hash,
        last_four=last_four,
        scopes=scopes,
        issued_by=issued_by,
        created_at=now,
        expires_at=expires_at,
    )


def close_api_key(salon_id: UUID, key_id: UUID, *, now: datetime) -> ApiKey | None:
    """Revoke one key of a salon for good and return it, None when there is none that is not revoked already."""
    rows = ApiKey.objects.filter(salon_id=salon_id, pk=key_id)
    return rows.get() if rows.filter(revoked_at=None).update(revoked_at=now) else None


def put_reply_addresses(salon_id: UUID, token_hashes: Mapping[UUID, bytes], *, now: datetime) -> None:
    """Let answers to the address with the token of that hash come to each of these clients of a salon; known already
    is fine."""
    # In one order: of two that put the same ones, neither waits for what the other is about to put.
    addresses = [
        ReplyAddress(token_hash=token_hash, salon_id=salon_id, client_id=client_id, created_at=now)
        for client_id, token_hash in sorted(token_hashes.items())
    ]
    ReplyAddress.objects.bulk_create(addresses, ignore_conflicts=True)


def find_reply_address(token_hash: bytes) -> ReplyAddress | None:
    """Return whose answers come to the address with the token of that hash."""
    return ReplyAddress.objects.filter(token_hash=token_hash).first()


def forget_reply_addresses(salon_id: UUID, client_ids: Collection[UUID]) -> None:
    """Let no answer come to these clients of a salon any more."""
    ReplyAddress.objects.filter(salon_id=salon_id, client_id__in=client_ids).delete()
