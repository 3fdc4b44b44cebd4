"""Services and products as the pages show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from salon.catalogue.models import Service, StaffMember

# A bar as long as its box stands for so many minutes at least.
SHORTEST_SCALE = 60


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a service's bar: from where, how wide, and what is done in it."""

    look: str
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class Bar:
    """How long a service takes, beside the longest one: its parts, and the same in words."""

    parts: Sequence[Part]
    words: str
    detail: str


def scale(services: Sequence[Service]) -> int:
    """Return how many minutes a bar as long as its box stands for."""
    lengths: list[int] = [one.duration_minutes + one.buffer_minutes for one in services]
    return max([SHORTEST_SCALE, *lengths])


def bar_of(service: Service, longest: int) -> Bar:
    """Return the bar of a service where the longest takes so many minutes."""
    minutes = (
        ("work", service.apply_minutes),
        ("processing", service.processing_minutes),
        ("work", service.finish_minutes),
        ("buffer", service.buffer_minutes),
    )
    parts, start = [], 0
    for look, length in minutes:
        if length:
            parts.append(Part(look, _percent(start, longest), _percent(length, longest)))
        start += length
    detail = []
    if service.processing_minutes:
        detail.append(
            _("%(apply)d + %(processing)d processing + %(finish)d")
            % {
                "apply": service.apply_minutes,
                "processing": service.processing_minutes,
                "finish": service.finish_minutes,
            }
        )
    if service.buffer_minutes:
        detail.append(_("%(minutes)d buffer") % {"minutes": service.buffer_minutes})
    return Bar(parts, _("%(minutes)d min") % {"minutes": service.duration_minutes}, ", ".join(detail))


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}%"


@dataclass(frozen=True, slots=True)
class Performer:
    """Somebody of the team, as small as a dot with her initials."""

    name: str
    colour: int


def performers_of(team: Sequence[StaffMember], known: dict[UUID, set[UUID]]) -> dict[UUID, list[Performer]]:
    """Return for each service who does it, in the order of the team."""
    return {
        service_id: [Performer(one.name, one.colour) for one in team if one.pk in staff_ids]
        for service_id, staff_ids in known.items()
    }
