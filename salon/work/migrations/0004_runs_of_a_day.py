from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("work", "0003_planned")]

    operations = [
        migrations.AddField("nightstep", "asked_by", models.CharField(blank=True, db_default="", default="", max_length=120)),
        migrations.AddField("nightstep", "earlier", models.JSONField(db_default=[], default=list)),
    ]
