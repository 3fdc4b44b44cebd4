"""Who waits for a time to become free in the demo (domain.md §11)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from bookings.models import WaitingEntry, WaitingService
from salon.tenancy.models import new_id


@dataclass(frozen=True, slots=True)
class Longing:
    """One wish: what, by whom, from how many days ahead to how many, and between which minutes of the day."""

    services: tuple[str, ...]
    staff: str = ""
    first: int = 0
    last: int = 14
    stretch: tuple[int, int] = (0, 1440)
    note: str = ""


SONNENSCHEIN = (
    Longing(("Herrenschnitt",), "Bora", 0, 3, (16 * 60, 20 * 60), "Geht nur nach der Arbeit."),
    Longing(("Ansatzfarbe", "Waschen-Schneiden-Föhnen"), "Anna", 0, 7, note="Vor der Familienfeier."),
    Longing(("Shellac",), "Dilara", 0, 5),
    Longing(("Balayage",), "Carla", 1, 10, (9 * 60, 13 * 60), "Am liebsten vormittags."),
    Longing(("Hochstecken",), "", 5, 21, note="Für eine Hochzeit, auch mit Probetermin."),
)
BARBIER = (Longing(("Haare & Bart",), "Emre", 0, 6, (16 * 60, 19 * 60)),)


def write_waiting(
    wishes: Sequence[Longing],
    clients: Sequence[UUID],
    *,
    services: Mapping[str, UUID],
    staff: Mapping[str, UUID],
    today: date,
    desk: str,
    now: datetime,
) -> None:
    """Put a wish of each of these clients on the waiting list of the open salon."""
    entries = [
        WaitingEntry(
            id=new_id(),
            client_id=client_id,
            staff_id=staff.get(wish.staff),
            starts_on=today + timedelta(days=wish.first),
            ends_on=today + timedelta(days=wish.last),
            from_minute=wish.stretch[0],
            until_minute=wish.stretch[1],
            note=wish.note,
            created_by_name=desk,
            created_at=now - timedelta(hours=2 * place),
        )
        for place, (wish, client_id) in enumerate(zip(wishes, clients, strict=False), 1)
    ]
    WaitingEntry.objects.bulk_create(entries)
    WaitingService.objects.bulk_create(
        WaitingService(id=new_id(), entry=entry, service_id=services[name], position=position)
        for entry, wish in zip(entries, wishes, strict=False)
        for position, name in enumerate(wish.services)
    )
