"""What adopting a draft of the Treatcard changes, in words (ui.md §2.6)."""

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from loyalty.web.numbers import points_text, rate_text
from salon.desk.adopting import Difference
from salon.desk.replay import Offered


def changes_told(told: Difference) -> list[str]:
    """Return each change in a few words: rates, then rewards that are changed, new, and archived."""
    return list(_told(told))


def _told(told: Difference) -> Iterator[str]:
    if told.services:
        before, after = map(rate_text, told.services)
        yield _("points for services %(before)s → %(after)s") % {"before": before, "after": after}
    if told.products:
        before, after = map(rate_text, told.products)
        yield _("points for products %(before)s → %(after)s") % {"before": before, "after": after}
    for before_it, after_it in told.changed:
        yield f"{after_it.name}: {', '.join(_of_reward(before_it, after_it))}"
    if told.added:
        yield _("new: %(rewards)s") % {
            "rewards": ", ".join(f"{one.name} ({points_text(one.points)})" for one in told.added)
        }
    if told.archived:
        yield _("archived: %(rewards)s") % {"rewards": _names(told.archived)}


def _of_reward(before: Offered, after: Offered) -> Iterator[str]:
    if before.points != after.points:
        yield f"{points_text(before.points)} → {points_text(after.points)}"
    if before.matrix != after.matrix:
        yield f"{before.matrix.label} → {after.matrix.label}"


def _names(rewards: Iterable[Offered]) -> str:
    return ", ".join(one.name for one in rewards)
