"""Names that are none, and notes that are more than notes: asked about before an import (domain.md §2, §10)."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client as Browser

from clients.details import ClientDetails
from clients.importing.deciding import decide
from clients.importing.doubtful import is_only_a_name, looks_like_divider, looks_like_health
from clients.importing.mapping import Wanted
from clients.models import Client, ImportBatch, Note
from salon.errors import InvalidInput
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.importing.files import MANAGER, applied, checked, counts, table, work

NAMES = table(("Name", "Telefon"), ("Buchstabe A", ""), ("Anna Berg", ""), ("A–D", ""), ("Ida Rot", "0171 5550318"))
NOTES = table(
    ("Name", "Bemerkung"), ("Anna Berg", "mag Tee\n\nallergisch gegen PPD!!"), ("Ida Rot", "trägt Kontaktlinsen")
)


@pytest.mark.parametrize(
    "name",
    ["A", "ö", "Buchstabe A", "BUCHSTABE  a", "A–D", "A - D", "A bis D", "--- A ---", "Sch", "St", "-----", "A."],
)
def test_dividers(name: str) -> None:
    first, _space, last = name.rpartition(" ")
    assert looks_like_divider(ClientDetails(first_name=first, last_name=last))


@pytest.mark.parametrize("name", ["Anna", "Li Wu", "Buchstabe Anna", "A. Berg", "Schulz", "Ng", "Stark", "Frau O"])
def test_names(name: str) -> None:
    first, _space, last = name.rpartition(" ")
    assert not looks_like_divider(ClientDetails(first_name=first, last_name=last))


@pytest.mark.parametrize(
    "text",
    [
        "allergisch gegen PPD!!",
        "Nussallergie",
        "PPD-Test!",
        "hat Asthma",
        "Diabetikerin",
        "SCHWANGER",
        "Epilepsie",
        "Krebs",
    ],
)
def test_health_data(text: str) -> None:
    assert looks_like_health(text)


@pytest.mark.parametrize(
    "text", ["trägt Kontaktlinsen", "mag Tee", "Sternzeichen: Krebsrot färben", "ppdx", "stille Dame"]
)
def test_no_health_data(text: str) -> None:
    assert not looks_like_health(text)


def test_only_a_name() -> None:
    name = ClientDetails("Anna", "Berg", gender="FEMALE")
    assert is_only_a_name(Wanted(name, consent=False))
    assert not is_only_a_name(Wanted(name, note="mag Tee"))
    assert not is_only_a_name(Wanted(ClientDetails("Anna", "Berg", city="Ulm")))


def _decided(
    salon: Salon, batch: ImportBatch, only_names: str = "DIVIDERS", health_notes: str = "LEAVE_OUT"
) -> ImportBatch:
    with salon_scope(salon.pk):
        decide(actor=MANAGER, batch_id=batch.pk, only_names=only_names, health_notes=health_notes, now=NOW)
    return work(salon, batch)


@pytest.mark.django_db
def test_dividers_are_left_out_and_the_rest_as_is_said(sonnenschein: Salon) -> None:
    batch = checked(sonnenschein, NAMES)
    assert (counts(batch), batch.only_a_name) == ((2, 0, 0, 2), 3)
    assert counts(_decided(sonnenschein, batch, "LEAVE_OUT")) == (1, 0, 0, 3)
    assert (counts(_decided(sonnenschein, batch, "KEEP")), batch.only_a_name) == ((4, 0, 0, 0), 3)
    with salon_scope(sonnenschein.pk), pytest.raises(InvalidInput):
        decide(actor=MANAGER, batch_id=batch.pk, only_names="", health_notes="TAKE", now=NOW)


def _notes(salon: Salon) -> list[str]:
    with salon_scope(salon.pk):
        return sorted(Note.objects.filter(deleted_at=None).values_list("text", flat=True))


@pytest.mark.django_db
def test_health_data_are_left_out_of_notes_unless_somebody_takes_them(sonnenschein: Salon) -> None:
    batch = applied(sonnenschein, NOTES)
    assert (counts(batch), batch.with_health, batch.incomplete) == ((2, 0, 0, 0), 1, 1)
    assert _notes(sonnenschein) == ["mag Tee", "trägt Kontaktlinsen"]
    with salon_scope(sonnenschein.pk):
        Client.objects.update(last_name="Blau")
    taken = _decided(sonnenschein, checked(sonnenschein, NOTES), health_notes="TAKE")
    assert (taken.with_health, taken.incomplete) == (1, 0)


@pytest.mark.django_db
def test_preview_and_result_ask_and_tell(
    sonnenschein: Salon, browser_of: Callable[[User], Browser], manager: User
) -> None:
    batch, browser = checked(sonnenschein, NAMES), browser_of(manager)
    here = f"/s/sonnenschein/clients/import/{batch.pk}/"
    page = browser.get(here).content.decode()
    assert "Bei 3 Zeilen steht nur ein Name: Buchstabe A, Anna Berg, A–D" in " ".join(page.split())
    assert browser.get(here, {"show": "only_name"}).context["lines"].rows[1].name == "Anna Berg"
    browser.post(f"{here}doubtful/", {"only_names": "KEEP"})
    assert counts(work(sonnenschein, batch)) == (4, 0, 0, 0)
    health = applied(sonnenschein, NOTES)
    page = browser.get(f"/s/sonnenschein/clients/import/{health.pk}/").content.decode()
    assert "1 Bemerkung sieht nach Gesundheitsangaben aus: Anna Berg" in " ".join(page.split())


@pytest.mark.django_db
def test_the_version_before_goes_on_while_the_database_is_brought_up_to_date() -> None:
    added = ["only_names", "health_notes", "only_a_name", "with_health"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'clients_importbatch' "
            "AND column_name = ANY (%s) AND column_default IS NOT NULL",
            [added],
        )
        assert {name for (name,) in cursor.fetchall()} == {*added}
