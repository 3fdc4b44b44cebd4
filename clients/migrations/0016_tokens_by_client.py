from django.db import migrations, models


class Migration(migrations.Migration):
    """Begins the index with the client: of a salon without rows, as far as PostgreSQL has counted, it would look any
    token up by reading all, as both indexes began with the salon.

    The new one first, so that nobody who searches waits while it is built; who saves a card does. Building it
    concurrently would wait for a second `migrate`, which waits for this one.
    """

    dependencies = [
        ("clients", "0015_objections"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="searchtoken",
            index=models.Index(fields=["client", "salon"], name="clients_searchtoken_by_client"),
        ),
        migrations.RemoveIndex(model_name="searchtoken", name="clients_searchtoken_of_client"),
    ]
