"""What `make test` and `make soak` run."""

import os
import subprocess
import sys

import pytest

from salon.embedded import testing
from salon.embedded.place import CHECKOUT


def test_all_that_is_soaked_exists() -> None:
    assert [path for path in testing.SOAKED if not (CHECKOUT / path).exists()] == []


@pytest.mark.parametrize(
    ("arguments", "main", "browser"),
    [
        ([*testing.SOAKED, "-x"], [*testing.SOAKED[:-1], "-x"], ["tests/browser", "-x"]),
        (["-x"], ["--ignore=tests/browser", "--ignore=tests/bench", "-x"], ["tests/browser", "-x"]),
        (["tests/api/test_fuzz.py::test_x"], ["tests/api/test_fuzz.py::test_x"], None),
        (["tests/browser/test_first_job.py"], None, ["tests/browser/test_first_job.py"]),
    ],
)
def test_browser_tests_run_by_themselves(
    arguments: list[str], main: list[str] | None, browser: list[str] | None
) -> None:
    assert testing._split(arguments) == (main, browser)


def test_make_bench_begins() -> None:
    command = [sys.executable, "-m", "tests.bench", "--help"]
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    answer = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "--small" in answer.stdout
