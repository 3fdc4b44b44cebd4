"""Whom a client likes to come to: on her card, in the list, for programs, through a merge (domain.md §2)."""

from datetime import timedelta

import pytest
from django.test import Client as Browser

from clients.details import ClientDetails
from clients.editing import create_client, update_client
from clients.models import Client, CreatedVia
from salon.catalogue.models import StaffMember
from salon.desk.erasure import erase_card
from salon.desk.merging import merge_cards, undo_merge
from salon.errors import InvalidInput
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.bookings.salonday import make_staff
from tests.card.desk import LIST, OWNER, add_client, card_of, open_form, send_form, stored_card
from tests.conftest import NOW

CARLA = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])
STAFF = "staff"


@pytest.fixture
def bora(sonnenschein: Salon) -> StaffMember:
    with salon_scope(sonnenschein.pk):
        make_staff("Anna", position=1)
        return make_staff("Bora", position=2)


def test_it_is_chosen_on_the_card_and_told(
    browser: Browser, sonnenschein: Salon, petra: Client, bora: StaffMember
) -> None:
    form = open_form(browser, petra, STAFF)
    assert form == {"preferred_staff": "", "was-preferred_staff": ""}
    answer = send_form(browser, petra, STAFF, {**form, "preferred_staff": str(bora.pk)})
    assert (answer.status_code, "Bora" in answer.content.decode()) == (200, True)
    assert stored_card(sonnenschein, petra).preferred_staff_id == bora.pk
    page = browser.get(card_of(petra)).content.decode()
    assert "Stammfriseur/in geändert" in page
    assert str(bora.pk) not in page
    # Nobody in particular again.
    again = open_form(browser, petra, STAFF)
    assert again["preferred_staff"] == str(bora.pk)
    send_form(browser, petra, STAFF, {**again, "preferred_staff": ""})
    assert stored_card(sonnenschein, petra).preferred_staff_id is None


def test_only_who_works_here_is_offered_and_whoever_stands_there(
    browser: Browser, sonnenschein: Salon, petra: Client, bora: StaffMember
) -> None:
    def offered() -> list[str]:
        form = browser.get(f"{card_of(petra)}fields/staff/", headers={"HX-Request": "true"}).context["form"]
        return [name for _value, name in form.fields["preferred_staff"].widget.choices]

    assert offered() == ["niemand Bestimmtes", "Anna", "Bora"]
    with salon_scope(sonnenschein.pk):
        StaffMember.objects.filter(pk=bora.pk).update(archived_at=NOW)
        assert offered_later(petra, bora)
    assert offered() == ["niemand Bestimmtes", "Anna", "Bora"]


def offered_later(petra: Client, bora: StaffMember) -> bool:
    return bool(Client.objects.filter(pk=petra.pk).update(preferred_staff=bora))


@pytest.mark.parametrize("kind", ["nobody", "no id", "archived", "foreign"])
def test_nobody_else_is_accepted(sonnenschein: Salon, dom: Salon, petra: Client, bora: StaffMember, kind: str) -> None:
    with salon_scope(dom.pk):
        foreign = make_staff("Emre")
    wanted = {"nobody": str(new_id()), "no id": "Bora", "archived": str(bora.pk), "foreign": str(foreign.pk)}[kind]
    with salon_scope(sonnenschein.pk):
        if kind == "archived":
            StaffMember.objects.filter(pk=bora.pk).update(archived_at=NOW)
        changes = {"preferred_staff": wanted}
        with pytest.raises(InvalidInput) as refusal:
            update_client(actor=OWNER, salon=sonnenschein, client_id=petra.pk, changes=changes, now=NOW)  # type: ignore[arg-type]
        assert [(one.field, one.code) for one in refusal.value.errors] == [("preferred_staff", "not_found")]
        with pytest.raises(InvalidInput):
            create_client(
                actor=OWNER,
                salon=sonnenschein,
                details=ClientDetails("Ida", preferred_staff=wanted),
                created_via=CreatedVia.STAFF,
                now=NOW,
            )
        assert Client.objects.get().preferred_staff_id is None


def test_a_card_keeps_somebody_who_left(sonnenschein: Salon, petra: Client, bora: StaffMember) -> None:
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(pk=petra.pk).update(preferred_staff=bora)
        StaffMember.objects.filter(pk=bora.pk).update(archived_at=NOW)
        update_client(actor=OWNER, salon=sonnenschein, client_id=petra.pk, changes={"city": "Köln"}, now=NOW)
        assert Client.objects.get().preferred_staff_id == bora.pk


def test_the_list_is_narrowed_to_hers(browser: Browser, sonnenschein: Salon, petra: Client, bora: StaffMember) -> None:
    add_client(sonnenschein, "Ida")
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(pk=petra.pk).update(preferred_staff=bora)
    page = browser.get(LIST, {"staff": str(bora.pk)})
    html = page.content.decode()
    assert ("Petra Lang" in html, "Ida" in html) == (True, False)
    assert [chip.text for chip in page.context["chips"]] == ["Bevorzugt Bora"]
    fields = browser.get(f"{LIST}filter/").context["form"].fields["staff"].widget.choices
    assert [name for _value, name in fields] == ["egal", "Anna", "Bora"]
    assert browser.get(LIST, {"staff": "Bora"}).status_code == 200


def test_it_goes_with_a_merge_and_comes_back_and_is_erased(
    sonnenschein: Salon, petra: Client, bora: StaffMember
) -> None:
    ida = add_client(sonnenschein, "Ida")
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(pk=ida.pk).update(preferred_staff=bora)
        merge = merge_cards(actor=CARLA, salon=sonnenschein, survivor_id=petra.pk, duplicate_id=ida.pk, now=NOW)
        assert Client.objects.get(pk=petra.pk).preferred_staff_id == bora.pk
        undo_merge(actor=CARLA, salon=sonnenschein, merge_id=merge.pk, now=NOW + timedelta(hours=1))
        kept = {one.pk: one.preferred_staff_id for one in Client.objects.all()}
        assert kept == {petra.pk: None, ida.pk: bora.pk}
        erase_card(actor=CARLA, salon=sonnenschein, client_id=ida.pk, now=NOW + timedelta(hours=2))
        assert Client.objects.get(pk=ida.pk).preferred_staff_id is None
