from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0024_assumed_listed_on"),
    ]

    operations = [
        migrations.AddField("importbatch", "meant_categories", models.JSONField(default=dict)),
    ]
