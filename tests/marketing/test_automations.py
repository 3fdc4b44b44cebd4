"""Automations: whose occasion is on which day, each written to once, at nine, by what she has agreed to."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from clients.classification import CreatedVia, Facts, Reason, Status, status_changes_on
from clients.models import CardState, Client
from marketing import delivery
from marketing.automations import (
    PRESETS,
    NotReady,
    Text,
    all_automations,
    automation_for,
    save_automation,
    text_of,
    turn_off,
    turn_on,
)
from marketing.letters import Frame as LetterFrame
from marketing.letters import Person, check, written
from marketing.models import Automation, MarketingRules, Occasion, Recipient, RecipientState
from marketing.night import write_automations
from marketing.occasions import SEND, clients_of, day_of, is_open, next_opening, would_have_reached
from marketing.rules import NoImprint
from marketing.tasks import send_automation
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed, VersionConflict
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from salon.work.steps import Night
from tests.bookings.salonday import make_client
from tests.conftest import NOW
from tests.identity.racing import race
from tests.marketing.campaigning import BOSS, agreed, may_send
from tests.marketing.mailserver import Inbox, inbox, send_to

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
# The night of this day, at three; NOW is that Saturday at eleven.
TODAY = date(2026, 11, 22)
THREE = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
NINE = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture
def arriving(settings: Settings) -> Iterator[Inbox]:
    with inbox() as (received, port):
        send_to(settings, port)
        yield received


def _night(salon: Salon, now: datetime = THREE) -> dict[str, int]:
    """Let the step of a night run."""
    night = Night(salon, salon.date_at(now), now, lambda *_told, **_counts: None, lambda: None)
    return dict(write_automations(night))


def _turned_on(occasion: Occasion, days: int | None = None, now: datetime = NOW) -> Automation:
    """Turn an automation on, in a salon that may write."""
    may_send()
    if days is not None:
        text = text_of(automation_for(occasion))
        changed = Text(subject=text.subject, body=text.body, days=days)
        save_automation(actor=BOSS, occasion=occasion, text=changed, now=now)
    return turn_on(actor=BOSS, occasion=occasion, now=now)


def _born(first_name: str, day: int, month: int, **given: object) -> Client:
    return agreed(first_name, birth_day=day, birth_month=month, **given)


def _written() -> dict[str, tuple[str, str, date | None]]:
    rows = Recipient.objects.values_list("client__first_name", "state", "reason", "occasion")
    return {name: (state, reason, occasion) for name, state, reason, occasion in rows}


def _names(occasion: Occasion, first: date, last: date | None = None) -> set[str]:
    return set(clients_of(occasion, first, last or first).values_list("first_name", flat=True))


# What a salon begins with.


@pytest.mark.parametrize("occasion", Occasion)
@pytest.mark.parametrize("language", ["de", "en"])
def test_the_texts_that_every_salon_begins_with_can_go_out(
    sonnenschein: Salon, settings: Settings, occasion: Occasion, language: str
) -> None:
    settings.LANGUAGE_CODE = language
    with salon_scope(sonnenschein.pk):
        automation = automation_for(occasion)
    preset = PRESETS[occasion]
    check(automation.subject, automation.body, complete=True)
    assert automation.enabled_at is None
    assert preset.fewest <= automation.days <= preset.most
    assert ("Ihr Team" in automation.body) == (language == "de")
    frame = LetterFrame("Salon Sonnenschein", "", "", None, language)
    nobody = written(automation.subject, automation.body, Person(), frame)
    assert "  " not in nobody.subject + nobody.text.replace("-- \n", "")
    assert " ," not in nobody.text


def test_all_are_off_and_none_is_stored(in_sonnenschein: Salon) -> None:
    assert [(one.occasion, one.days, one.enabled_at) for one in all_automations()] == [
        ("BIRTHDAY", 7, None),
        ("ABOUT_TO_LAPSE", 30, None),
        ("AFTER_FIRST_VISIT", 3, None),
        ("LAPSED", 14, None),
    ]
    assert not Automation.objects.exists()


def test_changing_and_switching_is_on_record(in_sonnenschein: Salon) -> None:
    may_send()
    text = Text(subject=" Alles Gute ", body="{{greeting}},\r\nalles Gute!", days=0)
    saved = save_automation(actor=BOSS, occasion=Occasion.BIRTHDAY, text=text, now=NOW, version=0)
    assert (saved.subject, saved.body, saved.days, saved.version) == ("Alles Gute", "{{greeting}},\nalles Gute!", 0, 1)
    assert save_automation(actor=BOSS, occasion=Occasion.BIRTHDAY, text=text, now=NOW, version=1).version == 1
    assert turn_on(actor=BOSS, occasion=Occasion.BIRTHDAY, now=NOW, version=1).enabled_at == NOW
    assert turn_on(actor=BOSS, occasion=Occasion.BIRTHDAY, now=NINE).enabled_at == NOW
    assert turn_off(actor=BOSS, occasion=Occasion.BIRTHDAY, now=NOW).enabled_at is None
    with pytest.raises(VersionConflict):
        turn_on(actor=BOSS, occasion=Occasion.BIRTHDAY, now=NOW, version=1)
    actions = list(AuditEntry.objects.filter(subject_kind="automation").order_by("id").values_list("action", flat=True))
    assert actions == ["automation.changed", "automation.enabled", "automation.disabled"]


def test_who_may_not_cannot(in_sonnenschein: Salon, front_desk: Actor) -> None:
    for change in (turn_on, turn_off):
        with pytest.raises(NotAllowed):
            change(actor=front_desk, occasion=Occasion.BIRTHDAY, now=NOW)
    text = text_of(automation_for(Occasion.BIRTHDAY))
    with pytest.raises(NotAllowed):
        save_automation(actor=front_desk, occasion=Occasion.BIRTHDAY, text=text, now=NOW)
    manager = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])
    save_automation(actor=manager, occasion=Occasion.BIRTHDAY, text=text, now=NOW)


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"subject": " "}, [("subject", "required")]),
        ({"body": "{{vorname}}"}, [("body", "unknown_placeholder")]),
        ({"days": 61}, [("days", "range")]),
        ({"days": -1}, [("days", "range")]),
        ({"body": "a\x00"}, [("body", "invalid")]),
        ({"body": "x" * 10_001}, [("body", "too_long")]),
    ],
)
def test_a_text_that_cannot_go_out_is_refused(
    in_sonnenschein: Salon, changes: dict[str, object], errors: list[tuple[str, str]]
) -> None:
    text = Text(**{"subject": "Alles Gute", "body": "Hallo", "days": 7, **changes})  # type: ignore[arg-type]
    with pytest.raises(InvalidInput) as refusal:
        save_automation(actor=BOSS, occasion=Occasion.BIRTHDAY, text=text, now=NOW)
    assert [(error.field, error.code) for error in refusal.value.errors] == errors
    assert not Automation.objects.exists()


def test_it_is_not_turned_on_without_imprint_or_with_a_text_that_cannot_go_out(in_sonnenschein: Salon) -> None:
    with pytest.raises(NoImprint):
        turn_on(actor=BOSS, occasion=Occasion.BIRTHDAY, now=NOW)
    may_send()
    save_automation(actor=BOSS, occasion=Occasion.BIRTHDAY, text=Text(subject="x", body="x", days=7), now=NOW)
    Automation.objects.update(body="{{vorname}}")
    with pytest.raises(NotReady):
        turn_on(actor=BOSS, occasion=Occasion.BIRTHDAY, now=NOW)


# Days.


def test_birthdays_and_the_29th_of_february(in_sonnenschein: Salon) -> None:
    for name, day, month in [("Feb28", 28, 2), ("Feb29", 29, 2), ("Mar1", 1, 3), ("Dec31", 31, 12), ("Jan1", 1, 1)]:
        _born(name, day, month)
    agreed("Nobody")
    assert _names(Occasion.BIRTHDAY, date(2027, 2, 28)) == {"Feb28", "Feb29"}
    assert _names(Occasion.BIRTHDAY, date(2028, 2, 28)) == {"Feb28"}
    assert _names(Occasion.BIRTHDAY, date(2028, 2, 29)) == {"Feb29"}
    assert _names(Occasion.BIRTHDAY, date(2027, 3, 1)) == {"Mar1"}
    assert _names(Occasion.BIRTHDAY, date(2026, 12, 31), date(2027, 1, 1)) == {"Dec31", "Jan1"}


def test_the_first_visit_and_365_days(in_sonnenschein: Salon) -> None:
    def visited(name: str, first: date, last: date, listed: date) -> None:
        agreed(name, first_visit_on=first, last_visit_on=last, listed_on=listed)

    visited("Long", date(2020, 1, 1), date(2025, 11, 21), date(2020, 1, 1))
    visited("Imported", date(2020, 1, 1), date(2025, 1, 1), date(2025, 11, 21))
    visited("First", date(2026, 11, 21), date(2026, 11, 21), date(2026, 11, 21))
    agreed("Never", listed_on=date(2025, 11, 21))
    lapses = date(2026, 11, 22)
    assert _names(Occasion.LAPSED, lapses) == {"Long", "Imported"}
    assert _names(Occasion.ABOUT_TO_LAPSE, lapses) == {"Long", "Imported"}
    assert _names(Occasion.LAPSED, lapses - DAY) == set()
    assert _names(Occasion.AFTER_FIRST_VISIT, date(2026, 11, 21)) == {"First"}


@given(st.integers(-800, 0), st.integers(-800, 0), st.sampled_from(list(CreatedVia)), st.integers(0, 365))
def test_a_lapse_is_when_the_card_says_so(listed: int, visited: int, via: CreatedVia, days: int) -> None:
    """What `clients_of` asks of columns is what classify announces, on every day before it."""
    listed_on, visited_on = TODAY + listed * DAY, TODAY + visited * DAY
    lapses_on = max(listed_on, visited_on) + 366 * DAY
    asked_on = max(lapses_on - max(days, 1) * DAY, listed_on, visited_on)
    assert status_changes_on(Facts(listed_on, via, visited_on, visited_on), asked_on) == lapses_on


def test_merged_and_erased_cards_have_no_occasion(in_sonnenschein: Salon) -> None:
    stays = _born("Stays", 1, 3)
    _born("Erased", 1, 3, state=CardState.ERASED)
    _born("Merged", 1, 3, state=CardState.MERGED, merged_into=stays)
    assert _names(Occasion.BIRTHDAY, date(2027, 3, 1)) == {"Stays"}


@pytest.mark.parametrize(
    ("occasion", "on"),
    [
        (Occasion.BIRTHDAY, date(2026, 11, 29)),
        (Occasion.ABOUT_TO_LAPSE, date(2026, 11, 29)),
        (Occasion.AFTER_FIRST_VISIT, date(2026, 11, 15)),
        (Occasion.LAPSED, date(2026, 11, 15)),
    ],
)
def test_days_before_and_after(occasion: Occasion, on: date) -> None:
    assert day_of(occasion, written_on=TODAY, days=7) == on


@pytest.mark.parametrize(
    ("now", "leaves_at"),
    [
        # In winter and in summer, over both changes of the clocks, and not before the next morning once it is nine.
        (datetime(2026, 1, 10, 2, 0, tzinfo=UTC), datetime(2026, 1, 10, 8, 0, tzinfo=UTC)),
        (datetime(2026, 7, 10, 1, 0, tzinfo=UTC), datetime(2026, 7, 10, 7, 0, tzinfo=UTC)),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), datetime(2026, 3, 29, 7, 0, tzinfo=UTC)),
        (datetime(2026, 3, 28, 8, 30, tzinfo=UTC), datetime(2026, 3, 29, 7, 0, tzinfo=UTC)),
        (datetime(2026, 10, 25, 2, 0, tzinfo=UTC), datetime(2026, 10, 25, 8, 0, tzinfo=UTC)),
        (datetime(2026, 10, 24, 22, 30, tzinfo=UTC), datetime(2026, 10, 25, 8, 0, tzinfo=UTC)),
        (datetime(2026, 1, 10, 8, 0, tzinfo=UTC), datetime(2026, 1, 10, 8, 0, tzinfo=UTC)),
        (datetime(2026, 1, 10, 8, 1, tzinfo=UTC), datetime(2026, 1, 11, 8, 0, tzinfo=UTC)),
    ],
)
def test_mails_leave_at_nine(now: datetime, leaves_at: datetime) -> None:
    assert next_opening(now, BERLIN) == leaves_at
    assert is_open(leaves_at, BERLIN)
    assert not is_open(leaves_at - timedelta(seconds=1), BERLIN)
    assert not is_open(leaves_at + timedelta(hours=11), BERLIN)


# Who is written to, and when.


def test_a_birthday_from_the_night_to_the_mail(sonnenschein: Salon, arriving: Inbox) -> None:
    with salon_scope(sonnenschein.pk):
        automation = _turned_on(Occasion.BIRTHDAY)
        _born("Susanne", 29, 11, gender="FEMALE")
        _born("Zuspät", 30, 11)
    assert _night(sonnenschein) == {"written": 1}
    with salon_scope(sonnenschein.pk):
        assert _written() == {"Susanne": ("WAITING", "CONSENT", date(2026, 11, 29))}
        [work] = DueWork.objects.filter(task=SEND)
    assert (work.due_at, work.subject_id, work.salon_id) == (NINE, automation.pk, sonnenschein.pk)
    with time_machine.travel(NINE - timedelta(seconds=1), tick=False):
        send_automation(str(work.pk))
    assert arriving.mails == []
    with time_machine.travel(NINE, tick=False):
        send_automation(str(work.pk))
        send_automation(str(work.pk))
    [mail] = arriving.mails
    assert mail["Subject"] == "Ihr Geburtstag naht, Susanne"
    assert b"Liebe Susanne,\r\n\r\nbald ist Ihr Geburtstag" in arriving.raw[0]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    with salon_scope(sonnenschein.pk):
        assert _written() == {"Susanne": ("SENT", "CONSENT", date(2026, 11, 29))}
    assert not DueWork.objects.filter(task=SEND).exists()


def test_only_who_has_agreed(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        _turned_on(Occasion.BIRTHDAY)
        _born("Agreed", 29, 11)
        _born("Twin", 29, 11, email="AGREED@x.example")
        _born("Blocked", 29, 11, blocked=True)
        make_client("Silent", email="silent@x.example", birth_day=29, birth_month=11)
        make_client("Unreachable", email_consent_for="", birth_day=29, birth_month=11)
    assert _night(sonnenschein) == {"written": 1}
    with salon_scope(sonnenschein.pk):
        assert {name: (state, why) for name, (state, why, _on) in _written().items()} == {
            "Agreed": ("WAITING", "CONSENT"),
            "Twin": ("EXCLUDED", "SAME_ADDRESS"),
            "Blocked": ("EXCLUDED", "BLOCKED"),
            "Silent": ("EXCLUDED", "NO_CONSENT"),
            "Unreachable": ("EXCLUDED", "NO_ADDRESS"),
        }


def test_who_objects_between_night_and_morning_gets_none(sonnenschein: Salon, arriving: Inbox) -> None:
    with salon_scope(sonnenschein.pk):
        _turned_on(Occasion.BIRTHDAY)
        _born("Susanne", 29, 11)
    _night(sonnenschein)
    with salon_scope(sonnenschein.pk):
        Client.objects.update(email_consent_for=None)
        work = DueWork.objects.get(task=SEND)
    with time_machine.travel(NINE, tick=False):
        send_automation(str(work.pk))
    assert arriving.mails == []
    with salon_scope(sonnenschein.pk):
        assert _written()["Susanne"][:2] == ("EXCLUDED", "NO_CONSENT")


@pytest.mark.django_db(transaction=True)
def test_without_an_imprint_everybody_waits(
    sonnenschein: Salon, arriving: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "BATCH", 1)
    with salon_scope(sonnenschein.pk):
        _turned_on(Occasion.BIRTHDAY)
        _born("Susanne", 29, 11)
        _born("Ute", 29, 11)
    _night(sonnenschein)

    def emptied() -> None:
        with salon_scope(sonnenschein.pk):
            MarketingRules.objects.update(imprint=" ")

    def arrived(_many: int) -> None:
        race(emptied)

    arriving.arrived = arrived
    with time_machine.travel(NINE, tick=False):
        send_automation(str(DueWork.objects.get(task=SEND).pk))
    with salon_scope(sonnenschein.pk):
        assert sorted(state for state, _why, _on in _written().values()) == ["SENT", "WAITING"]
    assert not DueWork.objects.filter(task=SEND).exists()


def test_who_was_in_a_workers_hands_when_it_was_turned_off_is_not_written_to_later(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        _turned_on(Occasion.BIRTHDAY)
        _born("Susanne", 29, 11)
    _night(sonnenschein)
    with salon_scope(sonnenschein.pk):
        Recipient.objects.update(state=RecipientState.SENDING)
        turn_off(actor=BOSS, occasion=Occasion.BIRTHDAY, now=NOW)
        assert Recipient.objects.update(state=RecipientState.WAITING) == 1
        turn_on(actor=BOSS, occasion=Occasion.BIRTHDAY, now=NOW)
        assert not Recipient.objects.exists()


def test_turning_it_on_writes_to_nobody_of_before(sonnenschein: Salon) -> None:
    """Turned on at eleven: the mails of that morning, and first visits of days before, are gone for good."""
    with salon_scope(sonnenschein.pk):
        _turned_on(Occasion.AFTER_FIRST_VISIT)
        for name, day in [("Before", date(2026, 11, 20)), ("ThatDay", date(2026, 11, 21))]:
            agreed(name, first_visit_on=day, last_visit_on=day)
    for later in range(10):
        _night(sonnenschein, THREE + later * DAY)
    with salon_scope(sonnenschein.pk):
        assert set(_written()) == {"ThatDay"}


def test_what_was_due_this_morning_before_it_was_turned_on_is_gone(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        _turned_on(Occasion.BIRTHDAY)
        _born("Yesterday", 28, 11)  # due on the 21st at nine; turned on at eleven
        _born("Today", 29, 11)
    assert _night(sonnenschein) == {"written": 1}
    with salon_scope(sonnenschein.pk):
        assert set(_written()) == {"Today"}


def test_turned_on_before_nine_the_mails_of_that_day_are_its_first(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        _turned_on(Occasion.BIRTHDAY, now=datetime(2026, 11, 21, 7, 59, tzinfo=UTC))
        _born("ThatMorning", 28, 11)
    assert _night(sonnenschein) == {"written": 1}


@pytest.mark.parametrize(("late", "written_to"), [(0, 1), (1, 1), (3, 1), (4, 0), (30, 0)])
def test_a_night_that_was_missed_is_made_up_for_three_days_long(
    sonnenschein: Salon, late: int, written_to: int
) -> None:
    with salon_scope(sonnenschein.pk):
        _turned_on(Occasion.BIRTHDAY, now=NOW - 100 * DAY)
        _born("Susanne", 29, 11)
    assert _night(sonnenschein, THREE + late * DAY) == {"written": written_to}
    with salon_scope(sonnenschein.pk):
        assert [due - late * DAY for due in DueWork.objects.filter(task=SEND).values_list("due_at", flat=True)] == [
            NINE
        ] * written_to


def test_each_occasion_once_and_again_next_year(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        _turned_on(Occasion.BIRTHDAY)
        _born("Susanne", 29, 11)
    assert [_night(sonnenschein)["written"] for _ in range(3)] == [1, 0, 0]
    with salon_scope(sonnenschein.pk):
        assert DueWork.objects.filter(task=SEND).count() == 1
        # The birthday was typed wrong by two days, and how many days before is changed: it is still the same birthday.
        Client.objects.update(birth_day=1, birth_month=12)
        text = text_of(automation_for(Occasion.BIRTHDAY))
        changed = Text(subject=text.subject, body=text.body, days=3)
        save_automation(actor=BOSS, occasion=Occasion.BIRTHDAY, text=changed, now=NOW)
    assert sum(_night(sonnenschein, THREE + later * DAY)["written"] for later in range(30)) == 0
    assert _night(sonnenschein, datetime(2027, 11, 28, 2, 0, tzinfo=UTC)) == {"written": 1}


def test_two_nights_at_once_write_once(sonnenschein: Salon, transactional_db: None) -> None:
    with salon_scope(sonnenschein.pk):
        _turned_on(Occasion.BIRTHDAY)
        for number in range(20):
            _born(f"K{number}", 29, 11)
    counts: list[dict[str, int]] = []
    race(*[lambda: counts.append(_night(sonnenschein))] * 4)
    assert sorted(count["written"] for count in counts) == [0, 0, 0, 20]
    with salon_scope(sonnenschein.pk):
        assert Recipient.objects.count() == 20
        assert DueWork.objects.filter(task=SEND).count() == 1


def test_about_to_lapse_and_lapsed(sonnenschein: Salon) -> None:
    """Somebody who comes again in between is about nothing."""
    with salon_scope(sonnenschein.pk):
        _turned_on(Occasion.ABOUT_TO_LAPSE, now=NOW - 100 * DAY)
        turn_on(actor=BOSS, occasion=Occasion.LAPSED, now=NOW - 100 * DAY)
        long_ago = date(2020, 1, 1)

        def visited(name: str, last: date, status: Status, reason: Reason, changes: date | None) -> None:
            agreed(
                name,
                listed_on=long_ago,
                first_visit_on=long_ago,
                last_visit_on=last,
                status=status,
                status_reason=reason,
                status_changes_on=changes,
            )

        soon, over = TODAY + 30 * DAY, TODAY - 14 * DAY
        visited("Soon", soon - 366 * DAY, Status.RETURNING, Reason.RECENT_VISIT, soon)
        visited("Later", soon - 365 * DAY, Status.RETURNING, Reason.RECENT_VISIT, soon + DAY)
        visited("Over", over - 366 * DAY, Status.NEW, Reason.LAPSED, None)
        visited("NotYet", over - 365 * DAY, Status.NEW, Reason.LAPSED, None)
        visited("CameBack", TODAY - DAY, Status.RETURNING, Reason.RECENT_VISIT, TODAY + 365 * DAY)
    assert _night(sonnenschein) == {"written": 2}
    with salon_scope(sonnenschein.pk):
        assert {name: on for name, (_state, _why, on) in _written().items()} == {"Soon": soon, "Over": over}


def test_turned_off_it_writes_to_nobody_who_waits(sonnenschein: Salon, arriving: Inbox) -> None:
    with salon_scope(sonnenschein.pk):
        _turned_on(Occasion.BIRTHDAY)
        _born("Susanne", 29, 11)
    _night(sonnenschein)
    with salon_scope(sonnenschein.pk):
        turn_off(actor=BOSS, occasion=Occasion.BIRTHDAY, now=THREE)
        assert not Recipient.objects.exists()
        work = DueWork.objects.get(task=SEND)
    assert _night(sonnenschein) == {}
    with time_machine.travel(NINE, tick=False):
        send_automation(str(work.pk))
    assert arriving.mails == []
    assert not DueWork.objects.filter(task=SEND).exists()


def test_who_waited_without_an_imprint_gets_hers_once_there_is_one(sonnenschein: Salon, arriving: Inbox) -> None:
    with salon_scope(sonnenschein.pk):
        _turned_on(Occasion.BIRTHDAY)
        _born("Susanne", 29, 11)
    _night(sonnenschein)
    with salon_scope(sonnenschein.pk):
        imprint = MarketingRules.objects.get().imprint
        MarketingRules.objects.update(imprint="")
    with time_machine.travel(NINE, tick=False):
        send_automation(str(DueWork.objects.get(task=SEND).pk))
    assert arriving.mails == []
    assert not DueWork.objects.filter(task=SEND).exists()
    with salon_scope(sonnenschein.pk):
        MarketingRules.objects.update(imprint=imprint)
    assert _night(sonnenschein, THREE + DAY) == {"written": 0}
    work = DueWork.objects.get(task=SEND)
    assert work.due_at == NINE + DAY
    with time_machine.travel(NINE + DAY, tick=False):
        send_automation(str(work.pk))
    assert [mail["To"] for mail in arriving.mails] == ["susanne@x.example"]


def test_in_the_night_a_worker_waits_for_the_morning(sonnenschein: Salon, arriving: Inbox) -> None:
    with salon_scope(sonnenschein.pk):
        _turned_on(Occasion.BIRTHDAY)
        _born("Susanne", 29, 11)
    _night(sonnenschein)
    evening = NINE + timedelta(hours=11)
    with time_machine.travel(evening, tick=False):
        send_automation(str(DueWork.objects.get(task=SEND).pk))
    assert arriving.mails == []
    assert DueWork.objects.get(task=SEND).due_at == NINE + DAY


def test_a_mail_server_away_for_too_long_and_a_worker_that_died(sonnenschein: Salon, arriving: Inbox) -> None:
    with salon_scope(sonnenschein.pk):
        _turned_on(Occasion.BIRTHDAY)
        for name in ("Late", "Died"):
            _born(name, 29, 11)
    _night(sonnenschein)
    with salon_scope(sonnenschein.pk):
        Recipient.objects.filter(client__first_name="Died").update(state=RecipientState.SENDING)
    with time_machine.travel(NINE + 3 * DAY, tick=False):
        send_automation(str(DueWork.objects.get(task=SEND).pk))
    assert arriving.mails == []
    with salon_scope(sonnenschein.pk):
        assert {name: (state, why) for name, (state, why, _on) in _written().items()} == {
            "Late": ("FAILED", "REFUSED"),
            "Died": ("FAILED", "INTERRUPTED"),
        }


def test_what_it_would_have_sent_in_the_last_30_days(in_sonnenschein: Salon) -> None:
    """The days behind us, not today: birthdays from 6 to 35 days ahead of the mails' days."""
    for name, day, month in [("First", 29, 10), ("Last", 27, 11), ("Today", 28, 11), ("Before", 28, 10)]:
        _born(name, day, month)
    make_client("Silent", email="silent@x.example", birth_day=10, birth_month=11)
    assert would_have_reached(automation_for(Occasion.BIRTHDAY), today=date(2026, 11, 21), now=NOW) == 2


def test_other_salons_have_their_own(sonnenschein: Salon, dom: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        _turned_on(Occasion.BIRTHDAY)
    with salon_scope(dom.pk):
        _born("Fremd", 29, 11)
    assert _night(sonnenschein) == {"written": 0}
    assert _night(dom) == {}
