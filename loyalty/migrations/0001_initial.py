import django.db.models.deletion
import salon.fields
import salon.tenancy.constraints
import salon.tenancy.context
import uuid_utils.compat
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0002_steps'),
        ('clients', '0008_points'),
    ]

    operations = [
        migrations.CreateModel(
            name='LoyaltyRules',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('version', models.PositiveIntegerField()),
                ('points_per_euro_services', models.DecimalField(decimal_places=2, default=Decimal('1.00'), max_digits=6)),
                ('points_per_euro_products', models.DecimalField(decimal_places=2, default=Decimal('2.00'), max_digits=6)),
                ('no_show_returns', models.BooleanField(default=True)),
                ('numbers_by_itself', models.BooleanField(default=False)),
                ('clients_see_rewards', models.BooleanField(default=False)),
                ('expire_after_months', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('referral_points', models.PositiveIntegerField(blank=True, null=True)),
                ('actor_kind', models.CharField(choices=[('USER', 'User'), ('API_KEY', 'API key'), ('SYSTEM', 'System')], max_length=10)),
                ('actor_id', models.UUIDField(blank=True, null=True)),
                ('actor_name', models.CharField(max_length=120)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='loyalty_loyaltyrules_key'), salon.tenancy.constraints.SalonKey(name='loyalty_loyaltyrules_salon'), salon.tenancy.constraints.RowLevelSecurity(name='loyalty_loyaltyrules_tenancy'), salon.tenancy.constraints.AppendOnly(name='loyalty_loyaltyrules_append_only'), models.UniqueConstraint(fields=('salon', 'version'), name='loyalty_loyaltyrules_version'), models.CheckConstraint(condition=models.Q(('points_per_euro_products__gte', 0), ('points_per_euro_services__gte', 0)), name='loyalty_loyaltyrules_rates'), models.CheckConstraint(condition=models.Q(('expire_after_months', None), ('expire_after_months__gt', 0), _connector='OR'), name='loyalty_loyaltyrules_expiry'), models.CheckConstraint(condition=models.Q(('referral_points', None), ('referral_points__gt', 0), _connector='OR'), name='loyalty_loyaltyrules_referral')],
            },
        ),
        migrations.CreateModel(
            name='Reward',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('kind', models.CharField(choices=[('SERVICE', 'Service'), ('PRODUCT', 'Product')], max_length=10)),
                ('service', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.service')),
                ('product', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.product')),
                ('points', models.PositiveIntegerField()),
                ('list_price', salon.fields.MoneyField()),
                ('matrix', models.CharField(choices=[('FIRST_TIME', 'First time only'), ('ANYTIME', 'Any time')], default='FIRST_TIME', max_length=10)),
                ('archived_at', models.DateTimeField(blank=True, null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='loyalty_reward_key'), salon.tenancy.constraints.SalonKey(name='loyalty_reward_salon'), salon.tenancy.constraints.RowLevelSecurity(name='loyalty_reward_tenancy'), salon.tenancy.constraints.SalonReference('service', name='loyalty_reward_service'), salon.tenancy.constraints.SalonReference('product', name='loyalty_reward_product'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'SERVICE'), ('product', None), ('service__isnull', False)), models.Q(('kind', 'PRODUCT'), ('product__isnull', False), ('service', None)), _connector='OR'), name='loyalty_reward_item'), models.CheckConstraint(condition=models.Q(('points__gt', 0)), name='loyalty_reward_points'), models.UniqueConstraint(condition=models.Q(('archived_at', None)), fields=('salon', 'service'), name='loyalty_reward_service_once'), models.UniqueConstraint(condition=models.Q(('archived_at', None)), fields=('salon', 'product'), name='loyalty_reward_product_once')],
            },
        ),
        migrations.CreateModel(
            name='Redemption',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='redemptions', to='clients.client')),
                ('reward', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='redemptions', to='loyalty.reward')),
                ('points', models.PositiveIntegerField()),
                ('list_price', salon.fields.MoneyField()),
                ('first_time', models.BooleanField()),
                ('redeemed_at', models.DateTimeField()),
                ('actor_kind', models.CharField(choices=[('USER', 'User'), ('API_KEY', 'API key'), ('SYSTEM', 'System')], max_length=10)),
                ('actor_id', models.UUIDField(blank=True, null=True)),
                ('actor_name', models.CharField(max_length=120)),
                ('returned_at', models.DateTimeField(blank=True, null=True)),
                ('return_reason', models.CharField(blank=True, choices=[('REMOVED', 'removed'), ('CANCELLED', 'cancelled'), ('NO_SHOW', 'missed'), ('REFUNDED', 'refunded'), ('VOIDED', 'sale voided')], max_length=10)),
            ],
            options={
                'indexes': [models.Index(fields=['salon', 'client', 'reward'], name='loyalty_redemption_of_client'), models.Index(fields=['salon', 'reward', 'redeemed_at'], name='loyalty_redemption_of_reward'), models.Index(fields=['salon', 'redeemed_at'], name='loyalty_redemption_by_age')],
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='loyalty_redemption_key'), salon.tenancy.constraints.SalonKey(name='loyalty_redemption_salon'), salon.tenancy.constraints.RowLevelSecurity(name='loyalty_redemption_tenancy'), salon.tenancy.constraints.SalonReference('client', name='loyalty_redemption_client'), salon.tenancy.constraints.SalonReference('reward', name='loyalty_redemption_reward'), models.CheckConstraint(condition=models.Q(models.Q(('return_reason', ''), ('returned_at', None)), models.Q(models.Q(('returned_at__isnull', False)), models.Q(('return_reason', ''), _negated=True)), _connector='OR'), name='loyalty_redemption_returned'), models.CheckConstraint(condition=models.Q(('returned_at', None), ('returned_at__gte', models.F('redeemed_at')), _connector='OR'), name='loyalty_redemption_order')],
            },
        ),
        migrations.CreateModel(
            name='PriorUse',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='prior_uses', to='clients.client')),
                ('service', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.service')),
                ('product', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.product')),
                ('noted_by_name', models.CharField(max_length=120)),
                ('noted_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='loyalty_prioruse_key'), salon.tenancy.constraints.SalonKey(name='loyalty_prioruse_salon'), salon.tenancy.constraints.RowLevelSecurity(name='loyalty_prioruse_tenancy'), salon.tenancy.constraints.SalonReference('client', cascade=True, name='loyalty_prioruse_client'), salon.tenancy.constraints.SalonReference('service', cascade=True, name='loyalty_prioruse_service'), salon.tenancy.constraints.SalonReference('product', cascade=True, name='loyalty_prioruse_product'), models.CheckConstraint(condition=models.Q(models.Q(('product', None), ('service__isnull', False)), models.Q(('product__isnull', False), ('service', None)), _connector='OR'), name='loyalty_prioruse_item'), models.UniqueConstraint(fields=('salon', 'client', 'service'), name='loyalty_prioruse_service_once'), models.UniqueConstraint(fields=('salon', 'client', 'product'), name='loyalty_prioruse_product_once')],
            },
        ),
    ]
