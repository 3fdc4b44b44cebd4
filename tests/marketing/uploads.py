"""Files as somebody chooses them."""

from io import BytesIO
from typing import Any

from PIL import Image


def a_file(*, kind: str = "JPEG", size: tuple[int, int] = (1600, 1200), mode: str = "RGB", **options: Any) -> BytesIO:
    """Return a picture as a file of that kind."""
    file = BytesIO()
    Image.new(mode, size, (138, 46, 91, 128)[: len(mode)]).save(file, kind, **options)
    file.seek(0)
    return file
