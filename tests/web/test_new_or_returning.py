"""Why a client is new or returning, on the card; and the settings page about it (ui.md §2.4, §2.9)."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from clients.classification import CreatedVia
from clients.details import ClientDetails
from clients.editing import create_client
from clients.models import Client
from clients.rules import identity_policy
from clients.web.verdict import ShownVerdict, explain
from salon.audit.models import AuditEntry
from salon.identity.models import User
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon

PAGE = "/s/sonnenschein/settings/new-or-returning/"
TODAY = date(2026, 11, 21)
ONLINE, STAFF, IMPORT = CreatedVia.ONLINE_BOOKING, CreatedVia.STAFF, CreatedVia.IMPORT


def _explained(
    created_via: CreatedVia, listed_on: date, first: date | None = None, last: date | None = None
) -> ShownVerdict:
    client = Client(salon_id=UUID(int=0), created_via=created_via, listed_on=listed_on)
    # As a row read from the database has them.
    client.first_success_on, client.last_success_on = first or last, last
    with translation.override("de"):
        shown = explain(client, TODAY)
        assert shown.text == f"{shown.label}: {shown.because} {shown.outlook}".strip()
        assert (shown.tone, shown.icon) in {("new", "sparkles"), ("returning", "user-check")}
        return shown


@pytest.mark.parametrize(
    ("created_via", "listed_on", "because"),
    [
        (
            IMPORT,
            date(2026, 11, 1),
            "seit 1. November 2026 in der Kundenliste",
        ),
        (
            IMPORT,
            date(2023, 1, 14),
            "seit 14. Januar 2023 in der Kundenliste, also seit mehr als 365 Tagen",
        ),
        (
            ONLINE,
            date(2026, 11, 1),
            "durch eine Online-Buchung seit 1. November 2026 in der Kundenliste",
        ),
    ],
)
@pytest.mark.parametrize(("had_services", "visits"), [(True, 0), (False, 3)])
def test_who_was_here_on_days_that_nobody_knows_is_no_first_visit(
    created_via: CreatedVia, listed_on: date, because: str, had_services: bool, visits: int
) -> None:
    client = Client(salon_id=UUID(int=0), created_via=created_via, listed_on=listed_on, carried_visits=visits)
    client.first_success_on = client.last_success_on = None
    with translation.override("de"):
        shown = explain(client, TODAY, had_services=had_services)
    assert (shown.because, shown.first_visit) == (
        f"{because}, mit früheren Besuchen, deren Tage nicht bekannt sind.",
        False,
    )


@pytest.mark.parametrize(
    ("created_via", "listed_on", "last", "text", "flips_on"),
    [
        (
            STAFF,
            date(2023, 1, 14),
            date(2026, 5, 3),
            "Wiederkehrend: letzter Besuch am 3. Mai 2026. Gilt ab 4. Mai 2027 wieder als neu.",
            date(2027, 5, 4),
        ),
        (
            STAFF,
            date(2023, 1, 14),
            date(2025, 11, 20),
            (
                "Neu: letzter Besuch am 20. November 2025, vor mehr als 365 Tagen. "
                "Gilt nach dem nächsten Besuch als wiederkehrend."
            ),
            None,
        ),
        (
            STAFF,
            date(2023, 1, 14),
            None,
            (
                "Neu: seit 14. Januar 2023 in der Kundenliste, also seit mehr als 365 Tagen, ohne einen Besuch. "
                "Gilt nach dem nächsten Besuch als wiederkehrend."
            ),
            None,
        ),
        (
            ONLINE,
            date(2026, 11, 1),
            None,
            (
                "Neu: durch eine Online-Buchung seit 1. November 2026 in der Kundenliste, bisher ohne Besuch. "
                "Gilt nach dem nächsten Besuch als wiederkehrend."
            ),
            None,
        ),
        (
            STAFF,
            date(2026, 11, 1),
            None,
            (
                "Wiederkehrend: seit 1. November 2026 in der Kundenliste, vom Salon eingetragen, bisher ohne Besuch. "
                "Gilt ab 2. November 2027 als neu, wenn bis dahin kein Besuch stattfindet."
            ),
            date(2027, 11, 2),
        ),
        (
            IMPORT,
            date(2026, 11, 1),
            None,
            (
                "Wiederkehrend: seit 1. November 2026 in der Kundenliste, aus einem anderen System übernommen, bisher "
                "ohne Besuch. Gilt ab 2. November 2027 als neu, wenn bis dahin kein Besuch stattfindet."
            ),
            date(2027, 11, 2),
        ),
        (
            IMPORT,
            date(2026, 11, 1),
            date(2024, 2, 1),
            (
                "Wiederkehrend: erst seit 1. November 2026 in der Kundenliste; der letzte Besuch am 1. Februar 2024 "
                "liegt mehr als 365 Tage zurück. Gilt ab 2. November 2027 wieder als neu."
            ),
            date(2027, 11, 2),
        ),
        # The visit is forgotten in March, the listing keeps her returning until November: only that is told.
        (
            IMPORT,
            date(2026, 11, 1),
            date(2026, 3, 1),
            "Wiederkehrend: letzter Besuch am 1. März 2026. Gilt ab 2. November 2027 wieder als neu.",
            date(2027, 11, 2),
        ),
        (
            STAFF,
            date(2026, 12, 1),
            None,
            "Neu: erst ab 1. Dezember 2026 in der Kundenliste. Gilt nach dem nächsten Besuch als wiederkehrend.",
            None,
        ),
    ],
)
def test_every_verdict_is_told_in_words(
    created_via: CreatedVia, listed_on: date, last: date | None, text: str, flips_on: date | None
) -> None:
    shown = _explained(created_via, listed_on, last, last)
    assert (shown.text, shown.status_changes_on, shown.first_visit) == (text, flips_on, last is None)


@pytest.fixture
def owner_browser(browser_of: Callable[[User], Browser], owner: User) -> Browser:
    return browser_of(owner)


def _list(salon: Salon, *, days_ago: int, created_via: CreatedVia = ONLINE, **details: str) -> Client:
    with salon_scope(salon.pk):
        return create_client(
            actor=system_actor("test"),
            salon=salon,
            details=ClientDetails(**{"first_name": "Sarah", "mobile": "0171 5550318", **details}),
            created_via=created_via,
            # Days of the salon: two in a year have not 24 hours.
            now=timezone.now().astimezone(ZoneInfo(salon.timezone)) - timedelta(days_ago),
        ).client


def _policy(salon: Salon) -> str:
    with salon_scope(salon.pk):
        return identity_policy()


class TestSettings:
    """Whose card a booking is, decided after seeing whom it would touch."""

    def test_the_rule_in_force_is_chosen(self, owner_browser: Browser) -> None:
        answer = owner_browser.get(PAGE)
        assert answer.status_code == 200
        assert [(one.value, one.chosen, one.current) for one in answer.context["choices"]] == [
            ("STRICT", True, True),
            ("LENIENT", False, False),
        ]
        assert answer.context["preview"] is None
        html = answer.content.decode()
        assert "genau 365 Tage zählen noch" in html
        # Without JavaScript the other rule is a link.
        assert f'href="{PAGE}?policy=LENIENT"' in html

    def test_saving(self, owner_browser: Browser, sonnenschein: Salon) -> None:
        answer = owner_browser.post(PAGE, {"policy": "LENIENT"}, follow=True)
        assert answer.redirect_chain == [(PAGE, 302)]
        assert "Das gilt ab jetzt für jede Online-Buchung." in answer.content.decode()
        assert _policy(sonnenschein) == "LENIENT"
        with salon_scope(sonnenschein.pk):
            entry = AuditEntry.objects.get(action="client_rules.changed")
        assert entry.actor_name == "Anna Krüger"

    @pytest.mark.parametrize("sent", [{"policy": "SOMETIMES"}, {"policy": ""}, {}, {"policy": "lenient"}])
    def test_what_nobody_offered_is_refused(
        self, owner_browser: Browser, sonnenschein: Salon, sent: dict[str, str]
    ) -> None:
        answer = owner_browser.post(PAGE, sent)
        assert answer.status_code == 422
        assert answer.context["form"].errors == {"policy": ["Wählen Sie einen der angebotenen Werte."]}
        assert "Wählen Sie einen der angebotenen Werte." in answer.content.decode()
        assert _policy(sonnenschein) == "STRICT"

    def test_staff_do_not_enter(
        self, browser_of: Callable[[User], Browser], stylist: User, sonnenschein: Salon
    ) -> None:
        browser = browser_of(stylist)
        assert browser.get(PAGE).status_code == 403
        assert browser.post(PAGE, {"policy": "LENIENT"}).status_code == 403
        assert _policy(sonnenschein) == "STRICT"

    def test_it_stands_among_the_settings(self, owner_browser: Browser) -> None:
        assert PAGE in owner_browser.get("/s/sonnenschein/settings/").content.decode()


class TestPreview:
    """Whom the other rule would touch, before it is saved."""

    def test_nothing_is_saved_by_looking(self, owner_browser: Browser, sonnenschein: Salon) -> None:
        answer = owner_browser.get(PAGE, {"policy": "LENIENT"})
        assert [one.chosen for one in answer.context["choices"]] == [False, True]
        assert "Wen ein Wechsel zu „Großzügig“ beträfe" in answer.content.decode()
        assert _policy(sonnenschein) == "STRICT"

    def test_who_would_have_been_recognised_as_whom(self, owner_browser: Browser, sonnenschein: Salon) -> None:
        listed = _list(sonnenschein, days_ago=500, last_name="Smith", email="sarahsmith@gmail.com", created_via=STAFF)
        booked = _list(sonnenschein, days_ago=10, last_name="Smith-Jones", email="sarah@work.example")
        answer = owner_browser.get(PAGE, {"policy": "LENIENT"})
        (row,) = answer.context["preview"].rows
        assert (row.booked.name, row.before, row.after.name, row.after.number) == (
            "Sarah Smith-Jones",
            None,
            "Sarah Smith",
            1,
        )
        html = answer.content.decode()
        assert f"/s/sonnenschein/clients/{booked.pk}/" in html
        assert f"/s/sonnenschein/clients/{listed.pk}/" in html
        assert "1 von 1 Online-Buchung, durch die" in html
        assert "eine neue Karte" in html

    def test_the_other_way_round(self, owner_browser: Browser, sonnenschein: Salon) -> None:
        owner_browser.post(PAGE, {"policy": "LENIENT"})
        _list(sonnenschein, days_ago=500, email="sarahsmith@gmail.com", created_via=STAFF)
        _list(sonnenschein, days_ago=10, email="sarah@work.example")
        preview = owner_browser.get(PAGE, {"policy": "STRICT"}).context["preview"]
        assert (preview.before, preview.after) == ("Großzügig", "Streng")
        assert (preview.rows[0].before.number, preview.rows[0].after) == (1, None)

    def test_nobody(self, owner_browser: Browser, sonnenschein: Salon) -> None:
        empty = owner_browser.get(PAGE, {"policy": "LENIENT"}).content.decode()
        assert "es gibt noch nichts zu vergleichen" in empty
        _list(sonnenschein, days_ago=3)
        assert "Niemanden: 1 Karte" in owner_browser.get(PAGE, {"policy": "LENIENT"}).content.decode()

    def test_live_only_the_preview_is_sent(self, owner_browser: Browser) -> None:
        headers = {"HX-Request": "true", "HX-Target": "policy-preview"}
        answer = owner_browser.get(PAGE, {"policy": "LENIENT"}, headers=headers)
        html = answer.content.decode().strip()
        assert html.startswith("<section")
        assert 'id="policy-preview"' in html
        assert answer["Vary"].startswith("HX-Request, HX-Target")
        back = owner_browser.get(PAGE, {"policy": "STRICT"}, headers=headers)
        assert back.context["preview"] is None

    @pytest.mark.parametrize("asked", ["SOMETIMES", "", "\x00"])
    def test_an_unknown_rule_previews_nothing(self, owner_browser: Browser, asked: str) -> None:
        answer = owner_browser.get(PAGE, {"policy": asked})
        assert (answer.status_code, answer.context["preview"]) == (200, None)

    def test_queries_are_as_many_for_many_rows(self, owner_browser: Browser, sonnenschein: Salon) -> None:
        _list(sonnenschein, days_ago=500, email="sarahsmith@gmail.com")
        # The first page of a session writes something down.
        owner_browser.get(PAGE)
        counts = []
        for number in range(20):
            _list(sonnenschein, days_ago=10, email=f"{number}@mail.example")
            if number in {1, 19}:
                with CaptureQueriesContext(connection) as seen:
                    rows = owner_browser.get(PAGE, {"policy": "LENIENT"}).context["preview"].rows
                assert len(rows) == number + 1
                counts.append(len(seen))
        assert counts[0] == counts[1] <= 15
