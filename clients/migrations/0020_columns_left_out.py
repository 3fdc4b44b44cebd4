from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0019_more_to_search_by"),
    ]

    operations = [
        migrations.AddField("importbatch", "left_out_columns", models.JSONField(default=list)),
    ]
