import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import salon.tenancy.constraints
import salon.tenancy.context


class Migration(migrations.Migration):
    dependencies = [
        ("marketing", "0011_answers_and_returns"),
        ("tenancy", "0004_address"),
    ]

    operations = [
        migrations.CreateModel(
            name="MessagePicture",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("name", models.CharField(blank=True, max_length=120)),
                ("kind", models.CharField(max_length=4)),
                ("width", models.PositiveSmallIntegerField()),
                ("height", models.PositiveSmallIntegerField()),
                ("content", models.BinaryField()),
                (
                    "message",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pictures",
                        to="marketing.message",
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
                    models.UniqueConstraint(fields=("salon", "id"), name="marketing_messagepicture_key"),
                    salon.tenancy.constraints.SalonKey(name="marketing_messagepicture_salon"),
                    salon.tenancy.constraints.RowLevelSecurity(name="marketing_messagepicture_tenancy"),
                    salon.tenancy.constraints.SalonReference("message", name="marketing_messagepicture_message"),
                    models.UniqueConstraint(
                        fields=("salon", "message", "number"), name="marketing_messagepicture_number"
                    ),
                ],
            },
        ),
    ]
