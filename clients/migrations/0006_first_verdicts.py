from django.db import migrations

# Cards from before verdicts were stored all got the same one (0002), and no day on which it changes; of none of them a
# visit was known. This is what the rule says of them on the day of the upgrade, as their salon counts days.
JUDGE = """
WITH judged AS (
  SELECT card.id, card.salon_id, CASE
    WHEN (now() AT TIME ZONE salon.timezone)::date - card.listed_on > 365 THEN 'LAPSED'
    WHEN card.created_via = 'ONLINE_BOOKING' THEN 'FIRST_VISIT_PENDING'
    ELSE 'LISTED'
  END AS reason
  FROM clients_client card JOIN tenancy_salon salon ON salon.id = card.salon_id
  WHERE card.status_reason = 'LISTED' AND card.status_changes_on IS NULL AND card.last_success_on IS NULL
)
UPDATE clients_client card
SET status = CASE judged.reason WHEN 'LISTED' THEN 'RETURNING' ELSE 'NEW' END,
  status_reason = judged.reason,
  status_changes_on = CASE WHEN judged.reason <> 'LAPSED' THEN card.listed_on + 366 END
FROM judged WHERE card.salon_id = judged.salon_id AND card.id = judged.id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0005_merging"),
    ]

    operations = [
        migrations.RunSQL(JUDGE, migrations.RunSQL.noop),
    ]
