"""Letters of marketing in words: subject, HTML that mail programs render, and a text part that reads well.

How they are written stands in marketing/markup.py, what differs from client to client in marketing/placeholders.py.
Nothing in a letter is loaded from anywhere but the salon's own pictures, and each says in words what it shows.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.utils import translation
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from marketing import markup
from marketing.markup import ACCENT, FONT, INK, PAPER
from marketing.placeholders import (
    PLACEHOLDERS,
    Person,
    Placeholder,
    fill,
    is_broken,
    pieces,
    plain,
    unknown,
    values_for,
)
from salon.errors import FieldError, InvalidInput
from salon.mail.letters import Letter

__all__ = [
    "LOGO_ROOM",
    "LONGEST_BODY",
    "LONGEST_SUBJECT",
    "PLACEHOLDERS",
    "Frame",
    "Person",
    "as_said",
    "check",
    "fallbacks",
    "frame_of",
    "sayings",
    "who_writes",
    "written",
    "wrong_placeholders",
]

LONGEST_SUBJECT = 150
LONGEST_BODY = 20_000
# What a ready-made text leaves to the salon (marketing/beginnings.py); a link's words may stand in brackets, too.
_GAP = re.compile(r"\[\[[^\[\]\n]+\]\](?!\()")
# What mail programs show of a mail besides its subject.
_PREHEADER = 110
# So large a logo is at most where it is read.
LOGO_ROOM = (240, 96)
_GROUND, _QUIET = "#FAF9F7", "#5F5B55"
_SMALL = f"{FONT};font-size:13px;line-height:20px;color:{_QUIET}"
# A word without end breaks rather than widen the mail; old programs know the second only.
_WRAP = "overflow-wrap:anywhere;word-break:break-word"
_HIDDEN = (
    "display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px;"
    f"color:{_GROUND};mso-hide:all"
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the text: who writes, in which language, and how not to be written to again.

    Without `unsubscribe_url` nothing is said of why she gets it: a mail to one client. A `test` says it all the same,
    and that the mail itself has a way out. `agreed` tells the consent of the client from what the law allows towards
    existing customers. `pictures` is what the addresses of the salon's pictures begin with, `logo` the name of the one
    that stands on top.
    """

    salon: str
    sender: str
    imprint: str
    unsubscribe_url: str | None
    language: str
    agreed: bool = True
    test: bool = False
    pictures: str = ""
    logo: str = ""


def check(
    subject: str, body: str, *, complete: bool = False, longest: int = LONGEST_BODY, to_many: bool = False
) -> None:
    """Make sure that a letter can be written to anybody; a draft may lack words, what is `complete` may not.

    Only a mail `to_many` has pictures; whether those are there, `pictures.check_mail` asks. In it nothing may be left
    to be filled in (`gap`).

    Raises: InvalidInput at `subject` and `body`: `required`, `too_long`, `one_line`, `unknown_placeholder`,
    `broken_placeholder`, `no_pictures`, `placeholder_in_address`, `bad_address`.
    """
    errors = [*_wrong_subject(subject), *_wrong_body(body, longest, pictures=to_many)]
    if to_many:
        errors += [*_gaps("subject", subject), *_gaps("body", body)]
    if complete:
        if not subject.strip():
            errors.append(FieldError("subject", "required", _("The subject is missing.")))
        if not body.strip():
            errors.append(FieldError("body", "required", _("The text is missing.")))
    if errors:
        raise InvalidInput(errors)


def _gaps(field: str, text: str) -> Iterator[FieldError]:
    for gap in dict.fromkeys(_GAP.findall(text)):
        message = _("Fill in what stands in double brackets: %(gap)s")
        yield FieldError(field, "gap", message % {"gap": gap[:100]})


def wrong_placeholders(field: str, text: str) -> list[FieldError]:
    """Return what is wrong with the placeholders of a text without markup: `unknown_placeholder`,
    `broken_placeholder`."""
    words = [piece for piece in pieces(text) if isinstance(piece, str)]
    return _wrong_placeholders(field, unknown(text), broken=any(map(is_broken, words)))


def written(subject: str, body: str, person: Person, frame: Frame) -> Letter:
    """Return a letter to one client, in words."""
    return _worded(subject, body, values_for(person, salon=frame.salon, language=frame.language), frame)


def sayings(person: Person, frame: Frame, placeholders: Collection[str]) -> dict[str, Any]:
    """Return as JSON all that a letter with these placeholders says to a client which is not in its own text."""
    values = values_for(person, salon=frame.salon, language=frame.language)
    told = {name: value for name, value in values.items() if name in placeholders}
    return {"values": told, "frame": asdict(replace(frame, unsubscribe_url=None))}


def as_said(subject: str, body: str, said: Mapping[str, Any], *, unsubscribe_url: str | None) -> Letter:
    """Return a letter again as `written` once wrote it, of what `sayings` has kept; the way out is given anew."""
    return _worded(subject, body, said["values"], frame_of(said, unsubscribe_url=unsubscribe_url))


def frame_of(said: Mapping[str, Any], *, unsubscribe_url: str | None = None) -> Frame:
    """Return what stood around a letter, of what `sayings` has kept."""
    return Frame(**{**said["frame"], "unsubscribe_url": unsubscribe_url})


def _worded(subject: str, body: str, values: Mapping[str, str], frame: Frame) -> Letter:
    tree = markup.parsed(body)
    filled = fill(subject, values)[:LONGEST_SUBJECT].rstrip()
    with translation.override(frame.language):
        why = _why(frame)
        return Letter(
            subject=filled,
            text=_text(markup.as_text(tree, values), frame, why),
            html=_html(
                filled,
                markup.opening(tree, values, longest=_PREHEADER),
                markup.as_html(tree, values, frame.pictures),
                frame,
                why,
            ),
        )


def fallbacks(subject: str, body: str) -> dict[str, list[str]]:
    """Return the placeholders of a letter, each with all that stands in its places where it has nothing to say: ""
    for nothing."""
    found: dict[str, list[str]] = {}
    in_subject = [piece for piece in pieces(subject) if isinstance(piece, Placeholder)]
    for one in (*in_subject, *markup.placeholders_in(markup.parsed(body))):
        said = found.setdefault(one.name, [])
        if one.fallback not in said:
            said.append(one.fallback)
    return found


def _wrong_subject(subject: str) -> list[FieldError]:
    if len(subject.splitlines()) > 1:
        return [FieldError("subject", "one_line", _("A subject is one line."))]
    if len(subject) > LONGEST_SUBJECT:
        return [FieldError("subject", "too_long", _too_long(LONGEST_SUBJECT))]
    return wrong_placeholders("subject", subject)


def _wrong_body(body: str, longest: int, *, pictures: bool) -> list[FieldError]:
    if len(body) > longest:
        return [FieldError("body", "too_long", _too_long(longest))]
    tree = markup.parsed(body)
    names = dict.fromkeys(one.name for one in markup.placeholders_in(tree) if one.name not in PLACEHOLDERS)
    in_address = markup.fills_addresses(tree)
    broken = not in_address and any(map(is_broken, markup.words_in(tree)))
    errors = _wrong_placeholders("body", list(names), broken=broken)
    if markup.has_images(tree) or (not pictures and any(markup.pictures_in(tree))):
        message = _("This text has no pictures. Take away the “!” before the link, or the link.")
        if pictures:
            message = _("Choose a picture with the button “Picture”; or take away the “!” before the link.")
        errors.append(FieldError("body", "no_pictures", message))
    if in_address:
        message = _("A placeholder cannot be part of an address.")
        return [*errors, FieldError("body", "placeholder_in_address", message)]
    for address in dict.fromkeys(markup.bad_addresses(tree)):
        message = _("A link leads to https://, http://, mailto: or tel:, not to “%(address)s”.")
        if address.lower() in markup.SCHEMES:
            message = _("The address is missing here.")
        errors.append(FieldError("body", "bad_address", message % {"address": address[:100]}))
    return errors


def _wrong_placeholders(field: str, names: list[str], *, broken: bool) -> list[FieldError]:
    message = _("There is no placeholder {{%(name)s}}.")
    errors = [FieldError(field, "unknown_placeholder", message % {"name": name[:60]}) for name in names]
    if broken:
        message = _("A placeholder stands in two pairs of braces, in one line: {{first_name}}.")
        errors.append(FieldError(field, "broken_placeholder", message))
    return errors


def _too_long(longest: int) -> Promise | str:
    return _("Please use at most %(count)s characters.") % {"count": longest}


def _why(frame: Frame) -> str:
    if frame.unsubscribe_url is None and not frame.test:
        return ""
    if frame.agreed:
        return gettext("You get this mail because you agreed that %(salon)s may write to you.") % {"salon": frame.salon}
    return gettext(
        "You get this mail because you are a customer of %(salon)s. You may object to it at any time, at no cost other "
        "than that of transmitting it."
    ) % {"salon": frame.salon}


def _way_out() -> str:
    return gettext("Unsubscribe (a link in the mail itself; this is a test)")


def who_writes(*, salon: str, sender: str, imprint: str) -> list[str]:
    """Return sender and imprint, line by line; an imprint that begins with the sender says so once."""
    name = plain(sender) or salon
    lines = [line.strip() for line in imprint.strip().splitlines()]
    return [name, *(lines[1:] if lines[:1] == [name] else lines)]


def _who_writes(frame: Frame) -> list[str]:
    return who_writes(salon=frame.salon, sender=frame.sender, imprint=frame.imprint)


def _text(body: str, frame: Frame, why: str) -> str:
    foot = ["-- ", *_who_writes(frame)]
    if frame.unsubscribe_url is not None:
        foot += ["", why, f"{gettext('Unsubscribe')}: {frame.unsubscribe_url}"]
    elif why:
        foot += ["", why, _way_out()]
    return body + "\n\n" + "\n".join(foot) + "\n"


def _head(frame: Frame) -> str:
    """Return what stands on top: the logo, which says the salon's name where it is not shown, else that name."""
    name = escape(plain(frame.salon))
    logo = markup.named(frame.logo, plain(frame.salon))
    if logo is None or not frame.pictures:
        return f"<strong>{name}</strong>"
    width, height = logo.within(*LOGO_ROOM)
    return (
        f'<img src="{escape(frame.pictures + logo.name)}" alt="{name}" width="{width}" height="{height}" '
        f'style="display:block;width:{width}px;max-width:100%;height:auto;border:0;font-weight:bold">'
    )


def _html(subject: str, preheader: str, body: str, frame: Frame, why: str) -> str:
    name, *imprint = _who_writes(frame)
    foot = f"<strong>{escape(name)}</strong>" + "".join(f"<br>\n{escape(line)}" for line in imprint)
    foot = f'<p style="margin:0 0 12px;{_SMALL}">{foot}</p>\n'
    if frame.unsubscribe_url is not None:
        link = f'<a href="{escape(frame.unsubscribe_url)}" style="color:{_QUIET};text-decoration:underline">'
        foot += f'<p style="margin:0;{_SMALL}">{escape(why)}<br>\n{link}{escape(gettext("Unsubscribe"))}</a></p>\n'
    elif why:
        foot += f'<p style="margin:0;{_SMALL}">{escape(why)}<br>\n{escape(_way_out())}</p>\n'
    table = '<table role="presentation" cellpadding="0" cellspacing="0" border="0"'
    return f"""<!DOCTYPE html>
<html lang="{escape(frame.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<title>{escape(subject)}</title>
</head>
<body bgcolor="{_GROUND}" style="margin:0;padding:0;background-color:{_GROUND};color:{INK}">
<div style="{_HIDDEN}">{escape(preheader)}</div>
{table} width="100%" bgcolor="{_GROUND}" style="background-color:{_GROUND}"><tr><td align="center" style="padding:16px">
{table} width="600" style="width:100%;max-width:600px">
<tr><td align="left" style="padding:8px 24px 16px;{_WRAP};{FONT};font-size:16px;line-height:24px;color:{ACCENT}">\
{_head(frame)}</td></tr>
<tr><td align="left" bgcolor="{PAPER}" style="padding:24px 24px 8px;{_WRAP};background-color:{PAPER};\
border-radius:12px">
{body}</td></tr>
<tr><td align="left" style="padding:16px 24px;{_WRAP}">
{foot}</td></tr>
</table>
</td></tr></table>
</body>
</html>
"""
