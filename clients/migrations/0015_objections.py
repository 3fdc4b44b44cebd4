from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0014_consent_of_address"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="consententry",
            index=models.Index(
                condition=models.Q(("decision", "WITHDRAWN"), ("purpose", "EMAIL_MARKETING")),
                fields=["salon", "client", "at"],
                name="clients_consent_objections",
            ),
        ),
    ]
