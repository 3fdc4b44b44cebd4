"""Where the inbox stands as it is asked for, and a thread that keeps it for the way back (ui.md §2.7)."""

from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from marketing.message_search import LONGEST_SEARCH
from salon.web.access import SalonRequest


def inbox_url(slug: str, **asked: str) -> str:
    """Return where the inbox stands; what is asked for with nothing is left out."""
    return _with(reverse("messages", args=[slug]), asked)


def thread_url(slug: str, client_id: UUID, **asked: str) -> str:
    """Return where a client's thread stands, `asked` being what the inbox was asked for in which it was found."""
    return _with(reverse("message_thread", args=[slug, client_id]), asked)


def done_url(slug: str, client_id: UUID, **asked: str) -> str:
    """Return where what a client wrote is ticked off, which leads back to the inbox as it was asked for."""
    return _with(reverse("message_done", args=[slug, client_id]), asked)


def found_by(request: SalonRequest) -> dict[str, str]:
    """Return what the inbox was asked for where a thread was opened from it."""
    return {name: request.GET.get(name, "")[:LONGEST_SEARCH] for name in ("q", "filter")}


def _with(url: str, asked: dict[str, str]) -> str:
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{url}{'?' if query else ''}{query}"
