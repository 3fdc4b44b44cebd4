from django.db import migrations, models

from salon.folding import fold, words

_FIELDS = [
    (1, "Name"),
    (2, "Client number"),
    (3, "E-mail"),
    (4, "Phone"),
    (5, "Address"),
    (6, "Treatcard"),
    (7, "Birthday"),
]
_BIRTHDAYS = """
INSERT INTO clients_searchtoken (salon_id, client_id, field, token)
SELECT salon_id, id, 7,
  lpad(birth_day::text, 2, '0') || lpad(birth_month::text, 2, '0') || coalesce(birth_year::text, '')
FROM clients_client WHERE state = 'LISTED' AND birth_day IS NOT NULL
ON CONFLICT DO NOTHING"""
_TREATCARDS = """
INSERT INTO clients_searchtoken (salon_id, client_id, field, token)
SELECT salon_id, client_id, 6, regexp_replace(token, '^[^0-9]+', '')
FROM clients_searchtoken WHERE field = 6 AND token ~ '^[^0-9]+[0-9]'
ON CONFLICT DO NOTHING"""
_NAMES = r"""
SELECT salon_id, id, first_name, last_name, sort_key FROM clients_client
WHERE state = 'LISTED' AND (first_name ~ '\S[^[:alnum:]]+\S' OR last_name ~ '\S[^[:alnum:]]+\S')"""
_RUN_TOGETHER = """
INSERT INTO clients_searchtoken (salon_id, client_id, field, token)
SELECT salon_id, client_id, 1, token FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS t (salon_id, client_id, token)
ON CONFLICT DO NOTHING"""
_BATCH = 5000


def run_names_together(_apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_NAMES)
        cards = cursor.fetchall()
        tokens = [
            (salon_id, client_id, f"{fold(''.join(words(name)))} {sort_key}"[:254])
            for salon_id, client_id, first_name, last_name, sort_key in cards
            for name in (first_name, last_name)
            if len(words(name)) > 1
        ]
        for start in range(0, len(tokens), _BATCH):
            cursor.execute(_RUN_TOGETHER, [*map(list, zip(*tokens[start : start + _BATCH], strict=True))])


class Migration(migrations.Migration):
    """Finds the cards that are there by what tokens are made of from now on; the reverse leaves them, harmless."""

    dependencies = [("clients", "0018_consent_address")]

    operations = [
        migrations.AlterField("searchtoken", "field", models.PositiveSmallIntegerField(choices=_FIELDS)),
        migrations.RunSQL(_BIRTHDAYS, migrations.RunSQL.noop),
        migrations.RunSQL(_TREATCARDS, migrations.RunSQL.noop),
        migrations.RunPython(run_names_together, migrations.RunPython.noop),
    ]
