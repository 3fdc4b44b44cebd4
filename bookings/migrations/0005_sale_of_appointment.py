from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0004_given_back"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="sale",
            index=models.Index(
                condition=Q(("appointment__isnull", False)),
                fields=["salon", "appointment"],
                name="bookings_sale_of_appointment",
            ),
        ),
    ]
