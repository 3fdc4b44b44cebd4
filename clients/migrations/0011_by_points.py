from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("clients", "0010_treatcard_by_itself"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="client",
            index=models.Index(fields=["salon", "points", "id"], name="clients_client_by_points"),
        ),
    ]
