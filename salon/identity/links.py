"""Links that leave the browser: in mails and on a terminal."""

from django.conf import settings
from django.urls import reverse


def absolute_link(route: str, *arguments: str) -> str:
    """Return a route's address below BASE_URL."""
    return f"{settings.BASE_URL.rstrip('/')}{reverse(route, args=arguments)}"
