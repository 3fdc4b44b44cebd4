"""News by e-mail are agreed to twice: once in the salon, once by the link in a mail (domain.md §9.3)."""

from datetime import datetime, timedelta

import pytest

from clients.asking import NoAddress, asked_until
from clients.cards import get_client
from clients.confirming import Standing, asked, confirm, link_standing, resubscribe, unsubscribe
from clients.consent import ask_again, holds, ledger_of
from clients.details import ClientDetails
from clients.editing import update_client
from clients.models import Client, ConsentSource, Decision
from clients.wordings import default_wording, save_wording, wording_now
from marketing.models import MarketingRules
from marketing.rules import foot_of_news
from salon.audit.models import AuditEntry
from salon.desk.erasure import erase_card
from salon.desk.merging import merge_cards, undo_merge
from salon.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from salon.identity.roles import Actor, system_actor
from salon.mail.letters import put_into_words
from salon.mail.models import ClientMail, MailState
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.campaigning import may_send
from tests.marketing.consenting import NEWS, decide, link_in, mails_of
from tests.operations.test_cards import make_client

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GRANTED, REQUESTED, WITHDRAWN = Decision.GRANTED, Decision.REQUESTED, Decision.WITHDRAWN
BOSS = system_actor("Anna Krüger")


@pytest.fixture
def sarah(in_sonnenschein: Salon, front_desk: Actor) -> Client:
    return make_client(in_sonnenschein, front_desk, ClientDetails("Sarah", "Smith", email="sarah@gmail.com"))


def _ask(actor: Actor, client: Client, now: datetime = NOW, wording: str = "Ja, gern.") -> None:
    decide(actor, client, GRANTED, now=now, wording=wording)


def _decisions(client: Client) -> list[tuple[str, str, str]]:
    return [(one.decision, one.source, one.wording) for one in ledger_of(client.pk)]


def test_who_agrees_in_the_salon_is_asked_by_a_mail(sarah: Client, front_desk: Actor, in_sonnenschein: Salon) -> None:
    _ask(front_desk, sarah)
    card = get_client(sarah.pk)
    assert (card.email_consent, card.email_consent_at, card.version) == (False, None, 1)
    assert not holds(sarah.pk, NEWS)
    assert _decisions(sarah) == [("REQUESTED", "SALON", "Ja, gern.")]
    [mail] = mails_of(sarah.pk)
    assert (mail.recipient, mail.state, mail.expires_at) == ("sarah@gmail.com", MailState.WAITING, NOW + 30 * DAY)
    put_into_words(mail)
    assert mail.subject == "Bitte bestätigen: Neuigkeiten von Salon Sonnenschein"
    assert f"Ja, gern.\n\nHier bestätigen (der Link gilt 30 Tage):\n{mail.facts['url']}\n" in mail.text
    assert "Sarah" not in mail.text + mail.html
    # Without an imprint she reads the salon's name and town.
    assert mail.text.endswith("\n\n-- \nSalon Sonnenschein\nBerlin\n")

    found = asked(salon=in_sonnenschein, link=link_in(mail), now=NOW + HOUR)
    assert (found.standing, found.wording) == (Standing.OPEN, "Ja, gern.")
    assert len(ledger_of(sarah.pk)) == 1

    done = confirm(salon=in_sonnenschein, link=link_in(mail), now=NOW + HOUR)
    assert done.standing == Standing.CONFIRMED
    card = get_client(sarah.pk)
    assert (card.email_consent, card.email_consent_at) == (True, NOW + HOUR)
    assert _decisions(sarah)[0] == ("GRANTED", "CONFIRMATION", "Ja, gern.")
    actions = AuditEntry.objects.filter(subject_id=sarah.pk).order_by("id").values_list("action", flat=True)
    assert list(actions)[1:] == ["client.consent_requested", "client.consent_confirmed"]


def test_confirming_twice_and_asking_again_change_nothing(
    sarah: Client, front_desk: Actor, in_sonnenschein: Salon
) -> None:
    _ask(front_desk, sarah)
    link = link_in(mails_of(sarah.pk)[0])
    for _time in range(2):
        assert confirm(salon=in_sonnenschein, link=link, now=NOW + HOUR).standing == Standing.CONFIRMED
    _ask(front_desk, sarah, NOW + 3 * DAY, "Andere Worte.")
    assert [one[0] for one in _decisions(sarah)] == ["GRANTED", "REQUESTED"]
    assert len(mails_of(sarah.pk)) == 1
    assert get_client(sarah.pk).email_consent


def test_what_an_import_brings_holds(sarah: Client, front_desk: Actor) -> None:
    decide(front_desk, sarah, GRANTED, now=NOW, source=ConsentSource.IMPORT, wording="Aus Shore.")
    assert get_client(sarah.pk).email_consent
    assert mails_of(sarah.pk) == []


def test_an_address_is_asked_once_a_day(sarah: Client, front_desk: Actor, in_sonnenschein: Salon) -> None:
    twin = make_client(in_sonnenschein, front_desk, ClientDetails("Tom", email="Sarah@Gmail.com"))
    _ask(front_desk, sarah)
    _ask(front_desk, sarah, NOW + HOUR)
    _ask(front_desk, twin, NOW + HOUR)
    assert (len(ledger_of(sarah.pk)), len(mails_of(sarah.pk))) == (1, 1)
    assert (len(ledger_of(twin.pk)), mails_of(twin.pk)) == (1, [])
    for card in (sarah, twin):
        assert asked_until(get_client(card.pk), NOW + HOUR) == NOW + DAY
    ask_again(actor=front_desk, client_id=twin.pk, now=NOW + DAY)
    assert len(mails_of(twin.pk)) == 1
    assert asked_until(get_client(sarah.pk), NOW + DAY) == NOW + 2 * DAY


def test_asked_again_both_links_hold(sarah: Client, front_desk: Actor, in_sonnenschein: Salon) -> None:
    _ask(front_desk, sarah)
    ask_again(actor=front_desk, client_id=sarah.pk, now=NOW + 2 * DAY)
    assert [one[2] for one in _decisions(sarah)] == ["Ja, gern.", "Ja, gern."]
    first, second = mails_of(sarah.pk)
    for mail in (first, second):
        assert asked(salon=in_sonnenschein, link=link_in(mail), now=NOW + 3 * DAY).standing == Standing.OPEN
    # Nothing had gone out yet, so the first is not sent any more.
    assert (first.state, second.state) == (MailState.DROPPED, MailState.WAITING)
    confirm(salon=in_sonnenschein, link=link_in(second), now=NOW + 3 * DAY)
    assert ask_again(actor=front_desk, client_id=sarah.pk, now=NOW + 5 * DAY).decision == GRANTED


def test_without_an_address_the_mail_waits_for_one(sarah: Client, front_desk: Actor, in_sonnenschein: Salon) -> None:
    update_client(actor=front_desk, salon=in_sonnenschein, client_id=sarah.pk, changes={"email": ""}, now=NOW)
    _ask(front_desk, sarah)
    _ask(front_desk, sarah)
    assert (len(ledger_of(sarah.pk)), mails_of(sarah.pk)) == (1, [])
    with pytest.raises(NoAddress):
        ask_again(actor=front_desk, client_id=sarah.pk, now=NOW)
    update_client(actor=front_desk, salon=in_sonnenschein, client_id=sarah.pk, changes={"email": "s@web.de"}, now=NOW)
    assert mails_of(sarah.pk) == []
    ask_again(actor=front_desk, client_id=sarah.pk, now=NOW)
    assert [one.recipient for one in mails_of(sarah.pk)] == ["s@web.de"]


def test_links_die_after_thirty_days(sarah: Client, front_desk: Actor, in_sonnenschein: Salon) -> None:
    _ask(front_desk, sarah)
    link = link_in(mails_of(sarah.pk)[0])
    just = NOW + 30 * DAY
    assert asked(salon=in_sonnenschein, link=link, now=just - HOUR).standing == Standing.OPEN
    assert confirm(salon=in_sonnenschein, link=link, now=just).standing == Standing.EXPIRED
    assert not get_client(sarah.pk).email_consent


def test_a_withdrawal_makes_older_links_void(sarah: Client, front_desk: Actor, in_sonnenschein: Salon) -> None:
    _ask(front_desk, sarah)
    [mail] = mails_of(sarah.pk)
    decide(front_desk, sarah, WITHDRAWN, now=NOW + HOUR)
    assert mails_of(sarah.pk)[0].state == MailState.DROPPED
    assert confirm(salon=in_sonnenschein, link=link_in(mail), now=NOW + HOUR).standing == Standing.VOID
    # Asked anew in the same words, the link of before stays void.
    _ask(front_desk, sarah, NOW + 2 * HOUR)
    assert confirm(salon=in_sonnenschein, link=link_in(mail), now=NOW + 3 * HOUR).standing == Standing.VOID
    newest = mails_of(sarah.pk)[-1]
    assert confirm(salon=in_sonnenschein, link=link_in(newest), now=NOW + 3 * HOUR).standing == Standing.CONFIRMED


def test_newer_words_make_older_links_void(sarah: Client, front_desk: Actor, in_sonnenschein: Salon) -> None:
    words = default_wording(NEWS, in_sonnenschein)
    _ask(front_desk, sarah, wording=words.text)
    [mail] = mails_of(sarah.pk)
    assert ledger_of(sarah.pk)[0].wording_number == 0
    saved = save_wording(actor=BOSS, salon=in_sonnenschein, purpose=NEWS, text="Ja,  schreibt\nmir.", number=0, now=NOW)
    assert (saved.number, saved.text) == (1, "Ja, schreibt mir.")
    assert confirm(salon=in_sonnenschein, link=link_in(mail), now=NOW + HOUR).standing == Standing.VOID
    ask_again(actor=front_desk, client_id=sarah.pk, now=NOW + 2 * DAY)
    newest = ledger_of(sarah.pk)[0]
    assert (newest.wording, newest.wording_number) == ("Ja, schreibt mir.", 1)
    confirm(salon=in_sonnenschein, link=link_in(mails_of(sarah.pk)[-1]), now=NOW + 2 * DAY)
    assert (ledger_of(sarah.pk)[0].wording_number, ledger_of(sarah.pk)[0].decision) == (1, "GRANTED")


def test_who_is_asked_for_words_that_hold_no_more_can_be_asked_anew_at_once(
    sarah: Client, front_desk: Actor, in_sonnenschein: Salon
) -> None:
    _ask(front_desk, sarah, wording=default_wording(NEWS, in_sonnenschein).text)
    save_wording(actor=BOSS, salon=in_sonnenschein, purpose=NEWS, text="Ja, schreibt mir.", number=0, now=NOW + HOUR)
    card = get_client(sarah.pk)
    assert link_standing(salon=in_sonnenschein, client=card, now=NOW + HOUR) == Standing.VOID
    assert asked_until(card, NOW + HOUR) is None
    entry = ask_again(actor=front_desk, client_id=sarah.pk, now=NOW + HOUR)
    assert (entry.wording, len(mails_of(sarah.pk))) == ("Ja, schreibt mir.", 2)
    assert link_standing(salon=in_sonnenschein, client=card, now=NOW + HOUR) == Standing.OPEN
    # The new mail counts.
    assert asked_until(card, NOW + 2 * HOUR) == NOW + HOUR + DAY


def test_words_of_somebody_elses_hold_whatever_the_salon_writes(
    sarah: Client, front_desk: Actor, in_sonnenschein: Salon
) -> None:
    _ask(front_desk, sarah, wording="Ja, von der Buchungsseite.")
    save_wording(actor=BOSS, salon=in_sonnenschein, purpose=NEWS, text="Ja, schreibt mir.", number=0, now=NOW + HOUR)
    card = get_client(sarah.pk)
    assert link_standing(salon=in_sonnenschein, client=card, now=NOW + HOUR) == Standing.OPEN
    assert asked_until(card, NOW + HOUR) == NOW + DAY


def test_withdrawing_and_asking_again_sends_no_second_mail_on_one_day(
    sarah: Client, front_desk: Actor, in_sonnenschein: Salon
) -> None:
    for source in (ConsentSource.SALON, ConsentSource.API):
        _ask(front_desk, sarah)
        ClientMail.objects.update(state=MailState.SENT, sent_at=NOW)
        decide(front_desk, sarah, WITHDRAWN, now=NOW + HOUR, source=source)
        _ask(front_desk, sarah, NOW + 2 * HOUR)
        card = get_client(sarah.pk)
        assert (len(mails_of(sarah.pk)), asked_until(card, NOW + 2 * HOUR)) == (1, NOW + DAY)
        # She is asked for by now, and the link of before confirms nothing.
        assert ledger_of(sarah.pk)[0].decision == REQUESTED
        assert link_standing(salon=in_sonnenschein, client=card, now=NOW + 2 * HOUR) == Standing.VOID
    ask_again(actor=front_desk, client_id=sarah.pk, now=NOW + DAY)
    assert len(mails_of(sarah.pk)) == 2


def test_what_becomes_of_the_link_at_the_address_of_the_card(
    sarah: Client, front_desk: Actor, in_sonnenschein: Salon
) -> None:
    def link(at: datetime = NOW) -> Standing | None:
        return link_standing(salon=in_sonnenschein, client=get_client(sarah.pk), now=at)

    twin = make_client(in_sonnenschein, front_desk, ClientDetails("Tom", email="sarah@gmail.com"))
    assert link() is None
    _ask(front_desk, sarah)
    assert (link(), link(NOW + 30 * DAY)) == (Standing.OPEN, Standing.EXPIRED)
    # The link asks her, not whoever has the address, too.
    assert link_standing(salon=in_sonnenschein, client=twin, now=NOW) is None
    ClientMail.objects.update(state=MailState.SENT, sent_at=NOW)
    confirm(salon=in_sonnenschein, link=link_in(mails_of(sarah.pk)[0]), now=NOW)
    assert link() == Standing.CONFIRMED
    update_client(actor=front_desk, salon=in_sonnenschein, client_id=sarah.pk, changes={"email": ""}, now=NOW)
    assert link() is None


def test_another_address_makes_the_link_void(sarah: Client, front_desk: Actor, in_sonnenschein: Salon) -> None:
    _ask(front_desk, sarah)
    link = link_in(mails_of(sarah.pk)[0])
    update_client(actor=front_desk, salon=in_sonnenschein, client_id=sarah.pk, changes={"email": "s@web.de"}, now=NOW)
    assert confirm(salon=in_sonnenschein, link=link, now=NOW + HOUR).standing == Standing.VOID
    assert not get_client(sarah.pk).email_consent


def test_a_request_goes_along_with_a_merge(sarah: Client, front_desk: Actor, in_sonnenschein: Salon) -> None:
    other = make_client(in_sonnenschein, front_desk, ClientDetails("Sara", email="sarah@gmail.com"))
    _ask(front_desk, other)
    merge = merge_cards(actor=BOSS, salon=in_sonnenschein, survivor_id=sarah.pk, duplicate_id=other.pk, now=NOW + HOUR)
    assert _decisions(sarah) == [("REQUESTED", "MERGE", "Ja, gern.")]
    assert not get_client(sarah.pk).email_consent
    link = link_in(mails_of(other.pk)[0])
    assert asked_until(get_client(sarah.pk), NOW + HOUR) == NOW + DAY
    assert confirm(salon=in_sonnenschein, link=link, now=NOW + 2 * HOUR).standing == Standing.CONFIRMED
    assert get_client(sarah.pk).email_consent
    undo_merge(actor=BOSS, salon=in_sonnenschein, merge_id=merge.pk, now=NOW + DAY)
    assert (get_client(sarah.pk).email_consent, get_client(other.pk).email_consent) == (True, False)


@pytest.mark.parametrize(("wins", "holds_still"), [([], True), (["email"], False)])
def test_a_merge_keeps_what_is_confirmed_for_the_address_that_stays(
    sarah: Client, front_desk: Actor, in_sonnenschein: Salon, wins: list[str], holds_still: bool
) -> None:
    other = make_client(in_sonnenschein, front_desk, ClientDetails("Sara", email="andere@gmail.com"))
    decide(front_desk, sarah, GRANTED, now=NOW, source=ConsentSource.IMPORT, wording="Ja.")
    _ask(front_desk, other, NOW + HOUR)
    merge_cards(
        actor=BOSS, salon=in_sonnenschein, survivor_id=sarah.pk, duplicate_id=other.pk, wins=wins, now=NOW + 2 * HOUR
    )
    assert get_client(sarah.pk).email_consent is holds_still
    assert holds(sarah.pk, NEWS) is holds_still


def test_an_objection_outlives_a_merge(sarah: Client, front_desk: Actor, in_sonnenschein: Salon) -> None:
    other = make_client(in_sonnenschein, front_desk, ClientDetails("Sara", email="sarah@gmail.com"))
    decide(front_desk, other, WITHDRAWN, now=NOW)
    _ask(front_desk, sarah, NOW + HOUR)
    merge_cards(actor=BOSS, salon=in_sonnenschein, survivor_id=sarah.pk, duplicate_id=other.pk, now=NOW + 2 * HOUR)
    assert [one[:2] for one in _decisions(sarah)] == [("REQUESTED", "SALON"), ("WITHDRAWN", "MERGE")]


def test_who_is_erased_confirms_nothing(sarah: Client, front_desk: Actor, in_sonnenschein: Salon) -> None:
    _ask(front_desk, sarah)
    link = link_in(mails_of(sarah.pk)[0])
    erase_card(actor=BOSS, salon=in_sonnenschein, client_id=sarah.pk, confirmation=None, version=None, now=NOW + HOUR)
    assert confirm(salon=in_sonnenschein, link=link, now=NOW + HOUR).standing == Standing.FORGOTTEN
    assert (_decisions(sarah), mails_of(sarah.pk)) == ([("REQUESTED", "SALON", "")], [])


def test_words_are_kept_version_by_version(in_sonnenschein: Salon, front_desk: Actor) -> None:
    assert wording_now(NEWS, in_sonnenschein) == default_wording(NEWS, in_sonnenschein)
    for number, text in enumerate(["Eins.", "Zwei.", "Zwei."]):
        save_wording(actor=BOSS, salon=in_sonnenschein, purpose=NEWS, text=text, number=min(number, 2), now=NOW)
    assert (wording_now(NEWS, in_sonnenschein).number, wording_now(NEWS, in_sonnenschein).text) == (2, "Zwei.")
    with pytest.raises(VersionConflict):
        save_wording(actor=BOSS, salon=in_sonnenschein, purpose=NEWS, text="Drei.", number=1, now=NOW)
    with pytest.raises(InvalidInput):
        save_wording(actor=BOSS, salon=in_sonnenschein, purpose=NEWS, text=" ", now=NOW)
    with pytest.raises(NotAllowed):
        save_wording(actor=front_desk, salon=in_sonnenschein, purpose=NEWS, text="Drei.", now=NOW)


def test_nobody_else_asks(sarah: Client, in_sonnenschein: Salon) -> None:
    nobody = Actor(BOSS.kind, None, "Gast", frozenset())
    with pytest.raises(NotAllowed):
        ask_again(actor=nobody, client_id=sarah.pk, now=NOW)
    with pytest.raises(NotFound):
        ask_again(actor=BOSS, client_id=sarah.pk, now=NOW)
    with pytest.raises(InvalidInput):
        decide(BOSS, sarah, GRANTED, now=NOW, wording="")


def test_who_unsubscribes_and_asks_again_on_one_day_gets_a_new_mail(
    sarah: Client, front_desk: Actor, in_sonnenschein: Salon
) -> None:
    _ask(front_desk, sarah)
    [first] = mails_of(sarah.pk)
    type(first).objects.filter(pk=first.pk).update(state=MailState.SENT, sent_at=NOW)
    confirm(salon=in_sonnenschein, link=link_in(first), now=NOW + HOUR)
    unsubscribe(client_id=sarah.pk, address="sarah@gmail.com", now=NOW + 2 * HOUR)
    resubscribe(client_id=sarah.pk, now=NOW + 3 * HOUR)
    resubscribe(client_id=sarah.pk, now=NOW + 4 * HOUR)
    assert len(mails_of(sarah.pk)) == 2
    assert asked_until(get_client(sarah.pk), NOW + 4 * HOUR) == NOW + 3 * HOUR + DAY
    done = confirm(salon=in_sonnenschein, link=link_in(mails_of(sarah.pk)[1]), now=NOW + 5 * HOUR)
    assert done.standing == Standing.CONFIRMED


def test_the_mail_that_asks_says_who_writes_as_every_mail_of_news_does(sarah: Client, front_desk: Actor) -> None:
    may_send(imprint="Salon <Sonnenschein> & Söhne\nLindenstraße 5, 10969 Berlin")
    _ask(front_desk, sarah)
    # As it was when she was asked.
    MarketingRules.objects.update(imprint="Anderswo 1")
    [mail] = mails_of(sarah.pk)
    put_into_words(mail)
    lines = ["Ihr Salon Sonnenschein", "Salon <Sonnenschein> & Söhne", "Lindenstraße 5, 10969 Berlin"]
    assert mail.text.endswith("\n\n-- \n" + "\n".join(lines) + "\n")
    assert "<b>Ihr Salon Sonnenschein</b><br>Salon &lt;Sonnenschein&gt; &amp; Söhne<br>Lindenstraße 5" in mail.html


@pytest.mark.parametrize(
    ("imprint", "lines"),
    [
        ("", ["Sonnenscheingasse 5", "10999 Berlin"]),
        ("Anna Krüger", ["Anna Krüger", "Sonnenscheingasse 5", "10999 Berlin"]),
        ("Anna Krüger, Sonnenscheingasse 5, 10999 Berlin", ["Anna Krüger, Sonnenscheingasse 5, 10999 Berlin"]),
    ],
)
def test_the_address_of_the_salon_stands_under_news_unless_the_imprint_tells_it(
    in_sonnenschein: Salon, imprint: str, lines: list[str]
) -> None:
    in_sonnenschein.street, in_sonnenschein.postal_code = "Sonnenscheingasse 5", "10999"
    MarketingRules.objects.create(imprint=imprint)
    assert foot_of_news(in_sonnenschein) == ["Salon Sonnenschein", *lines]
