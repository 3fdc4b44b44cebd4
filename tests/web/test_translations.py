"""Translations that this very process compiles."""

from pathlib import Path

from django.utils.translation import gettext, override
from pytest_django import Settings

from salon.web.translations import catalogue_path, compile_catalogues

_CATALOGUE = """msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "Hello"
msgstr "Servus"
"""


def test_what_is_compiled_is_read_at_once(tmp_path: Path, settings: Settings) -> None:
    """Django reads the language while it starts: the demo of a fresh checkout would greet in English for good."""
    settings.LOCALE_PATHS = [tmp_path]
    source = catalogue_path(tmp_path, "de")
    source.parent.mkdir(parents=True)
    source.write_text(_CATALOGUE, encoding="utf-8")
    with override("de"):
        assert gettext("Hello") == "Hello"
    compile_catalogues(tmp_path)
    with override("de"):
        assert gettext("Hello") == "Servus"
