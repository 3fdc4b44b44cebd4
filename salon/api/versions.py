"""`ETag` and `If-Match`: a change is made on the version that its caller has seen, or not at all."""

import re

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from salon.errors import FieldError, InvalidInput

PATTERN = r'^("[0-9]{1,9}"|\*)$'
_MATCH = re.compile(PATTERN, re.ASCII)


def etag(version: int) -> str:
    """Return a version as the header tells it."""
    return f'"{version}"'


def expected_version(request: Request) -> int | None:
    """Return the version that `If-Match` names, None without it or for `*`; the operation compares it under its lock.

    Raises: InvalidInput when the header is not one of our ETags.
    """
    header = request.headers.get("If-Match")
    if header is None:
        return None
    header = header.strip()
    if not _MATCH.fullmatch(header):
        raise InvalidInput([FieldError("If-Match", "invalid", _('Give one ETag of this resource, as in "3".'))])
    return None if header == "*" else int(header.strip('"'))


def versioned(response: Response, version: int) -> Response:
    """Return the answer with the ETag of the resource it holds."""
    response["ETag"] = etag(version)
    return response
