"""What is written once stays as it was written (architecture.md §3, §5)."""

import psycopg
import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, models, transaction

from salon.tenancy.constraints import AppendOnly
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests import database
from tests.tenancy.cast import make

LEDGERS = [model for model in apps.get_models() if any(isinstance(one, AppendOnly) for one in model._meta.constraints)]
pytestmark = pytest.mark.django_db(transaction=True)


def test_the_audit_trail_is_one() -> None:
    assert "audit.AuditEntry" in [model._meta.label for model in LEDGERS]


def _change(salon: Salon, sql: str) -> None:
    with salon_scope(salon.pk), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("model", LEDGERS, ids=lambda model: model._meta.label)
@pytest.mark.parametrize("action", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_its_own_salon_can_change_nothing(sonnenschein: Salon, model: type[models.Model], action: str) -> None:
    table = model._meta.db_table
    with salon_scope(sonnenschein.pk):
        make(model, sonnenschein.pk)
    with pytest.raises(ProgrammingError) as refusal:
        _change(sonnenschein, action.format(table))
    assert isinstance(refusal.value.__cause__, psycopg.errors.InsufficientPrivilege)
    assert "permission denied" in str(refusal.value)
    # Somebody hands out the right by mistake: the trigger stands behind it.
    with database.owner() as owner:
        owner.execute(f"GRANT UPDATE, DELETE ON {table} TO app")
    try:
        with pytest.raises(ProgrammingError, match=f"rows of {table} are written once"):
            _change(sonnenschein, action.format(table))
    finally:
        with database.owner() as owner:
            owner.execute(f"REVOKE UPDATE, DELETE ON {table} FROM app")
    with salon_scope(sonnenschein.pk):
        assert model._default_manager.count() == 1
