from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0023_where_the_table_is"),
    ]

    operations = [
        migrations.AddField("client", "assumed_listed_on", models.DateField(blank=True, null=True)),
    ]
