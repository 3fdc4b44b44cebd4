"""What a salon has decided about its Treatcard, version by version, and deciding it (domain.md §7)."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypedDict

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clients.models import ClientRules
from loyalty.earning import Rates
from loyalty.models import LoyaltyRules
from salon.audit.recording import Change, record
from salon.errors import FieldError, InvalidInput, NotFound, VersionConflict
from salon.identity.roles import Actor, ActorKind, Permission
from salon.locks import take_locks
from salon.money import CENT
from salon.tenancy.context import current_salon_id

# Far more than anybody gives, and far from the end of the column.
MOST_PER_EURO = Decimal(1000)
LONGEST_EXPIRY = 120
MOST_FOR_REFERRAL = 100_000
# The version that holds where nothing was ever decided.
DEFAULT_VERSION = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What one version of the rules says, as `LoyaltyRules` has it."""

    points_per_euro_services: Decimal = Decimal("1.00")
    points_per_euro_products: Decimal = Decimal("2.00")
    no_show_returns: bool = True
    numbers_by_itself: bool = False
    clients_see_rewards: bool = False
    expire_after_months: int | None = None
    referral_points: int | None = None


class ChangedRules(TypedDict, total=False):
    """Fields of the rules to be changed; what is missing stays as it is."""

    points_per_euro_services: Decimal
    points_per_euro_products: Decimal
    no_show_returns: bool
    numbers_by_itself: bool
    clients_see_rewards: bool
    expire_after_months: int | None
    referral_points: int | None


def rules_now() -> LoyaltyRules:
    """Return the rules that hold in the open salon: the latest version, or the defaults as version 0, not saved."""
    return LoyaltyRules.objects.order_by("-version").first() or _defaults()


def rates_now() -> Rates:
    """Return the points for 1.00 of services and of products that hold in the open salon."""
    return _rates(rules_now())


def rates_of(version: int) -> Rates:
    """Return the rates that one version of the rules had: a sale is corrected by those that priced it.

    Raises: NotFound.
    """
    if version == DEFAULT_VERSION:
        return _rates(_defaults())
    stored = LoyaltyRules.objects.filter(version=version).first()
    if stored is None:
        raise NotFound
    return _rates(stored)


def rules_history(*, limit: int = 50) -> list[LoyaltyRules]:
    """Return the versions of the rules, the one that holds first."""
    return list(LoyaltyRules.objects.order_by("-version")[:limit])


def details_of(rules: LoyaltyRules) -> Details:
    """Return what a version says, as operations take it."""
    return Details(**{field.name: getattr(rules, field.name) for field in fields(Details)})


def save_rules(*, actor: Actor, details: Details, now: datetime, version: int | None = None) -> LoyaltyRules:
    """Let these rules hold from now on, as a new version; return the version that holds.

    Points that were given stay as they are. What changes nothing makes no version. `version` is the one that was read:
    another one by now refuses the change.
    Raises: NotAllowed, InvalidInput, VersionConflict.
    """
    return _decide(actor, lambda _held: details, now, version)


def change_rules(*, actor: Actor, changes: ChangedRules, now: datetime, version: int | None = None) -> LoyaltyRules:
    """Change some of the rules that hold, as `save_rules` does all of them.

    Raises: NotAllowed, InvalidInput, VersionConflict.
    """
    return _decide(actor, lambda held: replace(held, **changes), now, version)


def _decide(actor: Actor, decide: Callable[[Details], Details], now: datetime, version: int | None) -> LoyaltyRules:
    actor.require(Permission.LOYALTY_WRITE)
    salon_id = current_salon_id()
    with transaction.atomic():
        # Nothing is locked where nothing was decided yet.
        take_locks({f"loyalty rules {salon_id}"})
        holding = rules_now()
        if version is not None and version != holding.version:
            raise VersionConflict
        held = details_of(holding)
        details = decide(held)
        if errors := list(errors_of(details)):
            raise InvalidInput(errors)
        before, after = asdict(held), asdict(details)
        changes = [
            Change(name, _text(before[name]), _text(after[name])) for name in after if before[name] != after[name]
        ]
        if not changes:
            return holding
        saved = LoyaltyRules.objects.create(
            version=holding.version + 1,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
            created_at=now,
            **after,
        )
        # Cards are made below this app: what they need of the rules they have of their own.
        ClientRules.objects.update_or_create(
            salon_id=salon_id, defaults={"treatcard_by_itself": details.numbers_by_itself}
        )
        record(
            actor=actor,
            action="loyalty_rules.changed",
            subject_kind="loyalty_rules",
            subject_id=salon_id,
            changes=changes,
            now=now,
        )
    # As it is read from now on, whatever type the values were given in.
    saved.refresh_from_db()
    return saved


def _defaults() -> LoyaltyRules:
    return LoyaltyRules(
        version=DEFAULT_VERSION,
        actor_kind=ActorKind.SYSTEM,
        actor_name="",
        created_at=datetime.fromtimestamp(0, UTC),
        **asdict(Details()),
    )


def _rates(rules: LoyaltyRules) -> Rates:
    return Rates(
        services=rules.points_per_euro_services, products=rules.points_per_euro_products, version=rules.version
    )


def errors_of(details: Details) -> Iterator[FieldError]:
    """Yield what is wrong with rules before anybody saves them."""
    for name in ("points_per_euro_services", "points_per_euro_products"):
        rate: Decimal = getattr(details, name)
        if not rate.is_finite() or not 0 <= rate <= MOST_PER_EURO:
            yield FieldError(name, "range", _("Enter between 0 and 1,000 points."))
        elif rate != rate.quantize(CENT):
            yield FieldError(name, "decimal_places", _("Enter at most two places behind the comma."))
    if details.expire_after_months is not None and not 1 <= details.expire_after_months <= LONGEST_EXPIRY:
        yield FieldError("expire_after_months", "range", _("Enter between 1 and 120 months, or nothing."))
    if details.referral_points is not None and not 1 <= details.referral_points <= MOST_FOR_REFERRAL:
        yield FieldError("referral_points", "range", _("Enter between 1 and 100,000 points, or nothing."))


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value is None else str(value)
