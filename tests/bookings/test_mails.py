"""What clients are told of their appointments: confirmed, moved, cancelled, reminded; once, and never of notes."""

from datetime import datetime, timedelta
from typing import Any

import icalendar
import pytest

from bookings import mails
from bookings.bounds import Bounds
from bookings.models import Appointment, BookingRules
from bookings.scheduling import ItemWish, book, cancel, move, set_state, undo
from bookings.states import Source, State
from bookings.tasks import send_reminder
from clients.models import Client
from salon.identity.roles import Actor
from salon.mail.letters import put_into_words
from salon.mail.models import ClientMail, MailState
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from tests.bookings.salonday import SalonDay, a_salon_day, at
from tests.conftest import NOW

REMIND = "bookings.tasks.send_reminder"
MINUTE = timedelta(minutes=1)
CLOSING = "Wenn Sie nicht kommen können, sagen Sie uns bitte rechtzeitig Bescheid."


@pytest.fixture
def day(in_sonnenschein: Salon) -> SalonDay:
    found = a_salon_day()
    Client.objects.filter(pk=found.lena.pk).update(email="lena@x.example")
    return found


def _book(salon: Salon, actor: Actor, day: SalonDay, starts_at: datetime | None = None, **more: Any) -> Appointment:
    return book(
        actor=actor,
        salon=salon,
        starts_at=starts_at or at(10),
        items=[ItemWish(day.colour.pk, day.anna.pk), ItemWish(day.brows.pk, day.bora.pk)],
        source=Source.STAFF,
        bounds=Bounds.DESK,
        now=NOW,
        **{"client_id": day.lena.pk, "note": "Rezeptur 6/0, Ammoniakallergie", **more},
    ).appointment


def _mails() -> list[ClientMail]:
    found = list(ClientMail.objects.order_by("id"))
    for mail in found:
        put_into_words(mail)
    return found


def _send_all() -> None:
    """Let everything that waits go out, as the worker would."""
    ClientMail.objects.filter(state=MailState.WAITING).update(state=MailState.SENT, sent_at=NOW)


def _planned(appointment: Appointment) -> list[datetime]:
    rows = DueWork.objects.filter(task=REMIND, subject_id=appointment.pk)
    return list(rows.values_list("due_at", flat=True))


def _event(mail: ClientMail) -> icalendar.Event:
    [event] = icalendar.Calendar.from_ical(mail.calendar).walk("VEVENT")
    assert isinstance(event, icalendar.Event)
    return event


def test_a_booking_is_confirmed_at_once_in_german(in_sonnenschein: Salon, front_desk: Actor, day: SalonDay) -> None:
    appointment = _book(in_sonnenschein, front_desk, day)
    [mail] = _mails()
    assert mail.subject == "Ihr Termin am Dienstag, 24. November 2026, 10:00 Uhr · Salon Sonnenschein"
    assert mail.text.splitlines() == [
        "Guten Tag Lena Vogel,",
        "",
        "Ihr Termin ist gebucht:",
        "",
        "Dienstag, 24. November 2026, 10:00 Uhr",
        "10:00  Ansatzfarbe bei Anna",
        "11:30  Brauen zupfen bei Bora",
        "Salon Sonnenschein, Berlin",
        "",
        f"{CLOSING} Die angehängte Datei trägt den Termin in Ihren Kalender ein.",
        "",
        "Salon Sonnenschein",
    ]
    assert (mail.recipient, mail.client_id, mail.expires_at) == ("lena@x.example", day.lena.pk, at(10))
    for text in (mail.subject, mail.text, mail.html, mail.calendar):
        assert "Rezeptur" not in text
        assert "allergie" not in text
    event = _event(mail)
    assert (str(event["UID"]), event["SEQUENCE"], mail.calendar_method) == (str(appointment.pk), 1, "REQUEST")
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (at(10), at(11, 45))
    assert str(event["ATTENDEE"]) == "mailto:lena@x.example"
    assert str(event["SUMMARY"]) == "Salon Sonnenschein: Ansatzfarbe, Brauen zupfen"
    assert DueWork.objects.get(subject_id=mail.pk).due_at == NOW


def test_answers_go_to_where_the_salon_wants_them(in_sonnenschein: Salon, front_desk: Actor, day: SalonDay) -> None:
    BookingRules.objects.create(reply_to="post@sonnenschein.example")
    _book(in_sonnenschein, front_desk, day)
    [mail] = _mails()
    assert mail.reply_to == "post@sonnenschein.example"
    assert "antworten Sie einfach auf diese E-Mail" in mail.text
    assert str(_event(mail)["ORGANIZER"]) == "mailto:post@sonnenschein.example"


@pytest.mark.parametrize(
    ("reply_to", "closing"),
    [
        ("", "Wenn Sie nicht kommen können, sagen Sie uns bitte rechtzeitig Bescheid: Telefon 030 23125001."),
        (
            "post@sonnenschein.example",
            "Wenn Sie nicht kommen können, antworten Sie einfach auf diese E-Mail oder rufen Sie uns an: 030 23125001.",
        ),
    ],
)
def test_a_mail_says_where_the_salon_is_and_how_to_reach_it(
    in_sonnenschein: Salon, front_desk: Actor, day: SalonDay, reply_to: str, closing: str
) -> None:
    BookingRules.objects.create(reply_to=reply_to)
    in_sonnenschein.street, in_sonnenschein.postal_code = "Sonnenscheingasse 5", "10999"
    in_sonnenschein.phone, in_sonnenschein.website = "+493023125001", "https://sonnenschein.example"
    in_sonnenschein.save()
    _book(in_sonnenschein, front_desk, day)
    [mail] = _mails()
    place = "Salon Sonnenschein, Sonnenscheingasse 5, 10999 Berlin"
    assert f"\n{place}\n\n{closing} Die angehängte" in mail.text
    assert mail.text.endswith("\n\nSalon Sonnenschein\nTelefon 030 23125001\nsonnenschein.example\n")
    assert place in mail.html
    assert closing in mail.html
    assert str(_event(mail)["LOCATION"]) == place


def test_a_move_is_told_once_it_can_no_longer_be_taken_back(
    in_sonnenschein: Salon, front_desk: Actor, day: SalonDay
) -> None:
    appointment = _book(in_sonnenschein, front_desk, day)
    _send_all()
    move(actor=front_desk, salon=in_sonnenschein, appointment_id=appointment.pk, starts_at=at(14), now=NOW + MINUTE)
    _booked, moved = _mails()
    assert moved.subject.startswith("Ihr Termin hat sich geändert: jetzt Dienstag, 24. November 2026, 14:00 Uhr")
    assert (str(_event(moved)["UID"]), _event(moved)["SEQUENCE"]) == (str(appointment.pk), 2)
    assert DueWork.objects.get(subject_id=moved.pk).due_at == NOW + MINUTE + mails.UNDOABLE
    assert _planned(appointment) == [at(14) - mails.AHEAD]


def test_a_move_taken_back_in_time_is_never_told(in_sonnenschein: Salon, front_desk: Actor, day: SalonDay) -> None:
    appointment = _book(in_sonnenschein, front_desk, day)
    _send_all()
    moved = move(actor=front_desk, salon=in_sonnenschein, appointment_id=appointment.pk, starts_at=at(14), now=NOW)
    version = moved.appointment.version
    undo(actor=front_desk, salon=in_sonnenschein, appointment_id=appointment.pk, version=version, now=NOW)
    assert [mail.state for mail in _mails()] == [MailState.SENT, MailState.DROPPED]
    assert _planned(appointment) == [at(10) - mails.AHEAD]


def test_a_move_taken_back_too_late_is_told_again(in_sonnenschein: Salon, front_desk: Actor, day: SalonDay) -> None:
    appointment = _book(in_sonnenschein, front_desk, day)
    moved = move(actor=front_desk, salon=in_sonnenschein, appointment_id=appointment.pk, starts_at=at(14), now=NOW)
    _send_all()
    version = moved.appointment.version
    undo(actor=front_desk, salon=in_sonnenschein, appointment_id=appointment.pk, version=version, now=NOW)
    last = _mails()[-1]
    assert last.state == MailState.WAITING
    assert last.subject.startswith("Ihr Termin hat sich geändert: jetzt Dienstag, 24. November 2026, 10:00 Uhr")


def test_a_cancellation_is_told_and_takes_the_entry_out_of_the_calendar(
    in_sonnenschein: Salon, front_desk: Actor, day: SalonDay
) -> None:
    appointment = _book(in_sonnenschein, front_desk, day)
    _send_all()
    cancel(actor=front_desk, salon=in_sonnenschein, appointment_id=appointment.pk, now=NOW, reason="Migräne")
    last = _mails()[-1]
    assert last.subject.startswith("Abgesagt: Ihr Termin am Dienstag, 24. November 2026, 10:00 Uhr")
    assert "Migräne" not in last.text + last.html + last.calendar
    assert (last.calendar_method, str(_event(last)["STATUS"])) == ("CANCEL", "CANCELLED")
    assert (str(_event(last)["UID"]), _event(last)["SEQUENCE"]) == (str(appointment.pk), 2)
    assert _planned(appointment) == []


def test_a_cancellation_taken_back_in_time_is_never_told(
    in_sonnenschein: Salon, front_desk: Actor, day: SalonDay
) -> None:
    appointment = _book(in_sonnenschein, front_desk, day)
    _send_all()
    gone = cancel(actor=front_desk, salon=in_sonnenschein, appointment_id=appointment.pk, now=NOW).appointment
    undo(actor=front_desk, salon=in_sonnenschein, appointment_id=appointment.pk, version=gone.version, now=NOW)
    assert [mail.state for mail in _mails()] == [MailState.SENT, MailState.DROPPED]
    assert _planned(appointment) == [at(10) - mails.AHEAD]


@pytest.mark.parametrize("sent", [True, False])
def test_what_is_taken_back_is_news_to_nobody_who_was_told_nothing(
    in_sonnenschein: Salon, front_desk: Actor, day: SalonDay, *, sent: bool
) -> None:
    appointment = _book(in_sonnenschein, front_desk, day)
    ClientMail.objects.all().delete()
    gone = cancel(actor=front_desk, salon=in_sonnenschein, appointment_id=appointment.pk, now=NOW).appointment
    if sent:
        _send_all()
    undo(actor=front_desk, salon=in_sonnenschein, appointment_id=appointment.pk, version=gone.version, now=NOW)
    expected = [MailState.SENT, MailState.WAITING] if sent else [MailState.DROPPED]
    assert [mail.state for mail in _mails()] == expected
    assert _planned(appointment) == [at(10) - mails.AHEAD]


def test_a_move_that_was_never_told_is_told_as_one_after_a_cancellation_was_taken_back(
    in_sonnenschein: Salon, front_desk: Actor, day: SalonDay
) -> None:
    appointment = _book(in_sonnenschein, front_desk, day)
    _send_all()
    move(actor=front_desk, salon=in_sonnenschein, appointment_id=appointment.pk, starts_at=at(14), now=NOW)
    gone = cancel(actor=front_desk, salon=in_sonnenschein, appointment_id=appointment.pk, now=NOW).appointment
    undo(actor=front_desk, salon=in_sonnenschein, appointment_id=appointment.pk, version=gone.version, now=NOW)
    assert [mail.state for mail in _mails()] == [
        MailState.SENT, MailState.DROPPED, MailState.DROPPED, MailState.WAITING,
    ]  # fmt: skip
    assert _mails()[-1].subject.startswith("Ihr Termin hat sich geändert: jetzt Dienstag, 24. November 2026, 14:00")


def test_whoever_is_booked_again_at_once_hears_nothing(
    in_sonnenschein: Salon, front_desk: Actor, day: SalonDay
) -> None:
    appointment = _book(in_sonnenschein, front_desk, day)
    ClientMail.objects.all().delete()
    given: dict[str, Any] = {"actor": front_desk, "salon": in_sonnenschein, "appointment_id": appointment.pk}
    cancel(**given, now=NOW)
    set_state(**given, state=State.BOOKED, now=NOW)
    assert [mail.state for mail in _mails()] == [MailState.DROPPED]
    cancel(**given, now=NOW)
    _send_all()
    set_state(**given, state=State.BOOKED, now=NOW)
    assert [mail.facts["kind"] for mail in _mails()] == ["cancelled", "cancelled", "booked"]


def test_a_confirmation_that_had_not_gone_out_goes_after_all(
    in_sonnenschein: Salon, front_desk: Actor, day: SalonDay
) -> None:
    appointment = _book(in_sonnenschein, front_desk, day)
    gone = cancel(actor=front_desk, salon=in_sonnenschein, appointment_id=appointment.pk, now=NOW).appointment
    undo(actor=front_desk, salon=in_sonnenschein, appointment_id=appointment.pk, version=gone.version, now=NOW)
    assert [mail.state for mail in _mails()] == [MailState.DROPPED, MailState.DROPPED, MailState.WAITING]
    assert _mails()[-1].subject.startswith("Ihr Termin am Dienstag")


@pytest.mark.parametrize("why", ["walk-in", "no address", "not wanted", "past"])
def test_nobody_is_written_to_without_reason(
    in_sonnenschein: Salon, front_desk: Actor, day: SalonDay, why: str
) -> None:
    if why == "no address":
        Client.objects.update(email="")
    if why == "not wanted":
        BookingRules.objects.create(confirm=False)
    starts_at = NOW - timedelta(hours=1) if why == "past" else at(10)
    more = {"client_id": None} if why == "walk-in" else {}
    appointment = _book(in_sonnenschein, front_desk, day, starts_at, **more)
    assert _mails() == []
    assert _planned(appointment) == ([at(10) - mails.AHEAD] if why in {"no address", "not wanted"} else [])


def test_a_message_is_sent_whatever_the_salon_confirms(
    in_sonnenschein: Salon, front_desk: Actor, day: SalonDay
) -> None:
    BookingRules.objects.create(confirm=False)
    appointment = _book(in_sonnenschein, front_desk, day)
    gone = cancel(actor=front_desk, salon=in_sonnenschein, appointment_id=appointment.pk, now=NOW).appointment
    mails.announce_cancelled(appointment=gone, now=NOW, message="Anna ist krank.\nEs tut uns leid. <3")
    [mail] = _mails()
    assert "Anna ist krank.\nEs tut uns leid. <3" in mail.text
    assert "Anna ist krank.<br>Es tut uns leid. &lt;3" in mail.html


def test_a_reminder_is_planned_a_day_ahead_and_not_for_what_is_nearer(
    in_sonnenschein: Salon, front_desk: Actor, day: SalonDay
) -> None:
    assert _planned(_book(in_sonnenschein, front_desk, day)) == [at(10) - mails.AHEAD]
    near = NOW + mails.AHEAD
    assert _planned(_book(in_sonnenschein, front_desk, day, near)) == []


def _due(appointment: Appointment) -> DueWork:
    return DueWork.objects.get(task=REMIND, subject_id=appointment.pk)


def _remind(appointment: Appointment, now: datetime) -> list[ClientMail]:
    """Run what reminds of it and return the reminders there are then."""
    mails.remind(salon=appointment.salon, appointment_id=appointment.pk, now=now)
    return [mail for mail in _mails() if mail.subject.startswith("Erinnerung")]


def test_a_reminder_says_when_and_repeats_the_entry(in_sonnenschein: Salon, front_desk: Actor, day: SalonDay) -> None:
    appointment = _book(in_sonnenschein, front_desk, day)
    assert _remind(appointment, at(10) - mails.AHEAD - MINUTE) == []
    [mail] = _remind(appointment, at(10) - mails.AHEAD)
    assert "wir freuen uns auf Sie zu Ihrem Termin:" in mail.text
    assert mail.subject == "Erinnerung: Ihr Termin am Dienstag, 24. November 2026, 10:00 Uhr · Salon Sonnenschein"


@pytest.mark.parametrize("why", ["cancelled", "arrived", "no address", "not wanted", "begun", "moved"])
def test_nobody_is_reminded_in_vain(in_sonnenschein: Salon, front_desk: Actor, day: SalonDay, why: str) -> None:
    appointment = _book(in_sonnenschein, front_desk, day)
    now = at(10) - MINUTE
    if why == "cancelled":
        cancel(actor=front_desk, salon=in_sonnenschein, appointment_id=appointment.pk, now=NOW)
    if why == "moved":
        later = at(10) + timedelta(days=1)
        move(actor=front_desk, salon=in_sonnenschein, appointment_id=appointment.pk, starts_at=later, now=NOW)
    if why == "arrived":
        Appointment.objects.update(state="ARRIVED")
    if why == "no address":
        Client.objects.update(email="")
    if why == "not wanted":
        BookingRules.objects.create(remind=False)
    if why == "begun":
        now = at(10)
    assert _remind(appointment, now) == []


def test_the_worker_writes_a_reminder_once(sonnenschein: Salon, front_desk: Actor) -> None:
    with salon_scope(sonnenschein.pk):
        day = a_salon_day()
        Client.objects.update(email="lena@x.example")
        work = _due(_book(sonnenschein, front_desk, day))
    assert work.salon_id == sonnenschein.pk
    DueWork.objects.filter(pk=work.pk).update(due_at=NOW)
    send_reminder(str(work.pk))
    send_reminder(str(work.pk))
    assert not DueWork.objects.filter(pk=work.pk).exists()
