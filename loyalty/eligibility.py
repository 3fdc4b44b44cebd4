"""May this client redeem this reward: a pure function of both and of what she has had (domain.md §7.1)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Matrix(TextChoices):
    """Who may redeem a reward (domain.md §7.1)."""

    FIRST_TIME = "FIRST_TIME", _("First time only")
    ANYTIME = "ANYTIME", _("Any time")


class Refusal(TextChoices):
    """Why a client cannot redeem a reward now."""

    REWARD_ARCHIVED = "REWARD_ARCHIVED", _("no longer given")
    NO_TREATCARD = "NO_TREATCARD", _("no Treatcard")
    NOT_ENOUGH_POINTS = "NOT_ENOUGH_POINTS", _("not enough points")
    ALREADY_HAD = "ALREADY_HAD", _("had before, or booked")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a reward asks for; `given` is false where it, or what it consists of, is archived."""

    points: int
    matrix: Matrix
    given: bool = True


@dataclass(frozen=True, slots=True)
class Holder:
    """What counts of a client; `exempt`: the matrix does not apply to her."""

    has_treatcard: bool
    points: int
    exempt: bool = False


@dataclass(frozen=True, slots=True)
class Had:
    """The services and products that somebody has had, by their ids."""

    services: frozenset[UUID] = frozenset()
    products: frozenset[UUID] = frozenset()

    def __or__(self, other: "Had") -> "Had":
        return Had(self.services | other.services, self.products | other.products)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self.services or item_id in self.products

    @classmethod
    def of(cls, items: Iterable[tuple[UUID | None, UUID | None]]) -> "Had":
        """Return what rows say that name a service or a product each."""
        pairs = list(items)
        return cls(
            frozenset(service_id for service_id, _product_id in pairs if service_id),
            frozenset(product_id for _service_id, product_id in pairs if product_id),
        )


def refusals(*, terms: Terms, holder: Holder, had: bool) -> tuple[Refusal, ...]:
    """Return every reason why a client cannot redeem a reward now; none: she can (domain.md §7.1). What no more points
    would help against comes first.

    `had` says that she has had its service or product before. Exempt from the matrix is not exempt from the points.
    """
    return tuple(_refusals(terms, holder, had=had))


def _refusals(terms: Terms, holder: Holder, *, had: bool) -> Iterator[Refusal]:
    if not terms.given:
        yield Refusal.REWARD_ARCHIVED
    if not holder.has_treatcard:
        yield Refusal.NO_TREATCARD
    if had and terms.matrix == Matrix.FIRST_TIME and not holder.exempt:
        yield Refusal.ALREADY_HAD
    if holder.points < terms.points:
        yield Refusal.NOT_ENOUGH_POINTS
