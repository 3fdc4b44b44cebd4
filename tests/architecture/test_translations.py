"""Every text of the screen exists in German; English is the language of the source."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from salon.web.translations import catalogue_path, find_messages

ROOT = Path(__file__).resolve().parents[2]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\{ ?\w+ ?\}\}")


def _german() -> dict[tuple[str | None, str], Message]:
    with catalogue_path(ROOT / "locale", "de").open("rb") as file:
        catalogue = read_po(file)
    return {(one.context, one.id if isinstance(one.id, str) else one.id[0]): one for one in catalogue if one.id}


@pytest.fixture(scope="module")
def wanted() -> dict[tuple[str | None, str], list[str]]:
    found = find_messages(ROOT)
    return {(context, text if isinstance(text, str) else text[0]): files for (context, text), files in found.items()}


def test_german_has_every_text_and_no_other(wanted: dict[tuple[str | None, str], list[str]]) -> None:
    german = _german()
    missing = {key: files for key, files in wanted.items() if key not in german}
    assert not missing, f"make messages, then translate: {missing}"
    assert not set(german) - set(wanted), "make messages removes them"


def _texts(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or [""])


def test_german_is_complete() -> None:
    for one in _german().values():
        texts = _texts(one)
        assert all(texts), one.id
        assert not one.fuzzy, one.id


def test_placeholders_survive_translation() -> None:
    for one in _german().values():
        sources = [one.id] if isinstance(one.id, str) else list(one.id)
        texts = _texts(one)
        allowed = set(PLACEHOLDER.findall(" ".join(sources)))
        for text in texts:
            assert set(PLACEHOLDER.findall(text)) <= allowed, one.id
        assert set(PLACEHOLDER.findall(texts[-1])) == set(PLACEHOLDER.findall(sources[-1])), one.id
