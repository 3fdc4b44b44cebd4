"""Finding, or getting, a Chromium for the browser tests."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

# Without windows: what a whole browser draws around each page costs more than the page.
_SHELLS = ("chromium-headless-shell", "chrome-headless-shell")
_WHOLE = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OWN_SHELLS = ("chromium_headless_shell-*/chrome-*/headless_shell", "chromium_headless_shell-*/*/chrome-headless-shell")
_OWN_WHOLE = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*")
_INSTALLING_TAKES = 900  # seconds at most


def chromium() -> str | None:
    """Return the path of a Chromium that starts, one without windows if there is or can be one, installing one if need
    be and possible; None without."""
    if found := _first_that_starts([*_wished(), *_shells()]):
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("No Chromium without windows here: trying to install one …", flush=True)
        quiet = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
        install = [*quiet, "install", "-y", "--no-install-recommends"]
        if _ran([*quiet, "update"]) and (
            _ran([*install, "chromium-headless-shell"])
            or (_first_that_starts(_whole()) is None and _ran([*install, "chromium"]))
        ):
            found = _first_that_starts(_shells())
    if found := found or _first_that_starts(_whole()):
        return found
    print("No Chromium here: trying to install one …", flush=True)
    if _ran([sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]):
        found = _first_that_starts(_shells())
    return found


def _first_that_starts(paths: Iterable[str]) -> str | None:
    return next((path for path in paths if _starts(path)), None)


def _wished() -> Iterator[str]:
    if wished := os.environ.get("CHROMIUM"):
        yield wished


def _shells() -> Iterator[str]:
    yield from _candidates(_SHELLS, _OWN_SHELLS)


def _whole() -> Iterator[str]:
    yield from _candidates(_WHOLE, _OWN_WHOLE)


def _candidates(names: Iterable[str], patterns: Iterable[str]) -> Iterator[str]:
    for name in names:
        if path := shutil.which(name):
            yield path
    folder = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    homes = (
        [Path(folder)]
        if folder and folder != "0"
        else [
            Path.home() / ".cache/ms-playwright",
            Path.home() / "Library/Caches/ms-playwright",
        ]
    )
    for home in homes:
        for pattern in patterns:
            yield from (str(path) for path in sorted(home.glob(pattern), reverse=True))


def _starts(path: str) -> bool:
    """Return whether it really runs: on some systems `chromium` is a package that only points elsewhere."""
    command = [path, "--version"]
    try:
        answer = subprocess.run(command, capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and b"hrom" in answer.stdout


def _ran(command: list[str]) -> bool:
    """Run an installer quietly and return whether it succeeded."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        answer = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_INSTALLING_TAKES,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0
