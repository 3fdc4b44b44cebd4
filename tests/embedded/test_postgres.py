"""A real cluster: who may sign in, and what survives being killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from salon.embedded import processes
from salon.embedded.addresses import load_keys, write_environment
from salon.embedded.backing import backed
from salon.embedded.place import lock, prepare
from salon.embedded.postgres import Postgres, end_survivors, open_postgres
from salon.embedded.trouble import StartError
from salon.embedded.unprivileged import Way, footings


def nothing() -> None:
    """Have nothing to do in between."""


def ready(server: Postgres) -> Postgres:
    server.start()
    server.wait_ready(nothing)
    return server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    place = prepare(tmp_path_factory.mktemp("postgres") / "data")
    held = lock(place)
    assert held is not None
    running = ready(open_postgres(place, load_keys(place), durable=True))
    yield running
    running.stop()
    held.release()


def test_roles_have_exactly_the_attributes_they_need(server: Postgres) -> None:
    query = (
        "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication, rolconfig "
        "FROM pg_roles WHERE rolcanlogin ORDER BY rolname"
    )
    with psycopg.connect(server.url("app")) as connection:
        assert connection.execute(query).fetchall() == [
            ("app", False, False, False, False, False, None),
            ("backup", False, True, False, False, False, ["default_transaction_read_only=on"]),
            ("owner", False, True, True, False, False, None),
            ("postgres", True, True, True, True, True, None),
        ]


def test_database_belongs_to_owner_and_app_may_only_connect(server: Postgres) -> None:
    with psycopg.connect(server.url("owner")) as connection:
        row = connection.execute(
            "SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datlocale, datlocprovider, "
            "has_database_privilege('app', oid, 'CONNECT'), has_database_privilege('app', oid, 'CREATE, TEMP'), "
            "has_schema_privilege('app', 'public', 'CREATE'), has_schema_privilege('owner', 'public', 'CREATE') "
            "FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        assert row == ("owner", "UTF8", "C.UTF-8", "b", True, False, False, True)
    with (
        psycopg.connect(server.url("app")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("CREATE TABLE intruder ()")


def test_nobody_signs_in_without_password_or_as_superuser(server: Postgres) -> None:
    for url in (server.url("app").replace(server.keys.passwords["app"], "wrong"),):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url)
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
        psycopg.connect(f"postgresql://postgres@/salon?host={server.sockets}")


def test_owner_may_create_the_extensions_of_the_migrations(server: Postgres) -> None:
    with psycopg.connect(server.url("owner")) as connection:
        connection.execute("CREATE EXTENSION btree_gist")
        connection.rollback()


def test_it_starts_again_after_the_postmaster_was_killed(server: Postgres) -> None:
    assert server.process is not None
    with psycopg.connect(server.url("owner"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        ready(server)
    with psycopg.connect(server.url("owner"), autocommit=True) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        connection.execute("DROP TABLE kept")


def test_a_note_with_the_number_of_a_strangers_process_harms_nobody(tmp_path: Path) -> None:
    note = tmp_path / "postmaster.pid"
    with subprocess.Popen(["sleep", "60"]) as stranger:
        note.write_text(f"{stranger.pid}\n{tmp_path}\n")
        end_survivors(tmp_path)
        assert stranger.poll() is None
        stranger.kill()
    if Path("/proc/self/cwd").exists():
        assert not note.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="survivors are found in /proc")
def test_survivors_are_found_by_their_working_directory(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"], cwd=tmp_path) as survivor:
        assert processes.working_in(tmp_path) == [survivor.pid]
        end_survivors(tmp_path)
        assert survivor.wait(5) != 0


def test_a_number_given_out_again_is_not_the_same_process() -> None:
    me = processes.identify(os.getpid())
    assert me is not None
    assert me.is_alive
    assert not processes.Identity(os.getpid(), "another moment").is_alive
    with subprocess.Popen(["true"]) as gone:
        identity = processes.identify(gone.pid)
        gone.wait()
        assert identity is None or not identity.is_alive


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to be somebody else")
def test_root_may_change_the_way_between_two_starts(tmp_path: Path) -> None:
    place = prepare(tmp_path / "data")
    held = lock(place)
    assert held is not None
    permitted = []
    for way in (Way.NAMESPACE, Way.CAPABILITIES, Way.NAMESPACE):
        try:
            running = open_postgres(place, load_keys(place), durable=False, only=way)
        except StartError:
            continue  # a container may forbid one of them
        ready(running)
        with psycopg.connect(running.url("app")) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("app",)
        running.stop()
        permitted.append(way)
    held.release()
    assert permitted
    assert [footing.way for footing in footings()] == [Way.NAMESPACE, Way.CAPABILITIES, Way.ACCOUNT]


@pytest.mark.parametrize(
    ("version", "sentence"), [("9", "was written by PostgreSQL 9"), ("garbage", "holds no PostgreSQL data")]
)
def test_data_of_another_version_and_garbage_are_refused(tmp_path: Path, version: str, sentence: str) -> None:
    place = prepare(tmp_path / "data")
    (place.folder / "postgres/global").mkdir(parents=True)
    (place.folder / "postgres/global/pg_control").write_bytes(b"")
    (place.folder / "postgres/PG_VERSION").write_text(f"{version}\n")
    with pytest.raises(StartError, match=sentence):
        open_postgres(place, load_keys(place), durable=False)


def test_a_directory_in_use_lends_its_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    place = prepare(tmp_path / "data")
    held = lock(place)
    assert held is not None
    with pytest.raises(StartError, match="in use"), backed(place.folder, durable=False):
        pass
    write_environment(place.environment, {"DATABASE_URL": "there"})
    write_environment(place.owner_environment, {"DATABASE_OWNER_URL": "there too"})
    with backed(place.folder, durable=False) as variables:
        assert variables == {"DATABASE_URL": "there", "DATABASE_OWNER_URL": "there too"}
    held.release()
