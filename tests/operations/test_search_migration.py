"""Cards that were there before a kind of token are found by it, too."""

from importlib import import_module
from types import SimpleNamespace

from django.db import connection

from clients.details import ClientDetails
from clients.editing import create_client
from clients.models import CreatedVia, SearchToken
from clients.treatcard import set_treatcard
from salon.identity.roles import Actor
from salon.tenancy.models import Salon
from tests.conftest import NOW

migration = import_module("clients.migrations.0019_more_to_search_by")
streets = import_module("clients.migrations.0022_streets_in_full")
beginnings = import_module("clients.migrations.0027_beginnings_in_the_key")


def _tokens() -> set[tuple[object, ...]]:
    return set(SearchToken.objects.values_list("client", "field", "token"))


def _beginnings() -> set[tuple[object, ...]]:
    return set(SearchToken.objects.values_list("client", "field", "token", "beginnings"))


def test_the_migration_adds_what_a_save_would(in_sonnenschein: Salon, front_desk: Actor) -> None:
    for first, last, birthday in (
        ("Ærike Ève", "Müller-Lüdenscheidt", "29.02.1980"),
        ("Bea", "O'Neill", "1.2."),
        ("Cem", "Ott", ""),
    ):
        details = ClientDetails(first_name=first, last_name=last, birthday=birthday)
        client = create_client(
            actor=front_desk, salon=in_sonnenschein, details=details, created_via=CreatedVia.STAFF, now=NOW
        ).client
        set_treatcard(actor=front_desk, client_id=client.pk, number=f"TC-0{len(last)}{first[-1]}12", now=NOW)
    whole = _tokens()
    SearchToken.objects.filter(field=7).delete()
    SearchToken.objects.filter(field=6, token__regex="^[0-9]").delete()
    SearchToken.objects.filter(field=1, token__regex="^(arikeeve|aerikeeve|mullerlu|oneill)").delete()
    before = _tokens()
    with connection.cursor() as cursor:
        cursor.execute(migration._BIRTHDAYS)
        cursor.execute(migration._TREATCARDS)
    migration.run_names_together(None, SimpleNamespace(connection=connection))
    assert before < _tokens() == whole


def test_streets_stand_in_full_as_after_a_save(in_sonnenschein: Salon, front_desk: Actor) -> None:
    for street, city in (("Gartenstr. 12", "Berlin"), ("Lange Str. 5", ""), ("Gartenstraße 1", "Straubing")):
        details = ClientDetails(first_name="Astr", last_name="Str", street=street, city=city)
        create_client(actor=front_desk, salon=in_sonnenschein, details=details, created_via=CreatedVia.STAFF, now=NOW)
    whole = _tokens()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE clients_searchtoken SET token = regexp_replace(token, 'asse$', '') WHERE field = 5 RETURNING 1"
        )
        assert cursor.rowcount
        # As a card stands that was saved meanwhile.
        cursor.execute(
            "INSERT INTO clients_searchtoken (salon_id, client_id, field, token) SELECT salon_id, client_id, field, "
            "token || 'asse' FROM clients_searchtoken WHERE field = 5 AND token = 'str'"
        )
        assert _tokens() != whole
        cursor.execute(streets._IN_FULL)
        cursor.execute(streets._SHORT)
    assert _tokens() == whole


def test_cards_that_were_there_tell_how_their_words_begin(in_sonnenschein: Salon, front_desk: Actor) -> None:
    many = " ".join(f"a{place:04}" for place in range(50))
    for details in (
        ClientDetails(first_name="Ærike Ève", last_name="Müller-Lüdenscheidt", birthday="29.02.1980", city="Bad Ems"),
        ClientDetails(first_name="Bo", last_name="O'Neill", email="bo.oneill@mail.example", mobile="+4917112345678"),
        ClientDetails(first_name=many[:60], last_name=many[60:120], street=many[120:238], city=many[240:300]),
    ):
        create_client(actor=front_desk, salon=in_sonnenschein, details=details, created_via=CreatedVia.STAFF, now=NOW)
    whole = _beginnings()
    assert SearchToken.objects.filter(field=5, beginnings="").exists()
    SearchToken.objects.update(beginnings="")
    assert _beginnings() != whole
    beginnings.tell_beginnings(None, SimpleNamespace(connection=connection))
    assert _beginnings() == whole
