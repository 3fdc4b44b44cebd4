"""How other programs reach the embedded parts: passwords, URLs, and the file that hands them on."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from salon.embedded.place import Place, read_record, write_private

DATABASE = "salon"
ROLES = ("owner", "app", "backup")
# What everything of an installation shares.
SERVING = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "BASE_URL", "INBOUND_DOMAIN")
OWNING = ("DATABASE_OWNER_URL",)  # what only commands that migrate or seed may have
# Where mails stay on the machine, answers come to no real domain (RFC 2606), but to `manage.py receive_mail`.
ANSWERS = "antworten.example"


@dataclass(frozen=True, slots=True)
class Keys:
    """What is generated once per data directory and never shown."""

    secret_key: str
    passwords: Mapping[str, str]  # by role


def load_keys(place: Place) -> Keys:
    """Return the keys of a data directory, generating and saving those it lacks.

    Raises: StartError when the saved ones are damaged.
    """
    path = place.folder / "keys.json"
    record = read_record(path)
    wanted = {"secret_key": 50, **dict.fromkeys(ROLES, 24)}
    complete = {name: str(record.get(name) or secrets.token_urlsafe(size)) for name, size in wanted.items()}
    if complete != record:
        write_private(path, json.dumps(complete, indent=2) + "\n")
    return Keys(complete["secret_key"], {role: complete[role] for role in ROLES})


def postgres_url(role: str, password: str, sockets: Path) -> str:
    """Return the URL of the database for a role, by unix socket."""
    return f"postgresql://{role}:{quote(password, safe='')}@/{DATABASE}?host={quote(str(sockets))}"


def valkey_url(socket: Path) -> str:
    """Return the URL under which Celery finds Valkey's unix socket."""
    return f"redis+socket://{quote(str(socket))}"


def write_environment(path: Path, variables: Mapping[str, str]) -> None:
    """Write KEY=VALUE lines that only the owner reads; a value never spans lines."""
    lines = [f"{name}={value}" for name, value in variables.items() if "\n" not in value]
    write_private(path, "\n".join(["# written by `make run` for as long as it runs", *lines, ""]))


def effective(names: Sequence[str], variables: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return what another command needs in order to reach the same servers.

    A secret that `environ` has in a file (`NAME_FILE`) stays there; otherwise `variables` count, then `environ`.
    """
    found: dict[str, str] = {}
    for name in names:
        if file := environ.get(f"{name}_FILE"):
            found[f"{name}_FILE"] = str(Path(file).absolute())
        elif value := variables.get(name) or environ.get(name):
            found[name] = value
    return found


def answers_here(environ: Mapping[str, str]) -> dict[str, str]:
    """Return a domain for clients' answers where no mail leaves this machine and `environ` names none."""
    named = ("SMTP_HOST", "SMTP_HOST_FILE", "INBOUND_DOMAIN", "INBOUND_DOMAIN_FILE")
    return {} if any(environ.get(name) for name in named) else {"INBOUND_DOMAIN": ANSWERS}


def read_environment(path: Path) -> dict[str, str]:
    """Return what `write_environment` wrote; empty when there is no such file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {name: value for name, separator, value in pairs if separator}
