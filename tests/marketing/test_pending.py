"""Who was asked to confirm news when the wording changes: counted before, and asked anew in one go (domain.md §9.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from clients.models import Client, Decision
from clients.objections import object_at
from clients.pending import Pending, ask_void_anew, pending
from salon.errors import NotAllowed
from salon.identity.models import User
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.mail.models import ClientMail
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.marketing.consenting import decide
from tests.marketing.letterbox import a_card

pytestmark = pytest.mark.django_db(transaction=True)
MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])
PAGE = "/s/sonnenschein/marketing/rules/"


def test_new_words_and_who_was_asked_for_the_old_ones(
    sonnenschein: Salon, front_desk: Actor, manager: User, browser_of: Callable[[User], Browser]
) -> None:
    now = timezone.now()
    with salon_scope(sonnenschein.pk):
        lena, anna, old, gone, mute = (
            a_card(sonnenschein, name, f"{name}@x.example") for name in ("Lena", "Anna", "Alt", "Weg", "Stumm")
        )
        for one, days in ((lena, 2), (anna, 2), (old, 31), (gone, 2), (mute, 2)):
            decide(MANAGER, one, Decision.REQUESTED, now=now - timedelta(days=days))
        decide(MANAGER, gone, Decision.WITHDRAWN, now=now - timedelta(days=1), wording="Nein danke")
        Client.objects.filter(pk=mute.pk).update(email="")
        assert pending(sonnenschein, now=now) == Pending(asked=2, void=0)
    browser = browser_of(manager)
    assert "2 Personen wurden gefragt" in browser.get(PAGE).text
    told = browser.post(f"{PAGE}wording/", {"wording": "Ja, schreibt mir!", "number": "0"}, follow=True).text
    assert "Alle neu fragen" in told
    with salon_scope(sonnenschein.pk):
        assert pending(sonnenschein, now=now) == Pending(asked=0, void=2)
        with pytest.raises(NotAllowed):
            ask_void_anew(actor=front_desk, salon=sonnenschein, now=now)
    assert "2 Personen werden neu gefragt." in browser.post(f"{PAGE}wording/ask/", follow=True).text
    assert "0 Personen werden neu gefragt." in browser.post(f"{PAGE}wording/ask/", follow=True).text
    with salon_scope(sonnenschein.pk):
        assert pending(sonnenschein, now=timezone.now()) == Pending(asked=2, void=0)
        newest = ClientMail.objects.order_by("-created_at").values_list("recipient", flat=True)[:2]
        assert set(newest) == {"Lena@x.example", "Anna@x.example"}


def test_whoever_unsubscribed_since_by_another_card_is_not_asked(sonnenschein: Salon) -> None:
    now = timezone.now()
    with salon_scope(sonnenschein.pk):
        decide(MANAGER, a_card(sonnenschein), Decision.REQUESTED, now=now - timedelta(days=2))
        for days, asked in ((3, 1), (1, 0)):
            object_at({"LENA@x.example"}, now=now - timedelta(days=days))
            assert pending(sonnenschein, now=now) == Pending(asked=asked, void=0)
