"""Addresses that mails come back from."""

from django.db import models

from clients.models import Client
from salon.tenancy.constraints import SalonReference, owned_by_salon
from salon.tenancy.models import SalonOwned


class UndeliverableAddress(SalonOwned):
    """An address, in small letters, to which nothing can be delivered: no mail to many goes there (domain.md §9).

    It holds for whichever card has it. `client` is whose mail came back, and `said` what was said of it then.
    """

    client = models.ForeignKey(
        Client, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="undeliverable"
    )
    address = models.EmailField()
    said = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            *owned_by_salon("marketing_undeliverableaddress"),
            SalonReference("client", name="marketing_undeliverableaddress_client"),
            models.UniqueConstraint(fields=["salon", "address"], name="marketing_undeliverableaddress_once"),
        ]
        indexes = [models.Index(fields=["salon", "client"], name="marketing_undeliverable_of")]

    def __str__(self) -> str:
        return self.address
