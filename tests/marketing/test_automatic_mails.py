"""Automations from the night to the mail: each person once, at nine, by what she has agreed to."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from bookings.states import State
from clients.classification import Reason, Status
from clients.models import Client
from clients.standing import recompute
from marketing import delivery
from marketing.as_sent import letter_as_sent
from marketing.automations import (
    PRESETS,
    Text,
    automation_for,
    save_automation,
    text_of,
    turn_off,
    turn_on,
)
from marketing.disclosing import marketing_of_client
from marketing.erasing import erase_marketing
from marketing.models import MarketingRules, Occasion, Recipient, RecipientState
from marketing.occasions import SEND, day_of, due_tomorrow
from marketing.tasks import send_automation
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from tests.bookings.salonday import a_salon_day, make_appointment, make_client
from tests.conftest import NOW
from tests.identity.racing import race
from tests.marketing.automating import DAY, NINE, THREE, TODAY, born, night_of, turned_on, written_to
from tests.marketing.campaigning import BOSS, agreed
from tests.marketing.mailserver import Inbox


def test_a_birthday_from_the_night_to_the_mail(sonnenschein: Salon, arriving: Inbox) -> None:
    with salon_scope(sonnenschein.pk):
        automation = turned_on(Occasion.BIRTHDAY)
        born("Susanne", 29, 11, gender="FEMALE")
        born("Zuspät", 30, 11)
    assert night_of(sonnenschein) == {"written": 1}
    with salon_scope(sonnenschein.pk):
        assert written_to() == {"Susanne": ("WAITING", "CONSENT", date(2026, 11, 29))}
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
        assert written_to() == {"Susanne": ("SENT", "CONSENT", date(2026, 11, 29))}
    assert not DueWork.objects.filter(task=SEND).exists()


def test_a_mail_is_read_as_it_went_out_whatever_became_of_its_text(sonnenschein: Salon, arriving: Inbox) -> None:
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY)
        susanne = born("Susanne", 29, 11, gender="FEMALE")
    night_of(sonnenschein)
    with time_machine.travel(NINE, tick=False):
        send_automation(str(DueWork.objects.get(task=SEND).pk))
    [mail] = arriving.mails
    with salon_scope(sonnenschein.pk):
        other = Text(subject="Anders", body="Ganz anders.", days=7)
        save_automation(actor=BOSS, occasion=Occasion.BIRTHDAY, text=other, now=NINE)
        Client.objects.update(first_name="Sanne")
        MarketingRules.objects.update(imprint="Anderswo 1")
        way_out = str(mail["List-Unsubscribe"])[1:-1]
        again = letter_as_sent(Recipient.objects.get(), unsubscribe_url=way_out)
        plain = mail.get_body(("plain",))
        assert again
        assert plain
        assert (again.subject, again.text) == (mail["Subject"], plain.get_content().replace("\r\n", "\n"))
        [told] = marketing_of_client([susanne.pk])["mailings"]
        assert told["subject"] == "Ihr Geburtstag naht, Susanne"
        assert "Liebe Susanne,\n\nbald ist Ihr Geburtstag" in str(told["text"])
        erase_marketing(client_ids=[susanne.pk])
        assert letter_as_sent(Recipient.objects.get(), unsubscribe_url=None) is None


def test_only_who_has_agreed(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY)
        born("Agreed", 29, 11)
        born("Twin", 29, 11, email="AGREED@x.example")
        born("Blocked", 29, 11, blocked=True)
        make_client("Silent", email="silent@x.example", birth_day=29, birth_month=11)
        make_client("Unreachable", email_consent_for="", birth_day=29, birth_month=11)
    assert night_of(sonnenschein) == {"written": 1}
    with salon_scope(sonnenschein.pk):
        assert {name: (state, why) for name, (state, why, _on) in written_to().items()} == {
            "Agreed": ("WAITING", "CONSENT"),
            "Twin": ("EXCLUDED", "SAME_ADDRESS"),
            "Blocked": ("EXCLUDED", "BLOCKED"),
            "Silent": ("EXCLUDED", "NO_CONSENT"),
            "Unreachable": ("EXCLUDED", "NO_ADDRESS"),
        }


def test_who_objects_between_night_and_morning_gets_none(sonnenschein: Salon, arriving: Inbox) -> None:
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY)
        born("Susanne", 29, 11)
    night_of(sonnenschein)
    with salon_scope(sonnenschein.pk):
        Client.objects.update(email_consent_for=None)
        work = DueWork.objects.get(task=SEND)
    with time_machine.travel(NINE, tick=False):
        send_automation(str(work.pk))
    assert arriving.mails == []
    with salon_scope(sonnenschein.pk):
        assert written_to()["Susanne"][:2] == ("EXCLUDED", "NO_CONSENT")


@pytest.mark.django_db(transaction=True)
def test_without_an_imprint_everybody_waits(
    sonnenschein: Salon, arriving: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "BATCH", 1)
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY)
        born("Susanne", 29, 11)
        born("Ute", 29, 11)
    night_of(sonnenschein)

    def emptied() -> None:
        with salon_scope(sonnenschein.pk):
            MarketingRules.objects.update(imprint=" ")

    def arrived(_many: int) -> None:
        race(emptied)

    arriving.arrived = arrived
    with time_machine.travel(NINE, tick=False):
        send_automation(str(DueWork.objects.get(task=SEND).pk))
    with salon_scope(sonnenschein.pk):
        assert sorted(state for state, _why, _on in written_to().values()) == ["SENT", "WAITING"]
    assert not DueWork.objects.filter(task=SEND).exists()


def test_who_was_in_a_workers_hands_when_it_was_turned_off_is_not_written_to_later(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY)
        born("Susanne", 29, 11)
    night_of(sonnenschein)
    with salon_scope(sonnenschein.pk):
        Recipient.objects.update(state=RecipientState.SENDING)
        turn_off(actor=BOSS, occasion=Occasion.BIRTHDAY, now=NOW)
        assert Recipient.objects.update(state=RecipientState.WAITING) == 1
        turn_on(actor=BOSS, occasion=Occasion.BIRTHDAY, now=NOW)
        assert not Recipient.objects.exists()


def test_turning_it_on_writes_to_nobody_of_before(sonnenschein: Salon) -> None:
    """Turned on at eleven: the mails of that morning, and first visits of days before, are gone for good."""
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.AFTER_FIRST_VISIT)
        for name, day in [("Before", date(2026, 11, 20)), ("ThatDay", date(2026, 11, 21))]:
            agreed(name, first_visit_on=day, last_visit_on=day)
    for later in range(10):
        night_of(sonnenschein, THREE + later * DAY)
    with salon_scope(sonnenschein.pk):
        assert set(written_to()) == {"ThatDay"}


def test_what_was_due_this_morning_before_it_was_turned_on_is_gone(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY)
        born("Yesterday", 28, 11)  # due on the 21st at nine; turned on at eleven
        born("Today", 29, 11)
    assert night_of(sonnenschein) == {"written": 1}
    with salon_scope(sonnenschein.pk):
        assert set(written_to()) == {"Today"}


def test_turned_on_before_nine_the_mails_of_that_day_are_its_first(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY, now=datetime(2026, 11, 21, 7, 59, tzinfo=UTC))
        born("ThatMorning", 28, 11)
    assert night_of(sonnenschein) == {"written": 1}


@pytest.mark.parametrize(("late", "written_to"), [(0, 1), (1, 1), (3, 1), (4, 0), (30, 0)])
def test_a_night_that_was_missed_is_made_up_for_three_days_long(
    sonnenschein: Salon, late: int, written_to: int
) -> None:
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY, now=NOW - 100 * DAY)
        born("Susanne", 29, 11)
    assert night_of(sonnenschein, THREE + late * DAY) == {"written": written_to}
    with salon_scope(sonnenschein.pk):
        assert [due - late * DAY for due in DueWork.objects.filter(task=SEND).values_list("due_at", flat=True)] == [
            NINE
        ] * written_to


def test_each_occasion_once_and_again_next_year(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY)
        born("Susanne", 29, 11)
    assert [night_of(sonnenschein)["written"] for _ in range(3)] == [1, 0, 0]
    with salon_scope(sonnenschein.pk):
        assert DueWork.objects.filter(task=SEND).count() == 1
        # The birthday was typed wrong by two days, and how many days before is changed: it is still the same birthday.
        Client.objects.update(birth_day=1, birth_month=12)
        text = text_of(automation_for(Occasion.BIRTHDAY))
        changed = Text(subject=text.subject, body=text.body, days=3)
        save_automation(actor=BOSS, occasion=Occasion.BIRTHDAY, text=changed, now=NOW)
    assert sum(night_of(sonnenschein, THREE + later * DAY)["written"] for later in range(30)) == 0
    assert night_of(sonnenschein, datetime(2027, 11, 28, 2, 0, tzinfo=UTC)) == {"written": 1}


def test_two_nights_at_once_write_once(sonnenschein: Salon, transactional_db: None) -> None:
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY)
        for number in range(20):
            born(f"K{number}", 29, 11)
    counts: list[dict[str, int]] = []
    race(*[lambda: counts.append(night_of(sonnenschein))] * 4)
    assert sorted(count["written"] for count in counts) == [0, 0, 0, 20]
    with salon_scope(sonnenschein.pk):
        assert Recipient.objects.count() == 20
        assert DueWork.objects.filter(task=SEND).count() == 1


def test_about_to_lapse_and_lapsed(sonnenschein: Salon) -> None:
    """Whoever comes again in between, or has an appointment, is not missed."""
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.ABOUT_TO_LAPSE, now=NOW - 100 * DAY)
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
        visited("ComesSoon", soon - 366 * DAY, Status.RETURNING, Reason.RECENT_VISIT, soon)
        visited("ComesAgain", over - 366 * DAY, Status.NEW, Reason.LAPSED, None)
        visited("Cancelled", over - 366 * DAY, Status.NEW, Reason.LAPSED, None)
        day = a_salon_day()
        states = {"ComesSoon": State.BOOKED, "ComesAgain": State.BOOKED, "Cancelled": State.CANCELLED}
        for number, (name, state) in enumerate(states.items(), start=1):
            client = Client.objects.get(first_name=name)
            make_appointment((day.cut, day.anna), client=client, starts_at=THREE + number * DAY, state=state)
    assert night_of(sonnenschein) == {"written": 3}
    with salon_scope(sonnenschein.pk):
        told = {name: on for name, (_state, _why, on) in written_to().items()}
        assert told == {"Soon": soon, "Over": over, "Cancelled": over}


def test_turned_off_it_writes_to_nobody_who_waits(sonnenschein: Salon, arriving: Inbox) -> None:
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY)
        born("Susanne", 29, 11)
    night_of(sonnenschein)
    with salon_scope(sonnenschein.pk):
        turn_off(actor=BOSS, occasion=Occasion.BIRTHDAY, now=THREE)
        assert not Recipient.objects.exists()
        work = DueWork.objects.get(task=SEND)
    assert night_of(sonnenschein) == {}
    with time_machine.travel(NINE, tick=False):
        send_automation(str(work.pk))
    assert arriving.mails == []
    assert not DueWork.objects.filter(task=SEND).exists()


def test_who_waited_without_an_imprint_gets_hers_once_there_is_one(sonnenschein: Salon, arriving: Inbox) -> None:
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY)
        born("Susanne", 29, 11)
    night_of(sonnenschein)
    with salon_scope(sonnenschein.pk):
        imprint = MarketingRules.objects.get().imprint
        MarketingRules.objects.update(imprint="")
    with time_machine.travel(NINE, tick=False):
        send_automation(str(DueWork.objects.get(task=SEND).pk))
    assert arriving.mails == []
    assert not DueWork.objects.filter(task=SEND).exists()
    with salon_scope(sonnenschein.pk):
        MarketingRules.objects.update(imprint=imprint)
    assert night_of(sonnenschein, THREE + DAY) == {"written": 0}
    work = DueWork.objects.get(task=SEND)
    assert work.due_at == NINE + DAY
    with time_machine.travel(NINE + DAY, tick=False):
        send_automation(str(work.pk))
    assert [mail["To"] for mail in arriving.mails] == ["susanne@x.example"]


def test_in_the_night_a_worker_waits_for_the_morning(sonnenschein: Salon, arriving: Inbox) -> None:
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY)
        born("Susanne", 29, 11)
    night_of(sonnenschein)
    evening = NINE + timedelta(hours=11)
    with time_machine.travel(evening, tick=False):
        send_automation(str(DueWork.objects.get(task=SEND).pk))
    assert arriving.mails == []
    assert DueWork.objects.get(task=SEND).due_at == NINE + DAY


def test_a_mail_server_away_for_too_long_and_a_worker_that_died(sonnenschein: Salon, arriving: Inbox) -> None:
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY)
        for name in ("Late", "Died"):
            born(name, 29, 11)
    night_of(sonnenschein)
    with salon_scope(sonnenschein.pk):
        Recipient.objects.filter(client__first_name="Died").update(state=RecipientState.SENDING)
    with time_machine.travel(NINE + 3 * DAY, tick=False):
        send_automation(str(DueWork.objects.get(task=SEND).pk))
    assert arriving.mails == []
    with salon_scope(sonnenschein.pk):
        assert {name: (state, why) for name, (state, why, _on) in written_to().items()} == {
            "Late": ("FAILED", "REFUSED"),
            "Died": ("FAILED", "INTERRUPTED"),
        }


def test_other_salons_have_their_own(sonnenschein: Salon, dom: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY)
    with salon_scope(dom.pk):
        born("Fremd", 29, 11)
    assert night_of(sonnenschein) == {"written": 0}
    assert night_of(dom) == {}


@pytest.mark.parametrize("occasion", Occasion)
@pytest.mark.parametrize("soonest", [False, True])
def test_what_the_page_says_of_tomorrow_is_what_the_night_writes(
    sonnenschein: Salon, occasion: Occasion, soonest: bool
) -> None:
    with salon_scope(sonnenschein.pk):
        automation = turned_on(occasion, PRESETS[occasion].fewest if soonest else None, now=NOW - 400 * DAY)
        first = day_of(occasion, written_on=TODAY, days=automation.days)
        for place, on in enumerate((first - DAY, first, first, first - 2 * DAY)):
            born(f"Born{place}", on.day, on.month)
            visit = min(on, NOW.date())
            agreed(f"First{place}", first_visit_on=visit, last_visit_on=visit, listed_on=visit)
            last = on - 366 * DAY
            agreed(f"Last{place}", first_visit_on=last, last_visit_on=last, listed_on=last)
        make_client("Nein", birth_day=first.day, birth_month=first.month, email="nein@x.example")
        _night_on(NOW.date())
        told = due_tomorrow(automation, salon=sonnenschein, now=NOW)
        assert written_to() == {}
        _night_on(TODAY)
    night_of(sonnenschein)
    with salon_scope(sonnenschein.pk):
        # Those of earlier nights, which were missed, among them.
        waiting = Recipient.objects.filter(state=RecipientState.WAITING)
        assert waiting.filter(occasion=first).count() == 2
        assert told == waiting.count()


def _night_on(today: date) -> None:
    """Let every card say what it is on a day."""
    recompute(today=today, after=None, limit=1000)
