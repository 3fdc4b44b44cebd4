import django.db.models.deletion
import salon.tenancy.constraints
import salon.tenancy.context
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0008_payments_taken_back"),
        ("tenancy", "0002_night"),
    ]

    operations = [
        migrations.CreateModel(
            name="GapTask",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("gap_id", models.UUIDField()),
                ("created_at", models.DateTimeField()),
                (
                    "appointment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="bookings.appointment",
                    ),
                ),
                (
                    "salon",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        default=salon.tenancy.context.current_salon_id,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.salon",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("salon", "id"), name="bookings_gaptask_key"),
                    salon.tenancy.constraints.SalonKey(name="bookings_gaptask_salon"),
                    salon.tenancy.constraints.RowLevelSecurity(name="bookings_gaptask_tenancy"),
                    salon.tenancy.constraints.SalonReference(
                        "appointment", cascade=True, name="bookings_gaptask_appointment"
                    ),
                    models.UniqueConstraint(
                        fields=("salon", "gap_id", "appointment"), name="bookings_gaptask_once"
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            "INSERT INTO bookings_gaptask (id, salon_id, gap_id, appointment_id, created_at) "
            "SELECT id, salon_id, absence_id, appointment_id, created_at FROM bookings_absencetask",
            "INSERT INTO bookings_absencetask (id, salon_id, absence_id, appointment_id, created_at) "
            "SELECT task.id, task.salon_id, absence.id, task.appointment_id, task.created_at "
            "FROM bookings_gaptask task "
            "JOIN catalogue_absence absence ON absence.salon_id = task.salon_id AND absence.id = task.gap_id",
        ),
        migrations.DeleteModel(name="AbsenceTask"),
        migrations.AddField(
            model_name="appointment",
            name="kept_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
