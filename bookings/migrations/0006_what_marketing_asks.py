from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0005_sale_of_appointment"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="appointment",
            name="bookings_appointment_of_client",
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                fields=["salon", "client", "starts_at"], include=["state"], name="bookings_appointment_of_client"
            ),
        ),
        migrations.AddIndex(
            model_name="sale",
            index=models.Index(
                condition=Q(("client__isnull", False), ("state__in", ["PAID", "PARTLY_REFUNDED"])),
                fields=["salon", "client", "paid_on"],
                include=["id", "total", "refunded"],
                name="bookings_sale_spent",
            ),
        ),
        migrations.AddIndex(
            model_name="saleline",
            index=models.Index(
                condition=Q(("product", None), ("service", None)),
                fields=["salon", "sale"],
                include=["final_price"],
                name="bookings_line_besides",
            ),
        ),
    ]
