"""No column of a file is lost without a word (domain.md §10)."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser
from django.utils import translation

from clients.importing.batches import choose, reconsider
from clients.importing.formats import TARGET_LABELS, Format, Target, recognise
from clients.models import Client
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.importing.files import MANAGER, SHORE, applied, checked, choices_of, table, uploaded, work

HERE = "/s/sonnenschein/clients/import/"
ROWS = (
    ("Client First Name", "Client Last Name", "Points Balance", "Anzahl der Besuche", "Friseurin", "Haarlänge", "Leer"),
    ("Petra", "Lang", "350", "12", "Bora", "", ""),
    ("Mia", "Groß", "", "3", "", " lang ", " "),
)


@pytest.mark.parametrize("language", ["de", "en"])
def test_our_own_words_for_a_field_are_recognised(language: str) -> None:
    # The number is that of a client of this salon in its own export alone.
    offered = [one for one in TARGET_LABELS if one not in {Target.SKIP, Target.NUMBER, Target.NAME}]
    with translation.override(language):
        header = [str(TARGET_LABELS[one]) for one in offered]
        alone = [str(TARGET_LABELS[Target.NAME])]
        number = [str(TARGET_LABELS[Target.NUMBER])]
    assert recognise(header)[1] == offered
    assert recognise(alone) == (Format.OTHER, [Target.NAME])
    assert recognise(number) == (Format.OTHER, [Target.SKIP])


@pytest.mark.parametrize(
    ("header", "targets"),
    [
        ("Client First Name,Client Last Name,Points Balance", "first_name,last_name,points"),
        ("Client Name,Client Mobile,Customer Email,Client Since,Client ID", "name,mobile,email,listed_on,"),
        ("Name,Phone,Email,Note,Marketing,Geburtstag", "name,phone,email,notes,consent,birthday"),
        ("Name,Strasse / Hausnr.,PLZ / Ort,Newsletter?", "name,street,,consent"),
        ("NAME:,Straße u. Nr.,Tel.-Nr.,E-Mail-Adresse *,GEB.-DATUM", "name,street,phone,email,birthday"),
        ("First Name,Last Name,TreatCard Number,No. of Visits", "first_name,last_name,treatcard_number,visits"),
        ("First Name,Last Name,TreatCard Number,Points Balance", "first_name,last_name,treatcard_number,points"),
    ],
)
def test_the_words_of_other_programs_are_recognised(header: str, targets: str) -> None:
    assert ",".join(recognise(header.split(","))[1]) == targets


@pytest.mark.django_db
def test_columns_left_out_are_told_before_and_afterwards(
    sonnenschein: Salon, browser_of: Callable[[User], Browser], manager: User
) -> None:
    batch = checked(sonnenschein, table(*ROWS))
    assert batch.left_out_columns == [4, 5]
    browser = browser_of(manager)
    told = "2 Spalten mit Inhalt werden nicht übernommen: Friseurin, Haarlänge"
    assert told in browser.get(f"{HERE}{batch.pk}/").content.decode()
    done = applied(sonnenschein, table(*ROWS))
    assert done.left_out_columns == [4, 5]
    told = "2 Spalten mit Inhalt wurden nicht übernommen: Friseurin, Haarlänge"
    assert told in browser.get(f"{HERE}{done.pk}/").content.decode()
    with salon_scope(sonnenschein.pk):
        assert list(Client.objects.order_by("number").values_list("carried_visits", flat=True)) == [12, 3]


@pytest.mark.django_db
def test_another_choice_is_told_anew(sonnenschein: Salon) -> None:
    batch = checked(sonnenschein, table(*ROWS))
    targets = [*batch.targets[:4], "notes", "notes", ""]
    with salon_scope(sonnenschein.pk):
        reconsider(actor=MANAGER, batch_id=batch.pk)
        choose(actor=MANAGER, batch_id=batch.pk, choices=choices_of(batch, targets=targets), now=NOW)
    assert work(sonnenschein, batch).left_out_columns == []
    assert checked(sonnenschein, SHORE.encode()).left_out_columns == []


@pytest.mark.django_db
def test_the_columns_page_marks_what_would_be_left_out(
    sonnenschein: Salon, browser_of: Callable[[User], Browser], manager: User
) -> None:
    batch = uploaded(sonnenschein, table(*ROWS))
    html = browser_of(manager).get(f"{HERE}{batch.pk}/").content.decode()
    assert html.count('class="filled left-out"') == 2
    assert html.count('class="left-out"') == 1
    assert "<span data-names>Friseurin, Haarlänge</span>" in html
