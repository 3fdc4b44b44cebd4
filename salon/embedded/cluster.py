"""The files of one Postgres: created whole or not at all, with exactly three roles that may sign in."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from salon.embedded.addresses import DATABASE, Keys
from salon.embedded.binaries import PostgresBinaries, find_postgres
from salon.embedded.lifeline import REFUSED
from salon.embedded.place import Place, read_record, write_private
from salon.embedded.trouble import StartError
from salon.embedded.unprivileged import Footing, Way, footings

SUPERUSER = "postgres"  # never signs in: pg_hba.conf knows the three roles only
_ACCESS_RULES = "# nobody else, in no other way\nlocal all owner,app,backup scram-sha-256\n"
_ELSEWHERE = Path("/var/lib/salon-embedded")  # for Way.ACCOUNT alone, which cannot enter the checkout
_ATTRIBUTES = {
    "owner": "LOGIN NOSUPERUSER CREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS",
    "app": "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS",
    "backup": "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A data directory of Postgres that is complete, with the programs and the footing to run it."""

    folder: Path
    programs: Path
    footing: Footing


def open_cluster(place: Place, keys: Keys, *, only: Way | None = None) -> Cluster:
    """Return the Postgres of a data directory, creating it and bringing its roles up to date.

    `only` restricts root to one way of not being root. Nothing may run in the directory: the caller holds its lock.
    Raises: StartError when the directory, the programs or every way fail.
    """
    note = place.folder / "postgres.json"
    record = read_record(note)
    folder = Path(record.get("folder") or place.folder / "postgres")
    candidates = [footing for footing in footings() if only in {None, footing.way}]
    if folder.exists():
        binaries = find_postgres(_major_of(folder))
        candidates.sort(key=lambda footing: footing.way != record.get("way"))
        cluster = _take_over(place, binaries, folder, candidates)
    else:
        if record:
            raise StartError(f"{folder} is gone although {note} names it: put it back or remove {note}.")
        cluster = _create(place, find_postgres(), candidates)
    statements = _role_statements(keys.passwords)
    provisioned = hashlib.sha256("\n".join(statements).encode()).hexdigest()
    if record.get("provisioned") != provisioned:
        is_new = not record
        _execute(cluster, [*statements, *(_database_statements() if is_new else [])], ignore_existing=is_new)
    complete = {
        "folder": str(cluster.folder),
        "way": cluster.footing.way.value,
        "provisioned": provisioned,
    }
    if complete != record:
        write_private(note, json.dumps(complete, indent=2) + "\n")
    return cluster


def _create(place: Place, binaries: PostgresBinaries, candidates: list[Footing]) -> Cluster:
    """Make the files in a directory of another name and rename it when they are complete."""
    failures = []
    if not candidates:
        raise StartError("PostgreSQL does not run as root and no other account exists: add one.")
    for footing in candidates:
        home, programs = _home(place, binaries, footing)
        unfinished = home / "postgres.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        # macOS has no C.UTF-8 among its own locales; only what the builtin provider does not cover uses them.
        locale = "C.UTF-8" if sys.platform == "linux" else "C"
        answer = subprocess.run(
            footing.command(
                [
                    programs / "initdb",
                    f"--pgdata={unfinished}",
                    f"--username={SUPERUSER}",
                    "--auth=reject",
                    "--encoding=UTF8",
                    "--locale-provider=builtin",
                    f"--locale={locale}",
                    "--builtin-locale=C.UTF-8",
                    "--no-sync",
                    "--no-instructions",
                ],
                signal.SIGKILL,
            ),
            cwd="/",
            env=server_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode == 0:
            (unfinished / "pg_hba.conf").write_text(_ACCESS_RULES, encoding="utf-8")
            if (home / "postgres").exists():  # elsewhere, and its data directory was removed: keep it aside
                os.rename(home / "postgres", home / f"postgres.before-{time.time_ns()}")
            os.rename(unfinished, home / "postgres")
            return Cluster(home / "postgres", programs, footing)
        shutil.rmtree(unfinished, ignore_errors=True)
        failures.append(f"{footing.way.value}: {_last_line(answer.stderr)}")
    raise StartError(f"PostgreSQL could not create its files in {place.folder} ({'; '.join(failures)}).")


def _take_over(place: Place, binaries: PostgresBinaries, folder: Path, candidates: list[Footing]) -> Cluster:
    """Return the first way that this machine permits today, giving the files to the account it needs."""
    for footing in candidates:
        probe = subprocess.run(
            footing.command(["/bin/sh", "-c", ":"], signal.SIGKILL), cwd="/", capture_output=True, check=False
        )
        if probe.returncode == REFUSED:
            continue
        if footing.way is Way.ACCOUNT and not folder.is_relative_to(_ELSEWHERE):
            continue
        _, programs = _home(place, binaries, footing)
        uid, gid = footing.file_owner
        try:
            if folder.stat().st_uid != uid:
                _give_away(folder, uid, gid)
        except PermissionError as error:
            raise StartError(f"{folder} belongs to another user: give it to this one or set SALON_DATA_DIR.") from error
        return Cluster(folder, programs, footing)
    raise StartError(f"This machine permits none of the ways in which PostgreSQL could use {folder}.")


def _home(place: Place, binaries: PostgresBinaries, footing: Footing) -> tuple[Path, Path]:
    """Return where a footing keeps its files and from where it runs the programs."""
    if footing.way is not Way.ACCOUNT:
        return place.folder, binaries.folder
    home = _ELSEWHERE / place.short_key()
    _ELSEWHERE.mkdir(mode=0o755, exist_ok=True)
    home.mkdir(mode=0o700, exist_ok=True)
    programs = binaries.folder
    if binaries.bundled:
        copy = home / f"postgresql-{binaries.major}"
        programs = copy / binaries.folder.relative_to(binaries.site)
        if not _is_same_file(binaries.folder / "postgres", programs / "postgres"):
            unfinished = home / "copy.new"
            for obsolete in (unfinished, copy):
                shutil.rmtree(obsolete, ignore_errors=True)
            binaries.copy_to(unfinished)
            os.rename(unfinished, copy)
    _give_away(home, footing.uid, footing.gid)
    return home, programs


def _is_same_file(original: Path, copy: Path) -> bool:
    """Return whether a copy made with its times is still that of the original."""
    if not copy.exists():
        return False
    first, second = original.stat(), copy.stat()
    return (first.st_size, first.st_mtime_ns) == (second.st_size, second.st_mtime_ns)


def _give_away(folder: Path, uid: int, gid: int) -> None:
    """Change the owner of our own directory and of everything in it."""
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, uid, gid, follow_symlinks=False)


def _role_statements(passwords: Mapping[str, str]) -> list[str]:
    """Return SQL, one statement a line, after which the roles are exactly as they should be."""
    statements = []
    for role, attributes in _ATTRIBUTES.items():
        missing = f"NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}')"
        statements += [
            f"DO $$BEGIN IF {missing} THEN CREATE ROLE {role}; END IF; END$$;",
            f"ALTER ROLE {role} {attributes} PASSWORD '{passwords[role]}';",
        ]
    return [
        *statements,
        "GRANT pg_read_all_data TO backup;",
        "ALTER ROLE backup SET default_transaction_read_only = on;",
    ]


def _database_statements() -> list[str]:
    return [
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;",  # in template1, so in every later database
        f"CREATE DATABASE {DATABASE} OWNER owner;",
        f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;",
        f"GRANT CONNECT ON DATABASE {DATABASE} TO app, backup;",
    ]


def _execute(cluster: Cluster, statements: list[str], *, ignore_existing: bool) -> None:
    """Run statements as the superuser in single-user mode: no server, no sign-in.

    `ignore_existing` lets a creation that was interrupted before it was noted be repeated.
    Raises: StartError when one fails.
    """
    answer = subprocess.run(
        cluster.footing.command(
            [cluster.programs / "postgres", "--single", "-D", cluster.folder, "template1"], signal.SIGKILL
        ),
        input="\n".join(statements) + "\n",
        cwd="/",
        env=server_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line for line in answer.stderr.splitlines() if "ERROR:" in line or "FATAL:" in line]
    if ignore_existing:
        errors = [line for line in errors if "already exists" not in line]
    if errors or answer.returncode != 0:
        raise StartError(f"PostgreSQL could not set up its roles in {cluster.folder}: {_last_line(answer.stderr)}.")


def _major_of(folder: Path) -> int:
    """Return the version that wrote a data directory.

    Raises: StartError when it is not one.
    """
    try:
        text = (folder / "PG_VERSION").read_text(encoding="ascii").strip()
        if text.isdecimal() and (folder / "global" / "pg_control").is_file():
            return int(text)
    except PermissionError as error:
        raise StartError(f"{folder} belongs to another user: give it to this one or set SALON_DATA_DIR.") from error
    except (OSError, ValueError):
        pass
    raise StartError(
        f"{folder} holds no PostgreSQL data: move it away (with postgres.json beside it) or set SALON_DATA_DIR."
    )


def server_environment() -> dict[str, str]:
    """Return the environment for Postgres, without variables that change where it looks."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "no message"
