from django.db import migrations, models

# What a campaign kept of its segment was name and rule alone, and either may have been changed since.
_SAME = """
UPDATE marketing_campaign AS one SET segment_key = segment.id::text
FROM marketing_segment AS segment
WHERE segment.salon_id = one.salon_id AND segment.deleted_at IS NULL
    AND segment.name = one.segment_name AND segment.rule = one.rule
"""
# Ready-made ones were called as the language of the salon has them: told by whom they mean.
_READY_MADE = """
UPDATE marketing_campaign AS one SET segment_key = ready.key
FROM (VALUES
    ('everybody', '{"match": "ALL", "negated": false, "parts": []}'::jsonb),
    ('new', '{"match": "ANY", "negated": false, "parts": [
        {"field": "first_visit", "operator": "within_last", "values": [90]},
        {"field": "reason", "operator": "in", "values": ["FIRST_VISIT_PENDING"]}]}'),
    ('lapsing', '{"match": "ALL", "negated": false, "parts": [
        {"field": "lapsing", "operator": "within_next", "values": [30]}]}'),
    ('lapsed', '{"match": "ALL", "negated": false, "parts": [
        {"field": "reason", "operator": "in", "values": ["LAPSED"]}]}'),
    ('birthday', '{"match": "ALL", "negated": false, "parts": [
        {"field": "birthday", "operator": "this_month", "values": []}]}'),
    ('overdue', '{"match": "ALL", "negated": false, "parts": [
        {"field": "overdue", "operator": "yes", "values": []}]}'),
    ('vip', '{"match": "ALL", "negated": false, "parts": [
        {"field": "top_spenders", "operator": "top_percent", "values": [10]}]}')
) AS ready (key, rule)
WHERE one.segment_key = '' AND one.rule = ready.rule
"""
_RENAMED = """
UPDATE marketing_campaign AS one
SET segment_key = segment.key,
    segment_name = CASE WHEN one.started_at IS NULL THEN segment.name ELSE one.segment_name END
FROM (
    SELECT salon_id, rule, min(id::text) AS key, min(name) AS name FROM marketing_segment
    WHERE deleted_at IS NULL GROUP BY salon_id, rule HAVING count(*) = 1
) AS segment
WHERE one.segment_key = '' AND segment.salon_id = one.salon_id AND segment.rule = one.rule
"""
_CHANGED = """
UPDATE marketing_campaign AS one SET segment_key = segment.id::text
FROM marketing_segment AS segment
WHERE one.segment_key = '' AND segment.salon_id = one.salon_id AND segment.deleted_at IS NULL
    AND segment.name = one.segment_name
"""
_STATES = [
    ("DRAFT", "draft"),
    ("SCHEDULED", "scheduled"),
    ("SENDING", "being sent"),
    ("PAUSED", "paused"),
    ("ENDED", "ended"),
    ("SENT", "sent"),
]
_REASONS = [
    ("CONSENT", "has agreed"),
    ("EXISTING_CUSTOMER", "existing customer"),
    ("NO_CONSENT", "has not agreed"),
    ("NOT_CONFIRMED", "has not confirmed yet"),
    ("OBJECTED", "has unsubscribed or objected"),
    ("BLOCKED", "blocked"),
    ("NO_ADDRESS", "no e-mail address"),
    ("SAME_ADDRESS", "another card with this address gets it"),
    ("GONE", "the card is no longer there"),
    ("REFUSED", "refused by the mail server"),
    ("INTERRUPTED", "interrupted: may have arrived, is not sent again"),
    ("ENDED", "the campaign was ended before her turn"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("marketing", "0002_no_proofs"),
        ("tenancy", "0003_reply_addresses"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="campaign", name="marketing_campaign_finished"),
        migrations.AddField(
            model_name="campaign",
            name="segment_key",
            field=models.CharField(blank=True, max_length=36),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="state",
            field=models.CharField(choices=_STATES, default="DRAFT", max_length=10),
        ),
        migrations.AlterField(
            model_name="recipient",
            name="reason",
            field=models.CharField(choices=_REASONS, max_length=20),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["SENT", "ENDED"]), _negated=True),
                    ("finished_at__isnull", False),
                    _connector="OR",
                ),
                name="marketing_campaign_finished",
            ),
        ),
        migrations.RunSQL([_SAME, _READY_MADE, _RENAMED, _CHANGED], migrations.RunSQL.noop),
    ]
