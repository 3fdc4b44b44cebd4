"""What a salon has decided about its marketing, and deciding it (domain.md §9)."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from marketing.letters import Frame, who_writes
from marketing.models import Automation, Basis, Campaign, CampaignState, MarketingRules
from marketing.pictures import pictures_address
from salon.audit.recording import Change, record
from salon.errors import DomainError, FieldError, InvalidInput, VersionConflict
from salon.identity.roles import Actor, Permission
from salon.tenancy.contact import contact_of
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon

# The version that holds where nothing was ever decided.
DEFAULT_VERSION = 0
LONGEST_NAME, LONGEST_IMPRINT, LONGEST_ADDRESS = 80, 600, 254


class NoImprint(DomainError):
    """Mails of marketing say who writes them; this salon has not said it yet."""

    code = "no_imprint"
    message = _("Enter your imprint under Rules first: every mail of marketing has to say who writes it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who writes the mails of marketing, as `MarketingRules` has it."""

    sender_name: str = ""
    reply_to: str = ""
    imprint: str = ""


def rules_now() -> MarketingRules:
    """Return the rules that hold in the open salon; those of a salon that has decided nothing are not saved."""
    return MarketingRules.objects.first() or MarketingRules(salon_id=current_salon_id(), version=DEFAULT_VERSION)


def wrong_basis(basis: str, rules: MarketingRules) -> Iterator[FieldError]:
    """Tell (`not_allowed`) where a basis means existing customers whom the owner has not decided to write to."""
    if basis == Basis.EXISTING_CUSTOMER and rules.existing_customers_at is None:
        message = _("Your salon writes only to clients who have agreed. The owner can decide otherwise in the rules.")
        yield FieldError("basis", "not_allowed", message)


def foot_of_news(salon: Salon) -> list[str]:
    """Return what stands below every mail about news of the open salon: who writes it, line by line."""
    rules = rules_now()
    return who_writes(salon=salon.name, sender=rules.sender_name, imprint=imprint_of(salon, rules))


def imprint_of(salon: Salon, rules: MarketingRules) -> str:
    """Return the imprint as mails have it: with the salon's address, where its own words do not tell that."""
    if rules.imprint and not salon.street:
        return rules.imprint
    told = rules.imprint.casefold()
    missing = (line for line in contact_of(salon).address if line.casefold() not in told)
    return "\n".join(filter(None, [rules.imprint, *missing]))


def frame_for(
    salon: Salon, rules: MarketingRules, *, unsubscribe_url: str | None, agreed: bool = True, test: bool = False
) -> Frame:
    """Return what stands around a mail of the open salon, as its rules have it."""
    return Frame(
        salon=salon.name,
        sender=rules.sender_name,
        imprint=imprint_of(salon, rules),
        unsubscribe_url=unsubscribe_url,
        language=settings.LANGUAGE_CODE,
        agreed=agreed,
        test=test,
        pictures=pictures_address(salon.pk),
        logo=rules.logo,
    )


def hold_rules() -> None:
    """Let nobody change the rules of the open salon before the transaction ends: what is begun by them holds them."""
    MarketingRules.objects.select_for_update(no_key=True).first()


def sender_of(rules: MarketingRules) -> Sender:
    """Return what rules say of the sender, as operations take it."""
    return Sender(**{field.name: getattr(rules, field.name) for field in fields(Sender)})


def save_rules(*, actor: Actor, sender: Sender, now: datetime, version: int | None = None) -> MarketingRules:
    """Say who writes the mails of marketing from now on, and return the rules.

    `version` is the one that was read: another one by now refuses the change. What changes nothing makes no version.
    Raises: NotAllowed, InvalidInput (`needed` at `imprint`: mails still go out that have to say it), VersionConflict.
    """
    actor.require(Permission.MARKETING_WRITE)
    sender = _tidied(sender)
    if errors := list(_errors_of(sender)):
        raise InvalidInput(errors)
    with transaction.atomic():
        rules = _locked()
        if version is not None and version != rules.version:
            raise VersionConflict
        if rules.imprint and not sender.imprint and _mails_go_out():
            message = _(
                "Campaigns or automations still go out, and each mail has to say who writes it. End them first."
            )
            raise InvalidInput([FieldError("imprint", "needed", message)])
        before, after = asdict(sender_of(rules)), asdict(sender)
        changes = [
            Change(name, before[name] or None, after[name] or None) for name in after if after[name] != before[name]
        ]
        if not changes:
            return rules
        for name, value in after.items():
            setattr(rules, name, value)
        _save(rules, list(after))
        _record(actor, "marketing_rules.changed", changes, now)
    return rules


def allow_existing_customers(*, actor: Actor, confirmed: bool, now: datetime) -> MarketingRules:
    """Let mails also go to existing customers who have not agreed (§ 7 (3) UWG): the owner's decision alone.

    `confirmed`: that the four conditions of the law are met. Deciding it again changes nothing.
    Raises: NotAllowed, InvalidInput.
    """
    actor.require(Permission.EXISTING_CUSTOMERS)
    if not confirmed:
        message = _("Confirm that your salon meets all four conditions.")
        raise InvalidInput([FieldError("confirmed", "required", message)])
    with transaction.atomic():
        rules = _locked()
        if rules.existing_customers_at is None:
            rules.existing_customers_at, rules.existing_customers_by = now, actor.name or str(actor.kind.label)
            _save(rules, ["existing_customers_at", "existing_customers_by"])
            _record(actor, "marketing_rules.existing_customers_allowed", [], now)
    return rules


def forbid_existing_customers(*, actor: Actor, now: datetime) -> MarketingRules:
    """Take the owner's decision back: from now on nobody gets a mail without consent.

    Raises: NotAllowed.
    """
    actor.require(Permission.MARKETING_WRITE)
    with transaction.atomic():
        rules = _locked()
        if rules.existing_customers_at is not None:
            rules.existing_customers_at, rules.existing_customers_by = None, ""
            _save(rules, ["existing_customers_at", "existing_customers_by"])
            _record(actor, "marketing_rules.existing_customers_forbidden", [], now)
    return rules


def _mails_go_out() -> bool:
    """Return whether anything is on its way, or will be by itself; whoever begins it holds the rules meanwhile."""
    going = [CampaignState.SCHEDULED, CampaignState.SENDING, CampaignState.PAUSED]
    campaigns = Campaign.objects.live().filter(state__in=going)
    return campaigns.exists() or Automation.objects.filter(enabled_at__isnull=False).exists()


def _locked() -> MarketingRules:
    salon_id = current_salon_id()
    MarketingRules.objects.get_or_create(salon_id=salon_id, defaults={"version": DEFAULT_VERSION})
    return MarketingRules.objects.select_for_update(no_key=True).get(salon_id=salon_id)


def _save(rules: MarketingRules, names: list[str]) -> None:
    rules.version += 1
    rules.save(update_fields=[*names, "version"])


def _record(actor: Actor, action: str, changes: list[Change], now: datetime) -> None:
    record(
        actor=actor,
        action=action,
        subject_kind="marketing_rules",
        subject_id=current_salon_id(),
        changes=changes,
        now=now,
    )


def _tidied(sender: Sender) -> Sender:
    lines = (" ".join(line.split()) for line in sender.imprint.strip().splitlines())
    return Sender(
        sender_name=" ".join(sender.sender_name.split()), reply_to=sender.reply_to.strip(), imprint="\n".join(lines)
    )


def _errors_of(sender: Sender) -> Iterator[FieldError]:
    longest = {"sender_name": LONGEST_NAME, "reply_to": LONGEST_ADDRESS, "imprint": LONGEST_IMPRINT}
    for name, most in longest.items():
        text: str = getattr(sender, name)
        if len(text) > most:
            message = _("At most %(longest)d characters fit here.") % {"longest": most}
            yield FieldError(name, "max_length", message)
        elif any(not one.isprintable() and one != "\n" for one in text):
            yield FieldError(name, "invalid", _("This contains a character that cannot be stored."))
    if sender.reply_to and not _is_address(sender.reply_to):
        yield FieldError("reply_to", "invalid", _("This is not an e-mail address."))


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
