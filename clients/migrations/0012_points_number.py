from django.db import migrations, models

_COUNT = """
UPDATE clients_client card SET points_number = counted.entries
FROM (SELECT salon_id, client_id, count(*) AS entries FROM clients_pointsentry GROUP BY salon_id, client_id) counted
WHERE card.salon_id = counted.salon_id AND card.id = counted.client_id"""


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0011_by_points"),
    ]

    operations = [
        migrations.AddField(
            model_name="client",
            name="points_number",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.RunSQL(_COUNT, migrations.RunSQL.noop),
    ]
