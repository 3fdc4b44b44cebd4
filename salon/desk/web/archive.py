"""A client's data as two files in one: JSON for programs, a workbook for people (Art. 20 DSGVO)."""

import json
from dataclasses import asdict
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rustpy_xlsxwriter import write_worksheets

from salon.desk.personal_data import PersonalData

TITLES = {
    "client": gettext_lazy("Master data"),
    "categories": gettext_lazy("Categories"),
    "notes": gettext_lazy("Notes"),
    "health": gettext_lazy("Health data"),
    "consents": gettext_lazy("Consents"),
    "services": gettext_lazy("Services had before"),
    "points": gettext_lazy("Points"),
    "merges": gettext_lazy("Merges"),
    "possible_duplicates": gettext_lazy("Possible duplicates"),
    "imports": gettext_lazy("Imports"),
    "appointments": gettext_lazy("Appointments"),
    "waiting_list": gettext_lazy("Waiting list"),
    "sales": gettext_lazy("Sales"),
    "redemptions": gettext_lazy("Rewards redeemed"),
    "prior_uses": gettext_lazy("Had before"),
    "mails": gettext_lazy("Mails"),
    "messages": gettext_lazy("Messages"),
    "mailings": gettext_lazy("Campaigns"),
    "history": gettext_lazy("History"),
}


def archive_of(found: PersonalData, name: str) -> bytes:
    """Return a ZIP of both files, each named like the archive."""
    archive = BytesIO()
    with ZipFile(archive, "w", ZIP_DEFLATED) as files:
        files.writestr(f"{name}.json", json.dumps(asdict(found), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))
        files.writestr(f"{name}.xlsx", _workbook(found))
    return archive.getvalue()


def _workbook(found: PersonalData) -> bytes:
    target = BytesIO()
    sheets: list[tuple[str, Any]] = []
    for section, records in found.sections.items():
        title = str(TITLES[section])
        if section == "client":
            # One card has many fields: they stand below each other, one column for each card.
            keys = list(records[0]) if records else []
            rows = [{_("Field"): key, **{str(card["number"]): _cell(card[key]) for card in records}} for key in keys]
        else:
            rows = [{key: _cell(value) for key, value in one.items()} for one in records]
        sheets.append((title, rows or [{_("Nothing is stored."): None}]))
    # Every cell is a text or a number, never a formula: whatever it begins with.
    write_worksheets(sheets, target, bold_headers=True, autofit=True)
    return target.getvalue()


def _cell(value: object) -> str | int | None:
    match value:
        case bool():
            return _("yes") if value else _("no")
        case int() | str():
            return value
        case None:
            return None
    return json.dumps(value, ensure_ascii=False) if value else ""
