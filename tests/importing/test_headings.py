"""A file without a line of headings loses nobody (domain.md §10)."""

import pytest

from clients.importing.batches import choose, reconsider
from clients.importing.formats import Target, has_headings
from clients.importing.placing import place_headings
from clients.models import Client, ImportRow
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.importing.files import MANAGER, applied, choices_of, counts, table, uploaded, work

PEOPLE = (
    ("Petra", "Lang", "petra@mail.example", "0171 5550318", "21.11.1990"),
    ("Jörg", "Müller", "", "030 5550199", ""),
)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["Vorname", "Nachname"], True),
        (["Vorname", "irgendwas"], True),
        (["Name", "Umsatz", "01.01.2026", "E-Mail"], True),
        (["Spalte 1", "Spalte 2", "Grund"], True),
        (["Column 1"], True),
        (["Petra", "Lang"], False),
        (["Petra", "Ort", "petra@mail.example"], False),
        (["Petra", "Mail", "0171 5550318"], False),
        (["Petra", "Mail", "+49 171/555-03 18"], False),
        (["Petra", "Tag", "1990-11-21"], False),
        (["12345", "10969"], False),
    ],
)
def test_headings_are_told_from_people(cells: list[str], expected: bool) -> None:
    assert has_headings(cells) is expected


@pytest.mark.django_db
def test_the_first_line_of_a_file_without_headings_is_a_client(sonnenschein: Salon) -> None:
    batch = uploaded(sonnenschein, table(*PEOPLE))
    assert (batch.without_headings, batch.header, batch.lines) == (True, [""] * 5, 2)
    assert batch.targets == ["", "", Target.EMAIL, Target.PHONE, ""]
    targets = ["first_name", "last_name", "email", "phone", "birthday"]
    batch = applied(sonnenschein, table(*PEOPLE), targets=targets)
    assert counts(batch) == (2, 0, 0, 0)
    with salon_scope(sonnenschein.pk):
        assert [(one.first_name, one.details.birthday) for one in Client.objects.order_by("number")] == [
            ("Petra", "1990-11-21"), ("Jörg", ""),
        ]  # fmt: skip
        assert list(ImportRow.objects.filter(batch=batch).order_by("number").values_list("number", flat=True)) == [1, 2]


@pytest.mark.django_db
@pytest.mark.parametrize("lines", [(("Wer", "Wo"), *PEOPLE), (("Vorname", "Nachname"), *PEOPLE)])
def test_what_was_assumed_can_be_turned_and_turned_back(
    sonnenschein: Salon, lines: tuple[tuple[str, ...], ...]
) -> None:
    batch = uploaded(sonnenschein, table(*lines))
    before = (batch.without_headings, batch.header, batch.lines)
    assert before == ((True, [""] * 5, 3) if lines[0][0] == "Wer" else (False, [*lines[0], "", "", ""], 2))
    for turned in (not batch.without_headings, batch.without_headings):
        if batch.state == "CHECKED":
            with salon_scope(sonnenschein.pk):
                batch = reconsider(actor=MANAGER, batch_id=batch.pk)
        with salon_scope(sonnenschein.pk):
            line = None if turned else 1
            batch = place_headings(actor=MANAGER, batch_id=batch.pk, salon=sonnenschein, line=line)
            choices = choices_of(batch, targets=["first_name", "last_name", "", "", ""])
            choose(actor=MANAGER, batch_id=batch.pk, choices=choices, now=NOW)
        batch = work(sonnenschein, batch)
        assert counts(batch) == (3 if turned else 2, 0, 0, 0)
        assert batch.header == ([""] * 5 if turned else [*lines[0], "", "", ""])
    assert (batch.without_headings, batch.header, batch.lines) == before
