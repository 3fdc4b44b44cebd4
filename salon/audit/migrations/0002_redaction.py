"""The one way to take words out of what is written once: for cards that are erased, in the open salon, and no others."""

from django.conf import settings
from django.db import migrations

# Runs with the rights of its owner, whom row-level security does not bind: so every statement names the salon itself,
# every table its schema, and the search path leads nowhere else. What may be redacted is decided here, not by the
# caller: the audit of erased cards; of a card that was merged with an erased one and separated again, what was recorded
# in between, for it may tell of both; the wording of the consents that either had from the other; and stored answers of
# the API that name one of the traces: whoever repeats the call is told that the client is erased.
CREATE = """
CREATE FUNCTION redact_erased_clients(clients uuid[], traces text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    here uuid := current_setting('app.salon_id')::uuid;
BEGIN
    IF EXISTS (
        SELECT FROM unnest(clients) AS given (id) WHERE NOT EXISTS (
            SELECT FROM public.clients_client card
            WHERE card.salon_id = here AND card.id = given.id AND card.state = 'ERASED'
        )
    ) THEN
        RAISE EXCEPTION 'only the ledgers of erased clients are redacted' USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE public.audit_auditentry entry SET changes = '[]'
    WHERE entry.salon_id = here AND entry.subject_id = ANY (clients) AND entry.changes <> '[]';
    UPDATE public.audit_auditentry entry SET changes = '[]'
    FROM public.clients_merge merge
    WHERE merge.salon_id = here AND merge.undone_at IS NOT NULL
        AND (merge.survivor_id = ANY (clients) OR merge.duplicate_id = ANY (clients))
        AND entry.salon_id = here AND entry.subject_id IN (merge.survivor_id, merge.duplicate_id)
        AND entry.at BETWEEN merge.merged_at AND merge.undone_at AND entry.changes <> '[]';
    UPDATE public.clients_consententry copy SET wording = ''
    FROM public.clients_merge merge
    WHERE merge.salon_id = here AND merge.duplicate_id = ANY (clients)
        AND copy.salon_id = here AND copy.client_id = merge.survivor_id AND copy.source = 'MERGE'
        AND copy.wording IN (
            SELECT own.wording FROM public.clients_consententry own
            WHERE own.salon_id = here AND own.client_id = merge.duplicate_id
        );
    UPDATE public.clients_consententry entry SET wording = ''
    WHERE entry.salon_id = here AND entry.client_id = ANY (clients) AND entry.wording <> '';
    UPDATE public.api_storedanswer SET status = 409, headers = '{}', body = convert_to(
        '{"type":"about:blank","title":"Conflict","status":409,'
        '"detail":"The client that this answer told of has been erased.","code":"client_erased"}', 'UTF8'
    )
    WHERE salon_id = here AND EXISTS (
        SELECT FROM unnest(traces) AS trace
        WHERE position(convert_to(trace, 'UTF8') IN body) > 0 OR position(trace IN headers::text) > 0
    );
END $$;
REVOKE ALL ON FUNCTION redact_erased_clients(uuid[], text[]) FROM PUBLIC;
"""
GRANT = f'GRANT EXECUTE ON FUNCTION redact_erased_clients(uuid[], text[]) TO "{settings.APP_ROLE}"'


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL([CREATE, GRANT], "DROP FUNCTION redact_erased_clients(uuid[], text[])"),
    ]
