from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0016_tokens_by_client"),
    ]

    operations = [
        migrations.AddField("importbatch", "erased", models.PositiveIntegerField(default=0)),
        migrations.AddField("importbatch", "first_line", models.PositiveIntegerField(default=1)),
        migrations.AddField("importbatch", "incomplete", models.PositiveIntegerField(default=0)),
        migrations.AddField("importbatch", "leave_out_cells", models.BooleanField(default=False)),
        migrations.AddField("importbatch", "take_erased", models.BooleanField(default=False)),
        migrations.AddField("importbatch", "without_headings", models.BooleanField(default=False)),
        migrations.AddField("importrow", "incomplete", models.BooleanField(default=False)),
        migrations.AddIndex(
            "importrow",
            models.Index(
                fields=["salon", "batch", "number"],
                condition=models.Q(incomplete=True),
                name="clients_importrow_incomplete",
            ),
        ),
    ]
