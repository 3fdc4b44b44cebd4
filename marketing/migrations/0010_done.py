"""What was read so far counted as done, and so did what was answered or came from a program; what nobody has seen yet
waits on."""

from django.db import migrations, models

_DONE = """
UPDATE marketing_message AS hers SET done_at = coalesce(
    hers.read_at,
    (SELECT min(ours.created_at) FROM marketing_message AS ours
        WHERE ours.salon_id = hers.salon_id AND ours.client_id = hers.client_id AND ours.direction = 'OUT'
            AND ours.created_at > hers.created_at),
    CASE WHEN hers.automatic THEN hers.created_at END
) WHERE hers.direction = 'IN'
"""


class Migration(migrations.Migration):
    dependencies = [("marketing", "0009_marked_group")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="done_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunSQL(_DONE, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("direction", "IN"), ("done_at", None)),
                fields=["salon", "-created_at", "-id"],
                name="marketing_message_open",
            ),
        ),
    ]
