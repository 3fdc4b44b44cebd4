import django.db.models.deletion
import salon.tenancy.constraints
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0006_what_marketing_asks"),
    ]

    operations = [
        migrations.AddField(
            model_name="sale",
            name="was_for",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="earlier_sales",
                to="bookings.appointment",
            ),
        ),
        migrations.AddConstraint(
            model_name="sale",
            constraint=salon.tenancy.constraints.SalonReference("was_for", name="bookings_sale_was_for"),
        ),
        migrations.AddIndex(
            model_name="sale",
            index=models.Index(
                condition=models.Q(("was_for__isnull", False)),
                fields=["salon", "was_for"],
                name="bookings_sale_earlier",
            ),
        ),
        migrations.AddField(
            model_name="refund",
            name="removed_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
        migrations.AlterField(
            model_name="refund",
            name="kind",
            field=models.CharField(
                choices=[("LINES", "Refund"), ("DEPOSIT", "Appointment called off"), ("VOID", "Void")], max_length=10
            ),
        ),
    ]
