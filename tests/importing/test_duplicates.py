"""Whom an import has put on file twice is proposed at once, not only by the night (domain.md §2, §10)."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from clients.models import DuplicateProposal
from clients.tasks import look_for_duplicates
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from tests.importing.files import applied, checked, on_file, table

pytestmark = pytest.mark.django_db
FILE = table(("Vorname", "Nachname", "Handy", "Ort"), ("Mia", "Lang", "0171 5550318", "Ulm"))
TASK = "clients.tasks.look_for_duplicates"


def _looking() -> list[DueWork]:
    return list(DueWork.objects.filter(task=TASK))


def test_duplicates_are_looked_for_after_an_import(
    sonnenschein: Salon, browser_of: Callable[[User], Browser], manager: User
) -> None:
    on_file(sonnenschein, first_name="Petra", last_name="Lang", mobile="0171 5550318")
    batch = applied(sonnenschein, FILE)
    page = f"/s/sonnenschein/clients/import/{batch.pk}/"
    [work] = _looking()
    assert work.subject_id == batch.pk
    html = browser_of(manager).get(page).content.decode()
    assert "Mögliche Dubletten werden gerade gesucht" in html
    look_for_duplicates(str(work.pk))
    assert _looking() == []
    with salon_scope(sonnenschein.pk):
        proposal = DuplicateProposal.objects.get()
        assert (proposal.older.first_name, proposal.newer.first_name) == ("Petra", "Mia")
    html = browser_of(manager).get(page).content.decode()
    assert "1 mögliche Dublette" in html
    assert 'href="/s/sonnenschein/clients/duplicates/"' in html
    assert "werden gerade gesucht" not in html


def test_nothing_is_looked_for_where_nothing_was_written(sonnenschein: Salon) -> None:
    checked(sonnenschein, FILE)
    assert _looking() == []
    applied(sonnenschein, FILE)
    DueWork.objects.filter(task=TASK).delete()
    applied(sonnenschein, FILE)
    assert _looking() == []
