from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0003_hours_changed"),
    ]

    operations = [
        migrations.AddField(
            model_name="absence",
            name="changed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="closure",
            name="changed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
