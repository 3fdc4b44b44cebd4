"""Campaigns sent: what arrives at a real mail server, who gets it, and what a fault leaves behind."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from threading import Thread
from uuid import UUID

import pytest
import time_machine
from django.db import connection
from pytest_django import Settings

from clients.consent import record_consent
from clients.models import CardState, Client, ConsentPurpose, ConsentSource, Decision
from marketing import delivery, recipients, tasks
from marketing.delivery import TRIES
from marketing.erasing import erase_marketing
from marketing.launching import SEND, pause, resume, schedule
from marketing.models import Basis, Campaign, MarketingRules, Recipient, RecipientState
from salon.audit.models import AuditEntry
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work import queue
from salon.work.models import DueWork
from tests.bookings.salonday import make_client
from tests.conftest import NOW
from tests.identity.racing import race
from tests.marketing.campaigning import (
    BOSS,
    agreed,
    being_sent,
    draft,
    many_agreed,
    may_send,
    run,
    seen,
    standing,
    states,
    work_on,
)
from tests.marketing.mailserver import Inbox, inbox, send_to

HOUR = timedelta(hours=1)
NOBODY = UUID(int=0)


@pytest.fixture
def arriving(settings: Settings) -> Iterator[Inbox]:
    with inbox() as (received, port):
        send_to(settings, port)
        yield received


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def _sent(salon: Salon, *names: str) -> Campaign:
    """Send a campaign to these clients, who have agreed."""
    with salon_scope(salon.pk):
        may_send()
        for name in names:
            agreed(name)
        return being_sent()


def test_one_mail_byte_by_byte(sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        agreed("Jürgen", email="juergen@x.example")
        campaign = being_sent()
    run()
    [raw] = arriving.raw
    with salon_scope(sonnenschein.pk):
        row = Recipient.objects.get()
    head, _blank, _body = raw.partition(b"\r\n\r\n")
    lines = head.replace(b"\r\n ", b" ").split(b"\r\n")
    headers = dict(line.split(b": ", 1) for line in lines)
    way_out = headers[b"List-Unsubscribe"]
    assert headers | {b"Content-Type": b"", b"List-Unsubscribe": b""} == {
        b"Subject": b"=?utf-8?q?Fr=C3=BChling_f=C3=BCr_J=C3=BCrgen?=",
        b"From": b"Ihr Salon Sonnenschein <salon@localhost>",
        b"To": b"juergen@x.example",
        b"Reply-To": b"post@sonnenschein.example",
        b"Date": b"Sat, 21 Nov 2026 10:00:00 +0000",
        b"Message-ID": f"<{row.pk}@localhost>".encode(),
        b"Auto-Submitted": b"auto-generated",
        b"Precedence": b"bulk",
        b"List-Unsubscribe": b"",
        b"List-Unsubscribe-Post": b"List-Unsubscribe=One-Click",
        b"MIME-Version": b"1.0",
        b"Content-Type": b"",
    }
    # One address in angle brackets, nothing in it encoded or broken.
    assert way_out.startswith(b"<http://127.0.0.1:8000/")
    assert way_out.endswith(b">")
    assert b" " not in way_out
    [mail] = arriving.mails
    assert mail.get_content_type() == "multipart/alternative"
    assert mail["Subject"] == "Frühling für Jürgen"
    text, html = (part.replace("\r\n", "\n") for part in _parts(mail))
    assert "Hallo Jürgen Vogel,\n\nes gibt" in text
    assert "Lindenstraße 5, 10969 Berlin" in text
    assert "<strong" in html
    assert "Größen &amp; Längen" in html
    assert way_out.decode()[1:-1] in text
    assert way_out.decode()[1:-1] in html
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 1})
    assert (row.sent_at, row.reason, row.address) == (NOW, "CONSENT", "juergen@x.example")


def _parts(mail: EmailMessage) -> tuple[str, str]:
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    return text.get_content(), html.get_content()


def test_each_mail_stands_in_its_clients_history(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller
) -> None:
    _sent(sonnenschein, "Lena", "Mia")
    arriving.rcpt["mia@x.example"] = "550 no such user"
    run()
    with salon_scope(sonnenschein.pk):
        told = AuditEntry.objects.filter(subject_kind="mail")
        names = dict(Client.objects.values_list("pk", "first_name"))
        found = {
            (one.action, names[one.client_id or NOBODY], one.changes[0]["new"], one.changes[1]["new"]) for one in told
        }
    assert found == {
        ("mail.sent", "Lena", "Frühling für Lena", "lena@x.example"),
        ("mail.failed", "Mia", "Frühling für Mia", "mia@x.example"),
    }


@pytest.mark.django_db(transaction=True)
def test_of_somebody_erased_while_her_mail_was_on_its_way_nothing_is_told(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller
) -> None:
    campaign = _sent(sonnenschein, "Lena", "Mia")
    with salon_scope(sonnenschein.pk):
        lena = Client.objects.get(first_name="Lena")

    def erased() -> None:
        with salon_scope(sonnenschein.pk):
            erase_marketing(client_ids=[lena.pk])

    arriving.arrived = lambda arrived: _apart(erased) if arrived == 1 else None
    run()
    with salon_scope(sonnenschein.pk):
        assert states(campaign.pk) == {"SENT": 2}
        assert Recipient.objects.get(client=lena).address == ""
        [told] = AuditEntry.objects.filter(subject_kind="mail")
    assert (told.action, told.changes[1]["new"]) == ("mail.sent", "mia@x.example")


def test_who_may_not_be_written_to_gets_nothing_and_it_is_said_why(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller
) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        agreed("Lena")
        agreed("Twin", email="LENA@x.example")
        make_client("Nora", email="nora@x.example")
        agreed("Bert", blocked=True)
        agreed("Otto", email="")
        for name, decision in (("Olga", Decision.WITHDRAWN), ("Rita", Decision.REQUESTED)):
            client = make_client(name, email=f"{name.lower()}@x.example")
            client.consent_entries.create(
                purpose=ConsentPurpose.EMAIL_MARKETING,
                decision=decision,
                source=ConsentSource.SALON,
                wording="Ja",
                at=NOW,
                actor_kind="SYSTEM",
                actor_name="",
            )
        # One person, two cards: she objected on one of them.
        agreed("Olga2", email="olga@x.example")
        campaign = being_sent()
    run()
    with salon_scope(sonnenschein.pk):
        assert standing(campaign.pk) == {
            "Lena": ("SENT", "CONSENT"),
            "Twin": ("EXCLUDED", "SAME_ADDRESS"),
            "Nora": ("EXCLUDED", "NO_CONSENT"),
            "Bert": ("EXCLUDED", "BLOCKED"),
            "Otto": ("EXCLUDED", "NO_ADDRESS"),
            "Olga": ("EXCLUDED", "OBJECTED"),
            "Rita": ("EXCLUDED", "NOT_CONFIRMED"),
            "Olga2": ("EXCLUDED", "OBJECTED"),
        }
    assert arriving.to == ["lena@x.example"]


@pytest.mark.django_db(transaction=True)
def test_who_unsubscribes_in_the_middle_of_a_thousand_gets_nothing(sonnenschein: Salon, arriving: Inbox) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        many_agreed(1000)
        campaign = being_sent()
        last = Client.objects.order_by("-number").first()
    assert last is not None

    def unsubscribe(arrived: int) -> None:
        if arrived == 500:
            _apart(lambda: _withdraw(sonnenschein, last))

    arriving.arrived = unsubscribe
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 999, "EXCLUDED OBJECTED": 1})
    assert len(arriving.to) == 999
    assert last.email not in arriving.to
    assert arriving.twice() == []
    # One conversation for all of them.
    assert arriving.conversations == 1


def _apart(action: object) -> None:
    """Do something on a connection of its own, as somebody else would."""

    def act() -> None:
        try:
            action()  # type: ignore[operator]
        finally:
            connection.close()

    thread = Thread(target=act)
    thread.start()
    thread.join(20)


def _withdraw(salon: Salon, client: Client) -> None:
    with salon_scope(salon.pk):
        record_consent(
            actor=BOSS,
            client_id=client.pk,
            purpose=ConsentPurpose.EMAIL_MARKETING,
            decision=Decision.WITHDRAWN,
            source=ConsentSource.SALON,
            now=NOW,
        )


def test_what_changed_between_settling_and_sending_counts(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        cards = {
            name: agreed(name) for name in ("Lena", "Gone", "Void", "Bert", "Olga", "Move", "Same", "Went", "Into")
        }
        campaign = being_sent()
    monkeypatch.setattr(delivery, "BATCH", 8)

    def settled_then_changed(salon: Salon) -> None:
        with salon_scope(salon.pk):
            Client.objects.filter(pk=cards["Gone"].pk).update(state=CardState.MERGED, merged_into=cards["Lena"])
            Client.objects.filter(pk=cards["Void"].pk).update(state=CardState.ERASED)
            Client.objects.filter(pk=cards["Bert"].pk).update(blocked=True)
            Client.objects.filter(pk=cards["Move"].pk).update(email="moved@x.example")
            Client.objects.filter(pk=cards["Same"].pk).update(email="lena@x.example")
            _withdraw(salon, cards["Olga"])

    with salon_scope(sonnenschein.pk):
        recipients.settle(
            Client.objects.listed(),
            basis=Basis(campaign.basis),
            now=NOW,
            campaign_id=campaign.pk,
        )
    settled_then_changed(sonnenschein)
    with salon_scope(sonnenschein.pk):
        went = Recipient.objects.get(client=cards["Went"])
        went.state, went.sent_at = RecipientState.SENT, NOW
        went.save(update_fields=["state", "sent_at"])
        Client.objects.filter(pk=cards["Went"].pk).update(state=CardState.MERGED, merged_into=cards["Into"])
    run()
    with salon_scope(sonnenschein.pk):
        assert standing(campaign.pk) == {
            "Lena": ("SENT", "CONSENT"),
            "Gone": ("EXCLUDED", "GONE"),
            "Void": ("EXCLUDED", "GONE"),
            "Bert": ("EXCLUDED", "BLOCKED"),
            "Olga": ("EXCLUDED", "OBJECTED"),
            "Move": ("SENT", "CONSENT"),
            "Same": ("EXCLUDED", "SAME_ADDRESS"),
            "Went": ("SENT", "CONSENT"),
            "Into": ("EXCLUDED", "SAME_ADDRESS"),
        }
    assert arriving.to == ["lena@x.example", "moved@x.example"]


def test_a_scheduled_campaign_begins_by_itself(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller
) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        agreed("Lena")
        campaign = schedule(actor=BOSS, campaign_id=draft().pk, at=NOW + HOUR, now=NOW)
    run()
    assert seen(sonnenschein, campaign.pk) == ("SCHEDULED", {})
    clock.shift(HOUR)
    with salon_scope(sonnenschein.pk):
        agreed("Late")
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 2})
    assert not DueWork.objects.exists()


def test_a_scheduled_campaign_that_may_not_go_out_any_more_is_a_draft_again(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller
) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        agreed("Lena")
        campaign = schedule(actor=BOSS, campaign_id=draft().pk, at=NOW + HOUR, now=NOW)
        MarketingRules.objects.update(imprint="")
    clock.shift(HOUR)
    run()
    assert seen(sonnenschein, campaign.pk) == ("DRAFT", {})
    assert arriving.to == []
    assert not DueWork.objects.exists()
    with salon_scope(sonnenschein.pk):
        told = AuditEntry.objects.get(action="campaign.unscheduled")
        assert {"field": "why", "old": None, "new": "imprint"} in told.changes


@pytest.mark.django_db(transaction=True)
def test_without_an_imprint_a_campaign_stops(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "BATCH", 1)
    campaign = _sent(sonnenschein, "Lena", "Mia")

    def emptied() -> None:
        with salon_scope(sonnenschein.pk):
            MarketingRules.objects.update(imprint=" ")

    arriving.arrived = lambda _many: _apart(emptied)
    run()
    assert seen(sonnenschein, campaign.pk) == ("PAUSED", {"SENT": 1, "WAITING": 1})
    assert not DueWork.objects.exists()
    with salon_scope(sonnenschein.pk):
        told = AuditEntry.objects.get(action="campaign.paused")
        assert told.changes == [{"field": "why", "old": None, "new": "imprint"}]


def _late(salon: Salon, clock: time_machine.Traveller, by: timedelta) -> tuple[str, list[datetime]]:
    """Let a campaign's time, noon of a day in winter, be missed; return its state, and when there is work for it."""
    with salon_scope(salon.pk):
        may_send()
        agreed("Lena")
        campaign = schedule(actor=BOSS, campaign_id=draft().pk, at=NOW + HOUR, now=NOW)
    clock.shift(HOUR + by)
    run()
    with salon_scope(salon.pk):
        state = Campaign.objects.get(pk=campaign.pk).state
    return state, list(DueWork.objects.values_list("due_at", flat=True))


# NOW is eleven in the morning in Berlin, so the campaign's time is noon.
@pytest.mark.parametrize(
    ("by", "state"),
    [
        (HOUR * 8.99, "SENT"),  # 20:59
        (HOUR * 20, "SENT"),  # 08:00 on the next day
        (HOUR * 72, "SENT"),
        (HOUR * 72 + timedelta(seconds=1), "DRAFT"),
        (HOUR * 84, "DRAFT"),  # in the middle of a night
    ],
)
def test_a_campaign_that_is_late(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller, by: timedelta, state: str
) -> None:
    assert _late(sonnenschein, clock, by) == (state, [])
    assert len(arriving.to) == (state == "SENT")
    if state == "DRAFT":
        with salon_scope(sonnenschein.pk):
            told = AuditEntry.objects.get(action="campaign.unscheduled")
        assert {"field": "why", "old": None, "new": "too_late"} in told.changes


@pytest.mark.parametrize("by", [HOUR * 9, HOUR * 13, HOUR * 20 - timedelta(seconds=1)])
def test_a_campaign_that_is_late_in_the_night_waits_for_the_morning(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller, by: timedelta
) -> None:
    nine = NOW + HOUR * 22
    assert _late(sonnenschein, clock, by) == ("SCHEDULED", [nine])
    assert arriving.to == []
    clock.move_to(nine)
    run()
    assert arriving.to == ["lena@x.example"]
    assert not DueWork.objects.exists()


def test_who_has_chosen_the_night_gets_it(sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        agreed("Lena")
        schedule(actor=BOSS, campaign_id=draft().pk, at=NOW + HOUR * 12, now=NOW)
    clock.shift(HOUR * 12 + timedelta(minutes=59))
    run()
    assert arriving.to == ["lena@x.example"]


def test_a_refused_address_fails_alone(sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller) -> None:
    campaign = _sent(sonnenschein, "Lena", "Mia", "Nele", "Ute")
    arriving.rcpt["mia@x.example"] = "550 no such user"
    arriving.data["nele@x.example"] = "554 looks like spam"
    with salon_scope(sonnenschein.pk):
        # Nobody can be written to like that.
        Client.objects.filter(first_name="Ute").update(email="ü@x.example")
    run()
    with salon_scope(sonnenschein.pk):
        assert standing(campaign.pk) == {
            "Lena": ("SENT", "CONSENT"),
            "Mia": ("FAILED", "REFUSED"),
            "Nele": ("FAILED", "REFUSED"),
            "Ute": ("FAILED", "REFUSED"),
        }
        assert dict(Recipient.objects.filter(state="FAILED").values_list("client__first_name", "error")) == {
            "Mia": "SMTPRecipientsRefused",
            "Nele": "SMTPDataError",
            "Ute": "ValueError",
        }
    assert seen(sonnenschein, campaign.pk)[0] == "SENT"


def test_who_is_put_off_waits_and_is_given_up_in_the_end(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller
) -> None:
    campaign = _sent(sonnenschein, "Lena", "Mia")
    arriving.rcpt["lena@x.example"] = "450 come back later"
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENDING", {"SENT": 1, "WAITING": 1})
    assert DueWork.objects.get().due_at == NOW + timedelta(minutes=1)
    for _ in range(TRIES - 2):
        clock.shift(HOUR * 6)
        run()
    assert seen(sonnenschein, campaign.pk) == ("SENDING", {"SENT": 1, "WAITING": 1})
    clock.shift(HOUR * 6)
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 1, "FAILED REFUSED": 1})
    assert not DueWork.objects.exists()


def test_a_mail_server_that_puts_everybody_off_is_left_alone(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller
) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        many_agreed(30)
        campaign = being_sent()
    arriving.rcpt["*"] = "451 too many"
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENDING", {"WAITING": 30})
    assert DueWork.objects.get().error == "WorkFailed"
    arriving.rcpt.clear()
    clock.shift(60)
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 30})


def test_a_mail_server_that_is_away_costs_nobody_anything(
    sonnenschein: Salon, settings: Settings, clock: time_machine.Traveller
) -> None:
    with inbox() as (_nothing, port):
        pass
    send_to(settings, port)
    campaign = _sent(sonnenschein, "Lena", "Mia")
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENDING", {"WAITING": 2})
    assert (DueWork.objects.get().error, DueWork.objects.get().due_at) == (
        "ConnectionRefusedError",
        NOW + timedelta(minutes=1),
    )
    clock.shift(60)
    with inbox(port) as (received, _port):
        run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 2})
    assert received.to == ["lena@x.example", "mia@x.example"]


@pytest.mark.parametrize("words", ["", "421 too many mails in one conversation"])
def test_a_mail_server_that_hangs_up_now_and_then_is_called_again(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller, words: str
) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        many_agreed(30)
        campaign = being_sent()
    arriving.patience, arriving.closing_words = 7, words
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 30})
    assert arriving.twice() == []
    assert arriving.conversations == 5


def test_a_mail_server_that_dies_over_a_mail_gets_it_once(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller
) -> None:
    campaign = _sent(sonnenschein, "Lena", "Mia", "Nele")
    arriving.dies_over = "mia@x.example"
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENDING", {"SENT": 1, "FAILED INTERRUPTED": 1, "WAITING": 1})
    clock.shift(60)
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 2, "FAILED INTERRUPTED": 1})
    assert arriving.to == ["lena@x.example", "mia@x.example", "nele@x.example"]


def test_a_slow_mail_server_is_waited_for_with_signs_of_life(
    sonnenschein: Salon, arriving: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    monkeypatch.setattr(delivery, "PULSE", timedelta(seconds=0.2))
    with salon_scope(sonnenschein.pk):
        may_send()
        many_agreed(10)
        campaign = being_sent(now=now)
    arriving.seconds = 0.1
    lived: list[datetime] = []

    def alive(_arrived: int) -> None:
        lived.append(datetime.now(UTC))

    arriving.arrived = alive
    beats = _counting_beats(monkeypatch)
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 10})
    # Four for its transactions, the others while it waited.
    assert len(beats) >= 7


def _counting_beats(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    beats: list[datetime] = []
    real = queue.beat

    def counted(work: DueWork, *, now: datetime) -> None:
        beats.append(now)
        real(work, now=now)

    monkeypatch.setattr(tasks, "beat", counted)
    return beats


@pytest.mark.django_db(transaction=True)
def test_a_pause_holds_after_the_batch_and_resuming_goes_on(
    sonnenschein: Salon, arriving: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "BATCH", 10)
    now = datetime.now(UTC)
    with salon_scope(sonnenschein.pk):
        may_send()
        many_agreed(40)
        campaign = being_sent(now=now)

    def pausing(arrived: int) -> None:
        if arrived == 15:
            _apart(lambda: _pause(sonnenschein, campaign))

    arriving.arrived = pausing
    run()
    assert seen(sonnenschein, campaign.pk) == ("PAUSED", {"SENT": 20, "WAITING": 20})
    assert not DueWork.objects.exists()
    with salon_scope(sonnenschein.pk):
        resume(actor=BOSS, campaign_id=campaign.pk, now=now)
    assert DueWork.objects.filter(task=SEND).count() == 1
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 40})
    assert arriving.twice() == []


def _pause(salon: Salon, campaign: Campaign) -> None:
    with salon_scope(salon.pk):
        pause(actor=BOSS, campaign_id=campaign.pk, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_pause_taken_back_at_once_makes_no_second_worker(
    sonnenschein: Salon, arriving: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "BATCH", 10)
    now = datetime.now(UTC)
    with salon_scope(sonnenschein.pk):
        may_send()
        many_agreed(30)
        campaign = being_sent(now=now)
    works: list[int] = []

    def there_and_back() -> None:
        _pause(sonnenschein, campaign)
        with salon_scope(sonnenschein.pk):
            resume(actor=BOSS, campaign_id=campaign.pk, now=now)
        works.append(DueWork.objects.count())

    arriving.arrived = lambda arrived: _apart(there_and_back) if arrived == 5 else None
    run()
    assert works == [1]
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 30})
    assert not DueWork.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_one_campaign_never_send_to_one_client_twice(sonnenschein: Salon, arriving: Inbox) -> None:
    """Without any claim: each recipient is taken by one of them."""
    campaign = _crowd(sonnenschein)
    race(*[lambda: work_on(sonnenschein, campaign.pk)] * 2)
    assert arriving.twice() == []
    assert len(arriving.to) == 200


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_they_would(sonnenschein: Salon, arriving: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: neither the campaign's lock nor what `write_judged` says holds anybody back."""
    campaign = _crowd(sonnenschein)

    def unlocked(campaign_id: UUID) -> Campaign | None:
        return Campaign.objects.live().filter(pk=campaign_id).first()

    monkeypatch.setattr("marketing.sending._locked", unlocked)
    monkeypatch.setattr(recipients, "_WRITE", recipients._WRITE.replace("AND one.state = 'WAITING'", ""))
    race(*[lambda: work_on(sonnenschein, campaign.pk)] * 2)
    assert arriving.twice() != []


def _crowd(salon: Salon) -> Campaign:
    with salon_scope(salon.pk):
        may_send()
        many_agreed(200)
        return being_sent()


def test_a_long_campaign_is_handed_over(sonnenschein: Salon, arriving: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "LASTS", timedelta(seconds=0.3))
    monkeypatch.setattr(delivery, "BATCH", 5)
    arriving.seconds = 0.02
    with salon_scope(sonnenschein.pk):
        may_send()
        many_agreed(60)
        campaign = being_sent(now=datetime.now(UTC))
    first = DueWork.objects.get().pk
    run()
    again = DueWork.objects.get()
    assert again.pk != first
    assert again.claimed_at is None
    state, found = seen(sonnenschein, campaign.pk)
    assert state == "SENDING"
    assert found.keys() == {"SENT", "WAITING"}
    while DueWork.objects.exists():
        run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 60})
    assert arriving.twice() == []


def test_a_letter_that_cannot_be_written_is_nobodys_loss(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = _sent(sonnenschein, "Lena", "Mia")
    with monkeypatch.context() as broken:
        broken.setattr(delivery, "written", lambda *_given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run()
    assert seen(sonnenschein, campaign.pk) == ("SENDING", {"WAITING": 2})
    clock.shift(60)
    run()
    with salon_scope(sonnenschein.pk):
        assert states(campaign.pk) == {"SENT": 2}
