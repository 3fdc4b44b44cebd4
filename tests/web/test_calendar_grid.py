"""The stylesheet of rows is what its generator writes, and small."""

import gzip
from pathlib import Path

from tests.web.calendar_grid import grid_css

SHEET = Path(__file__).resolve().parents[2] / "static/css/calendar-grid.css"


def test_the_sheet_is_what_is_generated() -> None:
    written = SHEET.read_text(encoding="utf-8")
    assert written == grid_css()
    assert len(gzip.compress(written.encode())) < 3000


def test_every_place_of_a_day_has_a_class() -> None:
    sheet = grid_css()
    for one in (".r0{--r:0}", ".r287{--r:287}", ".h1{--h:1}", ".h288{--h:288}", ".l0{--l:0}.w1{--w:1}.s1{--s:1}"):
        assert one in sheet
