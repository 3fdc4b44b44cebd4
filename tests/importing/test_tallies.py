"""What the preview of an import tells of all its lines at once (domain.md §10)."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser
from django.urls import reverse

from clients.importing.tallies import Tallies, tallies_of
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.importing.files import checked, on_file, table

pytestmark = pytest.mark.django_db
ROWS = (
    ("Vorname", "Nachname", "Mobil", "E-Mail", "Kunde seit", "Letzter Besuch"),
    ("Ida", "Rot", "12", "ida@", "neulich", ""),
    ("Uwe", "Blau", "12", "uwe@mail.example", "", "2024"),
    ("Eva", "Gelb", "0171 5550801", "", "-", ""),
    ("Otto", "Alt", "0171 5550802", "", "", ""),
)


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


def test_omissions_are_counted_by_column_and_days_that_are_only_assumed(sonnenschein: Salon) -> None:
    on_file(sonnenschein, first_name="Otto", last_name="Alt", mobile="0171 5550802")
    batch = checked(sonnenschein, table(*ROWS), leave_out_cells=True)
    with salon_scope(sonnenschein.pk):
        assert tallies_of(batch) == Tallies(2, [("mobile", 2), ("email", 1), ("listed_on", 1)])
    nothing = checked(sonnenschein, table(ROWS[0], ROWS[4]))
    with salon_scope(sonnenschein.pk):
        assert tallies_of(nothing) == Tallies(0, [])


def test_the_preview_names_them(sonnenschein: Salon, browser: Browser) -> None:
    batch = checked(sonnenschein, table(*ROWS[:4]), leave_out_cells=True)
    page = browser.get(reverse("clients:import_batch", args=["sonnenschein", batch.pk])).content.decode()
    said = " ".join(page.replace("&nbsp;", " ").split())
    for label, lines in (("Mobil", 2), ("E-Mail", 1), ("Kunde seit", 1)):
        assert f"{label} <strong>{lines}</strong>" in said
    assert "Bei 2 neuen Kunden" in said
