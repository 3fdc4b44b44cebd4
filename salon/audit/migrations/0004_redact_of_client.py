"""What is recorded of something of an erased client (an appointment, say) is emptied like what is recorded of her."""

from importlib import import_module

from django.db import migrations

BEFORE: str = import_module("salon.audit.migrations.0002_redaction").CREATE
_OF_HER = """    UPDATE public.audit_auditentry entry SET changes = '[]'
    WHERE entry.salon_id = here AND entry.subject_id = ANY (clients) AND entry.changes <> '[]';
"""
# An entry stands in the history of whoever had the thing when it was written; of another client it tells the number.
_OF_HERS = """    UPDATE public.audit_auditentry entry SET changes = '[]'
    WHERE entry.salon_id = here AND entry.client_id = ANY (clients) AND entry.changes <> '[]';
"""
NOW = BEFORE.replace(_OF_HER, _OF_HER + _OF_HERS).replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
THEN = BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_client"),
    ]

    operations = [
        migrations.RunSQL(NOW, THEN),
    ]
