from django.db import migrations, models

_SOURCES = [
    ("SALON", "in the salon"),
    ("IMPORT", "import"),
    ("API", "booking site"),
    ("MERGE", "merged card"),
    ("CONFIRMATION", "link in the mail"),
    ("UNSUBSCRIBE", "unsubscribe page"),
    ("ADDRESS", "address changed"),
]


class Migration(migrations.Migration):
    dependencies = [("clients", "0017_what_imports_leave_out")]

    operations = [
        migrations.AlterField("consententry", "source", models.CharField(max_length=12, choices=_SOURCES)),
    ]
