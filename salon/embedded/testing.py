"""`make test`, `make soak` and `make lint`: every check, side by side where that saves time, each with its duration."""

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from salon.embedded.backing import ephemeral
from salon.embedded.browser import chromium
from salon.embedded.place import CHECKOUT, data_directory
from salon.embedded.unprivileged import own_footing

_NO_TESTS = 5  # pytest's status when nothing was collected
_BROWSER_TESTS = "tests/browser"
_OWN_RUNS = (_BROWSER_TESTS, "tests/bench")  # left out of the main run
# What `make soak` runs: tests that do more of the same, or more rounds of it, where SOAK is set.
SOAKED = (
    "tests/api/test_fuzz.py",
    "tests/api/test_idempotency.py",
    "tests/tenancy/test_requests.py",
    "tests/tenancy/test_tables.py",
    "tests/operations/test_standing.py",
    "tests/identity/test_concurrency.py",
    "tests/bookings/test_calendar_machine.py",
    "tests/points",
    "tests/concurrency",
    "tests/faults",
    _BROWSER_TESTS,
)
# Of the tests, a quarter of the time waits for the database; of those in browsers, a third for what is drawn.
_WAITING = 2
_WAITING_FOR_BROWSERS = 1
# Enough for the settings to load where nothing connects.
_NOWHERE = {
    "DATABASE_URL": "postgresql://app:app@/salon?host=/nonexistent",
    "DATABASE_OWNER_URL": "postgresql://owner:owner@/salon?host=/nonexistent",
    "REDIS_URL": "redis+socket:///nonexistent",
    "SECRET_KEY": "for checks that serve nobody",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One check: a command that ends with status 0 when all is well."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """How a step ended, after how many seconds; `remark` replaces the verdict."""

    name: str
    passed: bool
    seconds: float
    remark: str = ""

    def __str__(self) -> str:
        return f"  {self.remark or ('ok' if self.passed else 'FAILED'):<8} {self.seconds:6.1f} s  {self.name}"


@dataclass(slots=True)
class Report:
    """The results so far, printed as they come, from any thread."""

    results: list[Result] = field(default_factory=list)
    _printing: threading.Lock = field(default_factory=threading.Lock)

    def add(self, result: Result, output: str = "") -> None:
        """Note a result and print it, with its output where it failed."""
        with self._printing:
            self.results.append(result)
            if output and not result.passed:
                print(f"\n──── {result.name}\n{output.rstrip()}", flush=True)
            print(f"\n{result}", flush=True)

    def close(self) -> int:
        """Print all results once more and return the exit status."""
        failed = [result for result in self.results if not result.passed]
        print("\n" + "\n".join(str(result) for result in self.results))
        if failed:
            print(f"FAILED: {', '.join(result.name for result in failed)}")
        sys.stdout.flush()
        return 1 if failed else 0


def lint() -> int:
    """Run the checks that need no database and return the exit status."""
    report = Report()
    _run_quietly(_static_steps(), report, {**_NOWHERE, **os.environ})
    return report.close()


def test(arguments: Sequence[str]) -> int:
    """Run every check and all tests, `arguments` going to pytest, and return the exit status.

    Raises: StartError when the servers for the tests do not start.
    """
    signal.signal(signal.SIGTERM, _leave)
    report = Report()
    last_word = ""
    # Without a database: the static checks must not reach the one of the tests.
    static = _in_background(_static_steps(), report, {**_NOWHERE, **os.environ})
    with ephemeral(data_directory() / "test") as (folder, variables):
        environment = _environment(folder, variables) | {"BROWSER_WORLD": secrets.token_hex(8)}
        main, browser = _split(arguments)
        if main is not None:
            _run_quietly([_migrations_step()], report, environment)
        # Built while the other tests run, so that the browsers need not wait for it.
        world = _in_background([_world_step()] if browser is not None else [], report, environment, after=static)
        if main is not None:
            _run_tests(main, report, environment)
        # Browsers and mypy together are too much for two cores.
        world.join()
        if browser is not None:
            last_word = _run_browser_tests(browser, report, environment)
    return _close(report, last_word)


def soak(arguments: Sequence[str]) -> int:
    """Run the tests of SOAKED, or those that `arguments` name, at full length and return the exit status.

    Raises: StartError when the servers for the tests do not start.
    """
    signal.signal(signal.SIGTERM, _leave)
    report = Report()
    last_word = ""
    named = any(_names_tests(word) for word in arguments)
    main, browser = _split(arguments if named else [*SOAKED, *arguments])
    with ephemeral(data_directory() / "test") as (folder, variables):
        environment = _environment(folder, variables) | {"SOAK": "1"}
        if main is not None:
            _run_tests(main, report, environment)
        if browser is not None:
            last_word = _run_browser_tests(browser, report, environment)
    return _close(report, last_word)


def _environment(folder: Path, variables: Mapping[str, str]) -> dict[str, str]:
    # Hundreds of processes are begun: each would compile the product anew where nothing may be kept.
    return {**os.environ, **variables, "SALON_DATA_DIR": str(folder), "PYTHONDONTWRITEBYTECODE": ""}


def _close(report: Report, last_word: str) -> int:
    status = report.close()
    if last_word:
        print(last_word, flush=True)
    return status


def _static_steps() -> list[Step]:
    scripts = Path(sys.executable).parent
    python = sys.executable
    return [
        Step("ruff check", (python, "-m", "ruff", "check", ".")),
        Step("ruff format", (python, "-m", "ruff", "format", "--check", ".")),
        Step("import contracts", (str(scripts / "lint-imports"),)),
        Step("deptry", (python, "-m", "deptry", "--no-ansi", ".")),
        Step("vulture", (python, "-m", "vulture")),
        Step("mypy", (python, "-m", "mypy", ".")),
    ]


def _migrations_step() -> Step:
    return Step("migrations complete", (sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"))


def _world_step() -> Step:
    return Step("world for browsers", (sys.executable, "-m", "tests.browser.world"))


def _split(arguments: Sequence[str]) -> tuple[list[str] | None, list[str] | None]:
    """Return the arguments of the main run and of the browser run; None for a run that they do not name."""
    paths = [word for word in arguments if _names_tests(word)]
    options = [word for word in arguments if word not in paths]
    browser = [word for word in paths if word.startswith(_BROWSER_TESTS)]
    rest = [word for word in paths if word not in browser]
    if not paths:
        left_out = [f"--ignore={folder}" for folder in _OWN_RUNS]
        has_browser_tests = (CHECKOUT / _BROWSER_TESTS).is_dir()
        return [*left_out, *options], [_BROWSER_TESTS, *options] if has_browser_tests else None
    return [*rest, *options] if rest else None, [*browser, *options] if browser else None


def _names_tests(word: str) -> bool:
    return (CHECKOUT / word.partition("::")[0]).exists()


def _run_tests(arguments: list[str], report: Report, environment: Mapping[str, str]) -> None:
    _run_loudly("tests", [*_side_by_side(besides=_WAITING), *arguments], report, environment)


def _side_by_side(*, besides: int) -> list[str]:
    """Return what lets pytest use every core to the end: who has nothing left takes over from the others.

    `besides`: how many processes more than cores, as they wait for somebody else now and then.
    """
    return ["-n", str((os.cpu_count() or 1) + besides), "--dist", "worksteal"]


def _run_browser_tests(arguments: list[str], report: Report, environment: Mapping[str, str]) -> str:
    """Run the browser tests where there is a browser; return the line to end with where there is none."""
    required = os.environ.get("BROWSER") == "required"
    began = time.monotonic()
    found = chromium()
    if found is None:
        report.add(Result("browser tests", not required, time.monotonic() - began, remark="LEFT OUT"))
        return "!!!! BROWSER TESTS WERE LEFT OUT: no Chromium here and none could be installed !!!!"
    _run_loudly(
        "browser tests",
        [*_side_by_side(besides=_WAITING_FOR_BROWSERS), *arguments],
        report,
        # Playwright's own event loop runs in the thread of the tests.
        {**environment, "CHROMIUM": found, "DJANGO_ALLOW_ASYNC_UNSAFE": "1"},
    )
    return ""


def _in_background(
    steps: Sequence[Step], report: Report, environment: Mapping[str, str], *, after: threading.Thread | None = None
) -> threading.Thread:
    """Run steps while others do, `after` those of another thread have come to their end."""

    def run() -> None:
        if after:
            after.join()
        _run_quietly(steps, report, environment)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def _run_quietly(steps: Sequence[Step], report: Report, environment: Mapping[str, str]) -> None:
    """Run steps one after the other, showing the output of those that fail."""
    for step in steps:
        began = time.monotonic()
        answer = subprocess.run(
            step.command,
            cwd=CHECKOUT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        report.add(Result(step.name, answer.returncode == 0, time.monotonic() - began), answer.stdout)


def _run_loudly(name: str, arguments: Sequence[str], report: Report, environment: Mapping[str, str]) -> None:
    """Run pytest with its output shown."""
    began = time.monotonic()
    command = own_footing().command([sys.executable, "-m", "pytest", *arguments], signal.SIGTERM)
    status = subprocess.run(command, cwd=CHECKOUT, env=dict(environment), check=False).returncode
    remark = "no tests" if status == _NO_TESTS else ""
    report.add(Result(name, status in {0, _NO_TESTS}, time.monotonic() - began, remark))


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
