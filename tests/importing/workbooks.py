"""Small workbooks made by hand: the parts of an XLSX, no more, so that a test can break any of them."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/styles.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(
    rows: Sequence[Sequence[object]], *, sheet: str | None = None, extra: dict[str, bytes] | None = None
) -> bytes:
    """Return an XLSX of these rows; `("date", serial)` is a day, `("formula", text, value)` a formula and its value."""
    lines = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Kunden" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" '
        f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" '
        f'Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
        "</styleSheet>",
        "xl/worksheets/sheet1.xml": sheet or f'<worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in {**parts, **(extra or {})}.items():
            packed.writestr(name, content)
    return out.getvalue()


def several(sheets: Mapping[str, Sequence[Sequence[object]]], *, hidden: str = "") -> bytes:
    """Return an XLSX of several sheets, by their names; one of them can be hidden."""
    parts, types, relations, named = {}, "", "", ""
    for number, (name, rows) in enumerate(sheets.items(), 1):
        lines = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
        sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData></worksheet>'
        parts[f"xl/worksheets/sheet{number}.xml"] = sheet.encode()
        types += (
            f'<Override PartName="/xl/worksheets/sheet{number}.xml" '
            'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        )
        relations += f'<Relationship Id="r{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        state = ' state="hidden"' if name == hidden else ""
        named += f'<sheet name="{escape(name)}" sheetId="{number}"{state} r:id="r{number}"/>'
    styles = f'<Relationship Id="s" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    book = f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{named}</sheets></workbook>'
    kept = _TYPES.partition('<Override PartName="/xl/worksheets/')[0]
    related = f'<Relationships xmlns="{_RELATIONS}">{relations}{styles}</Relationships>'
    parts |= {
        "xl/workbook.xml": book.encode(),
        "xl/_rels/workbook.xml.rels": related.encode(),
        "[Content_Types].xml": f"{kept}{types}</Types>".encode(),
    }
    return workbook([], extra=parts)


def sparse_sheet() -> str:
    """Return a sheet with one cell in the last corner that there is: a table of 17 billion cells, almost all empty."""
    return (
        f'<worksheet xmlns="{_MAIN}"><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    )


def _cell(value: object) -> str:
    if isinstance(value, tuple):
        if value[0] == "date":
            return f'<c s="1"><v>{value[1]}</v></c>'
        return f'<c t="str"><f>{escape(str(value[1]))}</f><v>{escape(str(value[2]))}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    return f'<c t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'
