"""The team, its services and its diaries, read once for all that is asked about one new appointment (domain.md §5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from bookings.asking import Known, Wish
from bookings.diary import Diary, diary_of
from bookings.hours import ONE_DAY, local_moment
from bookings.team import Team
from salon.catalogue.models import Service
from salon.tenancy.models import Salon


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known of the team, of the services that are asked about, and of everybody's next days."""

    team: Team
    services: Mapping[UUID, Service]
    diary: Diary

    def known(self, wishes: Iterable[Wish]) -> list[Known]:
        """Return the services wished for that there are."""
        ids = dict.fromkeys(wish.service_id for wish in wishes)
        return [self.team.known(self.services[one]) for one in ids if one in self.services]


def outlook_on(begin: datetime, days: int, *, team: Team, services: Iterable[Service], salon: Salon) -> Outlook:
    """Return what is known from the salon's day of an instant on, for so many days; in two statements."""
    zone, first = ZoneInfo(salon.timezone), salon.date_at(begin)
    edges = local_moment(first, 0, zone), local_moment(first + days * ONE_DAY, 0, zone)
    diary = diary_of([one.pk for one in team.staff], *edges, salon)
    return Outlook(team, {one.pk: one for one in services}, diary)
