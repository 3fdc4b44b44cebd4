"""Messages to a client and her answers, as the history of her card tells of them (ui.md §2.4)."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from marketing.messages import RECEIVED, SUBJECT, WRITTEN
from marketing.quoting import parts_of
from salon.tenancy.models import Salon

__all__ = ["SUBJECT", "TOLD", "excerpt", "marks", "thread_url"]

TOLD: dict[str, tuple[Promise, str]] = {
    WRITTEN: (_("Message written"), "message-square"),
    RECEIVED: (_("Answer received"), "message-square-reply"),
}
_EXCERPT = 400


def excerpt(told: dict[str, Any] | None) -> str:
    """Return what somebody wrote, without what it quotes; empty where there is nothing (any more)."""
    text = parts_of(told["text"]).new if told else ""
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT].rstrip()}…"


def marks(told: dict[str, Any] | None) -> list[str]:
    """Return what is to be known of an answer besides."""
    found = told or {}
    marks = {"automatic": gettext("answered by a program"), "other_address": gettext("from another address")}
    return [
        *(word for name, word in marks.items() if found.get(name)),
        *(gettext("File: %(name)s") % {"name": name} for name in found.get("files") or []),
    ]


def thread_url(salon: Salon, client_id: UUID | None) -> str:
    """Return where all that was written stands."""
    return reverse("message_thread", args=[salon.slug, client_id]) if client_id else ""
