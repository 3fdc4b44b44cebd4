from django.db import migrations

_IN_FULL = """
INSERT INTO clients_searchtoken (salon_id, client_id, field, token)
SELECT salon_id, client_id, field, left(token || 'asse', 254)
FROM clients_searchtoken WHERE field = 5 AND right(token, 3) = 'str'
ON CONFLICT DO NOTHING"""
_SHORT = "DELETE FROM clients_searchtoken WHERE field = 5 AND right(token, 3) = 'str'"


class Migration(migrations.Migration):
    """Finds the cards that are there by their street in full; by its reverse, "Gartenstr." still finds all of them."""

    dependencies = [("clients", "0021_consent_through_the_interface")]

    operations = [
        migrations.RunSQL(_IN_FULL, migrations.RunSQL.noop),
        migrations.RunSQL(_SHORT, migrations.RunSQL.noop),
    ]
