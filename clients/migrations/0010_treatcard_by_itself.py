from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0009_erased_points'),
    ]

    operations = [
        migrations.AddField(
            model_name='clientrules',
            name='treatcard_by_itself',
            field=models.BooleanField(default=False),
        ),
    ]
