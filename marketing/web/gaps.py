"""What the placeholders of a mail leave open, told before it goes out."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from marketing.eligibility import INCLUDED
from marketing.placeholders import PLACEHOLDERS
from marketing.recipients import Foreseen


@dataclass(frozen=True, slots=True)
class Gap:
    """A placeholder that has nothing to say of some who would get the mail, and what stands there instead, in words."""

    label: Promise | str
    many: str
    all: str
    instead: str


@dataclass(frozen=True, slots=True)
class Gaps:
    """What the placeholders of a text leave open; `example` is the first for which nothing stands there, with words of
    its own, "" where each has some."""

    rows: list[Gap]
    example: str


def gaps_of(found: Foreseen, said: Mapping[str, list[str]]) -> Gaps:
    """Return where placeholders would stay empty; `said` is what then stands in their places, by name."""
    included = sum(count for reason, count in found.counts.items() if reason in INCLUDED)
    lacking = {name: many for name, many in found.lacking.items() if many}
    rows = [
        Gap(
            label=PLACEHOLDERS[name],
            many=number_format(many, force_grouping=True),
            all=number_format(included, force_grouping=True),
            instead=_(" or ").join(_quoted(words) if words else _("nothing") for words in said[name]),
        )
        for name, many in lacking.items()
    ]
    wordless = next((name for name in lacking if "" in said[name]), None)
    return Gaps(rows, f"{{{{{wordless}|{_('other words')}}}}}" if wordless else "")


def _quoted(words: str) -> str:
    return _("“%(words)s”") % {"words": words}
