"""What is handed on to other commands: URLs, passwords, the file `environment`."""

import stat
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg.conninfo
import pytest
from kombu.connection import Connection
from kombu.transport.redis import Channel

from salon.embedded.addresses import (
    OWNING,
    SERVING,
    answers_here,
    effective,
    load_keys,
    postgres_url,
    read_environment,
    valkey_url,
    write_environment,
)
from salon.embedded.backing import outside
from salon.embedded.place import lock, prepare, socket_directory
from salon.embedded.trouble import StartError


def test_postgres_url_is_read_alike_by_libpq_and_by_the_settings() -> None:
    url = postgres_url("app", "p@ss/w?rd%", Path("/tmp/salon-0123456789ab"))
    assert psycopg.conninfo.conninfo_to_dict(url) == {
        "user": "app",
        "password": "p@ss/w?rd%",
        "dbname": "salon",
        "host": "/tmp/salon-0123456789ab",
    }
    assert urlsplit(url).username == "app"


def test_valkey_url_is_a_socket_for_celery() -> None:
    url = valkey_url(Path("/tmp/salon-0123456789ab/valkey.sock"))
    with Connection(url) as connection:
        transport: Any = connection.transport
        channel_class = transport.Channel
        assert connection.transport_cls == "redis"
        assert issubclass(channel_class, Channel)
        assert connection.hostname == "socket:///tmp/salon-0123456789ab/valkey.sock"


def test_environment_file_round_trip_is_private(tmp_path: Path) -> None:
    path = tmp_path / "environment"
    variables = {"DATABASE_URL": "postgresql://app:a=b@/salon?host=/tmp/x", "SECRET_KEY": "k e y"}
    write_environment(path, variables)
    assert read_environment(path) == variables
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_environment(tmp_path / "missing") == {}


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({"SMTP_HOST": "", "INBOUND_DOMAIN": ""}, {"INBOUND_DOMAIN": "antworten.example"}),
        ({"SMTP_HOST": "mail.salon.example"}, {}),
        ({"SMTP_HOST_FILE": "secrets/smtp_host"}, {}),
        ({"INBOUND_DOMAIN": "antwort.salon.example"}, {}),
    ],
)
def test_answers_come_in_where_mails_stay_and_nobody_says_where(environ: dict[str, str], found: dict[str, str]) -> None:
    assert answers_here(environ) == found


def test_a_secret_in_a_file_stays_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"DATABASE_URL_FILE": "secrets/url", "SECRET_KEY": "outside", "REDIS_URL": "", "BASE_URL_FILE": ""}
    variables = {"REDIS_URL": "redis+socket:///tmp/x", "BASE_URL": "http://127.0.0.1:8000"}
    assert effective(SERVING, variables, environ) == {
        "DATABASE_URL_FILE": str(tmp_path / "secrets/url"),
        "SECRET_KEY": "outside",
        **variables,
    }
    assert effective(OWNING, {}, environ) == {}


def test_keys_are_made_once_and_private(tmp_path: Path) -> None:
    place = prepare(tmp_path / "data")
    first = load_keys(place)
    assert load_keys(place) == first
    assert set(first.passwords) == {"owner", "app", "backup"}
    assert len({first.secret_key, *first.passwords.values()}) == 4
    assert stat.S_IMODE((place.folder / "keys.json").stat().st_mode) == 0o600
    (place.folder / "keys.json").write_text("[]")
    with pytest.raises(StartError, match=r"keys\.json is damaged"):
        load_keys(place)


def test_a_data_directory_is_locked_by_one_at_a_time(tmp_path: Path) -> None:
    place = prepare(tmp_path / "data")
    held = lock(place)
    assert held is not None
    assert lock(place) is None
    held.release()
    again = lock(place)
    assert again is not None
    again.release()


def test_a_data_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StartError, match="is not a directory"):
        prepare(tmp_path / "data")


def test_sockets_lie_in_a_short_private_directory_and_not_in_a_strangers(tmp_path: Path) -> None:
    place = prepare(tmp_path / ("long" * 40))
    folder = socket_directory(place)
    made = [folder]
    try:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert len(str(folder / ".s.PGSQL.5432")) < 60
        assert socket_directory(place) == folder
        folder.chmod(0o777)
        made.append(socket_directory(place))
        assert made[0] != made[1]
    finally:
        for one in made:
            one.rmdir()


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"DATABASE_URL": "x"}, "DATABASE_OWNER_URL is not"),
        ({"DATABASE_OWNER_URL": "x"}, "DATABASE_URL is not"),
    ],
)
def test_half_an_outside_database_is_refused(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(StartError, match=sentence):
        outside(environ).complete()


def test_an_outside_database_without_owner_is_fine_when_something_else_migrates() -> None:
    outside({"DATABASE_URL": "x", "SALON_MIGRATE": "0"}).complete()
    outside({"DATABASE_URL_FILE": "x", "DATABASE_OWNER_URL": "y"}).complete()
    outside({}).complete()
