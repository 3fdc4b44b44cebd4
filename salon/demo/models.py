"""What is known about the demo itself."""

from django.db import models


class DemoWorld(models.Model):
    """The demo as it was last built; a directory table with at most one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    built_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"built at {self.built_at}"
