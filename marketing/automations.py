"""Mails that go out by themselves on an occasion: their texts, and whether they are on (domain.md §9).

Every salon begins with texts of ours, and with all of them off.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from marketing.models import Automation, Occasion, Recipient, RecipientState
from marketing.pictures import check_mail
from marketing.rules import NoImprint, hold_rules, rules_now
from salon.catalogue.changing import told
from salon.errors import DomainError, FieldError, InvalidInput, NotFound, VersionConflict
from salon.identity.roles import Actor, Permission
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import new_id

LONGEST_BODY = 10_000
# The version of one that nobody has touched yet.
DEFAULT_VERSION = 0


class NoSuchAutomation(NotFound):
    """There is no such occasion."""

    message = _("There is no such automation.")


class NotReady(DomainError):
    """An automation whose text cannot be written cannot be turned on."""

    code = "not_ready"
    message = _("Its text cannot go out like this. Open it and mend what is marked there.")


@dataclass(frozen=True, slots=True)
class Preset:
    """What every salon begins with: how many days, within which bounds, and the text, paragraph by paragraph."""

    days: int
    fewest: int
    most: int
    subject: Promise
    paragraphs: tuple[Promise | str, ...]


_GREETING = "{{greeting}},"
_REGARDS = _("Warm regards, your team at {{salon}}")
PRESETS: Mapping[Occasion, Preset] = {
    Occasion.BIRTHDAY: Preset(
        7,
        0,
        60,
        _("Your birthday is coming, {{first_name|and we are looking forward to it}}"),
        (
            _GREETING,
            _("soon it is your birthday, and you deserve some time for yourself."),
            _("Treat yourself to a visit with us: just reply to this mail, and we find a time that suits you."),
            _REGARDS,
        ),
    ),
    Occasion.ABOUT_TO_LAPSE: Preset(
        30,
        1,
        180,
        _("We have not seen you for a long time, {{first_name|and we miss you}}"),
        (
            _GREETING,
            _("your last visit with us: {{last_visit|a long time ago}}. We would love to see you again."),
            _("Just reply to this mail or give us a ring, and we find a time that suits you."),
            _REGARDS,
        ),
    ),
    Occasion.AFTER_FIRST_VISIT: Preset(
        3,
        1,
        90,
        _("How did you like it, {{first_name|at your first visit}}?"),
        (
            _GREETING,
            _("a few days ago you were with us for the first time: thank you for your trust."),
            _(
                "Are you happy with the result? If there is anything we can do better, just reply to this mail. "
                "We read every answer, and we gladly put right what is not right yet."
            ),
            _("We look forward to seeing you again."),
            _REGARDS,
        ),
    ),
    Occasion.LAPSED: Preset(
        14,
        0,
        180,
        _("Your place is still free, {{first_name|and we are glad when you come}}"),
        (
            _GREETING,
            _(
                "it has been more than a year since you were last with us. Much has happened here since then, and a "
                "place is always free for you."
            ),
            _("Would you like to come by again? Just reply to this mail, and we find a time that suits you."),
            _REGARDS,
        ),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What an automation writes, and how many days before or after the day itself."""

    subject: str
    body: str
    days: int


def occasion_named(name: str) -> Occasion:
    """Return the occasion of this name.

    Raises: NoSuchAutomation.
    """
    try:
        return Occasion(name)
    except ValueError as error:
        raise NoSuchAutomation from error


def automation_for(occasion: Occasion) -> Automation:
    """Return the automation of an occasion; one that nobody has touched yet is not saved, and says what ours says."""
    return Automation.objects.filter(occasion=occasion).first() or _preset(occasion)


def all_automations() -> list[Automation]:
    """Return the automation of every occasion, in the order of the year of a client."""
    stored = {one.occasion: one for one in Automation.objects.all()}
    return [stored.get(occasion) or _preset(occasion) for occasion in Occasion]


def about_tests_of(occasion: Occasion) -> UUID:
    """Return what test mails of an automation are about: the same before and after its text is first saved."""
    return uuid5(current_salon_id(), occasion.value)


def text_of(automation: Automation) -> Text:
    """Return what an automation says."""
    return Text(subject=automation.subject, body=automation.body, days=automation.days)


def tidied(text: str) -> str:
    """Return a subject or a body as it is stored."""
    return text.replace("\r\n", "\n").strip()


def save_automation(
    *, actor: Actor, occasion: Occasion, text: Text, now: datetime, version: int | None = None
) -> Automation:
    """Change what an automation writes and when; what it has written stays as it was.

    `version` is the one that was read: another one by now refuses the change.
    Raises: NotAllowed, InvalidInput, VersionConflict.
    """
    text = _tidied(text)
    with transaction.atomic():
        automation = _lock(actor, occasion, now, version)
        _check(occasion, text)
        before = text_of(automation)
        if text != before:
            automation.subject, automation.body, automation.days = text.subject, text.body, text.days
            automation.version += 1
            _save(automation, now, "subject", "body", "days", "version")
            tell_of_automation(actor, "automation.changed", automation, _told(before), _told(text), now)
    return automation


def turn_on(*, actor: Actor, occasion: Occasion, now: datetime) -> Automation:
    """Let an automation write on occasions from now on; of what was before now it writes to nobody.

    Raises: NotAllowed, NoImprint, NotReady.
    """
    with transaction.atomic():
        automation = _lock(actor, occasion, now)
        if automation.enabled_at is not None:
            return automation
        hold_rules()
        if not rules_now().imprint.strip():
            raise NoImprint
        try:
            _check(occasion, text_of(automation))
        except InvalidInput as refusal:
            raise NotReady from refusal
        automation.enabled_at = now
        _save(automation, now, "enabled_at")
        # Whoever was in a worker's hands when it was turned off, and was put back since.
        Recipient.objects.filter(automation=automation, state=RecipientState.WAITING).delete()
        tell_of_automation(actor, "automation.enabled", automation, {}, {"occasion": str(occasion)}, now)
    return automation


def turn_off(*, actor: Actor, occasion: Occasion, now: datetime) -> Automation:
    """Let an automation write to nobody more; what waits for its time goes to nobody.

    Raises: NotAllowed.
    """
    with transaction.atomic():
        automation = _lock(actor, occasion, now)
        if automation.enabled_at is None:
            return automation
        automation.enabled_at = None
        _save(automation, now, "enabled_at")
        Recipient.objects.filter(automation=automation, state=RecipientState.WAITING).delete()
        tell_of_automation(actor, "automation.disabled", automation, {"occasion": str(occasion)}, {}, now)
    return automation


def lock_automation(automation_id: UUID) -> Automation | None:
    """Return an automation that is on, locked: nobody changes it or turns it off before the transaction ends."""
    rows = Automation.objects.select_for_update(no_key=True)
    return rows.filter(pk=automation_id, enabled_at__isnull=False).first()


def _preset(occasion: Occasion) -> Automation:
    """Return an automation as every salon has it, in the language in which mails are written."""
    preset = PRESETS[occasion]
    with translation.override(settings.LANGUAGE_CODE):
        return Automation(
            occasion=occasion,
            subject=str(preset.subject),
            body="\n\n".join(map(str, preset.paragraphs)),
            days=preset.days,
            version=DEFAULT_VERSION,
        )


def _lock(actor: Actor, occasion: Occasion, now: datetime, version: int | None = None) -> Automation:
    """Return an automation, locked; with a version the text that was read.

    Raises: NotAllowed, VersionConflict.
    """
    actor.require(Permission.MARKETING_WRITE)
    new = _preset(occasion)
    new.id, new.updated_at = new_id(), now
    Automation.objects.bulk_create([new], ignore_conflicts=True)
    automation = Automation.objects.select_for_update(no_key=True).get(occasion=occasion)
    if version is not None and version != automation.version:
        raise VersionConflict
    return automation


def _check(occasion: Occasion, text: Text) -> None:
    """Make sure that a text can go out.

    Raises: InvalidInput (at `subject`, `body` and `days`).
    """
    errors: list[FieldError] = []
    preset = PRESETS[occasion]
    if not preset.fewest <= text.days <= preset.most:
        message = _("Between %(fewest)d and %(most)d days.") % {"fewest": preset.fewest, "most": preset.most}
        errors.append(FieldError("days", "range", message))
    try:
        check_mail(text.subject, text.body, complete=True, longest=LONGEST_BODY)
    except InvalidInput as refusal:
        errors += refusal.errors
    if "\x00" in text.subject + text.body:
        errors.append(FieldError("body", "invalid", _("This contains a character that cannot be stored.")))
    if errors:
        raise InvalidInput(errors)


def _tidied(text: Text) -> Text:
    return replace(text, subject=tidied(text.subject), body=tidied(text.body))


def _save(automation: Automation, now: datetime, *names: str) -> None:
    automation.updated_at = now
    automation.save(update_fields=[*names, "updated_at"])


def _told(text: Text) -> dict[str, object]:
    return {"subject": text.subject, "body": text.body, "days": str(text.days)}


def tell_of_automation(
    actor: Actor,
    action: str,
    automation: Automation,
    old: Mapping[str, object],
    new: Mapping[str, object],
    now: datetime,
) -> None:
    """Record what somebody has done with an automation."""
    told(actor=actor, action=action, subject_id=automation.pk, old=old, new=new, now=now)
