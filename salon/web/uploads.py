"""Uploads within bounds: a file beyond them is refused before it is read whole (quality.md §3)."""

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

# No page takes a larger file; a page that takes less says so itself.
MOST_BYTES = 25 * 1024 * 1024
# Beyond that the rest is not even taken off the line, so that the answer can be told: the connection is cut.
_HOPELESS = 8 * MOST_BYTES


class BoundedUpload(FileUploadHandler):
    """Lets files pass to the next handler up to MOST_BYTES a request; `too_large` tells that one was larger."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.too_large = False
        self._expected = 0
        self._seen = 0

    def handle_raw_input(self, *arguments: Any, **_options: Any) -> None:
        """Remember how large the request says it is."""
        _input, _meta, self._expected, *_rest = arguments

    def new_file(self, *arguments: Any, **options: Any) -> None:
        """Refuse at its beginning what is announced to be too large."""
        super().new_file(*arguments, **options)
        # Fields and separators besides the file.
        if self._expected > MOST_BYTES + 64 * 1024:
            self._stop()

    def receive_data_chunk(self, raw_data: bytes, *_start: int) -> bytes:
        """Pass data on until it is too much, whatever was announced."""
        self._seen += len(raw_data)
        if self._seen > MOST_BYTES:
            self._stop()
        return raw_data

    def _stop(self) -> None:
        self.too_large = True
        raise StopUpload(connection_reset=self._expected > _HOPELESS)

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the handlers behind this one."""


def was_too_large(request: HttpRequest) -> bool:
    """Return whether a file of this request was refused for its size."""
    # Parses the request, if that has not happened yet.
    request.FILES  # noqa: B018
    return any(isinstance(one, BoundedUpload) and one.too_large for one in request.upload_handlers)
