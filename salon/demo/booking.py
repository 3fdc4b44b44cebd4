"""Writing many appointments at once, with the very functions that book them one by one."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from bookings.booking import freeze_verdict
from bookings.checkout.pricing import NOTHING
from bookings.models import Appointment, AppointmentItem
from bookings.states import TAKING_TIME, Source, State
from bookings.writing import SUBJECT, changed, lay, local_time
from clients.models import Client
from clients.recognition import Recognised
from salon.audit.models import AuditEntry
from salon.audit.recording import Change
from salon.catalogue.models import Service, StaffMember
from salon.demo.copying import copy, copy_rows
from salon.demo.fates import Visit, facts_at
from salon.demo.lives import Life
from salon.identity.roles import ActorKind
from salon.tenancy.models import Salon, new_id

# What an online booking says of whoever books.
_NAMES = ("first_name", "last_name")
# What is recorded of each thing that was done.
AUDIT = (
    *("id", "salon_id", "at", "actor_kind", "actor_id", "actor_name", "action", "subject_kind", "subject_id"),
    *("client_id", "changes"),
)


@dataclass(frozen=True, slots=True)
class Booked:
    """What was written of a visit: its appointment, and its items in order."""

    appointment_id: UUID
    item_ids: Sequence[UUID]


class Ledger:
    """The appointments of the open salon, to be written all at once."""

    def __init__(self, salon: Salon, users: Mapping[str, UUID]) -> None:
        self._salon = salon
        self._zone = ZoneInfo(salon.timezone)
        self._users = users
        # The owner of the tables sees all salons.
        own = {"salon": salon.pk}
        self._cards = {card.number: card for card in Client.objects.filter(**own).only("id", "number", *_NAMES)}
        self._services = {service.name: service for service in Service.objects.filter(**own)}
        self._staff = {member.name: member for member in StaffMember.objects.filter(**own)}

    def write(self, visits: Sequence[Visit], lives: Sequence[Life], redemptions: Mapping[int, UUID]) -> list[Booked]:
        """Write appointments, their items, and what the audit says of them; whoever has number 1 is the first life.

        `redemptions` are what rewards were given for, by the place of the visit. Return what was written of each.
        """
        written = []
        appointments: list[Appointment] = []
        items: list[AppointmentItem] = []
        entries: list[tuple[Any, ...]] = []
        before: defaultdict[int, list[Visit]] = defaultdict(list)
        for place, visit in enumerate(visits):
            appointment = self._appointment(visit)
            if visit.who is not None:
                facts = facts_at(lives[visit.who].person, before[visit.who], visit.booked_at)
                recognised = Recognised(None, None if visit.met_as else facts, visit.met_as)
                card = self._cards[visit.who + 1]
                freeze_verdict(appointment, card, recognised, visit.booked_at.astimezone(self._zone).date())
                if visit.source == Source.ONLINE:
                    appointment.booked_as = {name: getattr(card, name) for name in _NAMES}
                before[visit.who].append(visit)
            appointments.append(appointment)
            made = list(self._items(appointment, visit, redemptions.get(place)))
            written.append(Booked(appointment.pk, [item.pk for item in made]))
            items += made
            entries += self._entries(appointment, visit, made)
        copy(Appointment, appointments)
        copy(AppointmentItem, items)
        copy_rows(AuditEntry, AUDIT, entries)
        return written

    def _appointment(self, visit: Visit) -> Appointment:
        kind, booked_by_id, name = self._booked_by(visit)
        return Appointment(
            id=new_id(),
            salon_id=self._salon.pk,
            state=visit.state,
            source=visit.source,
            starts_at=visit.starts_at,
            ends_at=visit.ends_at,
            note=visit.note,
            booked_by_kind=kind,
            booked_by_id=booked_by_id,
            booked_by_name=name,
            visit_on=visit.day if visit.state == State.COMPLETED else None,
            cancelled_at=visit.cancelled_at,
            cancel_reason=visit.cancel_reason,
            version=1 if visit.state == State.BOOKED else 2,
            created_at=visit.booked_at,
            updated_at=visit.changed_at,
        )

    def _booked_by(self, visit: Visit) -> tuple[str, UUID | None, str]:
        if visit.source == Source.ONLINE:
            return ActorKind.API_KEY.value, None, _("Website")
        return ActorKind.USER.value, self._users[visit.booked_by], visit.booked_by

    def _seen_by(self, visit: Visit) -> tuple[str, UUID | None, str]:
        """Return who told that she came or did not: somebody of the team, which a website is not."""
        name = visit.booked_by if visit.booked_by in self._users else next(iter(self._users))
        return ActorKind.USER.value, self._users[name], name

    def _items(self, appointment: Appointment, visit: Visit, redemption_id: UUID | None) -> Iterator[AppointmentItem]:
        items = []
        for position, one in enumerate(visit.slotted):
            service = self._services[one.service]
            items.append(
                AppointmentItem(
                    id=new_id(),
                    salon_id=self._salon.pk,
                    appointment=appointment,
                    position=position,
                    service=service,
                    staff=self._staff[one.staff],
                    starts_at=visit.starts_at + timedelta(minutes=one.at - visit.slotted[0].at),
                    active=visit.state in TAKING_TIME,
                    apply_minutes=service.apply_minutes,
                    processing_minutes=service.processing_minutes,
                    finish_minutes=service.finish_minutes,
                    buffer_minutes=service.buffer_minutes,
                    counts_as_visit=service.counts_as_visit,
                    list_price=service.price,
                    price=NOTHING if one.treat else service.price,
                    redemption_id=redemption_id if one.treat else None,
                )
            )
        lay(items)
        yield from items

    def _entries(
        self, appointment: Appointment, visit: Visit, items: Sequence[AppointmentItem]
    ) -> Iterator[tuple[Any, ...]]:
        """Yield what the audit says: it was booked, and what became of it."""
        booked = [
            changed("starts_at", None, local_time(appointment.starts_at, self._salon)),
            changed("services", None, ", ".join(item.service.name for item in items)),
            changed("staff", None, ", ".join(dict.fromkeys(item.staff.name for item in items))),
            changed("note", None, appointment.note),
        ]
        yield self._entry(appointment, visit, "appointment.booked", booked, visit.booked_at)
        if visit.state != State.BOOKED:
            became = [changed("state", State.BOOKED, visit.state), changed("cancel_reason", None, visit.cancel_reason)]
            action = "appointment.cancelled" if visit.state == State.CANCELLED else "appointment.state_changed"
            yield self._entry(appointment, visit, action, became, visit.changed_at)

    def _entry(
        self, appointment: Appointment, visit: Visit, action: str, changes: Sequence[Change | None], at: datetime
    ) -> tuple[Any, ...]:
        told = Jsonb([{"field": one.field, "old": one.old, "new": one.new} for one in changes if one])
        about = (SUBJECT, appointment.pk, appointment.client_id)
        by = self._seen_by(visit) if action == "appointment.state_changed" else self._booked_by(visit)
        return (new_id(), self._salon.pk, at, *by, action, *about, told)
