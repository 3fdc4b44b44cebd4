import django.contrib.postgres.constraints
import django.db.models.constraints
import django.db.models.deletion
import salon.fields
import salon.tenancy.constraints
import salon.tenancy.context
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('catalogue', '0001_initial'),
        ('clients', '0007_preferred_staff'),
    ]

    operations = [
        migrations.CreateModel(
            name='BookingRules',
            fields=[
                ('salon', models.OneToOneField(db_constraint=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='tenancy.salon')),
                ('slot_minutes', models.PositiveSmallIntegerField(default=15)),
                ('lead_minutes', models.PositiveIntegerField(default=120)),
                ('horizon_days', models.PositiveSmallIntegerField(default=180)),
                ('complete_by_itself', models.BooleanField(default=True)),
                ('confirm', models.BooleanField(default=True)),
                ('remind', models.BooleanField(default=True)),
            ],
            options={
                'constraints': [salon.tenancy.constraints.SalonKey(name='bookings_bookingrules_salon'), salon.tenancy.constraints.RowLevelSecurity(name='bookings_bookingrules_tenancy'), models.CheckConstraint(condition=models.Q(('slot_minutes__in', [5, 10, 15, 20, 30, 60])), name='bookings_bookingrules_slot')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='Appointment',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('client', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='appointments', to='clients.client')),
                ('state', models.CharField(choices=[('BOOKED', 'booked'), ('ARRIVED', 'arrived'), ('COMPLETED', 'completed'), ('NO_SHOW', 'no-show'), ('CANCELLED', 'cancelled')], default='BOOKED', max_length=10)),
                ('source', models.CharField(choices=[('STAFF', 'by staff'), ('ONLINE', 'booked online'), ('API', 'by a program')], max_length=10)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('note', models.CharField(blank=True, max_length=500)),
                ('booked_by_kind', models.CharField(choices=[('USER', 'User'), ('API_KEY', 'API key'), ('SYSTEM', 'System')], max_length=10)),
                ('booked_by_id', models.UUIDField(blank=True, null=True)),
                ('booked_by_name', models.CharField(max_length=120)),
                ('booked_as', models.JSONField(blank=True, default=dict)),
                ('client_status', models.CharField(blank=True, choices=[('NEW', 'New'), ('RETURNING', 'Returning')], max_length=10)),
                ('client_status_reason', models.CharField(blank=True, choices=[('NOT_LISTED', 'not on file'), ('EMAIL_DIFFERS', 'other e-mail address'), ('NAME_AND_PHONE_DIFFER', 'other first name and phone'), ('RECENT_VISIT', 'visit within 365 days'), ('LAPSED', 'no visit for more than 365 days'), ('FIRST_VISIT_PENDING', 'first visit still to come'), ('LISTED', 'on file')], max_length=30)),
                ('client_evidence', models.JSONField(blank=True, null=True)),
                ('visit_on', models.DateField(blank=True, null=True)),
                ('cancelled_at', models.DateTimeField(blank=True, null=True)),
                ('cancel_reason', models.CharField(blank=True, max_length=200)),
                ('undo', models.JSONField(blank=True, null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='bookings_appointment_key'), salon.tenancy.constraints.SalonKey(name='bookings_appointment_salon'), salon.tenancy.constraints.RowLevelSecurity(name='bookings_appointment_tenancy'), salon.tenancy.constraints.SalonReference('client', name='bookings_appointment_client'), models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='bookings_appointment_period'), models.CheckConstraint(condition=models.Q(('visit_on', None), ('state', 'COMPLETED'), _connector='OR'), name='bookings_appointment_visit'), models.CheckConstraint(condition=models.Q(models.Q(('cancelled_at__isnull', False), ('state', 'CANCELLED')), models.Q(models.Q(('state', 'CANCELLED'), _negated=True), ('cancel_reason', ''), ('cancelled_at', None)), _connector='OR'), name='bookings_appointment_cancelled'), models.CheckConstraint(condition=models.Q(models.Q(('client', None), ('client_status', ''), ('client_status_reason', '')), models.Q(models.Q(('client__isnull', False)), models.Q(('client_status', ''), _negated=True), models.Q(('client_status_reason', ''), _negated=True)), _connector='OR'), name='bookings_appointment_verdict')],
                'indexes': [models.Index(fields=['salon', 'starts_at', 'id'], name='bookings_appointment_by_start'), models.Index(fields=['salon', 'client', 'starts_at'], name='bookings_appointment_of_client'), models.Index(condition=models.Q(('visit_on__isnull', False)), fields=['salon', 'client', 'visit_on'], name='bookings_appointment_visits'), models.Index(condition=models.Q(('state__in', ['BOOKED', 'ARRIVED'])), fields=['salon', 'ends_at'], name='bookings_appointment_open'), models.Index(fields=['salon', 'created_at', 'id'], name='bookings_appointment_by_age')],
            },
        ),
        migrations.CreateModel(
            name='AppointmentItem',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('appointment', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='bookings.appointment')),
                ('position', models.PositiveSmallIntegerField()),
                ('service', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='catalogue.service')),
                ('staff', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='catalogue.staffmember')),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('busy', salon.fields.PeriodsField()),
                ('active', models.BooleanField(default=True)),
                ('apply_minutes', models.PositiveSmallIntegerField()),
                ('processing_minutes', models.PositiveSmallIntegerField(default=0)),
                ('finish_minutes', models.PositiveSmallIntegerField(default=0)),
                ('buffer_minutes', models.PositiveSmallIntegerField(default=0)),
                ('counts_as_visit', models.BooleanField(default=True)),
                ('list_price', salon.fields.MoneyField()),
                ('price', salon.fields.MoneyField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='bookings_appointmentitem_key'), salon.tenancy.constraints.SalonKey(name='bookings_appointmentitem_salon'), salon.tenancy.constraints.RowLevelSecurity(name='bookings_appointmentitem_tenancy'), salon.tenancy.constraints.SalonReference('appointment', cascade=True, name='bookings_appointmentitem_appointment'), salon.tenancy.constraints.SalonReference('service', name='bookings_appointmentitem_service'), salon.tenancy.constraints.SalonReference('staff', name='bookings_appointmentitem_staff'), models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['IMMEDIATE'], fields=('salon', 'appointment', 'position'), name='bookings_appointmentitem_position'), models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='bookings_appointmentitem_period'), models.CheckConstraint(condition=models.Q(models.Func('busy', function='isempty', output_field=models.BooleanField()), _negated=True), name='bookings_appointmentitem_busy'), models.CheckConstraint(condition=models.Q(('list_price__gte', 0), ('price__gte', 0)), name='bookings_appointmentitem_price'), django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('active', True)), expressions=[('salon', '='), ('staff', '='), ('busy', '&&')], name='bookings_appointmentitem_once')],
                'indexes': [models.Index(fields=['salon', 'starts_at', 'staff'], name='bookings_item_by_start'), models.Index(fields=['salon', 'staff', 'starts_at'], name='bookings_item_of_staff'), models.Index(fields=['salon', 'service', 'starts_at'], name='bookings_item_of_service')],
            },
        ),
        migrations.CreateModel(
            name='CalendarFeed',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('staff', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='feeds', to='catalogue.staffmember')),
                ('token_hash', models.BinaryField(max_length=32)),
                ('created_at', models.DateTimeField()),
                ('created_by_name', models.CharField(max_length=120)),
                ('last_read_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='bookings_calendarfeed_key'), salon.tenancy.constraints.SalonKey(name='bookings_calendarfeed_salon'), salon.tenancy.constraints.RowLevelSecurity(name='bookings_calendarfeed_tenancy'), salon.tenancy.constraints.SalonReference('staff', cascade=True, name='bookings_calendarfeed_staff'), models.UniqueConstraint(fields=('salon', 'token_hash'), name='bookings_calendarfeed_token')],
                'indexes': [models.Index(fields=['salon', 'staff'], name='bookings_feed_of_staff')],
            },
        ),
        migrations.CreateModel(
            name='WaitingEntry',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='waiting', to='clients.client')),
                ('staff', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.staffmember')),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField()),
                ('from_minute', models.PositiveSmallIntegerField(default=0)),
                ('until_minute', models.PositiveSmallIntegerField(default=1440)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('state', models.CharField(choices=[('WAITING', 'waiting'), ('BOOKED', 'booked'), ('REMOVED', 'removed')], default='WAITING', max_length=10)),
                ('appointment', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='bookings.appointment')),
                ('created_by_name', models.CharField(max_length=120)),
                ('created_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='bookings_waitingentry_key'), salon.tenancy.constraints.SalonKey(name='bookings_waitingentry_salon'), salon.tenancy.constraints.RowLevelSecurity(name='bookings_waitingentry_tenancy'), salon.tenancy.constraints.SalonReference('client', cascade=True, name='bookings_waitingentry_client'), salon.tenancy.constraints.SalonReference('staff', name='bookings_waitingentry_staff'), salon.tenancy.constraints.SalonReference('appointment', name='bookings_waitingentry_appointment'), models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='bookings_waitingentry_days'), models.CheckConstraint(condition=models.Q(('until_minute__gt', models.F('from_minute')), ('until_minute__lte', 1440)), name='bookings_waitingentry_minutes')],
                'indexes': [models.Index(condition=models.Q(('state', 'WAITING')), fields=['salon', 'ends_on'], name='bookings_waiting_open'), models.Index(fields=['salon', 'client'], name='bookings_waiting_of_client')],
            },
        ),
        migrations.CreateModel(
            name='WaitingService',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('entry', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='services', to='bookings.waitingentry')),
                ('service', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.service')),
                ('position', models.PositiveSmallIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='bookings_waitingservice_key'), salon.tenancy.constraints.SalonKey(name='bookings_waitingservice_salon'), salon.tenancy.constraints.RowLevelSecurity(name='bookings_waitingservice_tenancy'), salon.tenancy.constraints.SalonReference('entry', cascade=True, name='bookings_waitingservice_entry'), salon.tenancy.constraints.SalonReference('service', cascade=True, name='bookings_waitingservice_service'), models.UniqueConstraint(fields=('salon', 'entry', 'position'), name='bookings_waitingservice_position')],
                'indexes': [],
            },
        ),
    ]
