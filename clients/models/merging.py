"""Cards that may be one person's, and cards that have become one."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from clients.models.card import Client
from salon.tenancy.constraints import SalonReference, owned_by_salon
from salon.tenancy.models import SalonOwned


class Likeness(models.TextChoices):
    """Why two cards are proposed for merging."""

    PHONE = "PHONE", _("same phone number")
    EMAIL = "EMAIL", _("same e-mail address")
    NAME_AND_BIRTHDAY = "NAME_AND_BIRTHDAY", _("similar name, same birthday")


class ProposalState(models.TextChoices):
    """What became of a proposal."""

    OPEN = "OPEN", _("open")
    DISMISSED = "DISMISSED", _("two people")


class DuplicateProposal(SalonOwned):
    """Two cards, the one with the lower number first, that were found alike (domain.md §2)."""

    older = models.ForeignKey(Client, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+")
    newer = models.ForeignKey(Client, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+")
    likeness = models.CharField(max_length=20, choices=Likeness)
    state = models.CharField(max_length=10, choices=ProposalState, default=ProposalState.OPEN)
    proposed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *owned_by_salon("clients_duplicateproposal"),
            SalonReference("older", name="clients_duplicateproposal_older", cascade=True),
            SalonReference("newer", name="clients_duplicateproposal_newer", cascade=True),
            models.UniqueConstraint(fields=["salon", "older", "newer"], name="clients_duplicateproposal_once"),
        ]
        indexes = [
            models.Index(fields=["salon", "state", "id"], name="clients_proposal_by_state"),
            models.Index(fields=["salon", "newer"], name="clients_proposal_of_newer"),
        ]

    def __str__(self) -> str:
        return f"{self.older_id} = {self.newer_id}?"


class Merge(SalonOwned):
    """One card went into another; `moved` says what came along, so that it can be undone (domain.md §2)."""

    survivor = models.ForeignKey(
        Client, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    duplicate = models.ForeignKey(
        Client, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    moved = models.JSONField(default=dict)
    actor_name = models.CharField(max_length=120)
    merged_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *owned_by_salon("clients_merge"),
            SalonReference("survivor", name="clients_merge_survivor", cascade=True),
            SalonReference("duplicate", name="clients_merge_duplicate", cascade=True),
        ]
        indexes = [
            models.Index(fields=["salon", "survivor", "merged_at"], name="clients_merge_of_survivor"),
            models.Index(fields=["salon", "duplicate"], name="clients_merge_of_duplicate"),
        ]

    def __str__(self) -> str:
        return f"{self.duplicate_id} → {self.survivor_id}"
