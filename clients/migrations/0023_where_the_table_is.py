from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0022_streets_in_full"),
    ]

    operations = [
        migrations.AddField("importbatch", "above", models.JSONField(default=list)),
        migrations.AddField("importbatch", "sheet", models.CharField(blank=True, max_length=200)),
        migrations.AddField("importbatch", "sheets", models.JSONField(default=list)),
    ]
