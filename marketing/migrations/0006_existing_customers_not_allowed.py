"""Existing customers who are left out because the owner does not let them be written to (any more) have a reason of
their own."""

from django.db import migrations, models

_REASONS = [
    ("CONSENT", "has agreed"),
    ("EXISTING_CUSTOMER", "existing customer"),
    ("NOT_ALLOWED", "existing customer: not allowed (any more)"),
    ("NO_CONSENT", "has not agreed"),
    ("NOT_CONFIRMED", "has not confirmed yet"),
    ("OBJECTED", "has unsubscribed or objected"),
    ("BLOCKED", "blocked"),
    ("NO_ADDRESS", "no e-mail address"),
    ("SAME_ADDRESS", "another card with this address gets it"),
    ("GONE", "the card is no longer there"),
    ("REFUSED", "refused by the mail server"),
    ("INTERRUPTED", "interrupted: may have arrived, is not sent again"),
    ("ENDED", "the campaign was ended before her turn"),
]


class Migration(migrations.Migration):
    dependencies = [("marketing", "0005_about_to_lapse")]

    operations = [migrations.AlterField("recipient", "reason", models.CharField(max_length=20, choices=_REASONS))]
