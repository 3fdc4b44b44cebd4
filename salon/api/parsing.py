"""Reading a body: one JSON object, in UTF-8, of what the database can keep."""

import json
import re
from collections.abc import Mapping
from typing import IO, Any, override

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class JsonParser(BaseParser):
    """The only parser of the API; bodies beyond DATA_UPLOAD_MAX_MEMORY_SIZE are not read."""

    media_type = "application/json"

    @override
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the object of the body.

        Raises: ParseError, RequestDataTooBig.
        """
        if parser_context is None:
            raise TypeError("The request is needed.")
        try:
            # `body` rather than the stream: only there Django applies its limit.
            text = parser_context["request"].body.decode()
            value = json.loads(text, parse_constant=_refuse_constant)
        except ValueError as error:
            raise ParseError(_("The body is not valid JSON.")) from error
        except RecursionError as error:
            # Deeper than the interpreter can read is deeper than any body of ours.
            raise ParseError(_("The body is nested too deep.")) from error
        # As themselves, such characters are neither JSON nor UTF-8.
        if "\\u" in text and not _is_storable(value):
            raise ParseError(_("The body contains a character that cannot be stored."))
        if not isinstance(value, dict):
            raise ParseError(_("The body must be a JSON object."))
        return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON.")


def _is_storable(value: object) -> bool:
    """Return whether every text in it can be kept, however deep it stands: no NUL, no half of a surrogate pair."""
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, str) and _UNSTORABLE.search(part):
            return False
        if isinstance(part, dict):
            left += [*part, *part.values()]
        elif isinstance(part, list):
            left += part
    return True
