"""What the documentation page needs of a template."""

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
_CODE = re.compile(r"`([^`]+)`")


@register.filter
def backticks(text: object) -> SafeString:
    """The text, with what stands in `backticks` as code."""
    return mark_safe(_CODE.sub(r"<code>\1</code>", escape(str(text or ""))))  # noqa: S308 - escaped before
