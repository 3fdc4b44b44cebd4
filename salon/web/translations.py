"""Texts of the screen: found in code and templates, translated in `locale`, compiled without gettext's programs."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.reloader import translation_file_changed
from django.utils.translation.template import templatize

KEYWORDS = {
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "_": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_CALL = re.compile(r"\b_?(n?p?gettext|_)(?=\()")

Message = tuple[str | None, str | tuple[str, str]]


def catalogue_path(locale: Path, language: str) -> Path:
    """Return where a language's translations stand."""
    return locale / language / "LC_MESSAGES" / "django.po"


def compile_catalogues(locale: Path) -> None:
    """Write each `.po` as the `.mo` that Django reads, where it is missing or older; this process reads it anew."""
    for source in locale.glob("*/LC_MESSAGES/django.po"):
        compiled = source.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file)
        with compiled.open("wb") as target:
            write_mo(target, catalogue)
        # Starting up, Django has read the language already, without it.
        translation_file_changed(None, compiled)


def find_messages(root: Path) -> dict[Message, list[str]]:
    """Return every text of the project's code and templates with the files it stands in."""
    found: dict[Message, list[str]] = {}
    for path, messages in _by_file(root):
        for message in messages:
            found.setdefault(message, []).append(str(path.relative_to(root)))
    return found


def update_catalogue(path: Path, messages: dict[Message, list[str]]) -> tuple[int, int]:
    """Make a language's file hold exactly these texts; return how many wait for translation, and how many went."""
    with path.open("rb") as file:
        catalogue = read_po(file)
    template = Catalog()
    for (context, text), files in messages.items():
        template.add(text, context=context, locations=[(file, 0) for file in sorted(set(files))])
    catalogue.update(template, no_fuzzy_matching=True)
    gone = len(catalogue.obsolete)
    catalogue.obsolete.clear()
    with path.open("wb") as target:
        write_po(target, catalogue, width=120, sort_output=True, no_location=True, omit_header=False)
    return sum(1 for one in catalogue if one.id and not one.string), gone


def _by_file(root: Path) -> Iterator[tuple[Path, list[Message]]]:
    for package in ("salon", "clients", "loyalty", "bookings", "marketing"):
        for path in sorted((root / package).rglob("*.py")):
            with path.open("rb") as file:
                rows = list(extract("python", file, keywords=KEYWORDS))
            yield path, [(row[3], _text(row[1])) for row in rows]
    for path in sorted((root / "templates").rglob("*.*")):
        if path.suffix in {".html", ".txt"}:
            yield path, list(_in_template(path.read_text(encoding="utf-8"), str(path)))


def _text(message: object) -> str | tuple[str, str]:
    if isinstance(message, (tuple, list)):
        return str(message[0]), str(message[1])
    return str(message)


def _in_template(source: str, origin: str) -> Iterator[Message]:
    # Django turns a template into calls of gettext between blanked-out text; each call is read by itself.
    calls = templatize(source, origin=origin)
    for match in _CALL.finditer(calls):
        arguments = _string_arguments(calls[match.end() :])
        if match[1] in {"gettext", "_"}:
            yield None, arguments[0]
        elif match[1] == "ngettext":
            yield None, (arguments[0], arguments[1])
        elif match[1] == "pgettext":
            yield arguments[0], arguments[1]
        else:
            yield arguments[0], (arguments[1], arguments[2])


def _string_arguments(call: str) -> list[str]:
    """Return the string literals of a call's arguments, `call` beginning at its parenthesis."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(call).readline):
        if token.type == tokenize.STRING:
            found.append(ast.literal_eval(token.string))
        elif token.string == ")":
            break
    return found
