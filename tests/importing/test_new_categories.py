"""What categories an import would make is told before, with those that it may mean (domain.md §3, §10)."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from clients.categories import create_category
from clients.importing.new_categories import NewCategory, nearest, to_be_made
from clients.labels import CategoryDetails
from clients.models import Category
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.importing.files import MANAGER, checked, table

HERE = "/s/sonnenschein/clients/import/"
FILE = (
    ("Vorname", "Kategorien"),
    ("Petra", "stammkunde"),
    ("Mia", "Stammkunde, Farbe"),
    ("Ida", "stammkunde, Stammkunden"),
    ("Ute", "VIP-Kunden"),
    ("Ela", "VIP Kunde"),
)


@pytest.mark.parametrize(
    ("name", "others", "near"),
    [
        ("stammkunde", ["VIP", "Stammkunden"], "Stammkunden"),
        ("Stammkundin", ["Stammkunden"], "Stammkunden"),
        ("Stammkundinnen", ["Stammkunde"], "Stammkunde"),
        ("Maenner", ["Männer"], "Männer"),
        ("regular", ["Regulars"], "Regulars"),
        ("VIP-Kunden", ["VIP Kunde"], "VIP Kunde"),
        ("Farbe", ["Farbkundin", "Herren"], ""),
        ("VIP", ["VIP"], ""),
        ("A", ["As", "An"], ""),
        ("✂", ["★"], ""),
    ],
)
def test_what_differs_by_case_number_or_folding_alone_is_near(name: str, others: list[str], near: str) -> None:
    assert nearest(name, others) == near


@pytest.mark.django_db
def test_what_would_be_made_is_told_and_nothing_is_merged(
    sonnenschein: Salon, browser_of: Callable[[User], Browser], manager: User
) -> None:
    with salon_scope(sonnenschein.pk):
        create_category(actor=MANAGER, details=CategoryDetails(name="Stammkunden"), now=NOW)
    batch = checked(sonnenschein, table(*FILE))
    with salon_scope(sonnenschein.pk):
        assert to_be_made(batch) == [
            NewCategory("stammkunde", 3, "Stammkunden"),
            NewCategory("Farbe", 1, ""),
            NewCategory("VIP Kunde", 1, "VIP-Kunden"),
            NewCategory("VIP-Kunden", 1, "VIP Kunde"),
        ]
        assert Category.objects.count() == 1
    html = browser_of(manager).get(f"{HERE}{batch.pk}/").content.decode()
    assert "4 neue Kategorien werden angelegt:" in html
    assert "meint: Stammkunden?" in html
    batch = checked(sonnenschein, table(*FILE), create_categories=False)
    with salon_scope(sonnenschein.pk):
        assert to_be_made(batch) == []
