import django.db.models.functions.comparison
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models

_INDEX = models.Index(
    fields=["salon", "status", "status_reason", "created_via", "email_consent", "blocked", "birth_month"],
    name="clients_client_facts",
)


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0013_consent_by_mail"),
    ]

    operations = [
        migrations.AddField(
            model_name="client",
            name="email_consent_for",
            field=models.CharField(blank=True, max_length=254, null=True),
        ),
        # What was agreed to so far holds for the address that the card has.
        migrations.RunSQL(
            "UPDATE clients_client SET email_consent_for = email WHERE email_consent",
            "UPDATE clients_client SET email_consent = coalesce(lower(email) = lower(email_consent_for), false)",
        ),
        migrations.RemoveIndex(model_name="client", name="clients_client_facts"),
        migrations.RemoveField(model_name="client", name="email_consent"),
        migrations.AddField(
            model_name="client",
            name="email_consent",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.comparison.Coalesce(
                    django.db.models.lookups.Exact(
                        django.db.models.functions.text.Lower("email"),
                        django.db.models.functions.text.Lower("email_consent_for"),
                    ),
                    models.Value(value=False),
                ),
                output_field=models.BooleanField(),
            ),
        ),
        migrations.AddIndex(model_name="client", index=_INDEX),
    ]
