"""What was said to each recipient is kept: a mail that went out can be read as it went out."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("marketing", "0003_segment_of_campaign")]

    operations = [migrations.AddField("recipient", "said", models.JSONField(null=True, blank=True))]
