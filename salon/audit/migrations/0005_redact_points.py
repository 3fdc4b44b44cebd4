"""What was said of the points of an erased client is emptied; how many came and went when, and what of, stays."""

from importlib import import_module

from django.db import migrations

BEFORE: str = import_module("salon.audit.migrations.0004_redact_of_client").NOW
_ANSWERS = """    UPDATE public.api_storedanswer SET"""
# Between a merge and its undoing what is said on the one card may be meant for the client of the other.
_POINTS = """    UPDATE public.clients_pointsentry entry SET reason = ''
    WHERE entry.salon_id = here AND entry.client_id = ANY (clients) AND entry.reason <> '';
    UPDATE public.clients_pointsentry entry SET reason = ''
    FROM public.clients_merge merge
    WHERE merge.salon_id = here AND merge.undone_at IS NOT NULL
        AND (merge.survivor_id = ANY (clients) OR merge.duplicate_id = ANY (clients))
        AND entry.salon_id = here AND entry.client_id IN (merge.survivor_id, merge.duplicate_id)
        AND entry.created_at BETWEEN merge.merged_at AND merge.undone_at AND entry.cause = 'ADJUSTED';
    UPDATE public.audit_auditentry entry SET changes = '[]'
    FROM public.clients_merge merge
    WHERE merge.salon_id = here AND merge.undone_at IS NOT NULL
        AND (merge.survivor_id = ANY (clients) OR merge.duplicate_id = ANY (clients))
        AND entry.salon_id = here AND entry.client_id IN (merge.survivor_id, merge.duplicate_id)
        AND entry.at BETWEEN merge.merged_at AND merge.undone_at AND entry.action = 'points.adjusted';
"""
NOW = BEFORE.replace(_ANSWERS, _POINTS + _ANSWERS)
THEN = BEFORE


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0004_redact_of_client"),
    ]

    operations = [
        migrations.RunSQL(NOW, THEN),
    ]
