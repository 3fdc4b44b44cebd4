import django.contrib.postgres.constraints
import django.db.models.deletion
import django.db.models.expressions
import salon.fields
import salon.identity.constraints
import salon.tenancy.constraints
import salon.tenancy.context
import uuid_utils.compat
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('identity', '0002_chosen_columns'),
        ('tenancy', '0002_night'),
    ]

    operations = [
        migrations.CreateModel(
            name='CatalogueGroup',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('kind', models.CharField(choices=[('SERVICE', 'Service'), ('PRODUCT', 'Product')], max_length=10)),
                ('name', models.CharField(max_length=60)),
                ('name_key', models.CharField(db_collation='C', max_length=120)),
                ('position', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='catalogue_group_key'), salon.tenancy.constraints.SalonKey(name='catalogue_group_salon'), salon.tenancy.constraints.RowLevelSecurity(name='catalogue_group_tenancy'), models.UniqueConstraint(fields=('salon', 'kind', 'name_key'), name='catalogue_group_name')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='Service',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('group', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='catalogue.cataloguegroup')),
                ('name', models.CharField(max_length=80)),
                ('name_key', models.CharField(db_collation='C', max_length=160)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('price', salon.fields.MoneyField()),
                ('vat_rate', models.DecimalField(decimal_places=2, default=Decimal('19.00'), max_digits=4)),
                ('points_override', models.PositiveIntegerField(blank=True, null=True)),
                ('archived_at', models.DateTimeField(blank=True, null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('apply_minutes', models.PositiveSmallIntegerField()),
                ('processing_minutes', models.PositiveSmallIntegerField(default=0)),
                ('finish_minutes', models.PositiveSmallIntegerField(default=0)),
                ('buffer_minutes', models.PositiveSmallIntegerField(default=0)),
                ('duration_minutes', models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('apply_minutes'), '+', models.F('processing_minutes')), '+', models.F('finish_minutes')), output_field=models.PositiveSmallIntegerField())),
                ('online', models.BooleanField(default=True)),
                ('counts_as_visit', models.BooleanField(default=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='catalogue_service_key'), salon.tenancy.constraints.SalonKey(name='catalogue_service_salon'), salon.tenancy.constraints.RowLevelSecurity(name='catalogue_service_tenancy'), salon.tenancy.constraints.SalonReference('group', name='catalogue_service_group'), models.UniqueConstraint(condition=models.Q(('archived_at', None)), fields=('salon', 'name_key'), name='catalogue_service_name'), models.CheckConstraint(condition=models.Q(('apply_minutes__gte', 5), ('apply_minutes__lte', 720), ('processing_minutes__lte', 720), ('finish_minutes__lte', 720), ('buffer_minutes__lte', 720)), name='catalogue_service_minutes'), models.CheckConstraint(condition=models.Q(models.Q(('finish_minutes', 0), ('processing_minutes', 0)), models.Q(('finish_minutes__gte', 5), ('processing_minutes__gte', 5)), _connector='OR'), name='catalogue_service_processing'), models.CheckConstraint(condition=models.Q(('price__gte', 0)), name='catalogue_service_price'), models.CheckConstraint(condition=models.Q(('vat_rate__gte', 0), ('vat_rate__lt', 100)), name='catalogue_service_vat')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='Product',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('group', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='catalogue.cataloguegroup')),
                ('name', models.CharField(max_length=80)),
                ('name_key', models.CharField(db_collation='C', max_length=160)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('price', salon.fields.MoneyField()),
                ('vat_rate', models.DecimalField(decimal_places=2, default=Decimal('19.00'), max_digits=4)),
                ('points_override', models.PositiveIntegerField(blank=True, null=True)),
                ('archived_at', models.DateTimeField(blank=True, null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('barcode', models.CharField(blank=True, max_length=40)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='catalogue_product_key'), salon.tenancy.constraints.SalonKey(name='catalogue_product_salon'), salon.tenancy.constraints.RowLevelSecurity(name='catalogue_product_tenancy'), salon.tenancy.constraints.SalonReference('group', name='catalogue_product_group'), models.UniqueConstraint(condition=models.Q(('archived_at', None)), fields=('salon', 'name_key'), name='catalogue_product_name'), models.UniqueConstraint(condition=models.Q(('archived_at', None), models.Q(('barcode', ''), _negated=True)), fields=('salon', 'barcode'), name='catalogue_product_barcode'), models.CheckConstraint(condition=models.Q(('price__gte', 0)), name='catalogue_product_price'), models.CheckConstraint(condition=models.Q(('vat_rate__gte', 0), ('vat_rate__lt', 100)), name='catalogue_product_vat')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='SpecialOffer',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('service', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='offers', to='catalogue.service')),
                ('product', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='offers', to='catalogue.product')),
                ('price', salon.fields.MoneyField()),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField()),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='catalogue_specialoffer_key'), salon.tenancy.constraints.SalonKey(name='catalogue_specialoffer_salon'), salon.tenancy.constraints.RowLevelSecurity(name='catalogue_specialoffer_tenancy'), salon.tenancy.constraints.SalonReference('service', name='catalogue_specialoffer_service'), salon.tenancy.constraints.SalonReference('product', name='catalogue_specialoffer_product'), models.CheckConstraint(condition=models.Q(models.Q(('product', None), ('service__isnull', False)), models.Q(('product__isnull', False), ('service', None)), _connector='OR'), name='catalogue_specialoffer_item'), models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='catalogue_specialoffer_days'), models.CheckConstraint(condition=models.Q(('price__gte', 0)), name='catalogue_specialoffer_price'), django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('service__isnull', False)), expressions=[('salon', '='), ('service', '='), (models.Func('starts_on', 'ends_on', models.Value('[]'), function='daterange'), '&&')], name='catalogue_specialoffer_service_once'), django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('product__isnull', False)), expressions=[('salon', '='), ('product', '='), (models.Func('starts_on', 'ends_on', models.Value('[]'), function='daterange'), '&&')], name='catalogue_specialoffer_product_once')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='StaffMember',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('name', models.CharField(max_length=60)),
                ('name_key', models.CharField(db_collation='C', max_length=120)),
                ('colour', models.PositiveSmallIntegerField(default=1)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('user', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('archived_at', models.DateTimeField(blank=True, null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='catalogue_staffmember_key'), salon.tenancy.constraints.SalonKey(name='catalogue_staffmember_salon'), salon.tenancy.constraints.RowLevelSecurity(name='catalogue_staffmember_tenancy'), salon.identity.constraints.MemberReference(name='catalogue_staffmember_member'), models.UniqueConstraint(condition=models.Q(('archived_at', None)), fields=('salon', 'name_key'), name='catalogue_staffmember_name'), models.UniqueConstraint(condition=models.Q(('archived_at', None), ('user__isnull', False)), fields=('salon', 'user'), name='catalogue_staffmember_user'), models.CheckConstraint(condition=models.Q(('colour__gte', 1), ('colour__lte', 12)), name='catalogue_staffmember_colour')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='StaffService',
            fields=[
                ('pk', models.CompositePrimaryKey('salon', 'staff', 'service', blank=True, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('staff', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='skills', to='catalogue.staffmember')),
                ('service', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='performers', to='catalogue.service')),
            ],
            options={
                'constraints': [salon.tenancy.constraints.SalonKey(name='catalogue_staffservice_salon'), salon.tenancy.constraints.SalonReference('staff', cascade=True, name='catalogue_staffservice_staff'), salon.tenancy.constraints.SalonReference('service', cascade=True, name='catalogue_staffservice_service'), salon.tenancy.constraints.RowLevelSecurity(name='catalogue_staffservice_tenancy')],
                'indexes': [models.Index(fields=['salon', 'service'], name='catalogue_staffservice_by')],
            },
        ),
        migrations.CreateModel(
            name='Schedule',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('staff', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='schedules', to='catalogue.staffmember')),
                ('valid_from', models.DateField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='catalogue_schedule_key'), salon.tenancy.constraints.SalonKey(name='catalogue_schedule_salon'), salon.tenancy.constraints.RowLevelSecurity(name='catalogue_schedule_tenancy'), salon.tenancy.constraints.SalonReference('staff', cascade=True, name='catalogue_schedule_staff'), models.UniqueConstraint(fields=('salon', 'staff', 'valid_from'), name='catalogue_schedule_once')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='ScheduleInterval',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('schedule', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='intervals', to='catalogue.schedule')),
                ('weekday', models.PositiveSmallIntegerField()),
                ('starts_minute', models.PositiveSmallIntegerField()),
                ('ends_minute', models.PositiveSmallIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='catalogue_scheduleinterval_key'), salon.tenancy.constraints.SalonKey(name='catalogue_scheduleinterval_salon'), salon.tenancy.constraints.RowLevelSecurity(name='catalogue_scheduleinterval_tenancy'), salon.tenancy.constraints.SalonReference('schedule', cascade=True, name='catalogue_scheduleinterval_schedule'), models.CheckConstraint(condition=models.Q(('weekday__gte', 1), ('weekday__lte', 7)), name='catalogue_scheduleinterval_day'), models.CheckConstraint(condition=models.Q(('ends_minute__gt', models.F('starts_minute')), ('ends_minute__lte', 1440)), name='catalogue_scheduleinterval_minutes'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('salon', '='), ('schedule', '='), ('weekday', '='), (models.Func('starts_minute', 'ends_minute', function='int4range'), '&&')], name='catalogue_scheduleinterval_once')],
                'indexes': [models.Index(fields=['salon', 'schedule'], name='catalogue_interval_of_schedule')],
            },
        ),
        migrations.CreateModel(
            name='Absence',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('staff', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='absences', to='catalogue.staffmember')),
                ('kind', models.CharField(choices=[('VACATION', 'Vacation'), ('SICK', 'Sick'), ('TRAINING', 'Training'), ('OTHER', 'Absent'), ('BLOCKED', 'Blocked time')], max_length=10)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('note', models.CharField(blank=True, max_length=200)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='catalogue_absence_key'), salon.tenancy.constraints.SalonKey(name='catalogue_absence_salon'), salon.tenancy.constraints.RowLevelSecurity(name='catalogue_absence_tenancy'), salon.tenancy.constraints.SalonReference('staff', cascade=True, name='catalogue_absence_staff'), models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='catalogue_absence_period')],
                'indexes': [models.Index(fields=['salon', 'ends_at', 'starts_at'], name='catalogue_absence_by_end'), models.Index(fields=['salon', 'staff', 'ends_at'], name='catalogue_absence_of_staff')],
            },
        ),
        migrations.CreateModel(
            name='Closure',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField()),
                ('name', models.CharField(max_length=80)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='catalogue_closure_key'), salon.tenancy.constraints.SalonKey(name='catalogue_closure_salon'), salon.tenancy.constraints.RowLevelSecurity(name='catalogue_closure_tenancy'), models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='catalogue_closure_days')],
                'indexes': [models.Index(fields=['salon', 'ends_on'], name='catalogue_closure_by_end')],
            },
        ),
        migrations.CreateModel(
            name='OpenDay',
            fields=[
                ('pk', models.CompositePrimaryKey('salon', 'day', blank=True, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('day', models.DateField()),
            ],
            options={
                'constraints': [salon.tenancy.constraints.SalonKey(name='catalogue_openday_salon'), salon.tenancy.constraints.RowLevelSecurity(name='catalogue_openday_tenancy')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='HolidayRules',
            fields=[
                ('salon', models.OneToOneField(db_constraint=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='tenancy.salon')),
                ('region', models.CharField(blank=True, max_length=4)),
                ('closed', models.BooleanField(default=True)),
            ],
            options={
                'constraints': [salon.tenancy.constraints.SalonKey(name='catalogue_holidayrules_salon'), salon.tenancy.constraints.RowLevelSecurity(name='catalogue_holidayrules_tenancy')],
                'indexes': [],
            },
        ),
    ]
