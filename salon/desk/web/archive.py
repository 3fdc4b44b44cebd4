"""A client's data as files in one: JSON for programs, a workbook for people, and the pictures (Art. 20 DSGVO)."""

import json
from base64 import b64decode
from dataclasses import asdict
from io import BytesIO
from typing import cast
from zipfile import ZIP_DEFLATED, ZipFile

from django.core.serializers.json import DjangoJSONEncoder
from rustpy_xlsxwriter import write_worksheets

from salon.desk.personal_data import PersonalData
from salon.desk.web.disclosed import sheets_of
from salon.tenancy.models import Salon


def archive_of(found: PersonalData, name: str, salon: Salon) -> bytes:
    """Return a ZIP of all files, each named like the archive; pictures by the number that the others name."""
    archive = BytesIO()
    with ZipFile(archive, "w", ZIP_DEFLATED) as files:
        files.writestr(f"{name}.json", json.dumps(asdict(found), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))
        files.writestr(f"{name}.xlsx", _workbook(found, salon))
        for message in found.sections["messages"]:
            for one in cast("list[dict[str, str]]", message["pictures"]):
                files.writestr(one["file"], b64decode(one["content"]))
    return archive.getvalue()


def _workbook(found: PersonalData, salon: Salon) -> bytes:
    target = BytesIO()
    # Every cell is a text or a number, never a formula: whatever it begins with.
    write_worksheets(list(sheets_of(found, salon)), target, bold_headers=True, autofit=True)
    return target.getvalue()
