"""Rules of the house that no linter knows (architecture.md §1, §6)."""

import ast
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = [
    path
    for package in ("salon", "clients", "loyalty", "bookings", "marketing")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "migrations" not in path.parts
]
BANNED = {"services", "utils", "helpers", "common", "core", "misc", "manager", "managers", "base"}
# Django asks for this file by its name.
FRAMEWORK_NAMES = {ROOT / "salon/tenancy/postgresql/base.py"}
TOP_LEVEL = {
    "manage.py", "salon", "clients", "loyalty", "bookings", "marketing", "templates", "static", "tests",
    "docker-compose.yml", "pyproject.toml", "README.md", "Makefile", "Dockerfile", "CHANGELOG.md", "LICENSE", "docs",
    "locale", "requirements.txt", "requirements-dev.txt", "requirements-embedded.txt",
}  # fmt: skip


def test_the_top_level_is_the_house() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = {line.split("/")[0] for line in tracked.splitlines()}
    assert {name for name in found if not name.startswith(".")} <= TOP_LEVEL


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_are_named_by_concept_and_stay_readable(path: Path) -> None:
    assert path.stem not in BANNED or path in FRAMEWORK_NAMES
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 420


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_signals_and_nothing_swallowed(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert "dispatch.receiver" not in source
    assert "db.models.signals" not in source
    assert not re.search(r"except Exception\b", source)
    assert "ordering =" not in source


DIRECTORY_MODELS = re.compile(r"\b(Salon|Membership|Invitation|ReplyAddress)\.objects\b")
DIRECTORY_WRITERS = {"salon/tenancy/directory.py", "salon/demo/world.py"}


def test_directory_tables_are_touched_in_one_place() -> None:
    found = {str(path.relative_to(ROOT)) for path in CODE if DIRECTORY_MODELS.search(path.read_text(encoding="utf-8"))}
    assert found <= DIRECTORY_WRITERS


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_templates_keep_to_the_content_security_policy(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=", source), "style attributes are blocked"
    assert not re.search(r"<style|javascript:|hx-on|\son[a-z]+\s*=", source)
    assert not re.search(r"<script(?![^>]*\bsrc=)", source), "inline scripts are blocked"
    assert not re.search(r"(src|href)=[\"']https?://", source), "assets come from this installation"
    assert "|safe" not in source
    assert "autoescape off" not in source


def test_no_javascript_that_evaluates_text() -> None:
    for path in sorted((ROOT / "static" / "js").rglob("*.js")):
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"\beval\(|new Function|innerHTML|insertAdjacentHTML|document\.write", source), path


# Found by the framework under these names.
FRAMEWORK_FINDS = {"Config", "Command", "main"}


def test_nothing_is_written_that_nothing_uses() -> None:
    """Every function and class is named somewhere besides its own definition and its tests."""
    sources = [path.read_text(encoding="utf-8") for path in (*CODE, *(ROOT / "templates").rglob("*.*"))]
    sources.append((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    used = Counter(name for source in sources for name in re.findall(r"[A-Za-z_][A-Za-z0-9_]*", source))
    unused = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in CODE
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        if used[node.name] == 1 and node.name not in FRAMEWORK_FINDS and not _registered(node)
    ]
    assert unused == []


def _registered(node: ast.FunctionDef | ast.ClassDef) -> bool:
    """A model or a decorated function is found without being named."""
    return bool(node.decorator_list) or (isinstance(node, ast.ClassDef) and bool(node.bases))
