"""Automations: what a salon begins with, changing, switching, and what one would have sent."""

from datetime import date

import pytest
from pytest_django import Settings

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
from marketing.models import Automation, Occasion
from marketing.occasions import would_have_reached
from marketing.rules import NoImprint
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed, VersionConflict
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_client
from tests.conftest import NOW
from tests.marketing.automating import NINE, born
from tests.marketing.campaigning import BOSS, may_send


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
    assert turn_on(actor=BOSS, occasion=Occasion.BIRTHDAY, now=NOW).enabled_at == NOW
    assert turn_on(actor=BOSS, occasion=Occasion.BIRTHDAY, now=NINE).enabled_at == NOW
    assert turn_off(actor=BOSS, occasion=Occasion.BIRTHDAY, now=NOW).enabled_at is None
    # The version is the text's: whoever is writing meanwhile has nothing to choose between.
    assert automation_for(Occasion.BIRTHDAY).version == 1
    with pytest.raises(VersionConflict):
        save_automation(actor=BOSS, occasion=Occasion.BIRTHDAY, text=text, now=NOW, version=0)
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


def test_what_it_would_have_sent_in_the_last_30_days(in_sonnenschein: Salon) -> None:
    """The days behind us, not today: birthdays from 6 to 35 days ahead of the mails' days."""
    for name, day, month in [("First", 29, 10), ("Last", 27, 11), ("Today", 28, 11), ("Before", 28, 10)]:
        born(name, day, month)
    make_client("Silent", email="silent@x.example", birth_day=10, birth_month=11)
    assert would_have_reached(automation_for(Occasion.BIRTHDAY), today=date(2026, 11, 21), now=NOW) == 2
