"""The few tags our own templates need beyond Django's."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from typing import Any, TypedDict
from xml.etree import ElementTree
from zipfile import ZipFile

from django import template
from django.forms import BoundField, CheckboxInput
from django.forms.widgets import Input
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@lru_cache(maxsize=256)
def _drawn(name: str, size: int, label: str) -> str:
    words = {"role": "img", "aria-label": label} if label else {"aria-hidden": "true"}
    drawing = ElementTree.fromstring(_icons().read(f"{name}.svg"))  # noqa: S314 - comes with the library
    for part in drawing.iter():
        part.tag = part.tag.removeprefix("{http://www.w3.org/2000/svg}")
    drawing.attrib.update({"width": str(size), "height": str(size), "class": "icon", **words})
    return mark_safe(ElementTree.tostring(drawing, encoding="unicode"))  # noqa: S308 - attributes are escaped in it


@cache
def _icons() -> ZipFile:
    """The library's icons; it would read the index of all of them for each one that it draws."""
    return ZipFile(BytesIO((files("lucide") / "lucide.zip").read_bytes()))


@register.simple_tag
def icon(name: str, size: int = 16, label: str = "") -> str:
    """An icon of the lucide set, drawn once; decoration unless it has a label of its own."""
    return _drawn(str(name), size, str(label))


@register.filter
def breakable(text: str) -> str:
    """Let a line break behind the @ of an e-mail address rather than in the middle of a word."""
    return format_html_join(SafeString("@<wbr>"), "{}", ((part,) for part in text.split("@")))


@register.filter
def initials(name: object) -> str:
    """The first letters of the first and the last word: "Frank Hofmann" -> "FH"."""
    words = [word for word in str(name or "").split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "–"


class FieldContext(TypedDict):
    field: BoundField
    widget: SafeString
    kind: str
    label: str
    hint: str
    css_class: str
    optional: bool


def _kind(field: BoundField) -> str:
    widget = field.field.widget
    if field.is_hidden:
        return "hidden"
    if isinstance(widget, CheckboxInput):
        return "check"
    return "choices" if field.use_fieldset else "line"


def _takes_focus(field: BoundField, wanted: bool) -> bool:
    """The first wrong field has the focus; without errors the field the page names."""
    wrong = (
        next((name for name in field.form.fields if name in field.form.errors), None) if field.form.is_bound else None
    )
    return field.name == wrong if wrong else wanted


@register.inclusion_tag("components/field.html")
def field(
    bound: BoundField,
    *,
    label: str = "",
    hint: str = "",
    css_class: str = "",
    optional: bool = False,
    autofocus: bool = False,
    **attrs: object,
) -> FieldContext:
    """A labelled field with its help and its errors beside it.

    Other arguments become attributes of the widget: `inputmode="tel"`, `data_key="x"`.
    """
    hint = hint or str(bound.help_text)
    own: dict[str, Any] = {
        name.replace("_", "-"): value for name, value in attrs.items() if value not in (None, False, "")
    }
    described = [f"{bound.auto_id}_helptext"] * bool(hint) + [f"{bound.auto_id}_error"] * bool(bound.errors)
    if described and not bound.use_fieldset:
        own["aria-describedby"] = " ".join(described)
    # Also takes the focus away from a widget that wants it always.
    own["autofocus"] = _takes_focus(bound, autofocus)
    if isinstance(bound.field.widget, Input) and bound.field.widget.input_type == "password":
        own.setdefault("spellcheck", "false")
    return {
        "field": bound,
        "widget": bound.as_widget(attrs=own),
        "kind": _kind(bound),
        "label": label or str(bound.label),
        "hint": hint,
        "css_class": css_class,
        "optional": optional,
    }


class Bar(TypedDict):
    label: str
    name: str
    shown: str
    x: str
    width: str
    y: str
    height: str
    before: str
    before_x: str
    before_y: str
    before_height: str
    middle: str


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole if whole else 0:.2f}%"


def _bars(rows: Iterable[Mapping[str, Any]]) -> Sequence[Bar]:
    """Positions and sizes as SVG attributes in percent: the chart grows with its box and needs no inline style."""
    found = list(rows)
    top = max(
        (float(row[key]) for row in found for key in ("value", "before") if row.get(key) is not None), default=0.0
    )
    compared = any(row.get("before") is not None for row in found)
    slot = 100 / max(len(found), 1)
    width = slot * (0.32 if compared else 0.56)
    bars: list[Bar] = []
    for place, row in enumerate(found):
        value, before = float(row["value"]), float(row.get("before") or 0)
        middle = slot * (place + 0.5)
        bars.append(
            {
                "label": str(row["label"]),
                "name": str(row.get("name", row["label"])),
                "shown": str(row.get("shown", row["value"])),
                "x": f"{middle + (0.4 if compared else -width / 2):.2f}%",
                "width": f"{width:.2f}%",
                "y": _percent(top - value, top),
                "height": _percent(value, top),
                "before": str(row.get("before_shown", row.get("before", ""))) if compared else "",
                "before_x": f"{middle - width - 0.4:.2f}%",
                "before_y": _percent(top - before, top),
                "before_height": _percent(before, top),
                "middle": f"{middle:.2f}%",
            }
        )
    return bars


@register.inclusion_tag("components/bar_chart.html")
def bar_chart(
    title: str, rows: Iterable[Mapping[str, Any]], *, key: str = "chart", now: str = "", before: str = "", top: str = ""
) -> dict[str, object]:
    """Upright bars with a table behind them; rows: label, value, and if wanted shown, before, before_shown, and `name`
    for a label that the table can spell out. `top` is what the highest bar comes to."""
    return {"title": title, "bars": _bars(rows), "key": key, "now": now, "before": before, "top": top}


@register.inclusion_tag("components/bar_list.html")
def bar_list(title: str, rows: Iterable[Mapping[str, Any]]) -> dict[str, object]:
    """A short ranking, one bar under each name: a table to everybody who cannot see it."""
    found = list(rows)
    top = max((float(row["value"]) for row in found), default=0.0)
    return {
        "title": title,
        "rows": [
            {
                "label": row["label"],
                "shown": row.get("shown", row["value"]),
                "width": _percent(float(row["value"]), top),
            }
            for row in found
        ],
    }
