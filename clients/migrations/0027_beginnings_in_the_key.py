from uuid import UUID

from django.db import migrations, transaction

# What clients.tokens.rows_of makes of the tokens of each card; whoever saves one holds it as these are held.
_BEGINNINGS = """
WITH card AS MATERIALIZED (
  SELECT salon_id, id FROM clients_client WHERE id > %s ORDER BY id LIMIT 2000 FOR NO KEY UPDATE
),
told AS (
  SELECT card.salon_id, card.id, ' ' || string_agg(DISTINCT split_part(left(token, 5), ' ', 1), ' ') AS beginnings
  FROM card JOIN clients_searchtoken own ON own.client_id = card.id AND own.salon_id = card.salon_id
  WHERE own.field <> 4 GROUP BY card.salon_id, card.id
),
written AS (
  UPDATE clients_searchtoken own SET beginnings = told.beginnings
  FROM told WHERE own.client_id = told.id AND own.salon_id = told.salon_id AND own.field <> 4
    AND length(told.beginnings) <= 254 AND own.beginnings <> told.beginnings
)
SELECT id FROM card ORDER BY id DESC LIMIT 1"""
_BEFORE = "DROP INDEX IF EXISTS clients_searchtoken_key"
_BUILD = "CREATE UNIQUE INDEX clients_searchtoken_key ON clients_searchtoken (salon_id, field, token, client_id)"
_SWAP = """
ALTER TABLE clients_searchtoken DROP CONSTRAINT clients_searchtoken_pkey,
  ADD CONSTRAINT clients_searchtoken_pkey PRIMARY KEY USING INDEX clients_searchtoken_key"""


def tell_beginnings(_apps, schema_editor):
    last = (UUID(int=0),)
    while last:
        with transaction.atomic(schema_editor.connection.alias), schema_editor.connection.cursor() as cursor:
            cursor.execute(_BEGINNINGS, last)
            last = cursor.fetchone()


class Migration(migrations.Migration):
    """Searches read the beginnings of a card's words from the key alone.

    Each step is a transaction of its own, and can be begun anew: nobody waits for another card, and whoever searches
    waits for the moment in which the new key takes the place of the old one. Who saves a card waits while it is built;
    concurrently it would wait for a second `migrate`, which waits for this one.
    """

    atomic = False
    dependencies = [("clients", "0026_beginnings")]

    operations = [
        migrations.RunPython(tell_beginnings, migrations.RunPython.noop),
        migrations.RunSQL([_BEFORE, f"{_BUILD} INCLUDE (beginnings)", _SWAP], [_BEFORE, _BUILD, _SWAP]),
    ]
