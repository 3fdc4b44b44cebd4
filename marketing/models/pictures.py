"""Pictures in mails to many."""

from django.db import models

from salon.tenancy.constraints import owned_by_salon
from salon.tenancy.models import SalonOwned


class Picture(SalonOwned):
    """A picture that a salon has uploaded, as its mails load it (marketing/pictures.py).

    `name` is the secret of its public address and tells its size and kind. It is kept in the database: every web server
    has it, row-level security guards it, and a dump holds it. `shows` is what it shows, in words; of a logo that is the
    salon's name.
    """

    name = models.CharField(max_length=40)
    shows = models.CharField(max_length=200, blank=True)
    is_logo = models.BooleanField(default=False)
    content = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            *owned_by_salon("marketing_picture"),
            models.UniqueConstraint(fields=["salon", "name"], name="marketing_picture_name"),
        ]
        indexes = [models.Index(fields=["salon", "-created_at", "-id"], name="marketing_picture_newest")]

    def __str__(self) -> str:
        return self.name
