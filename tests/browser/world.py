"""A demo world, a database and a broker of its own for every process of browser tests."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from psycopg import sql

from salon import environment
from tests.serving import ROOT, manage
from tests.work.broker import emptied_broker

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
RUN = os.environ.get("BROWSER_WORLD") or os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid4().hex


@contextmanager
def own_world(**settings: str) -> Iterator[None]:
    """Point the environment at a copy of a demo world that is built once for all processes of this run, with these
    settings besides."""
    os.environ |= settings
    served, owner = environment.text("DATABASE_URL"), environment.text("DATABASE_OWNER_URL")
    copy = f"{urlsplit(served).path.removeprefix('/')}_browser_{WORKER}"
    with _built():
        _copy(owner, copy)
    with emptied_broker() as broker:
        os.environ |= {"DEMO": "1", "DATABASE_URL": _at(served, copy), "DATABASE_OWNER_URL": _at(owner, copy)}
        os.environ["REDIS_URL"] = broker
        yield


@contextmanager
def _built() -> Iterator[None]:
    """Hold the world of this run for oneself, which whoever comes first builds."""
    with (environment.data_directory(ROOT) / "browser-world").open("a+") as built:
        fcntl.flock(built, fcntl.LOCK_EX)
        built.seek(0)
        if built.read() != RUN:
            os.environ["DEMO"] = "0"
            manage("prepare")
            os.environ["DEMO"] = "1"
            manage("rebuild_demo")
            built.truncate(0)
            built.write(RUN)
            built.flush()
        yield


def _copy(owner: str, name: str) -> None:
    source = sql.Identifier(urlsplit(owner).path.removeprefix("/"))
    with psycopg.connect(_at(owner, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), source))


def _at(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()


if __name__ == "__main__":
    with _built():
        pass
