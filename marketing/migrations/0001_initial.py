import django.db.models.deletion
import salon.tenancy.constraints
import salon.tenancy.context
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0012_points_number'),
        ('tenancy', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='MarketingRules',
            fields=[
                ('salon', models.OneToOneField(db_constraint=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='tenancy.salon')),
                ('sender_name', models.CharField(blank=True, max_length=80)),
                ('reply_to', models.EmailField(blank=True, max_length=254)),
                ('imprint', models.TextField(blank=True, max_length=600)),
                ('existing_customers_at', models.DateTimeField(blank=True, null=True)),
                ('existing_customers_by', models.CharField(blank=True, max_length=120)),
                ('version', models.PositiveIntegerField(default=1)),
            ],
            options={
                'constraints': [salon.tenancy.constraints.SalonKey(name='marketing_marketingrules_salon'), salon.tenancy.constraints.RowLevelSecurity(name='marketing_marketingrules_tenancy'), models.CheckConstraint(condition=models.Q(models.Q(('existing_customers_at', None), ('existing_customers_by', '')), models.Q(('existing_customers_at__isnull', False), models.Q(('existing_customers_by', ''), _negated=True)), _connector='OR'), name='marketing_marketingrules_decision')],
            },
        ),
        migrations.CreateModel(
            name='Segment',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('name', models.CharField(max_length=80)),
                ('name_key', models.CharField(db_collation='C', max_length=160)),
                ('rule', models.JSONField()),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['salon', 'name_key', 'id'], name='marketing_segment_by_name')],
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='marketing_segment_key'), salon.tenancy.constraints.SalonKey(name='marketing_segment_salon'), salon.tenancy.constraints.RowLevelSecurity(name='marketing_segment_tenancy'), models.UniqueConstraint(condition=models.Q(('deleted_at', None)), fields=('salon', 'name_key'), name='marketing_segment_name')],
            },
        ),
        migrations.CreateModel(
            name='Automation',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('occasion', models.CharField(choices=[('BIRTHDAY', 'Birthday'), ('ABOUT_TO_LAPSE', 'About to lapse'), ('AFTER_FIRST_VISIT', 'After the first visit'), ('LAPSED', 'Lapsed')], max_length=20)),
                ('subject', models.CharField(max_length=150)),
                ('body', models.TextField(max_length=10000)),
                ('days', models.PositiveSmallIntegerField()),
                ('enabled_at', models.DateTimeField(blank=True, null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='marketing_automation_key'), salon.tenancy.constraints.SalonKey(name='marketing_automation_salon'), salon.tenancy.constraints.RowLevelSecurity(name='marketing_automation_tenancy'), models.UniqueConstraint(fields=('salon', 'occasion'), name='marketing_automation_once'), models.CheckConstraint(condition=models.Q(('days__lte', 365)), name='marketing_automation_days')],
            },
        ),
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('name', models.CharField(max_length=80)),
                ('subject', models.CharField(blank=True, max_length=150)),
                ('body', models.TextField(blank=True, max_length=20000)),
                ('rule', models.JSONField(default=dict)),
                ('segment_name', models.CharField(blank=True, max_length=80)),
                ('basis', models.CharField(choices=[('CONSENT', 'Clients who have agreed'), ('EXISTING_CUSTOMER', 'Clients who have agreed, and existing customers (§ 7 (3) UWG)')], default='CONSENT', max_length=20)),
                ('state', models.CharField(choices=[('DRAFT', 'draft'), ('SCHEDULED', 'scheduled'), ('SENDING', 'being sent'), ('PAUSED', 'paused'), ('SENT', 'sent')], default='DRAFT', max_length=10)),
                ('scheduled_at', models.DateTimeField(blank=True, null=True)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('actor_kind', models.CharField(choices=[('USER', 'User'), ('API_KEY', 'API key'), ('SYSTEM', 'System')], max_length=10)),
                ('actor_id', models.UUIDField(blank=True, null=True)),
                ('actor_name', models.CharField(max_length=120)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['salon', '-created_at', '-id'], name='marketing_campaign_newest')],
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='marketing_campaign_key'), salon.tenancy.constraints.SalonKey(name='marketing_campaign_salon'), salon.tenancy.constraints.RowLevelSecurity(name='marketing_campaign_tenancy'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'SCHEDULED'), _negated=True), ('scheduled_at__isnull', False), _connector='OR'), name='marketing_campaign_scheduled'), models.CheckConstraint(condition=models.Q(('state__in', ['DRAFT', 'SCHEDULED']), ('started_at__isnull', False), _connector='OR'), name='marketing_campaign_started'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'SENT'), _negated=True), ('finished_at__isnull', False), _connector='OR'), name='marketing_campaign_finished')],
            },
        ),
        migrations.CreateModel(
            name='Recipient',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('campaign', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='recipients', to='marketing.campaign')),
                ('automation', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='recipients', to='marketing.automation')),
                ('occasion', models.DateField(blank=True, null=True)),
                ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='mailings', to='clients.client')),
                ('address', models.EmailField(blank=True, max_length=254)),
                ('state', models.CharField(choices=[('WAITING', 'waiting'), ('SENDING', 'being sent'), ('SENT', 'sent'), ('FAILED', 'failed'), ('EXCLUDED', 'left out')], default='WAITING', max_length=8)),
                ('reason', models.CharField(choices=[('CONSENT', 'has agreed'), ('EXISTING_CUSTOMER', 'existing customer'), ('NO_CONSENT', 'has not agreed'), ('NOT_CONFIRMED', 'has not confirmed yet'), ('OBJECTED', 'has unsubscribed or objected'), ('BLOCKED', 'blocked'), ('NO_ADDRESS', 'no e-mail address'), ('SAME_ADDRESS', 'another card with this address gets it'), ('GONE', 'the card is no longer there'), ('REFUSED', 'refused by the mail server'), ('INTERRUPTED', 'interrupted: may have arrived, is not sent again')], max_length=20)),
                ('error', models.CharField(blank=True, max_length=120)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('unsubscribed_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['salon', 'campaign', 'state', 'id'], name='marketing_recipient_by_state'), models.Index(fields=['salon', 'client', 'id'], name='marketing_recipient_of_client'), models.Index(condition=models.Q(('automation__isnull', False)), fields=['salon', 'automation', 'state', 'id'], name='marketing_recipient_automated')],
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='marketing_recipient_key'), salon.tenancy.constraints.SalonKey(name='marketing_recipient_salon'), salon.tenancy.constraints.RowLevelSecurity(name='marketing_recipient_tenancy'), salon.tenancy.constraints.SalonReference('campaign', cascade=True, name='marketing_recipient_campaign'), salon.tenancy.constraints.SalonReference('automation', cascade=True, name='marketing_recipient_automation'), salon.tenancy.constraints.SalonReference('client', name='marketing_recipient_client'), models.UniqueConstraint(fields=('salon', 'campaign', 'client'), name='marketing_recipient_once'), models.UniqueConstraint(fields=('salon', 'automation', 'client', 'occasion'), name='marketing_recipient_occasion'), models.CheckConstraint(condition=models.Q(models.Q(('automation', None), ('campaign__isnull', False), ('occasion', None)), models.Q(('automation__isnull', False), ('campaign', None), ('occasion__isnull', False)), _connector='OR'), name='marketing_recipient_of_one'), models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', False), ('state', 'SENT')), models.Q(models.Q(('state', 'SENT'), _negated=True), ('sent_at', None)), _connector='OR'), name='marketing_recipient_sent')],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='clients.client')),
                ('direction', models.CharField(choices=[('OUT', 'to the client'), ('IN', 'from the client')], max_length=3)),
                ('subject', models.CharField(blank=True, max_length=200)),
                ('text', models.TextField(max_length=50000)),
                ('address', models.EmailField(max_length=254)),
                ('message_id', models.CharField(blank=True, max_length=255)),
                ('automatic', models.BooleanField(default=False)),
                ('other_address', models.BooleanField(default=False)),
                ('attachments', models.JSONField(default=list)),
                ('mail_id', models.UUIDField(blank=True, null=True)),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('actor_kind', models.CharField(choices=[('USER', 'User'), ('API_KEY', 'API key'), ('SYSTEM', 'System')], max_length=10)),
                ('actor_id', models.UUIDField(blank=True, null=True)),
                ('actor_name', models.CharField(blank=True, max_length=120)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['salon', 'client', '-created_at', '-id'], name='marketing_message_of_client'), models.Index(fields=['salon', '-created_at', '-id'], name='marketing_message_newest'), models.Index(condition=models.Q(('direction', 'IN'), ('read_at', None)), fields=['salon', '-created_at', '-id'], name='marketing_message_unread')],
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='marketing_message_key'), salon.tenancy.constraints.SalonKey(name='marketing_message_salon'), salon.tenancy.constraints.RowLevelSecurity(name='marketing_message_tenancy'), salon.tenancy.constraints.SalonReference('client', name='marketing_message_client'), models.UniqueConstraint(condition=models.Q(('direction', 'IN'), models.Q(('message_id', ''), _negated=True)), fields=('salon', 'client', 'message_id'), name='marketing_message_once'), models.CheckConstraint(condition=models.Q(models.Q(('direction', 'OUT'), ('mail_id__isnull', False)), models.Q(('direction', 'IN'), ('mail_id', None)), _connector='OR'), name='marketing_message_carried')],
            },
        ),
        migrations.CreateModel(
            name='MessageTemplate',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('name', models.CharField(max_length=80)),
                ('name_key', models.CharField(db_collation='C', max_length=160)),
                ('subject', models.CharField(max_length=150)),
                ('text', models.TextField(max_length=10000)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='marketing_messagetemplate_key'), salon.tenancy.constraints.SalonKey(name='marketing_messagetemplate_salon'), salon.tenancy.constraints.RowLevelSecurity(name='marketing_messagetemplate_tenancy'), models.UniqueConstraint(condition=models.Q(('deleted_at', None)), fields=('salon', 'name_key'), name='marketing_messagetemplate_name')],
            },
        ),
        migrations.CreateModel(
            name='Proof',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('salon', models.ForeignKey(db_constraint=False, db_index=False, default=salon.tenancy.context.current_salon_id, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.salon')),
                ('recipient', models.EmailField(max_length=254)),
                ('subject', models.CharField(max_length=150)),
                ('body', models.TextField(max_length=20000)),
                ('client_id', models.UUIDField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('salon', 'id'), name='marketing_proof_key'), salon.tenancy.constraints.SalonKey(name='marketing_proof_salon'), salon.tenancy.constraints.RowLevelSecurity(name='marketing_proof_tenancy')],
            },
        ),
    ]
