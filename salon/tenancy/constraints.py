"""Tenancy as constraints of the model, so that migrations carry them in both directions (architecture.md §3)."""

from typing import Any, cast

from django.conf import settings
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement, Table
from django.db.models.constraints import BaseConstraint


class DatabaseOnly(BaseConstraint):
    """A constraint that lives in the database alone: created and dropped by migrations, never validated in Python."""

    create: str
    remove: str

    def constraint_sql(self, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        if model is None or schema_editor is None:
            raise TypeError("A table and its schema editor are needed.")
        # Not part of CREATE TABLE: runs behind it, when every table of the migration exists. Django drops the None.
        schema_editor.deferred_sql.append(cast(Statement, self.create_sql(model, schema_editor)))
        return cast(str, None)

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        return self._statement(self.create, model, schema_editor)

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        return self._statement(self.remove, model, schema_editor)

    def validate(self, *arguments: Any, **options: Any) -> None:
        """The database is the rule; there is nothing to check before it."""

    def __eq__(self, other: object) -> bool:
        if isinstance(other, DatabaseOnly):
            return self.deconstruct() == other.deconstruct()
        return NotImplemented

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def _statement(self, template: str, model: Any, schema_editor: Any) -> Statement:
        quote = schema_editor.quote_name
        return Statement(
            template, table=Table(model._meta.db_table, quote), name=quote(self.name), **self.parts(model, quote)
        )

    def parts(self, model: Any, quote: Any) -> dict[str, Any]:  # noqa: ARG002
        """Return what the templates need besides table and name."""
        return {}


class RowLevelSecurity(DatabaseOnly):
    """A row is seen and written only in the scope of its own salon; without a scope every statement fails."""

    create = (
        "ALTER TABLE %(table)s ENABLE ROW LEVEL SECURITY; ALTER TABLE %(table)s FORCE ROW LEVEL SECURITY; "
        "CREATE POLICY %(name)s ON %(table)s USING (salon_id = current_setting('app.salon_id')::uuid)"
    )
    remove = (
        "DROP POLICY %(name)s ON %(table)s; ALTER TABLE %(table)s NO FORCE ROW LEVEL SECURITY; "
        "ALTER TABLE %(table)s DISABLE ROW LEVEL SECURITY"
    )


class SalonKey(DatabaseOnly):
    """The row's salon exists; checked at once, where Django's own key would wait for the commit."""

    create = 'ALTER TABLE %(table)s ADD CONSTRAINT %(name)s FOREIGN KEY (salon_id) REFERENCES "tenancy_salon" (id)'
    remove = "ALTER TABLE %(table)s DROP CONSTRAINT %(name)s"


class SalonReference(DatabaseOnly):
    """A foreign key that cannot point into another salon: `(salon_id, field_id) → (salon_id, id)`."""

    create = (
        "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s FOREIGN KEY (salon_id, %(column)s) "
        "REFERENCES %(target)s (salon_id, id)%(on_delete)s"
    )
    remove = "ALTER TABLE %(table)s DROP CONSTRAINT %(name)s"

    def __init__(self, field: str, *, name: str, cascade: bool = False) -> None:
        super().__init__(name=name)
        self.field = field
        self.cascade = cascade

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, (self.field, *args), {**kwargs, **({"cascade": True} if self.cascade else {})}

    def parts(self, model: Any, quote: Any) -> dict[str, Any]:
        field = model._meta.get_field(self.field)
        return {
            "column": quote(field.column),
            "target": Table(field.remote_field.model._meta.db_table, quote),
            "on_delete": " ON DELETE CASCADE" if self.cascade else "",
        }


class AppendOnly(DatabaseOnly):
    """Rows are written once: the serving role has no right to change them, and a trigger refuses it all the same."""

    create = (
        "REVOKE UPDATE, DELETE, TRUNCATE ON %(table)s FROM %(role)s; CREATE TRIGGER %(name)s BEFORE UPDATE OR DELETE "
        "ON %(table)s FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    remove = "DROP TRIGGER %(name)s ON %(table)s; GRANT UPDATE, DELETE ON %(table)s TO %(role)s"

    def parts(self, model: Any, quote: Any) -> dict[str, Any]:  # noqa: ARG002
        return {"role": quote(settings.APP_ROLE)}


def owned_by_salon(table: str) -> list[BaseConstraint]:
    """Return what every table of a salon's rows declares in `Meta.constraints`."""
    return [
        models.UniqueConstraint(fields=["salon", "id"], name=f"{table}_key"),
        SalonKey(name=f"{table}_salon"),
        RowLevelSecurity(name=f"{table}_tenancy"),
    ]
