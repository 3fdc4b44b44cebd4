"""A broker of the test's own: a database of the Valkey that runs anyway."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from celery import current_app
from redis import Redis

from salon import environment


def broker_url() -> str:
    """Return the address of a database that no other test process and no running salon uses."""
    number = 8 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    url = environment.text("REDIS_URL")
    if url.startswith("redis+socket:"):
        return f"{url}?virtual_host={number}"
    return urlsplit(url)._replace(path=f"/{number}").geturl()


@contextmanager
def emptied_broker() -> Iterator[str]:
    """Yield the address of an empty broker."""
    with valkey() as client:
        client.flushdb()
        yield broker_url()
        client.flushdb()


@contextmanager
def valkey() -> Iterator[Redis]:
    """Open the broker without Celery."""
    with current_app.connection_for_write(broker_url()) as connection:
        yield connection.default_channel.client  # type: ignore[attr-defined]
