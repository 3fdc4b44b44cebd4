"""What is taken of a picture, and what is left of it."""

from io import BytesIO

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from marketing.imaging import MOST_BYTES, Prepared, prepare
from salon.errors import InvalidInput
from tests.marketing.uploads import a_file

_SMALL = {kind: a_file(kind=kind, size=(40, 30)).getvalue() for kind in ("JPEG", "PNG", "WEBP")}


def _prepared(file: BytesIO) -> Prepared:
    return prepare(file, width=1200, height=1800)


def _code(file: BytesIO) -> str:
    with pytest.raises(InvalidInput) as refusal:
        _prepared(file)
    (error,) = refusal.value.errors
    assert error.field == "file"
    return error.code


@pytest.mark.parametrize(
    ("kind", "size", "mode", "kept"),
    [
        ("JPEG", (2400, 1200), "RGB", ((1200, 600), "jpg")),
        ("JPEG", (1000, 4000), "RGB", ((450, 1800), "jpg")),
        ("JPEG", (40, 30), "CMYK", ((40, 30), "jpg")),
        ("PNG", (2400, 1200), "RGBA", ((1200, 600), "png")),
        ("PNG", (40, 30), "L", ((40, 30), "png")),
        ("WEBP", (300, 200), "RGBA", ((300, 200), "png")),
    ],
)
def test_it_is_made_small_and_of_a_kind_that_every_program_shows(
    kind: str, size: tuple[int, int], mode: str, kept: tuple[tuple[int, int], str]
) -> None:
    prepared = _prepared(a_file(kind=kind, size=size, mode=mode))
    assert ((prepared.width, prepared.height), prepared.suffix) == kept
    image = Image.open(BytesIO(prepared.content))
    assert image.size == kept[0]
    assert image.format == {"jpg": "JPEG", "png": "PNG"}[kept[1]]


def test_a_photograph_stored_as_a_drawing_is_kept_as_a_photograph() -> None:
    file = BytesIO()
    Image.effect_noise((1200, 900), 90).convert("RGBA").save(file, "PNG")
    file.seek(0)
    assert _prepared(file).suffix == "jpg"


def test_where_and_by_which_phone_it_was_taken_is_not_kept() -> None:
    exif = Image.Exif()
    exif[0x0110], exif[0x0112] = "Phone of Anna", 6
    exif.get_ifd(0x8825)[1] = "N"
    photo = _prepared(a_file(size=(40, 30), exif=exif, comment=b"in Berlin"))
    # As it was held, it stands upright.
    assert (photo.width, photo.height) == (30, 40)
    drawing = _prepared(a_file(kind="PNG", size=(40, 30), exif=exif))
    for one in (photo, drawing):
        image = Image.open(BytesIO(one.content))
        assert not image.getexif()
        assert b"Phone" not in one.content
        assert b"Berlin" not in one.content


def test_its_colours_become_those_of_the_web() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kept in (profile, b"no profile at all"):
        prepared = _prepared(a_file(size=(40, 30), icc_profile=kept))
        assert "icc_profile" not in Image.open(BytesIO(prepared.content)).info


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP", "ICO"])
def test_other_kinds_are_refused_by_what_is_in_the_file(kind: str) -> None:
    assert _code(a_file(kind=kind, size=(32, 32))) == "invalid"


@pytest.mark.parametrize("content", [b"", b"<svg onload='alert(1)'/>", b"%PDF-1.7", b"\xff\xd8\xff", b"RIFF....WEBP"])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    assert _code(BytesIO(content)) == "invalid"


def test_what_is_too_large_is_refused() -> None:
    assert _code(BytesIO(bytes(MOST_BYTES + 1))) == "too_large"
    # A bomb: a few kilobytes that are millions of pixels.
    assert _code(a_file(kind="PNG", size=(5000, 4000), mode="L")) == "too_large"


@settings(max_examples=300, deadline=None)
@given(kind=st.sampled_from(sorted(_SMALL)), data=st.data())
def test_whatever_is_damaged_is_refused_or_read(kind: str, data: st.DataObject) -> None:
    content = bytearray(_SMALL[kind])
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=6)):
        content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    for damaged in (content, content[:cut]):
        try:
            _prepared(BytesIO(bytes(damaged)))
        except InvalidInput:
            refused = True
        else:
            refused = False
        event("refused" if refused else "read")
