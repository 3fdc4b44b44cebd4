"""The little markup that letters are written in, as HTML for mail programs and as plain text.

Paragraphs, headings, bold, italic, lists and links, in Markdown; a line's end is a line's end. An address of the web in
plain words is a link in HTML, too. A paragraph that is one link in bold and nothing else is a button:

    **[Termin buchen](https://salon.example/termin)**

A picture is one that the salon has uploaded (marketing/pictures.py), by its name and with what it shows:

    ![Herbstfarben](picture:T3x…-1200x800.jpg)

Nothing else is markup: no HTML, no pictures from elsewhere, no tables. Placeholders are pieces of the text from the
beginning on, so that what is filled in is never read as markup, as a link, or as a placeholder.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import cast
from urllib.parse import unquote

from django.utils.html import escape
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.tree import SyntaxTreeNode

from marketing.placeholders import PATTERN, Placeholder, joined, placeholder_of

# What an address may begin with.
SCHEMES = ("https://", "http://", "mailto:", "tel:")
# How wide a picture is at most where it is read: the column of the text.
COLUMN = 552
# A picture that is taller fills a whole screen, and what the mail says stands below it.
TALLEST = 480
# What a picture is called: its size is part of its name.
PICTURE_NAME = r"[A-Za-z0-9_-]{22}-(?P<width>[1-9]\d{0,3})x(?P<height>[1-9]\d{0,3})\.(?:jpg|png)"
INK, ACCENT, PAPER = "#1C1B1A", "#8A2E5B", "#FFFFFF"
FONT = "font-family:-apple-system,'Segoe UI',Helvetica,Arial,sans-serif"
_BODY = f"margin:0 0 16px;{FONT};font-size:16px;line-height:24px;color:{INK}"
_SIZES = {"h1": "24px;line-height:32px", "h2": "20px;line-height:28px"}
_HEADING = f"margin:24px 0 12px;{FONT};font-weight:bold;color:{INK};font-size:"
_LIST = f"margin:0 0 16px;padding:0 0 0 24px;{FONT};font-size:16px;line-height:24px;color:{INK}"
_LINK = f"color:{ACCENT};text-decoration:underline"
_BUTTON = (
    f"display:inline-block;padding:12px 24px;{FONT};font-size:16px;line-height:20px;font-weight:bold;"
    f"color:{PAPER};text-decoration:none"
)
# An address of the web in plain words, and what at its end belongs to the sentence.
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\W_][^\s<>\"{}|\\^`\[\]*]*", re.IGNORECASE)
_STOPS = ".,;:!?'_~)»«“”„‘’‚…"
# An address in plain words goes on with whatever is filled in right behind it.
_ADDRESS_BEFORE = re.compile(r"(?:://|www\.|mailto:)\S*$", re.IGNORECASE)
_PICTURE = re.compile(rf"!\[(?P<shows>[^\[\]{{}}\n]+)\]\(picture:(?P<name>{PICTURE_NAME})\)", re.ASCII)
_WORDS = frozenset({"text", "address"})
_BLOCKS = ("heading", "list")
_INLINE = ("newline", "escape", "emphasis", "link", "autolink")

type Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture in a text: its name, what it shows, and its size."""

    name: str
    shows: str
    width: int
    height: int

    def within(self, width: int, height: int) -> tuple[int, int]:
        """Return its size where it has so much room at most."""
        scale = min(1.0, width / self.width, height / self.height)
        return max(1, round(self.width * scale)), max(1, round(self.height * scale))


def named(name: str, shows: str) -> Shown | None:
    """Return the picture of a name, None where that is none."""
    found = re.fullmatch(PICTURE_NAME, name, re.ASCII)
    return Shown(name, shows, int(found["width"]), int(found["height"])) if found else None


def pictures_in(tree: SyntaxTreeNode) -> Iterator[Shown]:
    """Return every picture in a text."""
    return (_shown(node) for node in tree.walk() if node.type == "picture")


@lru_cache(maxsize=32)
def parsed(source: str) -> SyntaxTreeNode:
    """Return a text as a tree; the same tree for everybody it is written to."""
    return SyntaxTreeNode(_MARKDOWN.parse(source.replace("\0", "")))


def words_in(tree: SyntaxTreeNode) -> Iterator[str]:
    """Return every piece of words in a text that is no placeholder."""
    return (node.content for node in tree.walk() if node.type == "text")


def placeholders_in(tree: SyntaxTreeNode) -> Iterator[Placeholder]:
    """Return every placeholder in a text."""
    return (_placeholder(node) for node in tree.walk() if node.type == "placeholder")


def bad_addresses(tree: SyntaxTreeNode) -> Iterator[str]:
    """Return the addresses of links that lead nowhere a mail may lead."""
    return (address for address in _addresses(tree) if not _is_safe(address))


def fills_addresses(tree: SyntaxTreeNode) -> bool:
    """Return whether a placeholder stands in an address, or right behind one that is written out."""
    if any("{{" in unquote(address) for address in _addresses(tree)):
        return True
    for node in tree.walk():
        before = ""
        for child in node.children:
            if child.type == "placeholder" and _ADDRESS_BEFORE.search(before):
                return True
            before = before + child.content if child.type in _WORDS else ""
    return False


def has_images(tree: SyntaxTreeNode) -> bool:
    """Return whether somebody has written a picture from elsewhere, which arrives as an exclamation mark and a link."""
    links = (node.previous_sibling for node in tree.walk() if node.type == "link")
    return any(before is not None and before.type == "text" and before.content.endswith("!") for before in links)


def as_html(tree: SyntaxTreeNode, values: Values, pictures: str = "") -> str:
    """Return a text as HTML, with everything filled in; `pictures` is what the address of every picture begins with.
    Without it there is what they show, in words."""
    return "".join(_block_html(node, values, pictures) for node in tree.children)


def as_text(tree: SyntaxTreeNode, values: Values) -> str:
    """Return a text as plain text that reads well, with everything filled in: addresses stand behind their words, and
    for a picture what it shows."""
    blocks = (_block_text(node, values) for node in tree.children)
    return "\n\n".join(block for block in blocks if block.strip())


def opening(tree: SyntaxTreeNode, values: Values, *, longest: int) -> str:
    """Return what a text begins with, behind the greeting: its first paragraph, or as many whole words as fit.

    Where a sentence ends, its stops do not tell: "am 16. November" has one too.
    """
    for node in tree.walk():
        if node.type == "inline":
            words = " ".join(_inline_text(node, values, addresses=False).split())
            if words and not words.endswith(","):
                return words if len(words) <= longest else _cut(words, longest)
    return ""


def _cut(words: str, longest: int) -> str:
    fit = words[:longest]
    whole = fit.rpartition(" ")[0] if " " in fit and words[longest] != " " else fit
    return whole.rstrip(" ,;:–-")[: longest - 1] + "…"


def _read_placeholder(state: StateInline, silent: bool) -> bool:
    """Take a placeholder as one piece: an inline rule of markdown-it, before all others."""
    if state.src[state.pos] != "{":
        return False
    match = PATTERN.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        token = state.push("placeholder", "", 0)
        token.meta = {"placeholder": placeholder_of(match)}
    state.pos = match.end()
    return True


def _read_picture(state: StateInline, silent: bool) -> bool:
    """Take a picture of the salon as one piece: another inline rule."""
    match = _PICTURE.match(state.src, state.pos, state.posMax) if state.src[state.pos] == "!" else None
    if match is None:
        return False
    if not silent:
        token = state.push("picture", "", 0)
        token.meta = {"picture": Shown(match["name"], match["shows"], int(match["width"]), int(match["height"]))}
    state.pos = match.end()
    return True


def _read_address(state: StateInline, silent: bool) -> bool:
    """Take an address of the web as one piece, but not within the words of a link: another inline rule."""
    before = state.src[state.pos - 1 : state.pos]
    is_within = state.linkLevel or before.isalnum() or (before and before in "/@.-=")
    match = None if is_within else _ADDRESS.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    address = _without_stops(match[0])
    if not silent:
        state.push("address", "", 0).content = address
    state.pos += len(address)
    return True


def _without_stops(address: str) -> str:
    """Return an address without what ends the sentence around it; a bracket that it has opened is its own."""
    end = len(address)
    opened = address.count("(") - address.count(")")
    while address[end - 1] in _STOPS:
        if address[end - 1] == ")":
            if opened >= 0:
                break
            opened += 1
        end -= 1
    return address[:end]


class _Markdown(MarkdownIt):
    """Markdown in which every link is one: `check` refuses wrong ones by name rather than leave them as brackets."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 - markdown-it's name
        """Accept any address."""
        return bool(url)


def _markdown() -> MarkdownIt:
    markdown = _Markdown("zero").enable([*_BLOCKS, *_INLINE])
    markdown.inline.ruler.before("newline", "placeholder", _read_placeholder)
    markdown.inline.ruler.before("newline", "picture", _read_picture)
    markdown.inline.ruler.before("text", "address", _read_address)
    for first in "hHwW":
        markdown.inline.add_terminator_char(first)
    return markdown


_MARKDOWN = _markdown()


def _placeholder(node: SyntaxTreeNode) -> Placeholder:
    return cast(Placeholder, node.meta["placeholder"])


def _shown(node: SyntaxTreeNode) -> Shown:
    return cast(Shown, node.meta["picture"])


def _address(node: SyntaxTreeNode) -> str:
    return str(node.attrs.get("href", ""))


def _addresses(tree: SyntaxTreeNode) -> Iterator[str]:
    return (_address(node) for node in tree.walk() if node.type == "link")


def _web_address(words: str) -> str:
    """Return where an address in plain words leads."""
    return _MARKDOWN.normalizeLink(words if "://" in words else f"https://{words}")


def _is_safe(address: str) -> bool:
    scheme = next((one for one in SCHEMES if address.lower().startswith(one)), None)
    return scheme is not None and len(address) > len(scheme)


def _button(node: SyntaxTreeNode) -> SyntaxTreeNode | None:
    """Return the link of a paragraph that is a button."""
    for kind in ("inline", "strong", "link"):
        inside = [child for child in node.children if child.type != "text" or child.content.strip()]
        if len(inside) != 1 or inside[0].type != kind:
            return None
        node = inside[0]
    return node if _is_safe(_address(node)) else None


def _block_html(node: SyntaxTreeNode, values: Values, pictures: str) -> str:
    if node.type in {"bullet_list", "ordered_list"}:
        start = f' start="{int(node.attrs["start"])}"' if "start" in node.attrs else ""
        items = "".join(
            f'<li style="margin:0 0 4px">{_item_html(item, values, pictures)}</li>\n' for item in node.children
        )
        return f'<{node.tag}{start} style="{_LIST}">\n{items}</{node.tag}>\n'
    if not _inline_text(node, values, addresses=False).strip() and not any(pictures_in(node)):
        return ""
    if node.type == "heading":
        size = _SIZES.get(node.tag, "17px;line-height:24px")
        return f'<{node.tag} style="{_HEADING}{size}">{_inside(node, values, pictures)}</{node.tag}>\n'
    link = _button(node)
    if link:
        return _button_html(link, values, pictures)
    return f'<p style="{_BODY}">{_inside(node, values, pictures)}</p>\n'


def _button_html(link: SyntaxTreeNode, values: Values, pictures: str) -> str:
    inside = _inside(link, values, pictures)
    return (
        '<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 24px"><tr>'
        f'<td bgcolor="{ACCENT}" style="border-radius:8px;background-color:{ACCENT}">'
        f'<a href="{escape(_address(link))}" style="{_BUTTON}">{inside}</a></td></tr></table>\n'
    )


def _item_html(item: SyntaxTreeNode, values: Values, pictures: str) -> str:
    """Return what stands in an item of a list; in a tight one paragraphs need no room of their own."""
    return "".join(
        _inside(node, values, pictures)
        if node.type == "paragraph" and node.hidden
        else _block_html(node, values, pictures)
        for node in item.children
    )


def _picture_html(shown: Shown, pictures: str) -> str:
    width, height = shown.within(COLUMN, TALLEST)
    return (
        f'<img src="{escape(pictures + shown.name)}" alt="{escape(shown.shows)}" width="{width}" height="{height}" '
        f'style="display:block;width:100%;max-width:{width}px;height:auto;border:0;border-radius:8px">'
    )


def _inside(node: SyntaxTreeNode, values: Values, pictures: str) -> str:
    written = ""
    for child in node.children:
        match child.type:
            case "text":
                written += escape(child.content)
            case "placeholder":
                filled = _placeholder(child).filled(values)
                written = written + escape(filled) if filled else written.rstrip(" ")
            case "softbreak" | "hardbreak":
                written += "<br>\n"
            case "strong" | "em":
                written += f"<{child.tag}>{_inside(child, values, pictures)}</{child.tag}>"
            case "address":
                address = escape(_web_address(child.content))
                written += f'<a href="{address}" style="{_LINK}">{escape(child.content)}</a>'
            case "picture":
                shown = _shown(child)
                written += _picture_html(shown, pictures) if pictures else escape(f"[{shown.shows}]")
            case "link" if _is_safe(_address(child)):
                inside = _inside(child, values, pictures)
                written += f'<a href="{escape(_address(child))}" style="{_LINK}">{inside}</a>'
            case _:
                written += _inside(child, values, pictures)
    return written


def _block_text(node: SyntaxTreeNode, values: Values) -> str:
    if node.type in {"bullet_list", "ordered_list"}:
        start = int(node.attrs.get("start", 1))
        numbered = node.type == "ordered_list"
        marks = (f"{start + place}. " if numbered else "- " for place in range(len(node.children)))
        return "\n".join(_item_text(item, mark, values) for item, mark in zip(node.children, marks, strict=True))
    written = _inline_text(node, values).strip()
    if node.type == "heading" and written:
        return f"{written}\n{('=' if node.tag == 'h1' else '-') * len(written)}"
    return written


def _item_text(item: SyntaxTreeNode, mark: str, values: Values) -> str:
    blocks = "\n".join(_block_text(node, values) for node in item.children)
    return mark + blocks.replace("\n", "\n" + " " * len(mark))


def _inline_text(node: SyntaxTreeNode, values: Values, *, addresses: bool = True) -> str:
    written = ""
    for child in node.children:
        match child.type:
            case "text" | "address":
                written += child.content
            case "picture" if addresses:
                written += f"[{_shown(child).shows}]"
            case "placeholder":
                written = joined(written, _placeholder(child), values)
            case "softbreak" | "hardbreak":
                written += "\n"
            case "link" if addresses and _is_safe(_address(child)):
                words = _inline_text(child, values)
                shown = _address(child).removeprefix("mailto:").removeprefix("tel:")
                written += shown if words in {shown, unquote(shown)} else f"{words} <{shown}>"
            case _:
                written += _inline_text(child, values, addresses=addresses)
    return written
