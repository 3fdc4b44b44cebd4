from django.db import migrations, models


class Migration(migrations.Migration):
    """Without a value for the rows that are there, so that nobody waits."""

    dependencies = [("clients", "0026_what_is_doubtful")]

    operations = [
        migrations.AddField(
            "searchtoken",
            "beginnings",
            models.CharField(blank=True, db_collation="C", db_default="", default="", max_length=254),
        ),
    ]
