"""All data of one client, and nobody else's (domain.md §2, Art. 15 DSGVO)."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import models

import bookings.disclosing
import loyalty.disclosing
import marketing.disclosing
from clients.details import ClientDetails
from clients.disclosing import SECTIONS
from clients.duplicates import dismiss
from clients.editing import create_client
from clients.models import CarriedService, Client, CreatedVia, Decision, ImportBatch, ImportRow
from clients.notes import delete_note, write_note
from salon.audit.models import AuditEntry
from salon.desk.merging import merge_cards
from salon.desk.personal_data import data_of_person
from salon.errors import NotAllowed, NotFound
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role, system_actor
from salon.tenancy.models import Salon, new_id
from tests.conftest import NOW
from tests.marketing.consenting import decide, mails_of, secret_in

MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])
LATER = NOW + timedelta(hours=1)


def _card(salon: Salon, first: str, **details: str) -> Client:
    given = ClientDetails(first, "Berg", **details)
    return create_client(
        actor=system_actor("test"), salon=salon, details=given, created_via=CreatedVia.STAFF, now=NOW
    ).client


def test_every_table_that_refers_to_clients_is_covered() -> None:
    """A new one has to be told of, too: add its section, here and in `data_of_client`."""
    clients = apps.get_app_config("clients").get_models()
    referring = {
        model.__name__
        for model in clients
        for field in model._meta.local_fields
        if model is not Client and (field.related_model is Client or field.name in {"client_id", "card_id"})
    }
    assert referring == set(SECTIONS)
    elsewhere = {
        model._meta.label
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey) and field.related_model is Client
    }
    of_others = {f"bookings.{name}" for name in bookings.disclosing.SECTIONS}
    of_others |= {f"loyalty.{name}" for name in loyalty.disclosing.SECTIONS}
    of_others |= {f"marketing.{name}" for name in marketing.disclosing.SECTIONS}
    assert {label for label in elsewhere if not label.startswith("clients.")} == of_others


def test_everything_is_told(in_sonnenschein: Salon) -> None:
    anna = _card(in_sonnenschein, "Anna", mobile="0171 2345678", birthday="3.2.")
    double, other = _card(in_sonnenschein, "Anne", email="a@mail.example"), _card(in_sonnenschein, "Else")
    note = write_note(actor=MANAGER, client_id=double.pk, text="trinkt Tee", pinned=True, now=NOW)
    delete_note(actor=MANAGER, note_id=note.pk, now=LATER)
    CarriedService.objects.create(client_id=anna.pk, name="Facial", times=2)
    dismiss(actor=MANAGER, client_ids=(anna.pk, other.pk), now=NOW)
    batch = ImportBatch.objects.create(file_name="liste.csv", uploaded_at=NOW, state="APPLIED", actor_name="Carla")
    ImportRow.objects.create(batch=batch, number=3, card_id=double.pk, cells=["Anne", "Berg"])
    merge_cards(actor=MANAGER, salon=in_sonnenschein, survivor_id=anna.pk, duplicate_id=double.pk, now=NOW)
    found = data_of_person(actor=MANAGER, client_id=anna.pk, now=LATER)
    assert (found.number, found.collected_at) == (anna.number, LATER)
    others = (bookings.disclosing, loyalty.disclosing, marketing.disclosing)
    of_others = {section for one in others for section in one.SECTIONS.values()}
    assert set(found.sections) == {*SECTIONS.values(), *of_others, "mails", "history"}
    mine, merged = found.sections["client"]
    assert (mine["first_name"], mine["mobile"], mine["birthday"], mine["email"]) == (
        "Anna",
        "+491712345678",
        "--02-03",
        "a@mail.example",
    )
    assert (merged["first_name"], merged["state"]) == ("Anne", "MERGED")
    assert [(one["text"], one["deleted_at"] is None) for one in found.sections["notes"]] == [("trinkt Tee", False)]
    assert found.sections["services"] == [{"name": "Facial", "times": 2}]
    assert [(one["number"], one["state"]) for one in found.sections["possible_duplicates"]] == [
        (other.number, "DISMISSED")
    ]
    assert [(one["file"], one["line"], one["cells"]) for one in found.sections["imports"]] == [
        ("liste.csv", 3, ["Anne", "Berg"])
    ]
    assert [(one["number"], one["into"]) for one in found.sections["merges"]] == [(double.number, anna.number)]
    assert {one["action"] for one in found.sections["history"]} >= {"client.created", "client.merged"}
    # Nobody else's data.
    assert "Else" not in str(found.sections)
    entry = AuditEntry.objects.filter(subject_id=anna.pk).latest("id")
    assert (entry.action, entry.actor_name, entry.at, entry.changes) == ("client.data_disclosed", "Carla", LATER, [])


def test_the_history_of_every_card_that_went_in_is_told(in_sonnenschein: Salon) -> None:
    """Also of one that went into a card before that one went into this."""
    anna, second, third = (_card(in_sonnenschein, name) for name in ("Anna", "Anne", "Anja"))
    for survivor, duplicate in ((second, third), (anna, second)):
        merge_cards(actor=MANAGER, salon=in_sonnenschein, survivor_id=survivor.pk, duplicate_id=duplicate.pk, now=NOW)
    found = data_of_person(actor=MANAGER, client_id=anna.pk, now=LATER)
    assert [one["action"] for one in found.sections["history"]].count("client.created") == 3


def test_a_link_that_is_hers_alone_is_told_to_nobody_else(in_sonnenschein: Salon) -> None:
    anna = _card(in_sonnenschein, "Anna", email="a@mail.example")
    decide(MANAGER, anna, Decision.REQUESTED, now=NOW)
    [mail] = mails_of(anna.pk)
    [told] = data_of_person(actor=MANAGER, client_id=anna.pk, now=LATER).sections["mails"]
    assert (told["recipient"], told["text"]) == ("a@mail.example", None)
    assert secret_in(mail) not in str(data_of_person(actor=MANAGER, client_id=anna.pk, now=LATER))


def test_refusals(in_sonnenschein: Salon, front_desk: Actor) -> None:
    anna = _card(in_sonnenschein, "Anna")
    before = AuditEntry.objects.count()
    with pytest.raises(NotAllowed):
        data_of_person(actor=front_desk, client_id=anna.pk, now=NOW)
    with pytest.raises(NotFound):
        data_of_person(actor=MANAGER, client_id=new_id(), now=NOW)
    assert AuditEntry.objects.count() == before
