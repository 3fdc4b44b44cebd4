"""The list of clients with their next appointments: a column that the calendar fills (ui.md §2.3)."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings.states import State
from clients.web.columns import PAGE, Column
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import a_salon_day, make_appointment, make_client
from tests.card.desk import LIST

pytestmark = pytest.mark.django_db


def _days(browser: Browser) -> dict[str, str]:
    page = browser.get(LIST).content.decode()
    cells = re.findall(r'row-link"[^>]*>([^<]*)</a>.*?c-next_appointment">([^<]*)</td>', page, re.DOTALL)
    return dict(cells)


def test_the_next_one_that_may_take_place_is_shown(browser: Browser, sonnenschein: Salon) -> None:
    User.objects.update(columns={PAGE: [Column.NUMBER, Column.NEXT_APPOINTMENT]})
    now = timezone.now()
    with salon_scope(sonnenschein.pk):
        day = a_salon_day()
        ida = make_client("Ida")
        for days, state in ((9, State.BOOKED), (3, State.BOOKED), (1, State.CANCELLED), (-4, State.COMPLETED)):
            visit = (day.cut, day.anna)
            make_appointment(visit, client=day.lena, state=state, starts_at=now + timedelta(days=days))
        expected = f"{sonnenschein.date_at(now + timedelta(days=3)):%d.%m.%Y}"
    found = _days(browser)
    assert found[day.lena.full_name] == expected
    assert found[ida.full_name] == ""


def test_it_is_one_statement_for_all_rows(browser: Browser, sonnenschein: Salon) -> None:
    now = timezone.now()
    counts: list[int] = []
    with salon_scope(sonnenschein.pk):
        day = a_salon_day()
    for column in (Column.VISITS, Column.NEXT_APPOINTMENT):
        User.objects.update(columns={PAGE: [column]})
        with salon_scope(sonnenschein.pk):
            for number in range(9):
                at = now + timedelta(days=number + 1, hours=len(counts))
                client = make_client(f"{column} {number}")
                make_appointment((day.brows, day.anna), client=client, starts_at=at)
        browser.get(LIST)
        with CaptureQueriesContext(connection) as asked:
            browser.get(LIST)
        counts.append(len(asked))
    assert counts[1] == counts[0] + 1
