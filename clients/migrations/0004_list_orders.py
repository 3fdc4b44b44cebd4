from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0003_importing'),
    ]

    operations = [
        migrations.AddField(
            model_name='client',
            name='visits_in_all',
            field=models.GeneratedField(db_persist=True, expression=models.F('visits') + models.F('carried_visits'), output_field=models.PositiveIntegerField()),
        ),
        migrations.AddIndex(
            model_name='client',
            index=models.Index(fields=['salon', 'status', 'last_success_key', 'id'], name='clients_client_by_status'),
        ),
        migrations.AddIndex(
            model_name='client',
            index=models.Index(fields=['salon', 'visits_in_all', 'id'], name='clients_client_by_visits'),
        ),
        migrations.AddIndex(
            model_name='client',
            index=models.Index(fields=['salon', 'status', 'status_reason', 'created_via', 'email_consent', 'blocked', 'birth_month'], name='clients_client_facts'),
        ),
        migrations.AddIndex(
            model_name='client',
            index=models.Index(condition=models.Q(('email', ''), ('landline', ''), ('mobile', '')), fields=['salon', 'id'], name='clients_client_without_contact'),
        ),
    ]
