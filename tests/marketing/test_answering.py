"""What a salon answers belongs in her mail program to what she wrote (domain.md §9.4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from clients.models import Client, Decision
from marketing.message_templates import Wording, create_template
from marketing.messages import write_message
from marketing.models import MarketingRules
from salon.identity.models import User
from salon.identity.roles import system_actor
from salon.mail.models import ClientMail
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.consenting import decide, mails_of
from tests.marketing.letterbox import DOMAIN, a_card, answer, reply_to

pytestmark = pytest.mark.django_db(transaction=True)
SOFTWARE = system_actor("test")


@pytest.fixture(autouse=True)
def _answers_come_in(settings: Settings) -> None:
    settings.INBOUND_DOMAIN = DOMAIN


@pytest.fixture
def lena(sonnenschein: Salon) -> Client:
    """Return a client who has answered "Termin" under the identifier <1@mail.example>."""
    with salon_scope(sonnenschein.pk):
        card = a_card(sonnenschein)
    _written(sonnenschein, card, "Termin")
    answer(sonnenschein, card)
    return card


def _written(salon: Salon, client: Client, subject: str) -> str:
    """Write to her; return the mail that it answers."""
    with salon_scope(salon.pk):
        write_message(actor=SOFTWARE, client_id=client.pk, subject=subject, text="Dienstag?", now=NOW)
        return ClientMail.objects.order_by("-id")[0].answers


@pytest.mark.parametrize(
    ("subject", "answered"),
    [
        ("Re: Termin", "<1@mail.example>"),
        ("AW: termin", "<1@mail.example>"),
        ("Re: Rechnung", ""),
        ("Termin", ""),
    ],
)
def test_what_keeps_her_subject_answers_her_mail(
    sonnenschein: Salon, lena: Client, subject: str, answered: str
) -> None:
    assert _written(sonnenschein, lena, subject) == answered


def test_the_last_of_hers_is_answered_and_none_that_a_program_wrote(sonnenschein: Salon, lena: Client) -> None:
    answer(sonnenschein, lena, minutes=2, Message_ID="<2@mail.example>")
    answer(sonnenschein, lena, minutes=3, Message_ID="<3@mail.example>", Auto_Submitted="auto-replied")
    assert _written(sonnenschein, lena, "Re: Termin") == "<2@mail.example>"


@pytest.mark.parametrize("known_as", ["", "ohne Klammern", "<a b@x.example>"])
def test_what_is_no_identifier_is_not_named(sonnenschein: Salon, lena: Client, known_as: str) -> None:
    answer(sonnenschein, lena, minutes=2, Message_ID=known_as)
    assert _written(sonnenschein, lena, "Re: Termin") == ""


def test_a_template_keeps_the_subject_of_an_answer(
    sonnenschein: Salon, lena: Client, stylist: User, browser_of: Callable[[User], Browser]
) -> None:
    with salon_scope(sonnenschein.pk):
        wording = Wording("Verschieben", "Am {{last_visit}}", "Hallo {{first_name}}")
        template = create_template(actor=SOFTWARE, wording=wording, now=NOW)
    url = f"/s/sonnenschein/marketing/messages/{lena.pk}/"
    page = browser_of(stylist).post(url, {"template": str(template.pk), "subject": "Re: Termin", "text": ""})
    form = page.context["form"]
    assert (form["subject"].value(), form["text"].value()) == ("Re: Termin", "Hallo Lena")
    # What the template's own subject cannot say of her is of no matter then.
    assert not form.errors


def test_the_mail_to_confirm_is_answered_where_the_others_are(sonnenschein: Salon, settings: Settings) -> None:
    with salon_scope(sonnenschein.pk):
        lena, anna = a_card(sonnenschein), a_card(sonnenschein, "Anna", "a@x.example")
        decide(SOFTWARE, lena, Decision.REQUESTED, now=NOW)
        [asking] = mails_of(lena.pk)
        write_message(actor=SOFTWARE, client_id=lena.pk, subject="Termin", text="Gut", now=NOW)
        assert asking.reply_to == reply_to(lena.pk)
        assert asking.reply_to.endswith(DOMAIN)
        settings.INBOUND_DOMAIN = ""
        MarketingRules.objects.create(reply_to="post@salon.example")
        decide(SOFTWARE, anna, Decision.REQUESTED, now=NOW)
        assert mails_of(anna.pk)[0].reply_to == "post@salon.example"
