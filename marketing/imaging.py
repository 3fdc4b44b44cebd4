"""Pictures that somebody uploads, as mails can show them: small, and with nothing in them but what is seen."""

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageCms, ImageOps

from salon.errors import FieldError, InvalidInput

MOST_BYTES = 12 * 1024 * 1024
# What is taken, told by its content, and how many pixels of it: a JPEG need not be read in full size.
_KINDS = ("JPEG", "PNG", "WEBP")
# What Pillow calls a JPEG, the second one with more pictures behind it, as phones write them.
_PHOTO = frozenset({"JPEG", "MPO"})
_MOST_PIXELS, _MOST_OF_PHOTO = 16_000_000, 60_000_000
# Beyond that a picture is no drawing but a photograph that somebody has stored as one.
_LARGEST_PNG = 600_000
_QUALITY = 82
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
# All that Pillow says of files that are damaged, or no pictures at all.
_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture as it is kept: a JPEG or a PNG, as every mail program shows it."""

    content: bytes
    width: int
    height: int
    suffix: str


def too_large() -> InvalidInput:
    """Return the refusal of a file that is larger than what is taken."""
    message = _("This picture is too large: at most %(most)d MB.") % {"most": MOST_BYTES // 1024**2}
    return InvalidInput([FieldError("file", "too_large", message)])


def prepare(file: IO[bytes], *, width: int, height: int) -> Prepared:
    """Return a picture anew, at most so large: upright, in the colours of the web, without whatever else was in the
    file (where and when it was taken, by which phone, a smaller copy).

    Raises: InvalidInput at `file`: `too_large`, `invalid`.
    """
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise too_large()
    try:
        image, is_photo = _read(content, width, height)
    except _UNREADABLE as error:
        message = _("This is no picture that can be read. Choose a JPEG, PNG or WebP file.")
        raise InvalidInput([FieldError("file", "invalid", message)]) from error
    return _kept(image, is_photo=is_photo)


def _read(content: bytes, width: int, height: int) -> tuple[Image.Image, bool]:
    """Return what is seen in a file, and whether it is stored as photographs are."""
    with Image.open(BytesIO(content), formats=_KINDS) as opened:
        is_photo = opened.format in _PHOTO
        if opened.width * opened.height > (_MOST_OF_PHOTO if is_photo else _MOST_PIXELS):
            message = _("This picture has too many pixels. Make it smaller first.")
            raise InvalidInput([FieldError("file", "too_large", message)])
        profile = opened.info.get("icc_profile")
        # Either side may become the wider one.
        opened.draft("RGB", (2 * max(width, height), 2 * max(width, height)))
        image = ImageOps.exif_transpose(opened)
        image = _in_srgb(image, profile) if profile else image
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        image.thumbnail((width, height), Image.Resampling.LANCZOS)
    # Drawn anew: nothing of the file comes along.
    drawn = Image.new(image.mode, image.size)
    drawn.paste(image)
    return drawn, is_photo


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Return a photograph in the colours that mail programs take every picture to have."""
    if image.mode != "RGB":
        return image
    try:
        return ImageCms.profileToProfile(image, ImageCms.ImageCmsProfile(BytesIO(profile)), _SRGB) or image
    except (ImageCms.PyCMSError, OSError):
        return image


def _kept(image: Image.Image, *, is_photo: bool) -> Prepared:
    if not is_photo:
        content = _as_png(image)
        if len(content) <= _LARGEST_PNG:
            return Prepared(content, image.width, image.height, "png")
    if image.mode == "RGBA":
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image.getchannel("A"))
        image = paper
    kept = BytesIO()
    image.save(kept, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return Prepared(kept.getvalue(), image.width, image.height, "jpg")


def _as_png(image: Image.Image) -> bytes:
    kept = BytesIO()
    image.save(kept, "PNG", optimize=True)
    return kept.getvalue()
