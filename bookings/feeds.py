"""Calendars of staff members to be subscribed to: a secret address each, which can be revoked."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_bytes
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.entries import Entry, feed
from bookings.models import AppointmentItem, CalendarFeed
from clients.models import Client
from salon.audit.recording import Change, record
from salon.catalogue.models import StaffMember
from salon.errors import FieldError, InvalidInput, NotFound
from salon.identity.roles import Actor, Permission
from salon.tenancy.context import current_salon_id

_TOKEN_BYTES = 24
# What a subscriber sees: enough to look back at the week, and all that is booked.
PAST, FUTURE = timedelta(days=31), timedelta(days=366)
# How exactly it is known when a feed was last read.
READ_NOTED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Opened:
    """A new feed and its secret, which is shown once and stored nowhere."""

    feed: CalendarFeed
    secret: str


@dataclass(frozen=True, slots=True)
class Read:
    """A feed as its subscriber gets it; `tag` is another one where the text is."""

    text: str
    tag: str


def open_feed(*, actor: Actor, staff_id: UUID, now: datetime) -> Opened:
    """Give a staff member's calendar an address of its own.

    Raises: NotAllowed, InvalidInput.
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        staff = StaffMember.objects.working().filter(pk=staff_id).first()
        if staff is None:
            raise InvalidInput([FieldError("staff", "not_found", _("There is no such staff member."))])
        token = token_bytes(_TOKEN_BYTES)
        made = CalendarFeed.objects.create(
            staff=staff, token_hash=sha256(token).digest(), created_at=now, created_by_name=actor.name
        )
        _record(actor, "calendar_feed.opened", made, now)
    return Opened(made, urlsafe_b64encode(current_salon_id().bytes + token).decode().rstrip("="))


def revoke_feed(*, actor: Actor, feed_id: UUID, now: datetime) -> CalendarFeed:
    """Let the address of a feed lead nowhere from now on; return what it was.

    Raises: NotAllowed, NotFound.
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        found = CalendarFeed.objects.select_related("staff").select_for_update(of=("self",)).filter(pk=feed_id).first()
        if found is None:
            raise NotFound
        CalendarFeed.objects.filter(pk=feed_id).delete()
        _record(actor, "calendar_feed.revoked", found, now)
    return found


def open_feeds() -> list[CalendarFeed]:
    """Return every feed of the open salon with its staff member, in the order of the team."""
    rows = CalendarFeed.objects.select_related("staff").filter(staff__archived_at=None)
    return list(rows.order_by("staff__position", "staff__name_key", "created_at", "id"))


def salon_of(secret: str) -> UUID:
    """Return which salon a feed's secret speaks of; whether it opens anything is for `read_feed` to say.

    Raises: NotFound.
    """
    return _parts(secret)[0]


def read_feed(*, secret: str, now: datetime) -> Read:
    """Return the calendar that a secret leads to: times, services, and of each client what a colleague would call out.

    Raises: NotFound, also where its staff member has left.
    """
    salon_id, token = _parts(secret)
    rows = CalendarFeed.objects.select_related("staff", "salon").filter(staff__archived_at=None)
    found = rows.filter(salon_id=salon_id, token_hash=sha256(token).digest()).first()
    if found is None:
        raise NotFound
    unread = Q(last_read_at=None) | Q(last_read_at__lte=now - READ_NOTED)
    CalendarFeed.objects.filter(unread, pk=found.pk).update(last_read_at=now)
    text = feed(f"{found.staff.name} · {found.salon.name}", _entries(_items(found.staff_id, now)))
    return Read(text, sha256(text.encode()).hexdigest()[:32])


def _items(staff_id: UUID, now: datetime) -> list[AppointmentItem]:
    rows = AppointmentItem.objects.filter(
        staff_id=staff_id, active=True, starts_at__gte=now - PAST, starts_at__lt=now + FUTURE
    )
    return list(rows.prefetch_related("service", "appointment__client").order_by("starts_at", "id"))


def _entries(items: Sequence[AppointmentItem]) -> list[Entry]:
    return [
        Entry(
            uid=str(item.pk),
            version=item.appointment.version,
            changed_at=item.appointment.updated_at,
            starts_at=item.starts_at,
            ends_at=item.ends_at,
            summary=" · ".join(filter(None, (item.service.name, _reward(item), _called(item.appointment.client)))),
        )
        for item in items
    ]


def _reward(item: AppointmentItem) -> str:
    return gettext("Reward") if item.redemption_id else ""


def _called(client: Client | None) -> str:
    """Return a client's first name and the first letter of her last: "Lena V."."""
    if client is None:
        return ""
    initial = f"{client.last_name[:1]}." if client.last_name else ""
    return f"{client.first_name} {initial}".strip()


def _parts(secret: str) -> tuple[UUID, bytes]:
    try:
        given = urlsafe_b64decode(f"{secret}{'=' * (-len(secret) % 4)}")
    except (NotBase64, ValueError) as error:
        raise NotFound from error
    if len(given) != 16 + _TOKEN_BYTES:
        raise NotFound
    return UUID(bytes=given[:16]), given[16:]


def _record(actor: Actor, action: str, about: CalendarFeed, now: datetime) -> None:
    opened = action == "calendar_feed.opened"
    change = Change("staff", None if opened else about.staff.name, about.staff.name if opened else None)
    record(actor=actor, action=action, subject_kind="calendar_feed", subject_id=about.pk, changes=[change], now=now)
