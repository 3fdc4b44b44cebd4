"""Campaigns sent: what arrives at a real mail server, who gets it and who does not any more."""

from email.message import EmailMessage
from uuid import UUID

import pytest
import time_machine

from clients.consent import record_consent
from clients.models import CardState, Client, ConsentPurpose, ConsentSource, Decision
from marketing import delivery, recipients
from marketing.disclosing import marketing_of_client
from marketing.erasing import erase_marketing
from marketing.letters import as_said
from marketing.merging import undo_merge_of_marketing
from marketing.models import Basis, Recipient, RecipientState
from salon.audit.models import AuditEntry
from salon.desk.merging import merge_cards, undo_merge
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.queue import WorkFailed
from tests.bookings.salonday import make_client
from tests.conftest import NOW
from tests.marketing.campaigning import (
    BOSS,
    agreed,
    apart,
    being_sent,
    everybody,
    many_agreed,
    may_send,
    run,
    seen,
    sent_to,
    standing,
    states,
    work_on,
)
from tests.marketing.mailserver import Inbox

NOBODY = UUID(int=0)


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
    # What is kept of it gives the very same mail again.
    again = as_said(campaign.subject, campaign.body, row.said or {}, unsubscribe_url=way_out.decode()[1:-1])
    assert (again.subject, again.text, again.html) == (mail["Subject"], text, html)


def _parts(mail: EmailMessage) -> tuple[str, str]:
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    return text.get_content(), html.get_content()


def test_each_mail_stands_in_its_clients_history(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller
) -> None:
    sent_to(sonnenschein, "Lena", "Mia")
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
    campaign = sent_to(sonnenschein, "Lena", "Mia")
    with salon_scope(sonnenschein.pk):
        lena = Client.objects.get(first_name="Lena")

    def erased() -> None:
        with salon_scope(sonnenschein.pk):
            erase_marketing(client_ids=[lena.pk])

    arriving.arrived = lambda arrived: apart(erased) if arrived == 1 else None
    run()
    with salon_scope(sonnenschein.pk):
        assert states(campaign.pk) == {"SENT": 2}
        assert [Recipient.objects.get(client=lena).address, Recipient.objects.get(client=lena).said] == ["", None]
        [told] = AuditEntry.objects.filter(subject_kind="mail")
    assert (told.action, told.changes[1]["new"]) == ("mail.sent", "mia@x.example")


def test_a_mail_belongs_to_the_card_it_was_written_of_also_when_a_merge_is_undone(
    in_sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller
) -> None:
    may_send()
    ida = agreed("Ida")
    segment = everybody()
    sent, put_off = (being_sent(segment=segment) for _turn in range(2))
    for one in (sent, put_off):
        recipients.settle(Client.objects.listed(), basis=Basis.CONSENT, now=NOW, campaign_id=one.pk)
    mia = agreed("Mia")
    merge = merge_cards(actor=BOSS, salon=in_sonnenschein, survivor_id=mia.pk, duplicate_id=ida.pk, now=NOW)
    work_on(in_sonnenschein, sent.pk)
    arriving.rcpt["mia@x.example"] = "450 later"
    with pytest.raises(WorkFailed):
        work_on(in_sonnenschein, put_off.pk)
    undo_merge(actor=BOSS, salon=in_sonnenschein, merge_id=merge.pk, now=NOW)

    assert "mia" not in str(marketing_of_client([ida.pk])).lower()
    assert "Hallo Mia Vogel" in str(marketing_of_client([mia.pk]))
    assert states(put_off.pk) == {"WAITING": 1}
    erase_marketing(client_ids=[mia.pk])
    assert set(Recipient.objects.values_list("client", "address", "said")) == {
        (mia.pk, "", None),
        (ida.pk, "ida@x.example", None),
    }
    work_on(in_sonnenschein, put_off.pk)
    assert arriving.to == ["mia@x.example", "ida@x.example"]

    # A merge from before it was kept which of them waited.
    row = Recipient.objects.get(campaign=put_off)
    undo_merge_of_marketing({"messages": [], "mailings": [str(row.pk)]}, mia.pk, ida.pk)
    assert Recipient.objects.get(pk=row.pk).client_id == mia.pk


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
        make_client("Rita", email="rita@x.example").consent_entries.create(
            purpose=ConsentPurpose.EMAIL_MARKETING,
            decision=Decision.REQUESTED,
            source=ConsentSource.SALON,
            wording="Ja",
            at=NOW,
            actor_kind="SYSTEM",
            actor_name="",
        )
        _withdraw(sonnenschein, make_client("Olga", email="olga@x.example"))
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
            apart(lambda: _withdraw(sonnenschein, last))

    arriving.arrived = unsubscribe
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 999, "EXCLUDED OBJECTED": 1})
    assert len(arriving.to) == 999
    assert last.email not in arriving.to
    assert arriving.twice() == []
    # One conversation for all of them.
    assert arriving.conversations == 1


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


def _confirmed_at(card: Client, address: str) -> None:
    Client.objects.filter(pk=card.pk).update(email=address, email_consent_for=address)


def test_what_changed_between_settling_and_sending_counts(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        cards = {
            name: agreed(name)
            for name in ("Lena", "Gone", "Void", "Bert", "Olga", "Move", "Same", "Lost", "Went", "Into")
        }
        campaign = being_sent()
    monkeypatch.setattr(delivery, "BATCH", 8)

    def settled_then_changed(salon: Salon) -> None:
        with salon_scope(salon.pk):
            Client.objects.filter(pk=cards["Gone"].pk).update(state=CardState.MERGED, merged_into=cards["Lena"])
            Client.objects.filter(pk=cards["Void"].pk).update(state=CardState.ERASED)
            Client.objects.filter(pk=cards["Bert"].pk).update(blocked=True)
            _confirmed_at(cards["Move"], "moved@x.example")
            _confirmed_at(cards["Same"], "lena@x.example")
            Client.objects.filter(pk=cards["Lost"].pk).update(email="lost@other.example")
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
            "Lost": ("EXCLUDED", "NO_CONSENT"),
            "Went": ("SENT", "CONSENT"),
            "Into": ("EXCLUDED", "SAME_ADDRESS"),
        }
    assert arriving.to == ["lena@x.example", "moved@x.example"]
