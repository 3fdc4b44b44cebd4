from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0003_sales'),
    ]

    operations = [
        migrations.AddField(
            model_name='refund',
            name='removed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='sale',
            name='lapsed',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('removed_at__isnull', False)), fields=['salon', 'removed_at'], name='bookings_payment_removed'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('removed_at__isnull', False)), fields=['salon', 'removed_at'], name='bookings_refund_removed'),
        ),
        migrations.AddIndex(
            model_name='sale',
            index=models.Index(condition=models.Q(('state', 'VOID')), fields=['salon', 'voided_at'], name='bookings_sale_voided'),
        ),
        migrations.AddConstraint(
            model_name='sale',
            constraint=models.CheckConstraint(condition=models.Q(('lapsed', False), models.Q(('appointment__isnull', False), ('state', 'VOID')), _connector='OR'), name='bookings_sale_lapsed'),
        ),
    ]
