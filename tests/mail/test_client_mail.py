"""Mails of a salon to its clients: sent once, tried again, superseded, and never after they are of no more use."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from pytest_django import Settings

from salon.mail import sending
from salon.mail.letters import Draft, Letter
from salon.mail.models import ClientMail, MailState
from salon.mail.outbox import drop_unsent, forget_mails_to, last_told, mails_to, send_client_mail, send_test_mail
from salon.mail.tasks import deliver_client_mail
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work import queue
from salon.work.models import DueWork
from tests.conftest import NOW
from tests.identity.racing import race
from tests.mail.smtp import MailServer, mail_server

RECIPIENT = "lena@x.example"
HOUR = timedelta(hours=1)


def write(facts: Mapping[str, Any]) -> Letter:
    """Put the mails of these tests into words."""
    greeting = facts["greeting"]
    calendar = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    return Letter("Ihr Termin", f"{greeting}\n", f"<p>{greeting}</p>", calendar, "REQUEST")


@pytest.fixture(autouse=True)
def _writer(settings: Settings) -> None:
    settings.CLIENT_LETTERS = {"test": "tests.mail.test_client_mail.write"}


@pytest.fixture
def server(settings: Settings) -> Iterator[MailServer]:
    with mail_server() as running:
        settings.MAILERS = {
            "default": {
                "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "OPTIONS": {"host": "127.0.0.1", "port": running.port, "timeout": 2},
            }
        }
        yield running


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def _mail(
    salon: Salon,
    *,
    about: UUID | None = None,
    client_id: UUID | None = None,
    to: str = RECIPIENT,
    now: datetime = NOW,
    wait: timedelta = timedelta(0),
    answers: str = "",
) -> DueWork:
    with salon_scope(salon.pk):
        mail = send_client_mail(
            client_id=client_id or uuid4(),
            about_id=about or uuid4(),
            tells="booked",
            recipient=to,
            reply_to="post@salon.example",
            draft=Draft("test", {"greeting": "Guten Tag"}),
            due_at=now + wait,
            expires_at=now + HOUR,
            now=now,
            answers=answers,
        )
    return DueWork.objects.get(subject_id=mail.pk)


def _row(salon: Salon, work: DueWork) -> tuple[str, str, datetime | None]:
    with salon_scope(salon.pk):
        mail = ClientMail.objects.get(pk=work.subject_id)
        return mail.state, mail.error, mail.sent_at


def test_a_mail_is_sent_once_in_the_name_of_the_salon(
    sonnenschein: Salon, server: MailServer, clock: time_machine.Traveller
) -> None:
    work = _mail(sonnenschein)
    deliver_client_mail(str(work.pk))
    deliver_client_mail(str(work.pk))
    [mail] = server.received
    assert (mail["To"], mail["Reply-To"], mail["Subject"]) == (RECIPIENT, "post@salon.example", "Ihr Termin")
    assert mail["From"] == "Salon Sonnenschein <salon@localhost>"
    assert mail["Message-ID"] == f"<{work.subject_id}@localhost>"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert (text.get_content().strip(), html.get_content().strip()) == ("Guten Tag", "<p>Guten Tag</p>")
    [calendar] = mail.iter_attachments()
    assert calendar.get_content_type() == "text/calendar"
    assert (calendar.get_param("method"), calendar.get_filename()) == ("REQUEST", "termin.ics")
    assert _row(sonnenschein, work) == (MailState.SENT, "", NOW)
    assert not DueWork.objects.exists()


def test_what_somebody_has_typed_does_not_say_that_a_program_did(
    sonnenschein: Salon, server: MailServer, clock: time_machine.Traveller, settings: Settings
) -> None:
    deliver_client_mail(str(_mail(sonnenschein).pk))
    settings.LETTERS_OF_PEOPLE = {"test"}
    deliver_client_mail(str(_mail(sonnenschein).pk))
    assert [mail["Auto-Submitted"] for mail in server.received] == ["auto-generated", None]


def test_an_answer_names_the_mail_that_it_answers(
    sonnenschein: Salon, server: MailServer, clock: time_machine.Traveller
) -> None:
    long = f"<{'a' * 90}@prod.outlook.example>"
    for answers in ("<1@mail.example>", long, ""):
        deliver_client_mail(str(_mail(sonnenschein, answers=answers).pk))
    found = [(mail["In-Reply-To"], mail["References"]) for mail in server.received]
    assert found == [("<1@mail.example>",) * 2, (long, long), (None, None)]


@pytest.mark.django_db(transaction=True)
def test_a_task_delivered_to_four_workers_at_once_sends_once(sonnenschein: Salon, server: MailServer) -> None:
    work = _mail(sonnenschein, now=datetime.now(UTC))
    race(*[lambda: deliver_client_mail(str(work.pk))] * 4)
    assert len(server.received) == 1
    assert _row(sonnenschein, work)[0] == MailState.SENT
    assert not DueWork.objects.exists()


def test_a_server_that_will_not_now_is_asked_again(
    sonnenschein: Salon, server: MailServer, clock: time_machine.Traveller
) -> None:
    work = _mail(sonnenschein)
    server.answers[b"RCPT"] = b"450 later"
    deliver_client_mail(str(work.pk))
    assert _row(sonnenschein, work) == (MailState.WAITING, "SMTPRecipientsRefused", None)
    assert DueWork.objects.get().due_at == NOW + timedelta(minutes=1)
    server.answers[b"RCPT"] = b"250 ok"
    clock.shift(60)
    deliver_client_mail(str(work.pk))
    assert _row(sonnenschein, work) == (MailState.SENT, "", NOW + timedelta(minutes=1))


def test_what_a_server_refuses_for_good_is_not_tried_again(
    sonnenschein: Salon, server: MailServer, clock: time_machine.Traveller
) -> None:
    work = _mail(sonnenschein)
    server.answers[b"RCPT"] = b"550 no such user"
    deliver_client_mail(str(work.pk))
    assert _row(sonnenschein, work) == (MailState.REFUSED, "SMTPRecipientsRefused", None)
    assert not DueWork.objects.exists()


def test_a_mail_of_no_more_use_is_not_sent(
    sonnenschein: Salon, server: MailServer, clock: time_machine.Traveller
) -> None:
    about = uuid4()
    late, superseded = _mail(sonnenschein), _mail(sonnenschein, about=about)
    with salon_scope(sonnenschein.pk):
        drop_unsent(about)
    deliver_client_mail(str(superseded.pk))
    clock.shift(HOUR)
    deliver_client_mail(str(late.pk))
    assert [_row(sonnenschein, work)[0] for work in (late, superseded)] == [MailState.DROPPED, MailState.DROPPED]
    assert server.received == []
    assert not DueWork.objects.exists()


def test_what_is_going_out_counts_as_told_and_gives_way_to_newer_if_it_fails(
    sonnenschein: Salon, server: MailServer, clock: time_machine.Traveller
) -> None:
    about, lena = uuid4(), uuid4()
    work = _mail(sonnenschein, about=about, client_id=lena)
    with salon_scope(sonnenschein.pk):
        mail = sending.begin(work.subject_id, now=NOW)
        assert mail is not None
        drop_unsent(about)
        assert ClientMail.objects.get().state == MailState.SENDING
        assert last_told(about, client_id=lena) == "booked"
        assert last_told(about, client_id=uuid4()) is None
    _mail(sonnenschein, about=about, client_id=lena)
    with salon_scope(sonnenschein.pk):
        sending.failed(mail, "TimeoutError")
    deliver_client_mail(str(work.pk))
    assert _row(sonnenschein, work) == (MailState.DROPPED, "TimeoutError", None)
    assert server.received == []


def _test_mail(salon: Salon, *, about: UUID, to: str) -> DueWork:
    with salon_scope(salon.pk):
        mail = send_test_mail(
            Letter("[Test] Neues", "Guten Tag\n", ""),
            recipient=to,
            sender_name="",
            reply_to="",
            about_id=about,
            shown_client_id=None,
            expires_at=NOW + HOUR,
            now=NOW,
        )
    return DueWork.objects.get(subject_id=mail.pk)


def _is_superseded(salon: Salon, work: DueWork) -> bool:
    """Let a mail fail; return whether it gave way to a newer one."""
    with salon_scope(salon.pk):
        mail = sending.begin(work.subject_id, now=NOW)
        assert mail is not None
        sending.failed(mail, "TimeoutError")
    return _row(salon, work)[0] == MailState.DROPPED


def test_a_test_mail_gives_way_to_one_of_the_same_person_only(sonnenschein: Salon, db: None) -> None:
    about = uuid4()
    first, _colleagues = (_test_mail(sonnenschein, about=about, to=to) for to in ("anna@x.example", "carla@x.example"))
    assert not _is_superseded(sonnenschein, first)
    _test_mail(sonnenschein, about=about, to="anna@x.example")
    assert _is_superseded(sonnenschein, first)


def test_a_mail_to_a_client_gives_way_to_newer_to_herself_at_whatever_address(sonnenschein: Salon, db: None) -> None:
    about, lena = uuid4(), uuid4()
    first = _mail(sonnenschein, about=about, client_id=lena)
    _mail(sonnenschein, about=about, client_id=uuid4())
    _test_mail(sonnenschein, about=about, to=RECIPIENT)
    assert not _is_superseded(sonnenschein, first)
    _mail(sonnenschein, about=about, client_id=lena, to="new@x.example")
    assert _is_superseded(sonnenschein, first)


def test_a_mail_for_later_wakes_nobody_and_one_for_now_does(
    sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    woken: list[DueWork] = []
    monkeypatch.setattr(queue, "enqueue", woken.append)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        later = _mail(sonnenschein, wait=timedelta(minutes=2))
        at_once = _mail(sonnenschein)
    assert woken == [at_once]
    assert queue.due(NOW + timedelta(minutes=2)) == [at_once, later]


def test_a_mail_is_put_into_words_when_it_goes_out_and_once(
    sonnenschein: Salon, server: MailServer, clock: time_machine.Traveller, settings: Settings
) -> None:
    work = _mail(sonnenschein)
    with salon_scope(sonnenschein.pk):
        [waiting] = ClientMail.objects.all()
        assert (waiting.subject, waiting.text, waiting.html, waiting.calendar) == ("", "", "", "")
        # Who asks what is stored of her reads it at any time.
        assert waiting.client_id is not None
        assert [mail.text for mail in mails_to([waiting.client_id])] == ["Guten Tag\n"]
    server.answers[b"RCPT"] = b"450 later"
    deliver_client_mail(str(work.pk))
    with salon_scope(sonnenschein.pk):
        assert ClientMail.objects.get().text == "Guten Tag\n"
    # Every try says the same, whatever a newer version would write.
    settings.CLIENT_LETTERS = {}
    server.answers[b"RCPT"] = b"250 ok"
    clock.shift(60)
    deliver_client_mail(str(work.pk))
    assert [mail["Subject"] for mail in server.received] == ["Ihr Termin"]


def test_a_mail_without_its_writer_waits(
    sonnenschein: Salon, server: MailServer, clock: time_machine.Traveller, settings: Settings
) -> None:
    work = _mail(sonnenschein)
    settings.CLIENT_LETTERS = {}
    with pytest.raises(KeyError):
        deliver_client_mail(str(work.pk))
    assert _row(sonnenschein, work)[0] == MailState.WAITING
    assert DueWork.objects.get().error == "KeyError"
    settings.CLIENT_LETTERS = {"test": "tests.mail.test_client_mail.write"}
    clock.shift(60)
    deliver_client_mail(str(work.pk))
    assert len(server.received) == 1


def test_erasure_leaves_no_mail(sonnenschein: Salon) -> None:
    _mail(sonnenschein)
    with salon_scope(sonnenschein.pk):
        mail = ClientMail.objects.get()
        forget_mails_to([uuid4()])
        assert ClientMail.objects.exists()
        assert mail.client_id is not None
        forget_mails_to([mail.client_id])
        assert not ClientMail.objects.exists()
