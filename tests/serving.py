"""The real server on a free port, for measuring and for browser tests."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

ROOT = Path(__file__).resolve().parents[1]


def manage(*arguments: str) -> None:
    """Run one command of `manage.py` to its end."""
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, check=True)


@contextmanager
def running_server(*, workers: int = 2) -> Iterator[str]:
    """Serve the database of this environment as `make run` does; yield the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(Path(sys.executable).with_name("granian")),
        *("--interface", "wsgi", "--workers", str(workers), "--blocking-threads", "1"),
        *("--port", str(port), "--log-level", "error", "salon.wsgi:application"),
    ]
    base = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "BASE_URL": base}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(f"{base}/healthz", server)
            yield base
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        if server.poll() is not None:
            raise RuntimeError("The server ended while starting.")
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("The server did not start.")


@contextmanager
def running_worker() -> Iterator[None]:
    """Let one worker do what the server's requests leave to it, with the database and broker of this environment."""
    words = ["--quiet", "-A", "salon.celery", "worker", "--concurrency", "1", "--loglevel", "ERROR"]
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "celery", *words, "--without-gossip", "--without-mingle"],
        cwd=ROOT,
        start_new_session=True,
    ) as worker:
        try:
            yield
        finally:
            os.killpg(worker.pid, signal.SIGKILL)
