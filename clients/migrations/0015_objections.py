import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import salon.tenancy.constraints
import salon.tenancy.context

# Where somebody said no so far: at the addresses that cards have now, lifted by a consent that holds and is newer.
_OBJECTIONS = """
INSERT INTO clients_objection (id, salon_id, address, at, lifted_at)
SELECT uuidv7(), card.salon_id, lower(card.email), max(entry.at),
    CASE WHEN bool_and(agreed.at IS NOT NULL) THEN max(agreed.at) END
FROM clients_consententry entry
JOIN clients_client card ON card.salon_id = entry.salon_id AND card.id = entry.client_id
CROSS JOIN LATERAL (
    SELECT max(other.email_consent_at) AS at FROM clients_client other
    WHERE other.salon_id = card.salon_id AND lower(other.email) = lower(card.email) AND other.email_consent
        AND other.email_consent_at > entry.at
) agreed
WHERE entry.decision = 'WITHDRAWN' AND entry.purpose = 'EMAIL_MARKETING' AND card.state = 'LISTED' AND card.email <> ''
GROUP BY card.salon_id, lower(card.email)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0014_consent_of_address"),
    ]

    operations = [
        migrations.AlterField(
            model_name="consententry",
            name="decision",
            field=models.CharField(
                choices=[
                    ("REQUESTED", "asked for"),
                    ("GRANTED", "agreed"),
                    ("WITHDRAWN", "withdrawn"),
                    ("UNDONE", "taken back"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="Objection",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("address", models.CharField(max_length=254)),
                ("at", models.DateTimeField()),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
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
                    models.UniqueConstraint(fields=("salon", "id"), name="clients_objection_key"),
                    salon.tenancy.constraints.SalonKey(name="clients_objection_salon"),
                    salon.tenancy.constraints.RowLevelSecurity(name="clients_objection_tenancy"),
                    models.UniqueConstraint(fields=("salon", "address"), name="clients_objection_address"),
                ],
            },
        ),
        migrations.RunSQL(_OBJECTIONS, migrations.RunSQL.noop),
    ]
