"""Finding, or getting, a Chromium for the browser tests."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OWN = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*")
_INSTALLING_TAKES = 900  # seconds at most


def chromium() -> str | None:
    """Return the path of a Chromium that starts, installing one if need be and possible; None without."""
    found = _find()
    if found:
        return found
    print("No Chromium here: trying to install one …", flush=True)
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
        if _ran([*quiet, "update"]):
            _ran([*quiet, "install", "-y", "--no-install-recommends", "chromium"])
            found = _find()
    if found is None and _ran([sys.executable, "-m", "playwright", "install", "chromium"]):
        found = _find()
    return found


def _find() -> str | None:
    return next((path for path in _candidates() if _starts(path)), None)


def _candidates() -> Iterator[str]:
    if wished := os.environ.get("CHROMIUM"):
        yield wished
    for name in _NAMES:
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
        for pattern in _OWN:
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
