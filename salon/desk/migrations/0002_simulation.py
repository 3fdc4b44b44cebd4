import django.core.serializers.json
import django.db.models.deletion
import salon.tenancy.constraints
import salon.tenancy.context
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("desk", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Simulation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
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
                ("figures", models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ("made_by_name", models.CharField(max_length=120)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=["salon", "created_at"], name="desk_simulation_by_age")],
                'constraints': [models.UniqueConstraint(fields=("salon", "id"), name="desk_simulation_key"), salon.tenancy.constraints.SalonKey(name="desk_simulation_salon"), salon.tenancy.constraints.RowLevelSecurity(name="desk_simulation_tenancy")],
            },
        ),
    ]
