"""Several appointments of a work list at once: what is refused for one keeps none of the others from it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client as Browser

from bookings.models import Appointment
from bookings.several import CannotStandIn, call_off_all, hand_over_all
from bookings.stand_ins import AlreadyArranged, call_off, keep
from bookings.states import State
from clients.models import Client
from salon.catalogue.models import AbsenceKind
from salon.errors import InvalidInput, NotAllowed
from salon.identity.models import User
from salon.identity.roles import Actor, ActorKind
from salon.mail.models import ClientMail
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.bookings.acting import Desk, stands
from tests.bookings.salonday import DAY, a_salon_day, at, make_absence, make_appointment, make_client
from tests.conftest import NOW


def _sick(desk: Desk) -> dict[str, object]:
    absence = make_absence(desk.day.anna, at(0), at(0, day=DAY + timedelta(days=1)), AbsenceKind.SICK)
    return {**desk.given, "gap_id": absence.pk}


def test_one_colleague_does_all_that_she_can(desk: Desk) -> None:
    day = desk.day
    made = [make_appointment((day.cut, day.anna), starts_at=at(hour)) for hour in (9, 11, 13, 15)]
    make_appointment((day.cut, day.bora), starts_at=at(11))
    given = _sick(desk)
    call_off(appointment_id=made[2].pk, message="", **given)  # type: ignore[arg-type]
    ids = [one.pk for one in made[:3]]
    arranged = hand_over_all(appointment_ids=[*ids, new_id()], staff_id=day.bora.pk, **given)  # type: ignore[arg-type]
    assert [one.appointment.pk for one in arranged.done] == [made[0].pk]
    assert [(one.pk, type(why)) for one, why in arranged.refused] == [
        (made[1].pk, CannotStandIn),
        (made[2].pk, AlreadyArranged),
    ]
    assert [stands(one)[0][1] for one in made] == ["Bora", "Anna", "Anna", "Anna"]


def test_all_are_called_off_with_the_same_words(desk: Desk) -> None:
    day = desk.day
    kim = make_client("Kim", "Groß", email="kim@x.example")
    clients = [day.lena, kim, None]
    made = [make_appointment((day.cut, day.anna), starts_at=at(9 + n), client=one) for n, one in enumerate(clients)]
    kept = make_appointment((day.cut, day.anna), starts_at=at(15))
    given = _sick(desk)
    keep(appointment_id=kept.pk, **given)  # type: ignore[arg-type]
    ids = [one.pk for one in [*made, kept]]
    for refused, changes in ((InvalidInput, {"message": "x" * 501}), (NotAllowed, {"actor": _nobody()})):
        with pytest.raises(refused):
            call_off_all(**{**given, "appointment_ids": ids, "message": "", **changes})  # type: ignore[arg-type]
    assert not Appointment.objects.filter(state=State.CANCELLED).exists()
    arranged = call_off_all(appointment_ids=ids, message="Rohrbruch.", **given)  # type: ignore[arg-type]
    assert [one.appointment.pk for one in arranged.done] == [one.pk for one in made]
    assert [one.pk for one, _why in arranged.refused] == [kept.pk]
    assert ClientMail.objects.filter(about_id__in=ids, state="WAITING").count() == 1


def _nobody() -> Actor:
    return Actor(ActorKind.USER, None, "Niemand", frozenset())


def test_the_page_arranges_several_and_keeps_one(
    sonnenschein: Salon, stylist: User, browser_of: Callable[[User], Browser]
) -> None:
    with salon_scope(sonnenschein.pk):
        day = a_salon_day()
        Client.objects.update(email="lena@x.example")
        absence = make_absence(day.anna, at(0), at(0, day=DAY + timedelta(days=1)), AbsenceKind.SICK)
        made = [make_appointment((day.cut, day.anna), starts_at=at(hour), client=day.lena) for hour in (9, 11, 13)]
        unheard = make_appointment((day.cut, day.anna), starts_at=at(15), client=make_client("Jan", "Fischer"))
        make_appointment((day.cut, day.bora), starts_at=at(15))
    browser, path = browser_of(stylist), f"/s/sonnenschein/calendar/absences/{absence.pk}/"
    with time_machine.travel(NOW, tick=False):
        page = browser.get(f"{path}?all").text
        assert len(re.findall(r'name="chosen" value="[^"]+" form="several" checked', page)) == 4
        assert " checked" not in browser.get(path).text.partition('id="open-head"')[2]
        several = f"{path}several/"
        assert "Bitte mindestens einen Termin auswählen." in browser.post(several, {}, follow=True).text
        chosen = {"chosen": [str(made[0].pk), str(made[1].pk)]}
        assert "Bitte auswählen, wer es übernimmt." in browser.post(several, chosen, follow=True).text
        given = browser.post(several, {**chosen, "act": "staff", "staff": str(day.bora.pk)}, follow=True).text
        assert "2 Termine sind übergeben." in given
        taken = {"chosen": [str(unheard.pk)], "act": "staff", "staff": str(day.bora.pk)}
        refused = "Nicht erledigt: Jan Fischer: Die ausgewählte Person macht das nicht oder ist dann nicht frei."
        assert refused in browser.post(several, taken, follow=True).text
        off = {"chosen": [str(made[2].pk), str(unheard.pk)], "act": "cancel", "message": "Es tut uns leid."}
        kept = browser.post(f"{path}{made[2].pk}/", {"act": "keep"}, follow=True).text
        assert "Lena Vogel: bleibt so." in kept
        assert f'action="{path}{made[2].pk}/?act=open"' in kept
        told = browser.post(several, off, follow=True).text
        assert "1 Termin ist abgesagt. Bitte anrufen: Jan Fischer." in told
        assert "Nicht erledigt: Lena Vogel: Dieser Termin ist schon geklärt." in told
        assert "4 von 4 erledigt" in told
        assert "3 von 4 erledigt" in browser.post(f"{path}{made[2].pk}/?act=open", follow=True).text
