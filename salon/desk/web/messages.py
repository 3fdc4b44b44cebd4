"""Messages to a client and her answers, as the history of her card tells of them (ui.md §2.4)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from marketing.messages import RECEIVED, SUBJECT, WRITTEN
from marketing.models import Direction
from marketing.quoting import parts_of
from marketing.web.photos import ShownPhoto
from salon.tenancy.models import Salon

__all__ = [
    "SUBJECT",
    "TOLD",
    "Mark",
    "answer_url",
    "excerpt",
    "is_answer",
    "is_unread",
    "marks",
    "photos",
    "thread_url",
]

TOLD: dict[str, tuple[Promise, str]] = {
    WRITTEN: (_("Message written"), "message-square"),
    RECEIVED: (_("Answer received"), "message-square-reply"),
}
_EXCERPT = 400


@dataclass(frozen=True, slots=True)
class Mark:
    """What is to be known of a message besides what it says, as a line of its own."""

    icon: str
    text: str
    is_warning: bool = False


def excerpt(told: dict[str, Any] | None) -> str:
    """Return what somebody wrote, without what it quotes; empty where there is nothing (any more)."""
    text = parts_of(told["text"]).new if told else ""
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT].rstrip()}…"


def is_answer(told: dict[str, Any]) -> bool:
    """Return whether the client wrote it."""
    return bool(told["direction"] == Direction.IN)


def is_unread(told: dict[str, Any]) -> bool:
    """Return whether nobody in the salon has seen an answer yet."""
    return is_answer(told) and told["read_at"] is None


def marks(told: dict[str, Any]) -> list[Mark]:
    """Return what is to be known of an answer besides what it says."""
    found = []
    if told["other_address"]:
        words = gettext("From another address: %(address)s") % {"address": told["address"]}
        found.append(Mark("triangle-alert", words, is_warning=True))
    if told["automatic"]:
        found.append(Mark("bot", gettext("answered by a program")))
    return [*found, *(Mark("paperclip", name) for name in told["files"] or [])]


def photos(told: dict[str, Any], salon: Salon) -> list[ShownPhoto]:
    """Return the pictures that came along with an answer."""
    return [ShownPhoto.told(one, salon.slug) for one in told["photos"]]


def thread_url(salon: Salon, client_id: UUID | None, message_id: UUID) -> str:
    """Return where a message stands among all that was written."""
    here = reverse("message_thread", args=[salon.slug, client_id]) if client_id else ""
    return f"{here}#message-{message_id}" if here else ""


def answer_url(salon: Salon, client_id: UUID | None) -> str:
    """Return where an answer is answered, below what was written; seen there, it is not new any more."""
    return f"{reverse('message_thread', args=[salon.slug, client_id])}#write-head" if client_id else ""
