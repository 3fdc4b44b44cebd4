"""What README and docs name exists."""

import re
from pathlib import Path

import pytest

from salon.demo import world

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        assert not anchor or anchor in _anchors(found), target


@each_page
def test_files_and_targets_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`(?:\w+=\S+ )*make (\w+)", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for path in re.findall(r"`((?:salon|clients|docs|tests)/[\w/.-]+)`", text):
        assert (ROOT / path).exists(), path
    for command in re.findall(r"manage\.py (\w+)", text):
        ours = [*ROOT.glob(f"*/management/commands/{command}.py"), *ROOT.glob(f"*/*/management/commands/{command}.py")]
        assert ours or command in {"check", "migrate"}, command


def test_every_setting_stands_in_the_readme() -> None:
    sources = [*(ROOT / "salon").glob("*.py"), ROOT / "salon/tenancy/owner.py"]
    sources += (ROOT / "salon/demo/management/commands").glob("*.py")
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    read = set(re.findall(r'environment\.(?:text|flag|number|words)\("(\w+)"', text))
    embedded = {"HOST", "PORT", "SALON_DATA_DIR", "SALON_MIGRATE", "PYTHON"}
    tables = README[README.index("## Settings") :]
    described = {
        name for row in re.findall(r"^\| (`.*?) \|", tables, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert described == read | embedded
    launcher = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "salon/embedded").glob("*.py"))
    for name in embedded:
        assert re.search(rf"""["']{name}["']""", launcher), name


def test_the_demo_sign_ins_are_those_of_the_demo() -> None:
    named = re.findall(r"^\| `(\S+@\S+)` \| .* \| (\w+) \|$", README, re.MULTILINE)
    assert named == [(email, role.value.lower()) for _slug, email, _name, role in world.TEAM]
    assert f"`{world.PASSWORD}`" in README


def test_every_service_is_described() -> None:
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    services = re.findall(r"^  (\w+):$", compose[: compose.index("\nnetworks:")], re.MULTILINE)
    described = re.findall(r"^\| `(\w+)` \| .+ \| .+ \|$", OPERATIONS, re.MULTILINE)
    assert set(services) <= set(described)


def test_the_licence_is_what_the_package_says() -> None:
    assert 'license = "AGPL-3.0-or-later"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    first = (ROOT / "LICENSE").read_text(encoding="utf-8").splitlines()[0].strip()
    assert first == "GNU AFFERO GENERAL PUBLIC LICENSE"
