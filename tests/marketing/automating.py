"""What tests of automations begin with: the day and the night of it, people with an occasion, one turned on."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from clients.models import Client
from marketing.automations import (
    Text,
    automation_for,
    save_automation,
    text_of,
    turn_on,
)
from marketing.models import Automation, Occasion, Recipient
from marketing.night import write_automations
from marketing.occasions import clients_of
from salon.tenancy.models import Salon
from salon.work.steps import Night
from tests.conftest import NOW
from tests.marketing.campaigning import BOSS, agreed, may_send

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
# The night of this day, at three; NOW is that Saturday at eleven.
TODAY = date(2026, 11, 22)
THREE = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
NINE = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def night_of(salon: Salon, now: datetime = THREE) -> dict[str, int]:
    """Let the step of a night run."""
    night = Night(salon, salon.date_at(now), now, lambda *_told, **_counts: None, lambda: None)
    return dict(write_automations(night))


def turned_on(occasion: Occasion, days: int | None = None, now: datetime = NOW) -> Automation:
    """Turn an automation on, in a salon that may write."""
    may_send()
    if days is not None:
        text = text_of(automation_for(occasion))
        changed = Text(subject=text.subject, body=text.body, days=days)
        save_automation(actor=BOSS, occasion=occasion, text=changed, now=now)
    return turn_on(actor=BOSS, occasion=occasion, now=now)


def born(first_name: str, day: int, month: int, **given: object) -> Client:
    """Put somebody on file who has agreed and has a birthday."""
    return agreed(first_name, birth_day=day, birth_month=month, **given)


def written_to() -> dict[str, tuple[str, str, date | None]]:
    """Return what became of whom, by first name."""
    rows = Recipient.objects.values_list("client__first_name", "state", "reason", "occasion")
    return {name: (state, reason, occasion) for name, state, reason, occasion in rows}


def names_on(occasion: Occasion, first: date, last: date | None = None) -> set[str]:
    """Return whose occasion is on one of these days."""
    return set(clients_of(occasion, first, last or first).values_list("first_name", flat=True))
