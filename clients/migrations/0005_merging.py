from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0004_list_orders"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="client",
            index=models.Index(
                condition=models.Q(("referred_by__isnull", False)),
                fields=["salon", "referred_by"],
                name="clients_client_of_referrer",
            ),
        ),
        migrations.AddIndex(
            model_name="client",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)),
                fields=["salon", "merged_into"],
                name="clients_client_of_survivor",
            ),
        ),
        migrations.AddIndex(
            model_name="merge",
            index=models.Index(fields=["salon", "duplicate"], name="clients_merge_of_duplicate"),
        ),
    ]
