"""An export that is imported again changes nothing, and into another salon brings everything (issue: done when)."""

import csv
import io
from datetime import date
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from clients.categories import change_assignments, create_category
from clients.consent import record_consent
from clients.details import ClientDetails
from clients.editing import create_client
from clients.importing.formats import OUR_COLUMNS, Format, recognise
from clients.labels import CategoryDetails
from clients.models import Cause, Client, ConsentPurpose, ConsentSource, CreatedVia, Decision
from clients.notes import write_note
from clients.points import post
from clients.treatcard import set_treatcard
from salon.audit.models import AuditEntry
from salon.desk.client_columns import COLUMNS, Words, exported, next_batch
from salon.desk.workbook import Table, write_csv, write_xlsx
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.importing.files import MANAGER, applied, counts

pytestmark = pytest.mark.django_db
PEOPLE = (
    ClientDetails("Jörg", "Müller", "MALE", "1990-11-21", "0171 5550318", "030 5550199", "Joerg@Mail.example",
                  "Große Straße 4", "01067", "Dresden"),
    ClientDetails("Ayşe", "Öztürk-O'Hara", "FEMALE", "--02-29", email="ayse@mail.example"),
    ClientDetails("=HYPERLINK(1)", "+49", city="@Berlin"),
    ClientDetails("", "'Tach", "DIVERSE", "1919-01-02", landline="+43 1 5550100", postal_code="1010"),
    ClientDetails("Anna", "Groß"),
    ClientDetails("Anna", "Groß"),
    ClientDetails("Mia", "Lang", mobile="0171 5550600"),
    ClientDetails("Ben", "Lang", mobile="0171 5550600"),
)  # fmt: skip


@pytest.mark.parametrize("language", ["de", "en"])
def test_both_name_the_same_columns(language: str) -> None:
    with translation.override(language):
        header = [str(column.heading) for column in COLUMNS]
    assert header == [german if language == "de" else english for german, english, _target in OUR_COLUMNS]
    assert recognise(header) == (Format.OURS, [target for _german, _english, target in OUR_COLUMNS])


@pytest.fixture
def full(sonnenschein: Salon) -> Salon:
    """Salon Sonnenschein with cards that hold everything a card can hold."""
    with salon_scope(sonnenschein.pk):
        labels = [
            create_category(actor=MANAGER, details=CategoryDetails(name=name), now=NOW).pk
            for name in ("VIP", "Farbe, Strähnen", "-10 %")
        ]
        for number, details in zip(count(), PEOPLE, strict=False):
            card = create_client(
                actor=MANAGER, salon=sonnenschein, details=details, created_via=CreatedVia.ONLINE_BOOKING, now=NOW
            ).client
            change_assignments(actor=MANAGER, client_id=card.pk, added=labels[: number % 4], now=NOW)
            for text in ("schwarzer Kaffee", "erste Zeile\nzweite Zeile\n\ndritte", "=1+1")[: number % 4]:
                write_note(actor=MANAGER, client_id=card.pk, text=text, pinned=False, now=NOW)
            if number % 2 == 0:
                set_treatcard(actor=MANAGER, client_id=card.pk, number=None, now=NOW)
                record_consent(
                    actor=MANAGER, client_id=card.pk, purpose=ConsentPurpose.EMAIL_MARKETING,
                    decision=Decision.GRANTED, source=ConsentSource.IMPORT, wording="ja", now=NOW,
                )  # fmt: skip
            Client.objects.filter(pk=card.pk).update(
                listed_on=date(2023, 1, 1 + number),
                first_visit_on=date(2023, 2, 1), last_visit_on=date(2026, 3, 4), visits=number,
                carried_first_visit_on=date(2020, 1, 1) if number % 2 else None, carried_visits=number * 3,
            )  # fmt: skip
            # One of them owes some: what she had redeemed was refunded.
            post(
                client=card, points=350 if number == 7 else (number - 1) * 50, cause=Cause.EARNED, cause_id=card.pk,
                actor=MANAGER, now=NOW,
            )  # fmt: skip
    return sonnenschein


def _export(salon: Salon, path: Path, kind: str) -> bytes:
    with salon_scope(salon.pk):
        batch = next_batch(exported(None), after=0, words=Words(), zone=ZoneInfo(salon.timezone), now=NOW)
    assert batch is not None
    assert batch.size == len(PEOPLE)
    (write_csv if kind == "csv" else write_xlsx)(Table("Kunden", COLUMNS, batch.rows), path)
    return path.read_bytes()


def _stand(salon: Salon) -> tuple[list[object], int]:
    with salon_scope(salon.pk):
        cards: list[object] = list(Client.objects.order_by("pk").values())
        return cards, AuditEntry.objects.filter(subject_kind="client").count()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("known", ["FILL", "UPDATE"])
def test_into_the_same_salon_nothing_changes(full: Salon, tmp_path: Path, kind: str, language: str, known: str) -> None:
    with translation.override(language):
        content = _export(full, tmp_path / f"kunden.{kind}", kind)
    before = _stand(full)
    batch = applied(full, content, known_clients=known, consent_wording="Export")
    assert (batch.format, counts(batch)) == ("OURS", (0, 0, len(PEOPLE), 0))
    assert _stand(full) == before


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_into_another_salon_everything_comes_along(full: Salon, dom: Salon, tmp_path: Path, kind: str) -> None:
    with translation.override("de"):
        content = _export(full, tmp_path / f"kunden.{kind}", kind)
        batch = applied(dom, content, consent_wording="Export von Salon Sonnenschein")
        assert counts(batch) == (len(PEOPLE), 0, 0, 0)
        first, second = content, _export(dom, tmp_path / f"wieder.{kind}", kind)
    with salon_scope(dom.pk):
        assert set(Client.objects.values_list("created_via", flat=True)) == {"IMPORT"}
    if kind == "csv":
        # But for what follows from how a card came, and for the day on which its consent was given anew, the same file.
        assert _told(first) == _told(second)


def _told(content: bytes) -> list[dict[str, str]]:
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
    return [{name: cell for name, cell in row.items() if name not in {"Status", "Grund", "Quelle"}} for row in rows]
