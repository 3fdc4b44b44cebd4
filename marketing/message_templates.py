"""Texts that a salon begins messages with (domain.md §9.4)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clients.models import Client
from marketing.letters import check
from marketing.messages import say_nothing, told_of
from marketing.models import MessageTemplate
from marketing.placeholders import fill_lines, plain
from salon.audit.recording import Change, record
from salon.errors import FieldError, InvalidInput, NotFound, VersionConflict, refusing
from salon.folding import fold as folded
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon

LONGEST_NAME = 80
LONGEST_TEXT = 10_000


@dataclass(frozen=True, slots=True)
class Wording:
    """What a template says: its name for the team, and subject and text with placeholders."""

    name: str
    subject: str
    text: str


def templates() -> list[MessageTemplate]:
    """Return the templates of the open salon, by name."""
    return list(MessageTemplate.objects.filter(deleted_at=None).order_by("name_key", "id"))


def get_template(template_id: UUID) -> MessageTemplate:
    """Return a template of the open salon.

    Raises: NotFound.
    """
    found = MessageTemplate.objects.filter(pk=template_id, deleted_at=None).first()
    if found is None:
        raise NotFound
    return found


def filled(
    template: MessageTemplate, client: Client, *, salon: Salon, now: datetime
) -> tuple[Wording, list[FieldError]]:
    """Return a template as it reads for one client, and (`placeholder`) what in it says nothing of her: that still
    stands there."""
    told = told_of(client.pk, salon=salon, now=now)
    wording = Wording(template.name, plain(fill_lines(template.subject, told)), fill_lines(template.text, told))
    return wording, say_nothing(template.subject, template.text, told)


def create_template(*, actor: Actor, wording: Wording, now: datetime) -> MessageTemplate:
    """Keep a text to begin messages with.

    Raises: NotAllowed, InvalidInput.
    """
    actor.require(Permission.MARKETING_WRITE)
    wording = _accepted(wording)
    template = MessageTemplate(created_at=now)
    with transaction.atomic():
        _put(template, wording)
        with refusing({"marketing_messagetemplate_name": _name_taken()}):
            template.save(force_insert=True)
        _record(actor, "message_template.created", template, [Change("name", None, template.name)], now)
    return template


def update_template(
    *, actor: Actor, template_id: UUID, wording: Wording, now: datetime, version: int | None = None
) -> MessageTemplate:
    """Change a template; `version` refuses it if somebody else has changed it since it was read.

    Raises: NotAllowed, NotFound, VersionConflict, InvalidInput.
    """
    actor.require(Permission.MARKETING_WRITE)
    wording = _accepted(wording)
    with transaction.atomic():
        template = _lock(template_id)
        if version is not None and template.version != version:
            raise VersionConflict
        before = Wording(template.name, template.subject, template.text)
        if wording == before:
            return template
        _put(template, wording)
        template.version += 1
        with refusing({"marketing_messagetemplate_name": _name_taken()}):
            template.save(update_fields=["name", "name_key", "subject", "text", "version"])
        changes = [
            Change(name, getattr(before, name), getattr(wording, name))
            for name in ("name", "subject", "text")
            if getattr(before, name) != getattr(wording, name)
        ]
        _record(actor, "message_template.updated", template, changes, now)
    return template


def delete_template(*, actor: Actor, template_id: UUID, now: datetime) -> MessageTemplate:
    """Take a template away; `restore_template` brings it back.

    Raises: NotAllowed, NotFound.
    """
    actor.require(Permission.MARKETING_WRITE)
    with transaction.atomic():
        template = _lock(template_id)
        template.deleted_at = now
        template.save(update_fields=["deleted_at"])
        _record(actor, "message_template.deleted", template, [Change("name", template.name, None)], now)
    return template


def restore_template(*, actor: Actor, template_id: UUID, now: datetime) -> MessageTemplate:
    """Bring a deleted template back.

    Raises: NotAllowed, NotFound, InvalidInput when another one has its name by now.
    """
    actor.require(Permission.MARKETING_WRITE)
    with transaction.atomic():
        template = MessageTemplate.objects.select_for_update(no_key=True).filter(pk=template_id).first()
        if template is None:
            raise NotFound
        if template.deleted_at is None:
            return template
        template.deleted_at = None
        with refusing({"marketing_messagetemplate_name": _name_taken()}):
            template.save(update_fields=["deleted_at"])
        _record(actor, "message_template.restored", template, [Change("name", None, template.name)], now)
    return template


def _lock(template_id: UUID) -> MessageTemplate:
    rows = MessageTemplate.objects.select_for_update(no_key=True)
    found = rows.filter(pk=template_id, deleted_at=None).first()
    if found is None:
        raise NotFound
    return found


def _put(template: MessageTemplate, wording: Wording) -> None:
    template.name, template.subject, template.text = wording.name, wording.subject, wording.text
    template.name_key = folded(wording.name)


def _accepted(wording: Wording) -> Wording:
    name, subject = plain(wording.name), wording.subject.replace("\x00", "").strip()
    text = "\n".join(wording.text.replace("\x00", "").strip().splitlines())
    errors = []
    if not name:
        errors.append(FieldError("name", "required", _("Please fill in this field.")))
    if len(name) > LONGEST_NAME:
        message = _("Please use at most %(count)s characters.") % {"count": LONGEST_NAME}
        errors.append(FieldError("name", "too_long", message))
    try:
        check(subject, text, complete=True, longest=LONGEST_TEXT)
    except InvalidInput as refusal:
        # What is the body of a letter is the text of a message.
        errors += [
            FieldError("text" if one.field == "body" else one.field, one.code, one.message) for one in refusal.errors
        ]
    if errors:
        raise InvalidInput(errors)
    return Wording(name, subject, text)


def _name_taken() -> InvalidInput:
    return InvalidInput([FieldError("name", "taken", _("There is a template of this name already."))])


def _record(actor: Actor, action: str, template: MessageTemplate, changes: list[Change], now: datetime) -> None:
    record(
        actor=actor,
        action=action,
        subject_kind="message_template",
        subject_id=template.pk,
        changes=changes,
        now=now,
    )
