"""That nobody is about to lapse who has an appointment is part of the condition: the ready-made segment needs no second
one, and what chose it keeps that rule."""

from django.db import migrations

_CHOSEN = """
UPDATE marketing_campaign SET rule = '{"match": "ALL", "negated": false, "parts": [
    {"field": "lapsing", "operator": "within_next", "values": [30]}]}'
WHERE segment_key = 'lapsing' AND rule = '{"match": "ALL", "negated": false, "parts": [
    {"field": "lapsing", "operator": "within_next", "values": [30]},
    {"field": "next_visit", "operator": "none", "values": []}]}'
"""


class Migration(migrations.Migration):
    dependencies = [("marketing", "0004_mail_as_sent")]

    operations = [migrations.RunSQL(_CHOSEN, migrations.RunSQL.noop)]
