"""A client's data as she reads them: German, in her salon's time, nothing for programs (Art. 12 DSGVO)."""

import re
from datetime import UTC, datetime

import pytest
from django.utils import translation
from pytest_django import Settings

from clients.details import LABELS, ClientDetails
from clients.editing import create_client
from clients.models import ConsentEntry, CreatedVia, Decision, ImportBatch, ImportRow
from marketing.models import Recipient
from salon.desk.personal_data import data_of_person
from salon.desk.web.disclosed import Row, sheets_of
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.mail.models import ClientMail
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.consenting import decide
from tests.operations.test_erasure import fill

MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])
SUMMER = datetime(2026, 6, 11, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _german() -> object:
    with translation.override("de"):
        yield


def _sheets(salon: Salon, client_id: object) -> dict[str, list[Row]]:
    found = data_of_person(actor=MANAGER, client_id=client_id, now=NOW)  # type: ignore[arg-type]
    return dict(sheets_of(found, salon))


def test_words_instead_of_codes(in_sonnenschein: Salon, settings: Settings) -> None:
    settings.MAILS_STAY = True
    given = ClientDetails(
        "Anna", "Berg", gender="FEMALE", birthday="3.2.", mobile="0171 2345678", email="a@mail.example"
    )
    anna = create_client(
        actor=MANAGER, salon=in_sonnenschein, details=given, created_via=CreatedVia.STAFF, now=SUMMER
    ).client
    decide(MANAGER, anna, Decision.REQUESTED, now=SUMMER)
    ConsentEntry.objects.create(
        client=anna, purpose="EMAIL_MARKETING", decision="GRANTED", source="CONFIRMATION", wording="Ja", at=SUMMER
    )
    batch = ImportBatch.objects.create(file_name="liste.csv", uploaded_at=SUMMER, state="APPLIED", actor_name="Carla")
    ImportRow.objects.create(batch=batch, number=3, card_id=anna.pk, cells=["Anne", "", "Berg"])
    ClientMail.objects.update(state="SENT", sent_at=SUMMER)
    sheets = _sheets(in_sonnenschein, anna.pk)
    card = {row["Feld"]: row[str(anna.number)] for row in sheets["Stammdaten"]}
    assert [card[name] for name in ("Geschlecht", "Geburtstag", "Mobil", str(LABELS["blocked"]))] == [
        "weiblich",
        "03.02.",
        "0171 2345678",
        "nein",
    ]
    assert card["Angelegt am"] == "11.06.2026 12:00"
    last = sheets["Einwilligungen"][-1]
    assert [last[name] for name in ("Wann", "Für", "Was gesagt wurde", "Quelle", "Wortlaut")] == [
        "11.06.2026 12:00",
        "Neuigkeiten per E-Mail",
        "eingewilligt",
        "Link in der E-Mail",
        "Ja",
    ]
    # As the card tells of it.
    assert sheets["E-Mails"][0]["Stand"] == "geschrieben, nicht gesendet: Es ist kein Mailserver eingerichtet"
    assert sheets["Importe"][0]["Was in der Zeile stand"] == "Anne, Berg"
    assert sheets["Verlauf"][0]["Was geschah"] == "Karte angelegt"


def test_nothing_is_left_for_programs(in_sonnenschein: Salon) -> None:
    """Of whatever can be stored of a client, in every section."""
    client_id, _merged = fill(in_sonnenschein)
    # Whose mails are made up, and say nothing.
    Recipient.objects.all().delete()
    for title, rows in _sheets(in_sonnenschein, client_id).items():
        for row in rows:
            assert [key for key in row if re.search(r"[a-z]_[a-z]", key)] == [], title
            cells = [cell for cell in row.values() if isinstance(cell, str)]
            assert [
                cell for cell in cells if re.search(r"[\[{]\"|\d{2}T\d{2}:|\b[A-Z]+_[A-Z]+\b|^[A-Z]{4,}$", cell)
            ] == []
