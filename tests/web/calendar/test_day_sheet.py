"""The day sheet: all that somebody needs to work from paper, and nothing that paper should not carry (ui.md §2.1)."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from bookings.states import State
from clients.models import HealthRecord, Note
from salon.catalogue.models import AbsenceKind
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import DAY, SalonDay, at, make_absence, make_appointment, make_client
from tests.conftest import NOW
from tests.web.calendar.conftest import PAGE


def _sheets(browser: Browser) -> dict[str, str]:
    """Return what each staff member's sheet says."""
    page = browser.get(f"{PAGE}sheet/?day={DAY}").content.decode()
    found = {}
    for section in re.findall(r'<section class="sheet".*?</section>', page, re.DOTALL):
        words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", section)).strip()
        found[words.split()[0]] = words
    return found


def test_each_has_her_own_with_whom_to_reach_and_who_does_what(
    browser: Browser, desk: SalonDay, sonnenschein: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        mia = make_client("Mia", "Fuchs", mobile="+4915112345678")
        make_appointment((desk.colour, desk.anna), (desk.brows, desk.bora), client=mia, note="bringt Foto mit")
        make_appointment((desk.cut, desk.bora), starts_at=at(14))
        make_appointment((desk.cut, desk.bora), starts_at=at(16), client=desk.lena, state=State.CANCELLED)
        make_absence(desk.bora, at(12), at(13), AbsenceKind.BLOCKED, "Inventur")
    sheets = _sheets(browser)
    assert list(sheets) == ["Anna", "Bora"]
    anna, bora = sheets.values()
    assert "10:00–11:30 Uhr Mia Fuchs Wiederkehrend 01511 2345678" in anna
    assert "Ansatzfarbe 10:00–11:30 Uhr Einwirkzeit 10:30–11:05 Uhr" in anna
    assert "Brauen zupfen 11:30–11:45 Uhr · Bora bringt Foto mit" in anna
    # Of the same visit she has another part.
    assert "11:30–11:45 Uhr Mia Fuchs" in bora
    assert "Ansatzfarbe 10:00–11:30 Uhr · Anna" in bora
    assert bora.index("Mia Fuchs") < bora.index("12:00–13:00 Uhr Inventur") < bora.index("14:00–15:00 Uhr Laufkunde")
    assert "Lena Vogel" not in bora


def test_nothing_private_stands_on_paper(browser: Browser, desk: SalonDay, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        make_appointment((desk.cut, desk.anna), client=desk.lena)
        for pinned in (True, False):
            Note.objects.create(client=desk.lena, text="zahlt schlecht", pinned=pinned, written_at=NOW)
        HealthRecord.objects.create(client=desk.lena, text="Latexallergie", written_at=NOW)
        make_absence(desk.bora, at(9), at(18), AbsenceKind.SICK, "Grippe")
    page = browser.get(f"{PAGE}sheet/?day={DAY}").content.decode()
    assert "09:00–18:00 Uhr Abwesend" in _sheets(browser)["Bora"]
    for private in ("zahlt schlecht", "Latexallergie", "Grippe", "Krank"):
        assert private not in page


@pytest.mark.parametrize("many", [1, 8])
def test_the_number_of_statements_does_not_grow(
    browser: Browser, desk: SalonDay, sonnenschein: Salon, many: int
) -> None:
    with salon_scope(sonnenschein.pk):
        for number in range(many):
            start = at(9) + timedelta(hours=number)
            make_appointment((desk.cut, desk.anna), starts_at=start, client=make_client(f"Mia{number}"))
    browser.get(f"{PAGE}sheet/?day={DAY}")
    with CaptureQueriesContext(connection) as asked:
        browser.get(f"{PAGE}sheet/?day={DAY}")
    assert len(asked) == 15
