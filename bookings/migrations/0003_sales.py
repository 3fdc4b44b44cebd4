import django.db.models.constraints
import django.db.models.deletion
import django.db.models.expressions
import salon.fields
import salon.tenancy.constraints
import salon.tenancy.context
import uuid_utils.compat
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0002_absence_tasks'),
        ('loyalty', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='appointmentitem',
            name='redemption',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.redemption'),
        ),
        migrations.AddIndex(
            model_name='appointmentitem',
            index=models.Index(condition=models.Q(('redemption__isnull', False)), fields=['salon', 'redemption'], name='bookings_item_of_redemption'),
        ),
        migrations.AddConstraint(
            model_name='appointmentitem',
            constraint=salon.tenancy.constraints.SalonReference('redemption', name='bookings_appointmentitem_redemption'),
        ),
        migrations.AddConstraint(
            model_name='appointmentitem',
            constraint=models.CheckConstraint(condition=models.Q(('redemption', None), ('price', 0), _connector='OR'), name='bookings_appointmentitem_reward'),
        ),
        migrations.CreateModel(
            name='SalesRules',
            fields=[
                ('salon', models.OneToOneField(db_constraint=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='tenancy.salon')),
                ('till_mode', models.CharField(blank=True, choices=[('EXTERNAL_TILL', "Cash goes through the salon's own till"), ('OWN_TILL', 'Cash is recorded here')], max_length=20)),
                ('deposit_rule', models.CharField(choices=[('REFUND', 'it is given back'), ('KEEP', 'it is kept'), ('REFUND_UNTIL', 'it is given back up to some hours before')], default='REFUND', max_length=20)),
                ('deposit_hours', models.PositiveSmallIntegerField(default=24)),
                ('receipt_head', models.TextField(blank=True, max_length=400)),
                ('receipt_foot', models.TextField(blank=True, max_length=400)),
            ],
            options={
                'constraints': [salon.tenancy.constraints.SalonKey(name='bookings_salesrules_salon'), salon.tenancy.constraints.RowLevelSecurity(name='bookings_salesrules_tenancy')],
            },
        ),
        migrations.CreateModel(
            name='Sale',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('number', models.PositiveIntegerField(blank=True, null=True)),
                ('client', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sales', to='clients.client')),
                ('appointment', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sales', to='bookings.appointment')),
                ('state', models.CharField(choices=[('OPEN', 'Still open'), ('PAID', 'Paid'), ('PARTLY_REFUNDED', 'Partly refunded'), ('REFUNDED', 'Refunded'), ('VOID', 'Void')], default='OPEN', max_length=20)),
                ('total', salon.fields.MoneyField(default=Decimal('0.00'))),
                ('paid', salon.fields.MoneyField(default=Decimal('0.00'))),
                ('refunded', salon.fields.MoneyField(default=Decimal('0.00'))),
                ('points_earned', models.IntegerField(default=0)),
                ('rules_version', models.PositiveIntegerField(blank=True, null=True)),
                ('opened_by_name', models.CharField(max_length=120)),
                ('created_at', models.DateTimeField()),
                ('paid_at', models.DateTimeField(blank=True, null=True)),
                ('paid_on', models.DateField(blank=True, null=True)),
                ('voided_at', models.DateTimeField(blank=True, null=True)),
                ('void_reason', models.CharField(blank=True, max_length=200)),
                ('version', models.PositiveIntegerField(default=1)),
            ],
            options={
                'indexes': [models.Index(fields=['salon', 'created_at', 'id'], name='bookings_sale_by_age'), models.Index(fields=['salon', 'client', 'created_at'], name='bookings_sale_of_client'), models.Index(fields=['salon', 'paid_on', 'id'], name='bookings_sale_by_day'), models.Index(condition=models.Q(('state', 'OPEN')), fields=['salon', 'id'], name='bookings_sale_open')],
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='bookings_sale_key'), salon.tenancy.constraints.SalonKey(name='bookings_sale_salon'), salon.tenancy.constraints.RowLevelSecurity(name='bookings_sale_tenancy'), salon.tenancy.constraints.SalonReference('client', name='bookings_sale_client'), salon.tenancy.constraints.SalonReference('appointment', name='bookings_sale_appointment'), models.UniqueConstraint(fields=('salon', 'number'), name='bookings_sale_number'), models.UniqueConstraint(condition=models.Q(('state', 'VOID'), _negated=True), fields=('salon', 'appointment'), name='bookings_sale_of_appointment_once'), models.CheckConstraint(condition=models.Q(('paid__gte', 0), ('refunded__gte', 0), ('total__gte', 0)), name='bookings_sale_amounts'), models.CheckConstraint(condition=models.Q(('refunded__lte', models.F('paid'))), name='bookings_sale_refunded'), models.CheckConstraint(condition=models.Q(('state__in', ['OPEN', 'VOID']), models.Q(('number__isnull', False), ('paid__gte', models.F('total')), ('paid_at__isnull', False), ('paid_on__isnull', False)), _connector='OR'), name='bookings_sale_paid'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'VOID'), ('voided_at__isnull', False)), models.Q(models.Q(('state', 'VOID'), _negated=True), ('void_reason', ''), ('voided_at', None)), _connector='OR'), name='bookings_sale_void')],
            },
        ),
        migrations.CreateModel(
            name='SaleLine',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('sale', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='bookings.sale')),
                ('position', models.PositiveSmallIntegerField()),
                ('kind', models.CharField(choices=[('SERVICE', 'Service'), ('PRODUCT', 'Product'), ('REWARD', 'Reward'), ('TIP', 'Tip'), ('VOUCHER', 'Voucher')], max_length=10)),
                ('service', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.service')),
                ('product', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.product')),
                ('item', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sale_lines', to='bookings.appointmentitem')),
                ('redemption', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.redemption')),
                ('staff', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.staffmember')),
                ('name', models.CharField(max_length=120)),
                ('quantity', models.PositiveSmallIntegerField(default=1)),
                ('list_price', salon.fields.MoneyField()),
                ('offer_price', salon.fields.MoneyField(blank=True, null=True)),
                ('own_price', salon.fields.MoneyField(blank=True, null=True)),
                ('unit_price', salon.fields.MoneyField()),
                ('discount_percent', models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True)),
                ('discount', salon.fields.MoneyField(default=Decimal('0.00'))),
                ('discount_reason', models.CharField(blank=True, max_length=120)),
                ('final_price', salon.fields.MoneyField()),
                ('vat_rate', models.DecimalField(decimal_places=2, max_digits=4)),
                ('points_override', models.PositiveIntegerField(blank=True, null=True)),
                ('refunded', models.PositiveSmallIntegerField(default=0)),
                ('refunded_amount', salon.fields.MoneyField(default=Decimal('0.00'))),
            ],
            options={
                'indexes': [models.Index(fields=['salon', 'service'], name='bookings_line_of_service'), models.Index(fields=['salon', 'product'], name='bookings_line_of_product'), models.Index(condition=models.Q(('item__isnull', False)), fields=['salon', 'item'], name='bookings_line_of_item'), models.Index(condition=models.Q(('redemption__isnull', False)), fields=['salon', 'redemption'], name='bookings_line_of_redemption')],
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='bookings_saleline_key'), salon.tenancy.constraints.SalonKey(name='bookings_saleline_salon'), salon.tenancy.constraints.RowLevelSecurity(name='bookings_saleline_tenancy'), salon.tenancy.constraints.SalonReference('sale', cascade=True, name='bookings_saleline_sale'), salon.tenancy.constraints.SalonReference('service', name='bookings_saleline_service'), salon.tenancy.constraints.SalonReference('product', name='bookings_saleline_product'), salon.tenancy.constraints.SalonReference('item', name='bookings_saleline_item'), salon.tenancy.constraints.SalonReference('redemption', name='bookings_saleline_redemption'), salon.tenancy.constraints.SalonReference('staff', name='bookings_saleline_staff'), models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['IMMEDIATE'], fields=('salon', 'sale', 'position'), name='bookings_saleline_position'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'SERVICE'), ('product', None), ('redemption', None), ('service__isnull', False)), models.Q(('kind', 'PRODUCT'), ('product__isnull', False), ('redemption', None), ('service', None)), models.Q(('final_price', 0), ('kind', 'REWARD'), ('redemption__isnull', False), models.Q(models.Q(('product', None), ('service__isnull', False)), models.Q(('product__isnull', False), ('service', None)), _connector='OR')), models.Q(('kind__in', ['TIP', 'VOUCHER']), ('product', None), ('redemption', None), ('service', None)), _connector='OR'), name='bookings_saleline_kind'), models.CheckConstraint(condition=models.Q(('discount__gte', 0), ('final_price__gte', 0), ('list_price__gte', 0), ('quantity__gt', 0), ('unit_price__gte', 0)), name='bookings_saleline_amounts'), models.CheckConstraint(condition=models.Q(('kind', 'REWARD'), ('final_price', models.ExpressionWrapper(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('unit_price'), '*', models.F('quantity')), '-', models.F('discount')), output_field=models.BigIntegerField())), _connector='OR'), name='bookings_saleline_sum'), models.CheckConstraint(condition=models.Q(('refunded__lte', models.F('quantity')), ('refunded_amount__lte', models.F('final_price'))), name='bookings_saleline_refunded')],
            },
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('sale', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='bookings.sale')),
                ('kind', models.CharField(choices=[('PAYMENT', 'Payment'), ('DEPOSIT', 'Deposit')], default='PAYMENT', max_length=10)),
                ('method', models.CharField(choices=[('CARD', 'Card'), ('TRANSFER', 'Transfer'), ('VOUCHER', 'Voucher'), ('EXTERNAL_TILL', 'Own till'), ('CASH', 'Cash')], max_length=20)),
                ('amount', salon.fields.MoneyField()),
                ('reference', models.CharField(blank=True, max_length=80)),
                ('taken_at', models.DateTimeField()),
                ('taken_on', models.DateField()),
                ('actor_kind', models.CharField(choices=[('USER', 'User'), ('API_KEY', 'API key'), ('SYSTEM', 'System')], max_length=10)),
                ('actor_id', models.UUIDField(blank=True, null=True)),
                ('actor_name', models.CharField(max_length=120)),
                ('removed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['salon', 'sale', 'taken_at'], name='bookings_payment_of_sale'), models.Index(fields=['salon', 'taken_on', 'id'], name='bookings_payment_by_day')],
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='bookings_payment_key'), salon.tenancy.constraints.SalonKey(name='bookings_payment_salon'), salon.tenancy.constraints.RowLevelSecurity(name='bookings_payment_tenancy'), salon.tenancy.constraints.SalonReference('sale', name='bookings_payment_sale'), models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='bookings_payment_amount')],
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('sale', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='bookings.sale')),
                ('kind', models.CharField(choices=[('LINES', 'Refund'), ('DEPOSIT', 'Deposit given back'), ('VOID', 'Void')], max_length=10)),
                ('method', models.CharField(choices=[('CARD', 'Card'), ('TRANSFER', 'Transfer'), ('VOUCHER', 'Voucher'), ('EXTERNAL_TILL', 'Own till'), ('CASH', 'Cash')], max_length=20)),
                ('amount', salon.fields.MoneyField()),
                ('points', models.IntegerField(default=0)),
                ('reference', models.CharField(blank=True, max_length=80)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('refunded_at', models.DateTimeField()),
                ('refunded_on', models.DateField()),
                ('actor_kind', models.CharField(choices=[('USER', 'User'), ('API_KEY', 'API key'), ('SYSTEM', 'System')], max_length=10)),
                ('actor_id', models.UUIDField(blank=True, null=True)),
                ('actor_name', models.CharField(max_length=120)),
            ],
            options={
                'indexes': [models.Index(fields=['salon', 'sale', 'refunded_at'], name='bookings_refund_of_sale'), models.Index(fields=['salon', 'refunded_on', 'id'], name='bookings_refund_by_day')],
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='bookings_refund_key'), salon.tenancy.constraints.SalonKey(name='bookings_refund_salon'), salon.tenancy.constraints.RowLevelSecurity(name='bookings_refund_tenancy'), salon.tenancy.constraints.SalonReference('sale', name='bookings_refund_sale'), models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='bookings_refund_amount')],
            },
        ),
        migrations.CreateModel(
            name='RefundLine',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('refund', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='bookings.refund')),
                ('line', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='refund_lines', to='bookings.saleline')),
                ('quantity', models.PositiveSmallIntegerField()),
                ('amount', salon.fields.MoneyField()),
            ],
            options={
                'indexes': [models.Index(fields=['salon', 'line'], name='bookings_refundline_of_line')],
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='bookings_refundline_key'), salon.tenancy.constraints.SalonKey(name='bookings_refundline_salon'), salon.tenancy.constraints.RowLevelSecurity(name='bookings_refundline_tenancy'), salon.tenancy.constraints.SalonReference('refund', name='bookings_refundline_refund'), salon.tenancy.constraints.SalonReference('line', name='bookings_refundline_line'), models.UniqueConstraint(fields=('salon', 'refund', 'line'), name='bookings_refundline_once'), models.CheckConstraint(condition=models.Q(('amount__gte', 0), ('quantity__gt', 0)), name='bookings_refundline_amounts')],
            },
        ),
    ]
