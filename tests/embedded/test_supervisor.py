"""The supervisor as a person meets it, with a salon that has one page and one task."""

import contextlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from salon.embedded import processes
from salon.embedded.addresses import read_environment
from salon.embedded.network import Address, read_address, reserve
from salon.embedded.place import CHECKOUT
from salon.embedded.trouble import StartError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="leftovers are looked for in /proc")

PAGE = """
import os, psycopg
def application(environ, start_response):
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        body = connection.execute("SELECT current_user").fetchone()[0]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body.encode()]
"""
TASKS = """
import os
from celery import Celery
app = Celery("salon", broker=os.environ["REDIS_URL"])
app.conf.broker_connection_retry_on_startup = True
"""
PREPARE = """
import os, pathlib
assert os.environ["DATABASE_OWNER_URL"]
pathlib.Path(os.environ["SALON_DATA_DIR"], "demo-sign-ins.txt").write_text("anna@sonnenschein.example")
"""


@dataclass
class Salon:
    """A checkout that holds the real launcher and next to nothing else."""

    folder: Path
    port: int

    @property
    def data(self) -> Path:
        return self.folder / ".data"

    def start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "salon.embedded", "run"],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def refused(self) -> str:
        answer = subprocess.run(
            [sys.executable, "-m", "salon.embedded", "run"],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert answer.returncode == 1
        assert "Traceback" not in answer.stdout + answer.stderr
        return answer.stderr

    def environment(self) -> dict[str, str]:
        places = ("DATABASE_", "REDIS_", "SALON_", "SECRET_KEY", "BASE_URL", "HOST", "PORT", "SMTP_", "INBOUND_")
        inherited = (*places, "MAKE", "PYTEST_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(inherited)}
        return kept | {"PORT": str(self.port)}

    def processes(self) -> list[int]:
        """Everything whose working directory is in here, the supervisor included."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdecimal() and (entry / "cwd").readlink().is_relative_to(self.folder):
                    found.append(int(entry.name))
            except OSError:
                continue
        return [pid for pid in found if processes.began(pid) is not None]

    def noted(self) -> dict[str, int]:
        record = json.loads((self.data / "run.json").read_text())
        return {one["name"]: one["pid"] for one in record.get("programs", [])}

    def page(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
            return str(answer.read().decode())


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


def greeting(running: "subprocess.Popen[str]") -> str:
    """Read until the supervisor says that it runs, and return all it said."""
    assert running.stdout is not None
    lines = []
    for line in running.stdout:
        lines.append(line)
        if "stop with Ctrl-C" in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


@pytest.fixture
def salon(tmp_path: Path) -> Iterator[Salon]:
    folder = tmp_path / "checkout"
    shutil.copytree(CHECKOUT / "salon/embedded", folder / "salon/embedded")
    for name, text in (
        ("salon/__init__.py", ""),
        ("salon/wsgi.py", PAGE),
        ("salon/celery.py", TASKS),
        ("manage.py", PREPARE),
    ):
        (folder / name).write_text(text)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = Salon(folder, port)
    yield made
    for pid in made.processes():
        os.kill(pid, signal.SIGKILL)


def test_a_life_with_crashes(salon: Salon) -> None:
    # first start
    running = salon.start()
    said = greeting(running)
    assert f"http://127.0.0.1:{salon.port}" in said
    assert "anna@sonnenschein.example" in said
    assert salon.page() == "app"
    environment = (salon.data / "environment").read_text()
    assert all(f"\n{name}=" in environment for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "BASE_URL"))
    assert "\nINBOUND_DOMAIN=antworten.example\n" in environment
    # a second one in the same checkout
    assert "already runs in this checkout" in salon.refused()
    # the web server's main process is killed: its workers go, another one comes
    until(lambda: {"web", "worker", "beat"} <= salon.noted().keys())
    os.kill(salon.noted()["web"], signal.SIGKILL)
    until(lambda: "web" in salon.noted() and processes.began(salon.noted()["web"]))
    until(lambda: _answers(salon))
    # supervisor, web server and Postgres are killed at once, the rest is left alone
    postmaster = int((salon.data / "postgres/postmaster.pid").read_text().split()[0])
    for pid in (running.pid, salon.noted()["web"], postmaster):
        os.kill(pid, signal.SIGKILL)
    running.wait()
    # a new start finds the survivors and the data
    again = salon.start()
    greeting(again)
    assert salon.page() == "app"
    until(lambda: {"web", "worker", "beat"} <= salon.noted().keys())
    # a polite end leaves nothing but the data
    again.send_signal(signal.SIGTERM)
    rest = again.communicate(timeout=30)[0]
    assert again.returncode == 0
    assert "all data is kept" in rest
    assert salon.processes() == []
    assert not (salon.data / "environment").exists()
    assert not (salon.data / "owner-environment").exists()


def test_only_commands_reach_the_database_as_its_owner(salon: Salon) -> None:
    running = salon.start()
    greeting(running)
    until(lambda: {"web", "worker", "beat"} <= salon.noted().keys())
    until(lambda: len(_told(salon, "DATABASE_URL")) >= 5)  # granian and Celery have children
    assert _told(salon, "DATABASE_OWNER_URL") == []
    assert "OWNER" not in (salon.data / "environment").read_text()
    private = salon.data / "owner-environment"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    url = read_environment(private)["DATABASE_OWNER_URL"]
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("owner",)
    # What runs beside it by `exec` is a command.
    answer = subprocess.run(
        [sys.executable, "-m", "salon.embedded", "exec", "--", "sh", "-c", "echo $DATABASE_OWNER_URL"],
        cwd=salon.folder,
        env=salon.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == f"{url}\n"
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=30)


def test_everything_killed_with_its_launcher_leaves_no_orphan(salon: Salon) -> None:
    command = [sys.executable, "-m", "salon.embedded", "exec", "--", "sleep", "60"]
    launcher = subprocess.Popen(command, cwd=salon.folder, env=salon.environment())
    until(lambda: len(salon.processes()) >= 5 and any(_is_sleep(pid) for pid in salon.processes()))
    launcher.kill()
    launcher.wait()
    until(lambda: salon.processes() == [])
    query = "import os, psycopg; print(psycopg.connect(os.environ['DATABASE_URL']).info.user)"
    command[-2:] = [sys.executable, "-c", query]
    answer = subprocess.run(
        command, cwd=salon.folder, env=salon.environment(), capture_output=True, text=True, check=False
    )
    assert (answer.returncode, answer.stdout) == (0, "app\n"), answer.stderr
    assert salon.processes() == []


def test_the_status_of_a_command_is_passed_on(salon: Salon) -> None:
    command = [sys.executable, "-m", "salon.embedded", "exec", "--ephemeral", "--", "sh", "-c", "exit 7"]
    status = subprocess.run(command, cwd=salon.folder, env=salon.environment(), check=False).returncode
    assert status == 7
    assert not (salon.data / "postgres").exists()
    assert (salon.data / "test/postgres").is_dir()


def test_a_taken_port_is_said_before_anything_starts(salon: Salon) -> None:
    with socket.create_server(("127.0.0.1", salon.port)):
        assert f"Port {salon.port} is taken by another program" in salon.refused()
    assert salon.processes() == []


def test_a_broken_data_directory_is_one_sentence(salon: Salon) -> None:
    salon.data.write_text("")
    assert salon.refused() == f"{salon.data} is not a directory: move it away or set SALON_DATA_DIR.\n"


@pytest.mark.parametrize("port", ["", "80a", "0", "65536"])
def test_a_port_is_a_number(port: str) -> None:
    if not port:
        assert read_address({"PORT": port}) == Address("127.0.0.1", 8000)
        return
    with pytest.raises(StartError, match="PORT must be a number"):
        read_address({"PORT": port})


def test_a_host_that_is_not_ours_is_refused() -> None:
    with pytest.raises(StartError, match="not an address of this machine"):
        reserve(Address("203.0.113.9", 8000))


def _told(salon: Salon, name: str) -> list[str]:
    """The command lines of all processes whose environment has a variable."""
    found = []
    for pid in salon.processes():
        with contextlib.suppress(OSError):
            process = Path(f"/proc/{pid}")
            if f"\0{name}=".encode() in b"\0" + (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def _is_sleep(pid: int) -> bool:
    try:
        return (
            Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"sleep\0")
            or b"/sleep\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
        )
    except OSError:
        return False


def _answers(salon: Salon) -> bool:
    try:
        return salon.page() == "app"
    except OSError:
        return False
