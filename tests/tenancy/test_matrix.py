"""For every model: another salon's rows can be neither read, changed, removed, made nor referred to (quality.md §3)."""

from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, models, transaction

from salon.tenancy.context import ForeignSalon, NoSalon, current_salon_id, salon_scope
from salon.tenancy.models import Salon
from tests.tenancy.cast import make, references, salon_models

MODELS = pytest.mark.parametrize("model", salon_models(), ids=lambda model: model._meta.label)
REFERENCES = pytest.mark.parametrize(
    ("model", "field"),
    [(model, field) for model in salon_models() for field in references(model)],
    ids=lambda one: one.name if isinstance(one, models.Field) else one._meta.label,
)


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def _write(sql: str, values: list[UUID]) -> int | type[BaseException] | None:
    """Run a statement in a savepoint; return the rows it touched, or what the database raised."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
            return int(cursor.rowcount)
    except DatabaseError as error:
        return type(error.__cause__) if error.__cause__ else None


# Ledgers may not be changed at all; nowhere is a row of the other salon touched.
UNTOUCHED = (0, psycopg.errors.InsufficientPrivilege)


def _make_in(salon: Salon, model: type[models.Model]) -> models.Model:
    with salon_scope(salon.pk):
        return make(model, salon.pk)


@MODELS
def test_read(sonnenschein: Salon, dom: Salon, model: type[models.Model]) -> None:
    row = _make_in(sonnenschein, model)
    with salon_scope(sonnenschein.pk):
        assert _count(model._meta.db_table) == 1
    with salon_scope(dom.pk):
        assert list(model._default_manager.all()) == []
        assert not model._default_manager.filter(pk=row.pk).exists()
        assert _count(model._meta.db_table) == 0


@MODELS
def test_update_and_delete(sonnenschein: Salon, dom: Salon, model: type[models.Model]) -> None:
    _make_in(sonnenschein, model)
    table = model._meta.db_table
    with salon_scope(dom.pk):
        assert _write(f"UPDATE {table} SET salon_id = salon_id", []) in UNTOUCHED
        assert _write(f"UPDATE {table} SET salon_id = %s WHERE salon_id = %s", [dom.pk, sonnenschein.pk]) in UNTOUCHED
        assert _write(f"DELETE FROM {table}", []) in UNTOUCHED
    with salon_scope(sonnenschein.pk):
        assert _count(table) == 1


@MODELS
def test_create_and_give_away(sonnenschein: Salon, dom: Salon, model: type[models.Model]) -> None:
    with salon_scope(dom.pk):
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            make(model, sonnenschein.pk)
        make(model, dom.pk)
        given_away = _write(f"UPDATE {model._meta.db_table} SET salon_id = %s", [sonnenschein.pk])
        assert given_away in {psycopg.errors.InsufficientPrivilege, psycopg.errors.ForeignKeyViolation}
    with salon_scope(sonnenschein.pk):
        assert _count(model._meta.db_table) == 0


@REFERENCES
def test_reference(
    sonnenschein: Salon, dom: Salon, model: type[models.Model], field: "models.ForeignKey[object, object]"
) -> None:
    theirs = _make_in(sonnenschein, field.remote_field.model)
    with (
        salon_scope(dom.pk),
        pytest.raises(IntegrityError, match="violates foreign key constraint"),
        transaction.atomic(),
    ):
        make(model, dom.pk, **{field.attname: theirs.pk})


@MODELS
def test_without_a_scope(sonnenschein: Salon, model: type[models.Model]) -> None:
    _make_in(sonnenschein, model)
    with pytest.raises(DatabaseError, match=r"invalid input syntax for type uuid|unrecognized configuration"):
        _count(model._meta.db_table)


def test_a_scope_ends_with_its_block(sonnenschein: Salon, dom: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        with salon_scope(sonnenschein.pk):
            assert current_salon_id() == sonnenschein.pk
        assert current_salon_id() == sonnenschein.pk
        assert _count("clients_client") == 0
    with pytest.raises(NoSalon):
        current_salon_id()
    with pytest.raises(DatabaseError), transaction.atomic():
        _count("clients_client")


def test_a_scope_ends_with_an_exception_too(sonnenschein: Salon) -> None:
    with pytest.raises(ZeroDivisionError), salon_scope(sonnenschein.pk):
        raise ZeroDivisionError
    with pytest.raises(DatabaseError), transaction.atomic():
        _count("clients_client")


def test_a_scope_refuses_another_inside(sonnenschein: Salon, dom: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        with pytest.raises(ForeignSalon), salon_scope(dom.pk):
            pytest.fail("The scope of another salon opened.")
        assert current_salon_id() == sonnenschein.pk


@pytest.mark.django_db(transaction=True)
def test_a_scope_leaves_nothing_on_the_connection(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        _count("clients_client")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.salon_id', true)")
        assert cursor.fetchone()[0] in {None, ""}
