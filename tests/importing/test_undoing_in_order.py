"""Of several imports that wrote on one card the last is undone first, and nobody is left with cards and no way back."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client as Browser

from clients.details import ClientDetails
from clients.editing import create_client, update_client
from clients.importing.batches import FilledSince, undo
from clients.models import Client, CreatedVia, ImportBatch, ImportRow
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.importing.files import MANAGER, applied, checked, counts, table, undone

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
HEADER = ("Vorname", "E-Mail", "Ort", "Notizen", "Newsletter", "Treatcard-Nr.", "Punkte")
WORDS = "Liste der alten Software"
BEFORE = (
    ("Mia", "mia@mail.example", "", "", "", "", ""),
    ("Ida", "ida@mail.example", "Ulm", "mag Tee", "ja", "TC-1", "50"),
    ("Eva", "eva@mail.example", "", "", "", "", ""),
)
AFTER = (
    ("Mia", "mia@mail.example", "Köln", "mag Kaffee", "ja", "TC-2", "100"),
    ("Ida", "ida@mail.example", "Bonn", "mag Saft", "", "", ""),
)


def _both(salon: Salon) -> tuple[ImportBatch, ImportBatch]:
    first = applied(salon, table(HEADER, *BEFORE), consent_wording=WORDS)
    second = applied(salon, table(HEADER, *AFTER), consent_wording=WORDS)
    assert (counts(first), counts(second)) == ((3, 0, 0, 0), (0, 2, 0, 0))
    return first, second


def test_an_import_that_another_one_has_filled_is_undone_after_it(sonnenschein: Salon) -> None:
    first, second = _both(sonnenschein)
    with salon_scope(sonnenschein.pk), pytest.raises(FilledSince) as refused:
        undo(actor=MANAGER, batch_id=first.pk, now=LATER)
    assert refused.value.batch == second
    assert undone(sonnenschein, second, LATER).kept == 0
    assert undone(sonnenschein, first, LATER).kept == 0
    with salon_scope(sonnenschein.pk):
        assert not Client.objects.listed().exists()


def test_a_file_that_was_only_looked_at_is_in_nobodys_way(sonnenschein: Salon) -> None:
    first = applied(sonnenschein, table(HEADER, *BEFORE))
    checked(sonnenschein, table(HEADER, *AFTER))
    assert undone(sonnenschein, first, LATER).kept == 0


def test_what_somebody_has_worked_with_since_stays_all_the_same(sonnenschein: Salon) -> None:
    first, second = _both(sonnenschein)
    with salon_scope(sonnenschein.pk):
        mia = Client.objects.get(first_name="Mia")
        update_client(actor=MANAGER, salon=sonnenschein, client_id=mia.pk, changes={"city": "Bernau"}, now=NOW)
    assert undone(sonnenschein, second, LATER).kept == 1
    assert undone(sonnenschein, first, LATER).kept == 1
    with salon_scope(sonnenschein.pk):
        assert list(Client.objects.listed().values_list("first_name", "city")) == [("Mia", "Bernau")]


def test_another_import_that_cannot_be_undone_any_more_is_work_that_was_done(sonnenschein: Salon) -> None:
    first, second = _both(sonnenschein)
    with salon_scope(sonnenschein.pk):
        ImportRow.objects.filter(batch=second).delete()
        ImportBatch.objects.filter(pk=second.pk).update(forgotten_at=NOW)
    assert undone(sonnenschein, first, LATER).kept == 2


def test_what_was_left_is_undone_once_more_when_nothing_holds_it_any_longer(sonnenschein: Salon) -> None:
    batch = applied(sonnenschein, table(HEADER, *BEFORE))
    with salon_scope(sonnenschein.pk):
        cards = {card.first_name: card for card in Client.objects.all()}
        details = ClientDetails(first_name="Zoe", referred_by=str(cards["Mia"].pk))
        zoe = create_client(
            actor=MANAGER, salon=sonnenschein, details=details, created_via=CreatedVia.STAFF, now=NOW
        ).client
        update_client(actor=MANAGER, salon=sonnenschein, client_id=cards["Eva"].pk, changes={"city": "Ulm"}, now=NOW)
    assert undone(sonnenschein, batch, LATER).kept == 2
    with salon_scope(sonnenschein.pk):
        update_client(actor=MANAGER, salon=sonnenschein, client_id=zoe.pk, changes={"referred_by": ""}, now=NOW)
    batch = undone(sonnenschein, batch, LATER)
    assert (batch.state, batch.kept) == ("UNDONE", 1)
    with salon_scope(sonnenschein.pk):
        assert list(Client.objects.listed().values_list("first_name", flat=True).order_by("number")) == ["Eva", "Zoe"]
        kept = ImportRow.objects.filter(batch=batch).order_by("number").values_list("kept_because", flat=True)
        assert list(kept) == ["", "", "touched"]


def test_the_page_leads_to_the_import_that_is_to_be_undone_first(
    browser_of: Callable[[User], Browser], manager: User, sonnenschein: Salon
) -> None:
    first, second = _both(sonnenschein)
    browser, here = browser_of(manager), "/s/sonnenschein/clients/import/"
    html = browser.get(f"{here}{first.pk}/").content.decode()
    assert "hat Kunden dieses Imports seitdem ergänzt" in html
    assert f'href="{here}{second.pk}/"' in html
    assert f"{here}{first.pk}/undo/" not in html
    answer = browser.post(f"{here}{first.pk}/undo/", follow=True)
    assert "Machen Sie zuerst jenen Import rückgängig." in answer.content.decode()
    undone(sonnenschein, second, LATER)
    assert f"{here}{first.pk}/undo/" in browser.get(f"{here}{first.pk}/").content.decode()


def test_the_page_offers_to_undo_what_was_left(
    browser_of: Callable[[User], Browser], manager: User, sonnenschein: Salon
) -> None:
    batch = applied(sonnenschein, table(HEADER, *BEFORE))
    with salon_scope(sonnenschein.pk):
        eva = Client.objects.get(first_name="Eva")
        update_client(actor=MANAGER, salon=sonnenschein, client_id=eva.pk, changes={"city": "Ulm"}, now=NOW)
    undone(sonnenschein, batch, LATER)
    html = browser_of(manager).get(f"/s/sonnenschein/clients/import/{batch.pk}/").content.decode()
    assert f"/clients/import/{batch.pk}/undo/" in html
    assert "Noch einmal versuchen" in html
