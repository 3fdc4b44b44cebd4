import django.db.models.deletion
import salon.tenancy.constraints
import salon.tenancy.context
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0007_preferred_staff'),
    ]

    operations = [
        migrations.RenameField(
            model_name='client',
            old_name='carried_points',
            new_name='points',
        ),
        migrations.AlterField(
            model_name='client',
            name='points',
            field=models.IntegerField(default=0),
        ),
        migrations.CreateModel(
            name='PointsEntry',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='points_entries', to='clients.client')),
                ('number', models.PositiveIntegerField()),
                ('points', models.IntegerField()),
                ('balance_after', models.IntegerField()),
                ('cause', models.CharField(choices=[('EARNED', 'Sale'), ('REVERSED', 'Refund'), ('REDEEMED', 'Reward redeemed'), ('RETURNED', 'Reward given back'), ('ADJUSTED', 'Adjustment'), ('MERGED', 'Cards merged'), ('UNMERGED', 'Merge undone'), ('EXPIRED', 'Expiry'), ('REFERRAL', 'Referral'), ('OPENING', 'Opening balance'), ('WITHDRAWN', 'Opening balance withdrawn')], max_length=10)),
                ('cause_id', models.UUIDField()),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('rules_version', models.PositiveIntegerField(blank=True, null=True)),
                ('actor_kind', models.CharField(choices=[('USER', 'User'), ('API_KEY', 'API key'), ('SYSTEM', 'System')], max_length=10)),
                ('actor_id', models.UUIDField(blank=True, null=True)),
                ('actor_name', models.CharField(max_length=120)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['salon', 'created_at', 'id'], name='clients_points_by_age')],
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='clients_pointsentry_key'), salon.tenancy.constraints.SalonKey(name='clients_pointsentry_salon'), salon.tenancy.constraints.RowLevelSecurity(name='clients_pointsentry_tenancy'), salon.tenancy.constraints.SalonReference('client', name='clients_pointsentry_client'), salon.tenancy.constraints.AppendOnly(name='clients_pointsentry_append_only'), models.UniqueConstraint(fields=('salon', 'client', 'number'), name='clients_pointsentry_number'), models.UniqueConstraint(fields=('salon', 'cause_id', 'cause', 'client'), name='clients_pointsentry_cause'), models.CheckConstraint(condition=models.Q(('points', 0), _negated=True), name='clients_pointsentry_not_nothing'), models.CheckConstraint(condition=models.Q(('number__gt', 1), ('balance_after', models.F('points')), _connector='OR'), name='clients_pointsentry_first')],
            },
        ),
        migrations.RunSQL(
            sql="\n-- Points that came with an import, from before there was a ledger: they open it.\nINSERT INTO clients_pointsentry (id, salon_id, client_id, number, points, balance_after, cause, cause_id, reason,\n  actor_kind, actor_name, created_at)\nSELECT uuidv7(), salon_id, id, 1, points, points, 'OPENING', id, '', 'SYSTEM', 'Import', now()\nFROM clients_client WHERE points <> 0\n",
            reverse_sql='',
        ),
    ]
