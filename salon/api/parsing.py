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
            value = json.loads(parser_context["request"].body.decode(), parse_constant=_refuse_constant)
            # Deeper than the interpreter can walk is deeper than any body of ours.
            storable = _is_storable(value)
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body is not valid JSON.")) from error
        if not storable:
            raise ParseError(_("The body contains a character that cannot be stored."))
        if not isinstance(value, dict):
            raise ParseError(_("The body must be a JSON object."))
        return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON.")


def _is_storable(value: object) -> bool:
    """Return whether every text in it can be kept: no NUL, no half of a surrogate pair."""
    if isinstance(value, str):
        return _UNSTORABLE.search(value) is None
    if isinstance(value, dict):
        return all(_is_storable(name) and _is_storable(part) for name, part in value.items())
    if isinstance(value, list):
        return all(_is_storable(part) for part in value)
    return True
