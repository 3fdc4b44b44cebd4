"""roles.sh, backup.sh and restore.sh against a server of their own."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from salon.embedded.addresses import Keys
from salon.embedded.binaries import find_postgres
from salon.embedded.cluster import SUPERUSER
from salon.embedded.place import prepare
from salon.embedded.postgres import Postgres, open_postgres

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "docs" / "deploy"
# Where the superuser needs a password as little as in the container of compose.
ACCESS = f"local all {SUPERUSER} trust\nlocal all owner,app,backup scram-sha-256\n"
ROLES = """
SELECT rolname, rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolinherit,
    rolconnlimit, rolvaliduntil, rolconfig,
    ARRAY(SELECT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid)
FROM pg_roles r WHERE rolname IN ('owner', 'app', 'backup') ORDER BY rolname
"""
DATABASE = """
SELECT pg_get_userbyid(datdba), datacl::text, pg_encoding_to_char(encoding), datlocprovider, datlocale
FROM pg_database WHERE datname = 'salon'
"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
SCHEMA = """
SELECT relname, relrowsecurity, relforcerowsecurity,
    ARRAY(SELECT a::text FROM unnest(relacl) a ORDER BY 1), pg_get_userbyid(relowner),
    (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid), (SELECT count(*) FROM pg_trigger WHERE tgrelid = c.oid),
    (SELECT count(*) FROM pg_constraint WHERE conrelid = c.oid)
FROM pg_class c WHERE relnamespace = 'public'::regnamespace ORDER BY relname
"""
DEFAULTS = (
    "SELECT defaclobjtype, ARRAY(SELECT a::text FROM unnest(defaclacl) a ORDER BY 1) FROM pg_default_acl ORDER BY 1"
)


@dataclass(frozen=True)
class Server:
    """A running Postgres with the roles that the launcher makes, and the variables with which scripts reach it."""

    postgres: Postgres
    secrets: Path
    environment: dict[str, str]
    made_by_launcher: tuple[object, object]

    def rows(self, query: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Return what the superuser reads."""
        with psycopg.connect(host=str(self.postgres.sockets), user=SUPERUSER, dbname=database) as direct:
            return direct.execute(query.encode()).fetchall()

    def content(self) -> dict[str, object]:
        """Return a checksum of the rows of each table."""
        checksum = 'SELECT count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{}" t'
        return {str(table): self.rows(checksum.format(table), "salon")[0] for (table,) in self.rows(TABLES, "salon")}

    def script(self, name: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run one of the scripts."""
        return subprocess.run(
            ["bash", str(DEPLOY / name), *words],
            env={**self.environment, **variables},
            check=False,
            capture_output=True,
            text=True,
        )

    def backup(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run backup.sh as the service does."""
        password = str(self.secrets / "backup_password")
        return self.script("backup.sh", *words, PGUSER="backup", PASSWORD_FILE=password, **variables)

    def restore(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run restore.sh as the service does."""
        password = str(self.secrets / "owner_password")
        return self.script("restore.sh", *words, PGUSER="owner", PASSWORD_FILE=password, **variables)

    def url(self, role: str) -> str:
        """Return the URL of the database for a role with the password that roles.sh gave it."""
        password = (self.secrets / f"{role}_password").read_text(encoding="utf-8").strip()
        return f"postgresql://{role}:{password}@/salon?host={self.postgres.sockets}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    binaries = find_postgres()
    if not (binaries.folder / "psql").exists() or not (binaries.folder / "pg_dump").exists():
        pytest.skip("the programs of Postgres here lack psql and pg_dump")
    folder = tmp_path_factory.mktemp("server")
    secrets = folder / "secrets"
    subprocess.run(["bash", str(DEPLOY / "secrets.sh"), str(secrets)], check=True, capture_output=True)
    keys = Keys("unused", {"owner": "launcher-o", "app": "launcher-a", "backup": "launcher-b"})
    postgres = open_postgres(prepare(folder / "data"), keys, durable=False)
    (postgres.cluster.folder / "pg_hba.conf").write_text(ACCESS, encoding="utf-8")
    postgres.start()
    try:
        postgres.wait_ready(lambda: None)
        environment = {
            "PATH": f"{binaries.folder}:{os.environ['PATH']}",
            "PGHOST": str(postgres.sockets),
            "PGDATABASE": "salon",
            "BACKUP_DIR": str(folder / "backups"),
            "SECRETS_DIR": str(secrets),
        }
        found = Server(postgres, secrets, environment, (None, None))
        made = found.rows(ROLES), found.rows(DATABASE)
        with psycopg.connect(
            host=str(postgres.sockets), user=SUPERUSER, dbname="postgres", autocommit=True
        ) as superuser:
            for statement in ("DROP DATABASE salon", "DROP ROLE owner", "DROP ROLE app", "DROP ROLE backup"):
                superuser.execute(statement)
        yield Server(postgres, secrets, environment, made)
    finally:
        postgres.stop()


@pytest.fixture(scope="module")
def roles(server: Server) -> Server:
    """Return the server after roles.sh."""
    answer = server.script("roles.sh", PGUSER=SUPERUSER)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    return server


@pytest.fixture(scope="module")
def salon(roles: Server, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Return the server with the demo world in it, migrated as the job of compose does."""
    answer = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "prepare", "--no-static"],
        env={
            "PATH": os.environ["PATH"],
            "SALON_DATA_DIR": str(tmp_path_factory.mktemp("data")),
            "SECRET_KEY": "for this test",
            "DATABASE_URL": roles.url("app"),
            "DATABASE_OWNER_URL": roles.url("owner"),
            "REDIS_URL": "redis+socket:///nonexistent",
        },
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    return roles


def test_the_script_makes_the_same_roles_as_the_launcher(roles: Server) -> None:
    assert (roles.rows(ROLES), roles.rows(DATABASE)) == roles.made_by_launcher


def test_the_roles_are_what_tenancy_asks_for(roles: Server) -> None:
    attributes = "SELECT rolname, rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = ANY "
    assert roles.rows(attributes + "('{owner,app,backup}') ORDER BY rolname") == [
        ("app", False, False, True),
        ("backup", False, True, True),
        ("owner", False, True, True),
    ]


def test_the_script_may_run_again_and_sets_passwords_anew(roles: Server) -> None:
    before = roles.rows(ROLES)
    password = roles.secrets / "app_password"
    password.unlink()
    subprocess.run(["bash", str(DEPLOY / "secrets.sh"), str(roles.secrets)], check=True, capture_output=True)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(roles.url("app"))
    answer = roles.script("roles.sh", PGUSER=SUPERUSER)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert roles.rows(ROLES) == before
    with psycopg.connect(roles.url("app")) as app:
        assert app.execute("SELECT current_user").fetchone() == ("app",)


def test_the_script_fails_loudly_without_a_password(roles: Server, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    shutil.copytree(roles.secrets, secrets)
    (secrets / "app_password").unlink()
    answer = roles.script("roles.sh", PGUSER=SUPERUSER, SECRETS_DIR=str(secrets))
    assert answer.returncode != 0
    with psycopg.connect(roles.url("app")) as app:
        assert app.execute("SELECT 1").fetchone() == (1,)


def test_the_role_of_backups_reads_everything_and_writes_nothing(salon: Server) -> None:
    with psycopg.connect(salon.url("backup")) as backup:
        assert backup.execute("SELECT count(*) > 500 FROM clients_client").fetchone() == (True,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            backup.execute("DELETE FROM clients_client")
        backup.rollback()
        backup.execute("SET TRANSACTION READ WRITE")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            backup.execute("DELETE FROM clients_client")


def test_a_dump_restores_to_the_same_rows_rights_and_policies(salon: Server) -> None:
    answer = salon.backup("once")
    assert answer.returncode == 0, answer.stderr
    name = re.search(r"(salon-\d{8}T\d{6}Z\.dump) written", answer.stdout)
    assert name, answer.stdout
    folder = Path(salon.environment["BACKUP_DIR"])
    assert sorted(path.name for path in folder.iterdir()) == [name[1], f"{name[1]}.sha256"]
    assert {path.stat().st_mode & 0o077 for path in folder.iterdir()} == {0}
    rows, schema, access = salon.content(), salon.rows(SCHEMA, "salon"), salon.rows(DATABASE)
    defaults = salon.rows(DEFAULTS, "salon")
    with psycopg.connect(salon.url("owner")) as owner:
        owner.execute("DELETE FROM django_session")
        owner.execute("UPDATE tenancy_salon SET name = 'Damaged'")
    assert salon.content() != rows

    with psycopg.connect(salon.url("app")):
        refused = salon.restore(name[1])
    assert refused.returncode == 1
    assert "1 connections to salon are open" in refused.stderr

    answer = salon.restore(name[1])
    assert answer.returncode == 0, answer.stderr
    assert salon.content() == rows
    assert salon.rows(SCHEMA, "salon") == schema
    assert salon.rows(DATABASE) == access
    assert salon.rows(DEFAULTS, "salon") == defaults != []
    kept = re.search(r"kept as (salon_before_\d{8}_\d{6})", answer.stdout)
    assert kept
    assert salon.rows("SELECT DISTINCT name FROM tenancy_salon", kept[1]) == [("Damaged",)]
    with (
        psycopg.connect(salon.url("app")) as app,
        pytest.raises(psycopg.errors.UndefinedObject, match=r"app\.salon_id"),
    ):
        app.execute("SELECT * FROM clients_client")


def test_a_damaged_dump_is_refused(salon: Server, tmp_path: Path) -> None:
    assert salon.backup("once", BACKUP_DIR=str(tmp_path)).returncode == 0
    dump = next(tmp_path.glob("*.dump"))
    content = bytearray(dump.read_bytes())
    content[len(content) // 2] ^= 1
    dump.write_bytes(content)
    databases = salon.rows("SELECT datname FROM pg_database ORDER BY datname")
    answer = salon.restore(dump.name, BACKUP_DIR=str(tmp_path))
    assert answer.returncode != 0
    assert "did NOT match" in answer.stderr
    assert salon.rows("SELECT datname FROM pg_database ORDER BY datname") == databases


def test_a_failed_dump_leaves_no_file_that_looks_like_one(salon: Server, tmp_path: Path) -> None:
    answer = salon.backup("once", BACKUP_DIR=str(tmp_path), PGDATABASE="nothing")
    assert answer.returncode != 0
    assert list(tmp_path.glob("*.dump")) == []
    assert salon.backup("check", BACKUP_DIR=str(tmp_path)).returncode == 1


def test_old_dumps_go_and_the_newest_stays(salon: Server, tmp_path: Path) -> None:
    long_ago = tmp_path / "salon-20250101T013000Z.dump"
    for name in (long_ago.name, f"{long_ago.name}.sha256", "notes.txt"):
        (tmp_path / name).write_text("old", encoding="utf-8")
        os.utime(tmp_path / name, (1_735_000_000, 1_735_000_000))
    assert salon.backup("check", BACKUP_DIR=str(tmp_path)).returncode == 1
    assert salon.backup("once", BACKUP_DIR=str(tmp_path), BACKUP_KEEP_DAYS="14").returncode == 0
    assert salon.backup("check", BACKUP_DIR=str(tmp_path)).returncode == 0
    left = {path.name for path in tmp_path.iterdir()}
    assert not long_ago.exists()
    assert "notes.txt" in left
    assert len(left) == 3


def test_restore_without_a_name_lists_the_dumps(salon: Server, tmp_path: Path) -> None:
    (tmp_path / "salon-20260101T013000Z.dump").write_text("1234", encoding="utf-8")
    answer = salon.restore(BACKUP_DIR=str(tmp_path))
    assert answer.returncode == 2
    assert "salon-20260101T013000Z.dump  4 bytes" in answer.stdout
