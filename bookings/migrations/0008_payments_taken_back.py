from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0007_earlier_sales"),
    ]

    operations = [
        migrations.AddField(
            model_name="payment",
            name="removed_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
    ]
