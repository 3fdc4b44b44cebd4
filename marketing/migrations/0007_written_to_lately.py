from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("marketing", "0006_existing_customers_not_allowed")]

    operations = [
        migrations.AddIndex(
            "recipient",
            models.Index(
                fields=["salon", "sent_at"],
                include=["client"],
                condition=models.Q(state="SENT"),
                name="marketing_recipient_lately",
            ),
        ),
    ]
